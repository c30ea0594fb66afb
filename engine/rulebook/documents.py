"""Strict YAML → plain values of which every one knows its line and column.

Stricter than YAML: one document, no anchors, aliases or tags, no repeated keys, no floats, bounded size and
depth. Scalars follow the YAML 1.2 core schema, so `on`, `no` and `18:30` are text and `0123` is 123. Nothing
is constructed by tag, and nothing stops at the first finding but a syntax error, then there is no tree.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import yaml

from engine.diagnostics import Diagnostic, Location
from engine.rulebook.wording import finding

Pointer = tuple[str | int, ...]

MAX_BYTES = 1_000_000
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
_PROBLEMS = {
    "did not find expected key": "这里应当是一个键",
    "mapping values are not allowed": "这里不能再有冒号；文字里含冒号时要加引号",
    "found character that cannot start any token": "这个字符不能开头；请给文字加引号",
    "did not find expected ',' or ']'": "方括号里缺少逗号，或没有用 ] 结束",
    "did not find expected ',' or '}'": "花括号里缺少逗号，或没有用 } 结束",
    "found unexpected end of stream": "文件意外结束，可能有引号没有闭合",
    "could not find expected ':'": "键的后面缺少冒号",
    "block sequence entries are not allowed": "这里不能写列表项 -",
    "did not find expected '-' indicator": "这里应当是列表项 -",
    "found unknown escape character": "双引号里的反斜杠写法不对；可改用单引号",
}
_NAMED_KEYS = frozenset({"id", "kind"})
_SURROGATE = re.compile("[\ud800-\udfff]")
_INDENT_TAB = re.compile(r"^ *\t", re.MULTILINE)


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


def decode(*, path: str, raw: bytes) -> tuple[str | None, tuple[Diagnostic, ...]]:
    """Return the text of `raw`, or the finding that says where it stops being UTF-8."""
    try:
        return raw.decode("utf-8"), ()
    except UnicodeDecodeError as error:
        before = raw[: error.start].decode("utf-8")
        return None, (finding("YAML_NOT_UTF8", _at(path, before, len(before))),)


def load(*, path: str, text: str) -> tuple[Document | None, tuple[Diagnostic, ...]]:
    """Return the document (None if it has no structure to check) and every finding of the strict rules."""
    refused = _refused_text(path, text)
    if refused:
        return None, refused
    reader = _Reader(path=path, text=text)
    try:
        reader.read()
    except yaml.reader.ReaderError as error:
        return None, (*reader.findings, _control_character(path, text, error.position))
    except yaml.MarkedYAMLError as error:
        return None, (*reader.findings, _syntax(path, error))
    if reader.root is _NOTHING:
        return None, (
            *reader.findings,
            finding("YAML_EMPTY", Location(file=path, line=1, column=1)),
        )
    document = Document(path=path, text=text, value=reader.root, marks=reader.marks)
    return document, tuple(reader.findings)


def _refused_text(path: str, text: str) -> tuple[Diagnostic, ...]:
    """Return what forbids even parsing the text."""
    surrogate = _SURROGATE.search(text)
    if surrogate:
        return (finding("YAML_NOT_UTF8", _at(path, text, surrogate.start())),)
    if len(text) > MAX_BYTES or len(text.encode()) > MAX_BYTES:
        return (finding("YAML_TOO_LARGE", Location(file=path, line=1, column=1), limit=MAX_BYTES),)
    if text.startswith("\ufeff"):
        return (finding("YAML_BOM", Location(file=path, line=1, column=1)),)
    tabs = tuple(
        finding("YAML_TAB", _at(path, text, match.end() - 1)) for match in _INDENT_TAB.finditer(text)
    )
    return tabs


def _at(path: str, text: str, position: int) -> Location:
    line = text.count("\n", 0, position) + 1
    return Location(file=path, line=line, column=position - (text.rfind("\n", 0, position) + 1) + 1)


def _syntax(path: str, error: yaml.MarkedYAMLError) -> Diagnostic:
    mark = error.problem_mark or error.context_mark
    location = Location(file=path, line=mark.line + 1 if mark else 1, column=mark.column + 1 if mark else 1)
    problem = str(error.problem)
    said = next((zh for start, zh in _PROBLEMS.items() if problem.startswith(start)), problem)
    return finding("YAML_SYNTAX", location, problem=said, problem_en=problem)


def _control_character(path: str, text: str, position: int) -> Diagnostic:
    # libyaml counts bytes; the character itself is what it could not read.
    before = text.encode()[:position].decode(errors="ignore")
    code = f"U+{ord(text[len(before)]):04X}" if len(before) < len(text) else "U+0000"
    return finding(
        "YAML_SYNTAX",
        _at(path, text, len(before)),
        problem=f"不可见的控制字符 {code}",
        problem_en=f"the control character {code}",
    )


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
                name = unicodedata.name(character, f"U+{ord(character):04X}")
                self._find("ID_NOT_ASCII", event, text=text, character=character, name=name)
                return

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
