"""Where every value of a YAML text stands, character by character, so that one can be replaced alone.

    layout = read_layout("spec: {rate: \\"0.0038\\"} # of 2025\\n")
    layout.at(("spec", "rate"))  # Span(start=13, end=21, …)

Looser than the rulebook's own reader: it takes any text that is YAML, so that a text with findings can still
be edited; what it cannot place (anchors, aliases, several documents) it refuses.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, Literal

import yaml

Pointer = tuple[str | int, ...]
Plain = str | int | bool | None | list["Plain"] | dict[str, "Plain"]

_CONSTANTS: dict[str, bool | None] = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL"), None),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
}


class Unreadable(Exception):
    """The text is not YAML of a shape that can be edited in place."""


@dataclass(slots=True, kw_only=True)
class Span:
    """One value: `text[start:end]`. `style` is a scalar's quote or indicator, "" for a plain one.

    A key's span stands under `key`; children are by key or position, in the order of the text.
    """

    kind: Literal["scalar", "map", "list"]
    start: int
    end: int
    style: str = ""
    flow: bool = False
    said: str = ""
    key: Span | None = None
    children: dict[str | int, Span] = field(default_factory=dict)

    @property
    def value(self) -> Plain:
        """What the text says here, read by the rules of YAML 1.2; decimals stay text."""
        if self.kind == "map":
            return {str(name): child.value for name, child in self.children.items()}
        if self.kind == "list":
            return [child.value for child in self.children.values()]
        return self.said if self.style else plain_value(self.said)


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """A text and where its values stand."""

    text: str
    root: Span

    def find(self, pointer: Pointer) -> Span | None:
        """Return the span of a value, None where there is none."""
        found: Span | None = self.root
        for step in pointer:
            found = found.children.get(step) if found is not None else None
        return found

    def at(self, pointer: Pointer) -> Span:
        """Return the span of a value. Raises Unreadable where there is none."""
        found = self.find(pointer)
        if found is None:
            raise Unreadable(f"nothing at {pointer}")
        return found

    @property
    def value(self) -> Plain:
        """Return everything the text says."""
        return self.root.value


def plain_value(said: str) -> str | int | bool | None:
    """Return what an unquoted scalar means."""
    if said in _CONSTANTS:
        return _CONSTANTS[said]
    digits = said[1:] if said[:1] in "+-" else said
    return int(said) if digits.isascii() and digits.isdigit() and len(digits) < 25 else said


@lru_cache(maxsize=8)
def read_layout(text: str) -> Layout:
    """Return where the values of `text` stand. Raises Unreadable."""
    try:
        root = _Builder(yaml.parse(text, Loader=yaml.CSafeLoader), text).document()
    except (yaml.YAMLError, UnicodeEncodeError) as error:
        raise Unreadable(str(error)) from error
    return Layout(text=text, root=root)


class _Builder:
    """Builds spans from the parser's events."""

    def __init__(self, events: Iterator[yaml.Event], text: str) -> None:
        self._events, self._text = events, text

    def document(self) -> Span:
        self._expect(yaml.StreamStartEvent)
        self._expect(yaml.DocumentStartEvent)
        root = self._node(next(self._events))
        self._expect(yaml.DocumentEndEvent)
        self._expect(yaml.StreamEndEvent)
        return root

    def _expect(self, kind: type[yaml.Event]) -> None:
        if not isinstance(next(self._events), kind):
            raise Unreadable("not one document")

    def _node(self, event: yaml.Event) -> Span:
        if getattr(event, "anchor", None) or getattr(event, "tag", None):
            raise Unreadable("anchors and tags cannot be edited in place")
        if isinstance(event, yaml.ScalarEvent):
            return self._scalar(event)
        if isinstance(event, yaml.MappingStartEvent):
            return self._mapping(event)
        if isinstance(event, yaml.SequenceStartEvent):
            return self._list(event)
        raise Unreadable("aliases cannot be edited in place")

    def _scalar(self, event: yaml.ScalarEvent) -> Span:
        start, end = _place(event.start_mark), _place(event.end_mark)
        if event.style in ("|", ">"):
            end = start + len(self._text[start:end].rstrip())  # the parser counts the line ends behind it
        style = event.style or ""
        return Span(kind="scalar", start=start, end=end, style=style, said=event.value)

    def _mapping(self, event: yaml.MappingStartEvent) -> Span:
        span = Span(kind="map", start=_place(event.start_mark), end=_place(event.start_mark))
        span.flow = bool(event.flow_style)
        while not isinstance(inner := next(self._events), yaml.MappingEndEvent):
            key = self._node(inner)
            value = self._node(next(self._events))
            if key.kind != "scalar" or key.said in span.children:
                raise Unreadable("a key that is no text, or stands twice")
            value.key = key
            span.children[key.said] = value
            span.end = max(value.end, key.end)
        return self._closed(span, inner)

    def _list(self, event: yaml.SequenceStartEvent) -> Span:
        span = Span(kind="list", start=_place(event.start_mark), end=_place(event.start_mark))
        span.flow = bool(event.flow_style)
        while not isinstance(inner := next(self._events), yaml.SequenceEndEvent):
            child = self._node(inner)
            span.children[len(span.children)] = child
            span.end = max(span.end, child.end)
        return self._closed(span, inner)

    def _closed(self, span: Span, end: yaml.Event) -> Span:
        """A block ends with its last child: the parser's own mark is where the next token begins."""
        if span.flow:
            span.end = _place(end.end_mark)
        return span


def _place(mark: Any) -> int:
    """The parser counts characters, as Python does."""
    if mark is None:
        raise Unreadable("the parser did not say where")
    return int(mark.index)
