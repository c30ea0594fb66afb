"""Refusals and broken invariants of the payments core.

    PaymentsCoreError          a refusal the caller can expect; has a stable `code` and says it in Chinese
    ├── NotFound               the object does not exist, or lies outside the caller's scope
    ├── Conflict               the object exists in a state that forbids the action
    └── Invalid                the request itself is wrong
    InvariantBroken            our own bug: roll back, stop, alert; only entry points catch it

Features subclass the three in the middle, in their own errors.py.
"""

from __future__ import annotations

from typing import Any, ClassVar


class PaymentsCoreError(Exception):
    """The request was refused."""

    code: ClassVar[str] = "REFUSED"
    chinese: ClassVar[str] = "请求被拒绝"
    retryable: ClassVar[bool] = False

    def __init__(self, message: str | None = None, **fields: Any) -> None:
        """Keep `fields` for the answer; the class docstring's first line is the default message."""
        self.fields = fields
        self.message = message or (type(self).__doc__ or "").strip().splitlines()[0]
        super().__init__(self.message)


class NotFound(PaymentsCoreError):
    """There is no such object in your scope."""

    code = "NOT_FOUND"
    chinese = "没有找到"


class Conflict(PaymentsCoreError):
    """The object's present state forbids this."""

    code = "CONFLICT"
    chinese = "当前状态不允许此操作"


class Invalid(PaymentsCoreError):
    """The request is not valid."""

    code = "INVALID"
    chinese = "请求无效"


class InvariantBroken(Exception):
    """Something that must never happen has happened; nothing was written."""


def ensure(condition: bool, message: str) -> None:
    """Raise InvariantBroken(message) unless `condition` holds; survives `python -O`."""
    if not condition:
        raise InvariantBroken(message)
