"""Formulas for the solver, folded as they are built.

Python's True, False and integers stand for themselves until a formula really depends on a fact, so that a
condition cannot fail costs the solver nothing, and no formula names a solver context of its own.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import z3

from engine.expressions.vocabulary import INT_MAX, INT_MIN

Formula = Any
"""A z3 BoolRef, or a bool that is known already."""
Number = Any
"""A z3 integer term, or an int that is known already."""


@dataclass(frozen=True, slots=True)
class Truth:
    """What a bool node comes to: it holds, or it fails (an error), or neither. Never both."""

    holds: Formula
    fails: Formula = False

    @property
    def misses(self) -> Formula:
        """Return that it is false: evaluated, and not true."""
        return both(negated(self.holds), negated(self.fails))


def both(*parts: Formula) -> Formula:
    """Return the conjunction."""
    if any(part is False for part in parts):
        return False
    open_parts = [part for part in parts if part is not True]
    if len(open_parts) <= 1:
        return open_parts[0] if open_parts else True
    return z3.And(*open_parts)


def either(*parts: Formula) -> Formula:
    """Return the disjunction."""
    if any(part is True for part in parts):
        return True
    open_parts = [part for part in parts if part is not False]
    if len(open_parts) <= 1:
        return open_parts[0] if open_parts else False
    return z3.Or(*open_parts)


def negated(part: Formula) -> Formula:
    """Return the negation."""
    return not part if isinstance(part, bool) else z3.Not(part)


def same(left: Formula, right: Formula) -> Formula:
    """Return that two formulas have one truth value."""
    if isinstance(left, bool):
        return right if left else negated(right)
    if isinstance(right, bool):
        return left if right else negated(left)
    return left == right


def chosen(condition: Formula, when_true: Any, when_false: Any) -> Any:
    """Return one of two terms or formulas."""
    if isinstance(condition, bool):
        return when_true if condition else when_false
    if isinstance(when_true, bool) or isinstance(when_false, bool):
        return either(both(condition, when_true), both(negated(condition), when_false))
    return z3.If(condition, when_true, when_false)


def two_of(parts: Sequence[Formula]) -> Formula:
    """Return that at least two of the parts are true."""
    certain = sum(part is True for part in parts)
    open_parts = [part for part in parts if not isinstance(part, bool)]
    if certain > 1 or not open_parts:
        return certain > 1
    if certain or len(open_parts) == 1:
        return both(certain == 1, either(*open_parts))
    return z3.AtLeast(*open_parts, 2)


def in_range(number: Number) -> Formula:
    """Return that a number fits 64 bits."""
    return both(number >= INT_MIN, number <= INT_MAX)


def quotient(left: Number, right: Number) -> Number:
    """Return left / right towards zero; meaningless where right is 0, which the caller makes a failure."""
    if isinstance(right, int) and right == 0:
        return 0
    size = _floor(_size(left), _size(right))
    return chosen(same(left < 0, right < 0), size, -size)


def _size(number: Number) -> Number:
    return abs(number) if isinstance(number, int) else z3.If(number < 0, -number, number)


def _floor(left: Number, right: Number) -> Number:
    """Both are at least 0, where the solver's division and Python's agree."""
    return left // right if isinstance(left, int) and isinstance(right, int) else left / right
