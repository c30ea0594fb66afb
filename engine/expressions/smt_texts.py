"""Texts for the solver: one of finitely many known texts, each under its condition, or an open string term.

Over known texts every operation is Python's own, so nothing is lost in translation and the solver sees only
Boolean choices. Open terms use the solver's theory of strings: code points in order, sizes in code points.
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import z3

from engine.expressions.smt_logic import Formula, Number, both, chosen, either, negated
from engine.expressions.tree import COMPARE

# The solver's alphabet ends here; its last character stands for everything beyond.
_LAST = "\U0002ffff"
_ESCAPE = re.compile(r"\\u\{([0-9a-fA-F]+)\}")
_TESTS: dict[str, Callable[[str, str], bool]] = {
    "startsWith": str.startswith,
    "endsWith": str.endswith,
    "contains": operator.contains,
}


class Untranslatable(Exception):
    """A condition uses what the solver's reading does not cover; `construct` names it."""

    def __init__(self, construct: str) -> None:
        super().__init__(f"no reading for the solver: {construct}")
        self.construct = construct


@dataclass(frozen=True, slots=True)
class KnownText:
    """One of these texts, exactly one condition being true. Where all fail (an error), it is meaningless."""

    cases: tuple[tuple[Formula, str], ...]


@dataclass(frozen=True, slots=True)
class OpenText:
    """Any text: a z3 string term."""

    term: Any


Text = KnownText | OpenText


def known(text: str) -> KnownText:
    """Return a literal."""
    return KnownText(((True, text),))


def choose_text(condition: Formula, when_true: Text, when_false: Text) -> Text:
    """Return one of two texts."""
    if isinstance(condition, bool):
        return when_true if condition else when_false
    if isinstance(when_true, KnownText) and isinstance(when_false, KnownText):
        first = tuple((both(condition, guard), text) for guard, text in when_true.cases)
        second = tuple((both(negated(condition), guard), text) for guard, text in when_false.cases)
        return KnownText(first + second)
    context = condition.ctx
    return OpenText(z3.If(condition, _term(when_true, context), _term(when_false, context)))


def compare_texts(sign: str, left: Text, right: Text) -> Formula:
    """Return that two texts compare so, by code point."""
    if isinstance(left, KnownText) and isinstance(right, KnownText):
        return _over(COMPARE[sign], left, right)
    one, other = _terms(left, right)
    match sign:
        case "==":
            return one == other
        case "!=":
            return one != other
        case "<":
            return one < other
        case "<=":
            return one <= other
        case ">":
            return other < one
    return other <= one


def check_text(test: str, text: Text, part: Text) -> Formula:
    """Return that a text starts with, ends with or contains another."""
    if isinstance(text, KnownText) and isinstance(part, KnownText):
        return _over(_TESTS[test], text, part)
    whole, piece = _terms(text, part)
    match test:
        case "startsWith":
            return z3.PrefixOf(piece, whole)
        case "endsWith":
            return z3.SuffixOf(piece, whole)
    return z3.Contains(whole, piece)


def text_size(text: Text) -> Number:
    """Return the number of code points."""
    if isinstance(text, OpenText):
        return z3.Length(text.term)
    size: Number = len(text.cases[-1][1])
    for guard, one in text.cases[:-1]:
        size = chosen(guard, len(one), size)
    return size


def decoded_text(value: Any) -> str:
    """Return the Python text of a string value in a model."""
    return _ESCAPE.sub(lambda found: chr(int(found[1], 16)), value.as_string())


def _over(holds: Callable[[str, str], bool], left: KnownText, right: KnownText) -> Formula:
    return either(
        *(
            both(one_guard, other_guard)
            for one_guard, one in left.cases
            for other_guard, other in right.cases
            if holds(one, other)
        )
    )


def _terms(left: Text, right: Text) -> tuple[Any, Any]:
    context = next(one.term.ctx for one in (left, right) if isinstance(one, OpenText))
    return _term(left, context), _term(right, context)


def _term(text: Text, context: Any) -> Any:
    if isinstance(text, OpenText):
        return text.term
    term = _literal(text.cases[-1][1], context)
    for guard, one in reversed(text.cases[:-1]):
        term = chosen(guard, _literal(one, context), term)
    return term


def _literal(text: str, context: Any) -> Any:
    """Return the literal; a backslash is escaped too, else `\\u{41}` in a text would be read as A."""
    if any(one >= _LAST for one in text):
        raise Untranslatable("U+2FFFF …")
    plain = "".join(one if " " <= one <= "~" and one != "\\" else f"\\u{{{ord(one):x}}}" for one in text)
    return z3.StringVal(plain, context)
