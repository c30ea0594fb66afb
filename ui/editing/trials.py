"""A trial written down as a test of the rule."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from engine.expressions import Value
from ui.editing.layout import Plain, Unreadable, read_layout
from ui.editing.splices import EditRefused, insert, put

_TESTS = ("tests",)


def add_test(text: str, *, name: str, facts: Mapping[str, Value], expect: Mapping[str, Any]) -> str:
    """Return the text with one more test at the end. Raises EditRefused."""
    if not expect:
        raise EditRefused("NOTHING_EXPECTED")
    try:
        tests = read_layout(text).find(_TESTS)
    except Unreadable as error:
        raise EditRefused(str(error)) from error
    count = len(tests.children) if tests is not None else 0
    test: Plain = {
        "name": name.format(number=count + 1),
        "facts": {fact: _plain(value) for fact, value in sorted(facts.items())},
        "expect": dict(expect),
    }
    if tests is None or tests.kind != "list":
        return put(text, {_TESTS: [test]})
    return insert(text, _TESTS, at=count, values=[test])


def _plain(value: Value) -> Plain:
    if isinstance(value, tuple):
        return list(value)
    return value.isoformat() if isinstance(value, datetime) else value
