"""What may be written at the cursor: facts, values of a registry, fields of the schema, rows of the table.

The text is being typed, so it need not be YAML: the place is told by the indentation of the lines above and
by a small scanner of the line itself. A wrong guess costs nothing but a list of suggestions.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from engine.expressions import Fact, Vocabulary
from engine.rulebook import Kind
from ui.editing import schema as schemas
from ui.editing.layout import Pointer, Unreadable, read_layout

Sort = Literal["fact", "value", "field", "row", "word"]
MOST = 200
_NAME = re.compile(r"[^\W\d][\w.]*\Z")  # Chinese too: titles are searched
_COMPARED = re.compile(r"([a-z_]\w*\.[\w.]*\w)\s*(?:==|!=|in\s*\[(?:\s*'[^']*'\s*,)*)\s*('[^']*)?\Z")
_BLOCK_TEXT = re.compile(r"[|>][-+0-9]*\s*(#.*)?\Z")
_KEY = re.compile(r"""("[^"]*"|'[^']*'|[^\s'"{}\[\],:#][^:{}\[\],#]*?)\s*:(?=\s|\Z)""")
_FUNCTIONS = (
    "startsWith",
    "endsWith",
    "contains",
    "size",
    "exists",
    "all",
    "timestamp",
    "true",
    "false",
    "in",
)
_HOLD_FACTS = frozenset({"inputs", "by", "over", "facts", "key", "field"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Completion:
    """One suggestion: what is written and what it means in both languages."""

    text: str
    sort: Sort
    zh: str = ""
    en: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Suggested:
    """Suggestions for the `back` characters before the cursor."""

    back: int
    completions: tuple[Completion, ...]


@dataclass(slots=True)
class _Cursor:
    """Where the cursor stands: the path, whether a key or a value is being written, what of it is there."""

    path: list[str | int]
    is_key: bool
    typed: str
    quote: str = ""


def complete(lines_above: Sequence[str], before: str, *, kind: Kind) -> Suggested:
    """Return what may stand at the end of `before`, the begun line, below these lines."""
    cursor = _place(lines_above, before)
    schema = schemas.at(kind.schema.schema, tuple(cursor.path))
    options = list(
        _keys(cursor, schema, kind) if cursor.is_key else _values(cursor, schema, kind, lines_above)
    )
    if (
        not cursor.is_key
        and schemas.sort_of(schema, str(cursor.path[-1] if cursor.path else "")) == "condition"
    ):
        return complete_condition(cursor.typed, vocabulary=kind.vocabulary)
    return _matching(options, cursor.typed.lstrip())


def complete_condition(before: str, *, vocabulary: Vocabulary) -> Suggested:
    """Return what may stand at the end of a begun condition."""
    compared = _COMPARED.search(before)
    if compared and compared[1] in vocabulary.facts:
        begun = compared[2] or ""
        values = [
            _value(f"'{one}'", vocabulary.facts[compared[1]]) for one in vocabulary.facts[compared[1]].values
        ]
        if begun or values:
            return _matching(values, begun)
    if before.count("'") % 2:
        return Suggested(back=0, completions=())
    name = _NAME.search(before)
    typed = name[0] if name else ""
    words = [Completion(text=one, sort="word") for one in _FUNCTIONS]
    return _matching([*map(_fact, vocabulary.facts.values()), *words], typed)


def _matching(options: Iterable[Completion], typed: str) -> Suggested:
    """Those that hold what is typed: beginning with it first, then by their titles."""
    small = typed.lower().strip("'\"")
    begins, holds = [], []
    for one in options:
        if one.text.lower().strip("'").startswith(small):
            begins.append(one)
        elif small and any(small in said.lower() for said in (one.text, one.zh, one.en)):
            holds.append(one)
    return Suggested(back=len(typed), completions=tuple([*begins, *holds][:MOST]))


def _keys(cursor: _Cursor, schema: schemas.Schema, kind: Kind) -> Iterable[Completion]:
    if _is_facts_of_test(cursor.path):
        return map(_fact, kind.vocabulary.facts.values())
    if cursor.path[:1] == ["tests"] and cursor.path[-1:] == ["expect"]:
        return [
            Completion(text=one, sort="field")
            for one in ("row", "rows", "decision", "score", "hits", *kind.outputs)
        ]
    found = schemas.properties(schema)
    return [
        Completion(text=name, sort="field", zh=schemas.titles(one, name)[0], en=schemas.titles(one, name)[1])
        for name, one in found.items()
    ]


def _values(
    cursor: _Cursor, schema: schemas.Schema, kind: Kind, lines: Sequence[str]
) -> Iterable[Completion]:
    path = cursor.path
    facts = kind.vocabulary.facts
    named = [str(one) for one in path if isinstance(one, str)]
    last = named[-1] if named else ""
    if _is_facts_of_test(path[:-1]) and last in facts:
        return [_value(one, facts[last]) for one in facts[last].values]
    if path[:1] == ["tests"] and last in ("row", "hits"):
        return _rows(lines, kind, last)
    if last == "in" and isinstance(path[-1], int):
        fact = _input(lines, path[-1], kind)
        return [_value(one, fact) for one in fact.values] if fact is not None else ()
    if last in _HOLD_FACTS:
        return map(_fact, facts.values())
    given = [*schema.get("enum", ()), *([schema["const"]] if "const" in schema else ())]
    words = {True: "true", False: "false"}
    flags = ("true", "false") if schema.get("type") == "boolean" else ()
    return [
        Completion(text=words.get(one, str(one)), sort="value") for one in (*given, *flags) if one is not None
    ]


def _is_facts_of_test(path: Sequence[str | int]) -> bool:
    return len(path) == 3 and path[0] == "tests" and path[2] == "facts"


def _rows(lines: Sequence[str], kind: Kind, last: str) -> Iterable[Completion]:
    """The rows of the table by number, or the ids of scored rules, each with its label."""
    value = _written(lines, ("spec", "rules" if last == "hits" else "rows"))
    for number, row in enumerate(value if isinstance(value, list) else ()):
        if isinstance(row, dict):
            said = str(row.get("label") or row.get("when") or row.get("in") or "")
            yield Completion(text=str(row.get("id", number)), sort="row", zh=said, en=said)


def _input(lines: Sequence[str], position: int, kind: Kind) -> Fact | None:
    names = _written(lines, ("spec", "inputs"))
    name = names[position] if isinstance(names, list) and position < len(names) else None
    return kind.vocabulary.facts.get(str(name))


def _written(lines: Sequence[str], pointer: Pointer) -> object:
    """Return a value of the lines above, which are read as far as they are YAML."""
    try:
        span = read_layout("\n".join(lines)).find(pointer)
    except Unreadable:
        whole = [number for number, line in enumerate(lines) if line[:1].strip()]
        return _written(lines[: whole[-1]], pointer) if whole and whole[-1] else None
    return span.value if span is not None else None


def _fact(fact: Fact) -> Completion:
    return Completion(text=fact.name, sort="fact", zh=fact.title, en=fact.title_en)


def _value(text: str, fact: Fact) -> Completion:
    return Completion(text=text, sort="value", zh=fact.title, en=fact.title_en)


def _place(lines_above: Sequence[str], before: str) -> _Cursor:
    indent = len(before) - len(before.lstrip(" "))
    parents = _parents(lines_above, indent, before)
    if parents and parents[-1] is None:
        return _Cursor([one for one in parents if one is not None], False, before.lstrip())
    return _scan(before.lstrip(" "), [one for one in parents if one is not None])


def _parents(lines: Sequence[str], indent: int, before: str) -> list[str | int | None]:
    """The keys that the lines above open, outermost first; a final None where a block of text is open."""
    path: list[str | int | None] = []
    limit = indent if before.strip() else len(before)
    begins_item = before.lstrip().startswith("- ") or before.strip() == "-"
    for line in reversed(lines):
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        column, rest = len(line) - len(line.lstrip(" ")), line.lstrip(" ")
        levels: list[tuple[int, str | int]] = []
        while rest.startswith("- "):
            inner = rest[2:].lstrip(" ")
            levels.append((column, 0))
            column, rest = column + len(rest) - len(inner), inner
        key = _KEY.match(rest)
        if key:
            levels.append((column, key[1].strip("\"'")))
        behind = rest[key.end() :].strip() if key else rest
        opens = not behind or behind.startswith("#") or bool(_BLOCK_TEXT.match(behind))
        for at, name in reversed(levels):
            is_open = opens or name == 0
            # An item of a list may stand at the same column as the key that holds it.
            deeper = at < limit or (at == limit and begins_item and name != 0 and opens)
            if deeper and is_open:
                if not path and name != 0 and _BLOCK_TEXT.match(behind):
                    path.append(None)
                path.insert(0, name)
                begins_item = name == 0
                limit = at
        if limit == 0 and path and path[0] != 0:
            break
    return path


def _scan(line: str, path: list[str | int]) -> _Cursor:
    """Read the begun line: `- `, `key: `, then flow collections, as far as it goes."""
    while line.startswith("- ") or line == "-":
        path, line = [*path, 0], line[2:].lstrip(" ")
    key = _KEY.match(line)
    if key is None and not line.startswith(("{", "[", '"', "'")):
        return _Cursor(path, True, line)
    stack: list[tuple[str, list[str | int]]] = []
    if key is not None:
        path, line = [*path, key[1].strip("\"'")], line[key.end() :].lstrip(" ")
    at = path
    start, quote, position = 0, "", 0
    while position < len(line):
        one = line[position]
        if quote:
            quote = "" if one == quote else quote
        elif one in "\"'" and not line[start:position].strip():
            quote, start = one, position + 1
        elif one in "{[":
            stack.append((one, at))
            at = at if one == "{" else [*at, 0]
            start = position + 1
        elif one in "}]" and stack:
            _, at = stack.pop()
            start = position + 1
        elif one == "," and stack:
            opener, outer = stack[-1]
            at = outer if opener == "{" else [*outer, int(at[-1]) + 1]
            start = position + 1
        elif one == ":" and stack and stack[-1][0] == "{" and line[position + 1 : position + 2] in ("", " "):
            at = [*stack[-1][1], line[start:position].strip().strip("\"'")]
            start = position + 1
        position += 1
    typed = line[start:]
    is_key = bool(stack) and stack[-1][0] == "{" and at == stack[-1][1]
    return _Cursor(at, is_key, typed if quote else typed.lstrip(), quote)
