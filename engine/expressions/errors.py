"""The one error an evaluation may end in.

Nothing here is ever "false": whoever asks must fail closed, or as the rule's `fail_mode` says.
"""

from __future__ import annotations

from typing import NoReturn


class EvaluationError(Exception):
    """A condition could not be decided.

    Codes: FACT_MISSING, FACT_UNKNOWN, FACT_TYPE, FACT_VALUE (the facts given are at fault; `fact` names it),
    INT_OVERFLOW, DIVISION_BY_ZERO (the arithmetic is), CEL_ERROR (the official evaluator gave no answer).
    """

    def __init__(self, code: str, *, fact: str = "", detail: str = "", index: int | None = None) -> None:
        super().__init__(": ".join(part for part in (code, fact, detail) if part))
        self.code = code
        self.fact = fact
        self.detail = detail
        self.index = index
        """Which condition of a compiled set failed, 0-based; None for a condition alone."""


def wrong_type(fact: str, value: object) -> NoReturn:
    """Refuse a fact whose value is not of its declared type."""
    raise EvaluationError("FACT_TYPE", fact=fact, detail=type(value).__name__)
