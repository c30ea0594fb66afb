"""Which value of a text a finding is about."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import accumulate

from engine.diagnostics import Diagnostic
from ui.editing.layout import Pointer, Span, Unreadable, read_layout


def locate(text: str, found: Iterable[Diagnostic]) -> Iterator[tuple[Pointer, Diagnostic]]:
    """Yield each finding with the pointer of the innermost value at its place; none of an unreadable text."""
    try:
        root = read_layout(text).root
    except Unreadable:
        return
    starts = [0, *accumulate(len(line) + 1 for line in text.split("\n"))]
    for one in found:
        place = starts[min(one.location.line, len(starts)) - 1] + one.location.column - 1
        yield _innermost(root, place), one


def _innermost(span: Span, place: int) -> Pointer:
    pointer: Pointer = ()
    while True:
        inner = next((name for name, child in span.children.items() if _holds(child, place)), None)
        if inner is None:
            return pointer
        pointer, span = (*pointer, inner), span.children[inner]


def _holds(span: Span, place: int) -> bool:
    return (span.key.start if span.key is not None else span.start) <= place <= span.end
