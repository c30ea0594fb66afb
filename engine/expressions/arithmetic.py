"""CEL's int64 arithmetic, and its `&&` and `||` over operands that can fail.

Called by generated code only. Python's integers do not overflow and its division floors; CEL's overflow, and
its division truncates.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TypeVar

from engine.expressions.errors import EvaluationError
from engine.expressions.vocabulary import INT_MAX, INT_MIN

Element = TypeVar("Element")


def add(left: int, right: int) -> int:
    """Return the sum. Raises EvaluationError INT_OVERFLOW."""
    return _in_range(left + right)


def subtract(left: int, right: int) -> int:
    """Return the difference. Raises EvaluationError INT_OVERFLOW."""
    return _in_range(left - right)


def multiply(left: int, right: int) -> int:
    """Return the product. Raises EvaluationError INT_OVERFLOW."""
    return _in_range(left * right)


def negate(value: int) -> int:
    """Return the opposite. Raises EvaluationError INT_OVERFLOW."""
    return _in_range(-value)


def divide(left: int, right: int) -> int:
    """Return the quotient, towards zero. Raises EvaluationError DIVISION_BY_ZERO or INT_OVERFLOW."""
    if right == 0:
        raise EvaluationError("DIVISION_BY_ZERO")
    quotient = abs(left) // abs(right)
    return _in_range(quotient if (left < 0) == (right < 0) else -quotient)


def remainder(left: int, right: int) -> int:
    """Return left − right × (left / right). Fails where the division fails, as CEL does."""
    return left - right * divide(left, right)


def all_of(*parts: Callable[[], bool]) -> bool:
    """False if any part is false; else the first error; else true."""
    return all_elements(lambda part: part(), parts)


def any_of(*parts: Callable[[], bool]) -> bool:
    """True if any part is true; else the first error; else false."""
    return any_element(lambda part: part(), parts)


def all_elements(predicate: Callable[[Element], bool], elements: Iterable[Element]) -> bool:
    """As all_of, over the elements of a list."""
    return not _any(predicate, elements, wanted=False)


def any_element(predicate: Callable[[Element], bool], elements: Iterable[Element]) -> bool:
    """As any_of, over the elements of a list."""
    return _any(predicate, elements, wanted=True)


def _any(predicate: Callable[[Element], bool], elements: Iterable[Element], *, wanted: bool) -> bool:
    failed: EvaluationError | None = None
    for element in elements:
        try:
            if predicate(element) is wanted:
                return True
        except EvaluationError as error:
            failed = failed or error
    if failed:
        raise failed
    return False


def _in_range(value: int) -> int:
    if INT_MIN <= value <= INT_MAX:
        return value
    raise EvaluationError("INT_OVERFLOW")
