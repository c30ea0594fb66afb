"""Strict YAML → plain values of which every one knows its line and column.

Stricter than YAML: one document, no anchors, aliases or tags, no repeated keys, no floats, bounded size and
depth. Scalars follow the YAML 1.2 core schema, so `on`, `no` and `18:30` are text and `0123` is 123. Nothing
is constructed by tag, and nothing stops at the first finding but a syntax error, then there is no tree.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import yaml

from engine.diagnostics import Diagnostic, Location
from engine.rulebook.lookalikes import foreign_letter, invisible, named
from engine.rulebook.raw_text import control_character, place_at, refused_text, syntax_finding
from engine.rulebook.wording import finding

Pointer = tuple[str | int, ...]

MAX_DEPTH = 40

_INTEGER = re.compile(r"[-+]?[0-9]+\Z")
_OCTAL = re.compile(r"0o[0-7]+\Z")
_HEXADECIMAL = re.compile(r"0x[0-9a-fA-F]+\Z")
_FLOAT = re.compile(
    r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?\Z|[-+]?\.(inf|Inf|INF)\Z|\.(nan|NaN|NAN)\Z"
)
_CONSTANTS: Mapping[str, bool | None] = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL"), None),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
}
_RATE_KEY = re.compile(r"(.*_)?(rate|pct)\Z")
_NAMED_KEYS = frozenset({"id", "kind"})
_READ_BY_PEOPLE = frozenset({"title", "owner", "label", "reference"})


@dataclass(frozen=True, slots=True)
class Mark:
    """Where a value stands (1-based): itself, its key if it has one, and the first character of its text."""

    line: int
    column: int
    length: int
    key: tuple[int, int, int] | None
    text_line: int
    text_column: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """One YAML file: `value` of plain dicts, lists, str, int, bool, None, and the mark of every pointer."""

    path: str
    text: str
    value: Any
    marks: Mapping[Pointer, Mark]

    def mark(self, pointer: Pointer) -> Mark:
        """Return the mark of `pointer`, or of its nearest ancestor that is there."""
        while pointer not in self.marks:
            pointer = pointer[:-1]
        return self.marks[pointer]

    def location(self, pointer: Pointer) -> Location:
        """Return where the value begins."""
        mark = self.mark(pointer)
        return Location(file=self.path, line=mark.line, column=mark.column)

    def key_location(self, pointer: Pointer) -> Location:
        """Return where the value's key begins; the value itself for list items."""
        key = self.mark(pointer).key
        return Location(file=self.path, line=key[0], column=key[1]) if key else self.location(pointer)

    def text_location(self, pointer: Pointer) -> Location:
        """Return where the text of a scalar begins, behind its quote or block indicator."""
        mark = self.mark(pointer)
        return Location(file=self.path, line=mark.text_line, column=mark.text_column)


def load(*, path: str, text: str) -> tuple[Document | None, tuple[Diagnostic, ...]]:
    """Return the document (None if it has no structure to check) and every finding of the strict rules."""
    refused = refused_text(path, text)
    if refused:
        return None, refused
    reader = _Reader(path=path, text=text)
    try:
        reader.read()
    except yaml.reader.ReaderError as error:
        return None, (*reader.findings, control_character(path, text, error.position))
    except yaml.MarkedYAMLError as error:
        return None, (*reader.findings, syntax_finding(path, error))
    if len(reader.stack) > MAX_DEPTH:  # what follows was not read
        return None, tuple(reader.findings)
    if reader.root is _NOTHING:
        return None, (
            *reader.findings,
            finding("YAML_EMPTY", Location(file=path, line=1, column=1)),
        )
    document = Document(path=path, text=text, value=reader.root, marks=reader.marks)
    unseen = [
        finding("TEXT_INVISIBLE", place_at(path, text, one.offset), name=one.name) for one in invisible(text)
    ]
    return document, (*unseen, *reader.findings)


class StrictLoader(yaml.CSafeLoader):
    """The C parser, of which only the event stream is used: nothing is constructed."""


_NOTHING: Any = object()


@dataclass(slots=True)
class _Open:
    """A mapping or list being read."""

    value: dict[str, Any] | list[Any]
    pointer: Pointer
    keys: dict[str, int] = field(default_factory=dict)
    awaiting: str | None = None
    awaiting_mark: tuple[int, int, int] | None = None
    discarded: bool = False


class _Reader:
    """Turns the event stream into values and marks, collecting findings."""

    def __init__(self, *, path: str, text: str) -> None:
        self.path = path
        self.text = text
        self.lines = text.split("\n")
        self.root: Any = _NOTHING
        self.marks: dict[Pointer, Mark] = {}
        self.findings: list[Diagnostic] = []
        self.stack: list[_Open] = []
        self.documents = 0

    def read(self) -> None:
        loader = StrictLoader(self.text)
        try:
            while loader.check_event():
                event = loader.get_event()
                if event is not None:
                    self._take(event)
                if self.documents > 1 or len(self.stack) > MAX_DEPTH:
                    return
        finally:
            loader.dispose()

    def _take(self, event: yaml.Event) -> None:
        if isinstance(event, yaml.ScalarEvent):
            self._scalar(event)
        elif isinstance(event, yaml.MappingStartEvent | yaml.SequenceStartEvent):
            self._open(event)
        elif isinstance(event, yaml.MappingEndEvent | yaml.SequenceEndEvent):
            self.stack.pop()
        elif isinstance(event, yaml.AliasEvent):
            self._find("YAML_ALIAS", event, mark=f"*{event.anchor}")
            self._place(None, event)
        elif isinstance(event, yaml.DocumentStartEvent):
            self.documents += 1
            if self.documents > 1:
                self._find("YAML_MULTIPLE_DOCUMENTS", event)

    def _open(self, event: yaml.MappingStartEvent | yaml.SequenceStartEvent) -> None:
        self._refuse_anchor_and_tag(event)
        if len(self.stack) == MAX_DEPTH:
            self._find("YAML_TOO_DEEP", event, limit=MAX_DEPTH)
        top = self.stack[-1] if self.stack else None
        if top is not None and isinstance(top.value, dict) and top.awaiting is None:
            self._find("YAML_KEY_NOT_TEXT", event, key="…")
            self.stack.append(_Open(value={}, pointer=top.pointer, discarded=True))
            top.awaiting, top.awaiting_mark = "…", None
            return
        value: dict[str, Any] | list[Any] = {} if isinstance(event, yaml.MappingStartEvent) else []
        pointer, discarded = self._place(value, event)
        self.stack.append(_Open(value=value, pointer=pointer, discarded=discarded))

    def _scalar(self, event: yaml.ScalarEvent) -> None:
        self._refuse_anchor_and_tag(event)
        plain = event.implicit[0] and not event.tag
        top = self.stack[-1] if self.stack else None
        if top is not None and isinstance(top.value, dict) and top.awaiting is None:
            self._key(top, event, plain)
            return
        key = top.awaiting if top is not None and isinstance(top.value, dict) else None
        value = self._resolve(event, key) if plain else event.value
        if key in _NAMED_KEYS and isinstance(value, str):
            self._refuse_look_alikes(value, event)
        elif isinstance(value, str) and not value.isascii() and key not in _READ_BY_PEOPLE:
            self._refuse_foreign_letter(value, event)
        if not self.stack and value is None:
            return
        self._place(value, event)

    def _key(self, top: _Open, event: yaml.ScalarEvent, plain: bool) -> None:
        (line, column), _ = _ends(event)
        text = event.value
        if plain and (text in _CONSTANTS or _INTEGER.match(text) or _FLOAT.match(text)):
            self._find("YAML_KEY_NOT_TEXT", event, key=text)
        self._refuse_look_alikes(text, event)
        if text in top.keys and not top.discarded:
            self._find("YAML_DUPLICATE_KEY", event, key=text, line=top.keys[text])
        top.keys.setdefault(text, line)
        top.awaiting, top.awaiting_mark = text, (line, column, max(len(text), 1))

    def _place(self, value: Any, event: yaml.Event) -> tuple[Pointer, bool]:
        """Put `value` where it belongs; return its pointer and whether it is only read to be refused."""
        if not self.stack:
            self.root = value
            self.marks[()] = self._mark(event, None)
            return (), False
        top = self.stack[-1]
        key_mark = None
        if isinstance(top.value, dict):
            part: str | int = top.awaiting or ""
            key_mark = top.awaiting_mark
            discarded = top.discarded or key_mark is None or part in top.value
            top.awaiting = top.awaiting_mark = None
            if not discarded:
                top.value[str(part)] = value
        else:
            part, discarded = len(top.value), top.discarded
            top.value.append(value)
        pointer = (*top.pointer, part)
        if not discarded:
            self.marks[pointer] = self._mark(event, key_mark)
        return pointer, discarded

    def _mark(self, event: yaml.Event, key: tuple[int, int, int] | None) -> Mark:
        (line, column), _ = _ends(event)
        text_line, text_column, length = line, column, 1
        if isinstance(event, yaml.ScalarEvent):
            if event.style in ("'", '"'):
                text_column += 1
            elif event.style in ("|", ">"):
                text_line, text_column = self._block_start(line)
            length = _length(event)
        return Mark(line, column, length, key, text_line, text_column)

    def _block_start(self, line: int) -> tuple[int, int]:
        for number in range(line, len(self.lines)):
            content = self.lines[number]
            if content.strip():
                return number + 1, len(content) - len(content.lstrip(" ")) + 1
        return line, 1

    def _resolve(self, event: yaml.ScalarEvent, key: str | None) -> str | int | bool | None:
        """Return a plain scalar's value by the YAML 1.2 core schema; refused numbers become text."""
        text = event.value
        if text in _CONSTANTS:
            return _CONSTANTS[text]
        number = _number(text)
        is_float = number is None and _FLOAT.match(text) is not None
        if number is None and not is_float:
            return str(text)
        if key is not None and _RATE_KEY.match(key):
            self._find("RATE_NOT_STRING", event, key=key, value=text)
            return str(text)
        if is_float:
            self._find("FLOAT_REFUSED", event, value=text)
            return str(text)
        return number

    def _refuse_anchor_and_tag(self, event: yaml.NodeEvent) -> None:
        if event.anchor:
            self._find("YAML_ALIAS", event, mark=f"&{event.anchor}")
        tag = getattr(event, "tag", None)
        if tag:
            self._find("YAML_TAG", event, tag=tag.replace("tag:yaml.org,2002:", "!!"))

    def _refuse_look_alikes(self, text: str, event: yaml.Event) -> None:
        for character in text:
            if not character.isascii():
                self._find("ID_NOT_ASCII", event, text=text, character=character, name=named(character))
                return

    def _refuse_foreign_letter(self, text: str, event: yaml.ScalarEvent) -> None:
        is_name = bool(self.stack) and self.stack[-1].pointer[:1] == ("scope",)
        found = foreign_letter(text, is_name=is_name)
        if found is not None:
            mark = self._mark(event, None)
            start = Location(file=self.path, line=mark.text_line, column=mark.text_column)
            twin, twin_en = "", ""
            if found.twin:
                twin, twin_en = f"，不是字母 {found.twin}", f", not the letter {found.twin}"
            self.findings.append(
                finding(
                    "LOOK_ALIKE",
                    start.moved_to(text=text, offset=found.offset),
                    text=_shortened(text),
                    character=found.character,
                    name=found.name,
                    twin=twin,
                    twin_en=twin_en,
                )
            )

    def _find(self, code: str, event: yaml.Event, **values: str | int) -> None:
        (line, column), _ = _ends(event)
        wording: dict[str, Any] = dict(values)
        location = Location(file=self.path, line=line, column=column)
        self.findings.append(finding(code, location, length=_length(event), **wording))


def _ends(event: yaml.Event) -> tuple[tuple[int, int], tuple[int, int]]:
    """Return where an event begins and ends, (line, column) from 1."""
    start, end = event.start_mark, event.end_mark
    if start is None or end is None:
        return (1, 1), (1, 1)
    return (start.line + 1, start.column + 1), (end.line + 1, end.column + 1)


def _shortened(text: str) -> str:
    return text if len(text) <= 40 else text[:39] + "…"


def _length(event: yaml.Event) -> int:
    """Return how many characters an event covers, 1 when it covers several lines."""
    (line, column), (last_line, end) = _ends(event)
    return max(end - column, 1) if line == last_line else 1


def _number(text: str) -> int | None:
    if _INTEGER.match(text):
        return int(text) if len(text) <= 25 else None
    if _OCTAL.match(text):
        return int(text[2:], 8)
    if _HEXADECIMAL.match(text):
        return int(text[2:], 16)
    return None
