"""Row-level three-way merge of one rule file: two people's edits become one text, or a list of clashes.

The values are merged first: fields of mappings by name, items of lists by their place and likeness. Only
where both sides gave one field or row different values is there a clash, and then nothing is merged. The text
is merged line by line, within a line word by word, so every line that nobody touched keeps its bytes, and
comments and order stay. It counts only if reading it gives exactly the merged values.

`version` is a number, not policy: of two, the higher one stays, and checking says whether it is high enough.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from engine.releases.errors import Clash
from engine.releases.threeway import Edit, combine, edits
from engine.rulebook.documents import Document, Pointer, load

# Words of a line: a quoted text or a comment is one word, so that no word is ever mixed from two.
_WORDS = re.compile(r""""(?:[^"\\]|\\.)*"|'[^']*'|(?<![^\s])\#[^\n]*|\n|[ ]+|[^\s"'{}\[\],:]+|.""")
_ABSENT: Any = object()


@dataclass(frozen=True, slots=True, kw_only=True)
class Merged:
    """The text of both, or why there is none."""

    text: str | None
    clashes: tuple[Clash, ...] = ()


def merge_texts(*, path: str, base: str | None, ours: str | None, theirs: str | None) -> Merged:
    """Return the text that holds what both sides changed since `base`, or every clash between them."""
    whole = Clash(where="", base=base, ours=ours, theirs=theirs)
    if base is None or ours is None or theirs is None:
        return Merged(text=None, clashes=(whole,))
    read = [load(path=path, text=text)[0] for text in (base, ours, theirs)]
    documents = _with_one_version([one for one in read if one is not None])
    if len(documents) < len(read):
        return Merged(text=None, clashes=(whole,))
    began, mine, other = documents
    clashes: list[Clash] = []
    wanted = _values((), began.value, mine.value, other.value, clashes)
    if clashes:
        return Merged(text=None, clashes=tuple(clashes))
    text = _lines(began.text, mine.text, other.text)
    got, wrong = load(path=path, text=text) if text is not None else (None, ())
    twice = any(one.code == "YAML_DUPLICATE_KEY" for one in wrong)
    if got is None or twice or _key(got.value) != _key(wanted):
        return Merged(text=None, clashes=(whole,))
    return Merged(text=text)


def _with_one_version(documents: Sequence[Document]) -> list[Document]:
    """Return the documents with the highest version of all written into each."""
    found = [one.value.get("version") for one in documents if isinstance(one.value, dict)]
    versions = [version for version in found if type(version) is int]
    if len(versions) < len(documents):
        return list(documents)
    return [_with_version(one, max(versions)) for one in documents]


def _with_version(document: Document, version: int) -> Document:
    place, lines = document.location(("version",)), document.text.split("\n")
    line = lines[place.line - 1]
    old = re.match(r"\d+", line[place.column - 1 :])
    if old is None or int(old[0]) == version:
        return document
    lines[place.line - 1] = line[: place.column - 1] + str(version) + line[place.column - 1 + old.end() :]
    return load(path=document.path, text="\n".join(lines))[0] or document


def _values(at: Pointer, base: Any, ours: Any, theirs: Any, clashes: list[Clash]) -> Any:
    """Return the value of both sides; where there is none, add to `clashes` and return ours."""
    if _key(ours) == _key(theirs) or _key(theirs) == _key(base):
        return ours
    if _key(ours) == _key(base):
        return theirs
    if all(isinstance(one, dict) for one in (base, ours, theirs)):
        names = dict.fromkeys([*ours, *theirs])
        merged = {}
        for name in names:
            sides = (one.get(name, _ABSENT) for one in (base, ours, theirs))
            merged[name] = _values((*at, name), next(sides), next(sides), next(sides), clashes)
        return {name: value for name, value in merged.items() if value is not _ABSENT}
    if all(isinstance(one, list) for one in (base, ours, theirs)):
        return _lists(at, base, ours, theirs, clashes)
    clashes.append(_clash(at, base, ours, theirs))
    return ours


def _lists(
    at: Pointer, base: list[Any], ours: list[Any], theirs: list[Any], clashes: list[Clash]
) -> list[Any]:
    def settle(start: int, end: int, mine: tuple[Any, ...], other: tuple[Any, ...]) -> Sequence[Any]:
        before = base[start:end]
        one_row = len(mine) == len(other) == len(before) == 1
        if one_row and _alike(before[0], mine[0]) and _alike(before[0], other[0]):
            return [_values((*at, start), before[0], mine[0], other[0], clashes)]
        clashes.append(_clash((*at, start), before, list(mine), list(other)))
        return mine

    sides = [_row_edits(base, side) for side in (ours, theirs)]
    return combine(base, ours=sides[0], theirs=sides[1], settle=settle) or []


def _row_edits(base: list[Any], side: list[Any]) -> list[Edit[Any]]:
    """Return the edits of a list of rows; where rows came or went too, like rows still make pairs."""
    found: list[Edit[Any]] = []
    for edit in edits(base, side, key=_key):
        found += _paired(base, edit) if edit.changes_length else [edit]
    return found


def _paired(base: list[Any], edit: Edit[Any]) -> list[Edit[Any]]:
    found: list[Edit[Any]] = []
    start, begin = edit.start, 0
    for row in range(edit.start, edit.end):
        like = next((n for n in range(begin, len(edit.items)) if _alike(base[row], edit.items[n])), None)
        if like is None:
            continue
        if row > start or like > begin:
            found.append(Edit(start, row, edit.items[begin:like]))
        found.append(Edit(row, row + 1, (edit.items[like],)))
        start, begin = row + 1, like + 1
    if start < edit.end or begin < len(edit.items):
        found.append(Edit(start, edit.end, edit.items[begin:]))
    return found


def _alike(one: Any, other: Any) -> bool:
    """Tell whether two rows are one row edited: the same id, else at least half their fields the same."""
    if not isinstance(one, dict) or not isinstance(other, dict):
        return False
    if "id" in one or "id" in other:
        return one.get("id") == other.get("id")
    same = sum(_key(one[name]) == _key(other.get(name, _ABSENT)) for name in one)
    return 2 * same >= max(len(one), len(other))


def _lines(base: str, ours: str, theirs: str) -> str | None:
    lines = [text.split("\n") for text in (base, ours, theirs)]

    def settle(start: int, end: int, mine: tuple[str, ...], other: tuple[str, ...]) -> Sequence[str] | None:
        words = [_WORDS.findall("\n".join(some)) for some in (lines[0][start:end], mine, other)]
        sides = [edits(words[0], side) for side in words[1:]]
        merged = combine(words[0], ours=sides[0], theirs=sides[1], settle=lambda *_: None)
        return None if merged is None else "".join(merged).split("\n")

    sides = [edits(lines[0], side) for side in lines[1:]]
    merged = combine(lines[0], ours=sides[0], theirs=sides[1], settle=settle)
    return None if merged is None else "\n".join(merged)


def _clash(at: Pointer, base: Any, ours: Any, theirs: Any) -> Clash:
    where = ".".join(map(str, at))
    return Clash(where=where, base=_shown(base), ours=_shown(ours), theirs=_shown(theirs))


def _shown(value: Any) -> str | None:
    if value is _ABSENT:
        return None
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _key(value: Any) -> str:
    """Return what tells values apart as the rules do: 1 is not true, and the order of keys says nothing."""
    return "" if value is _ABSENT else json.dumps(value, ensure_ascii=False, sort_keys=True)
