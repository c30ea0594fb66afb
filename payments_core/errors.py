"""Refusals and broken invariants of the payments core.

    PaymentsCoreError          a refusal the caller can expect; has a stable `code`
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
    retryable: ClassVar[bool] = False

    def __init__(self, message: str | None = None, **fields: Any) -> None:
        """Keep `fields` for the answer; the class docstring's first line is the default message."""
        self.fields = fields
        self.message = message or (type(self).__doc__ or "").strip().splitlines()[0]
        super().__init__(self.message)


class NotFound(PaymentsCoreError):
    """There is no such object in your scope."""

    code = "NOT_FOUND"


class Conflict(PaymentsCoreError):
    """The object's present state forbids this."""

    code = "CONFLICT"


class Invalid(PaymentsCoreError):
    """The request is not valid."""

    code = "INVALID"


class InvariantBroken(Exception):
    """Something that must never happen has happened; nothing was written."""


def ensure(condition: bool, message: str) -> None:
    """Raise InvariantBroken(message) unless `condition` holds; survives `python -O`."""
    if not condition:
        raise InvariantBroken(message)
