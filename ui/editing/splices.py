"""Edits of a YAML text: each changes the lines it is about and leaves every other as it was.

    put(text, {("spec", "rows", 0, "rate"): "0.0040"})
    insert(text, ("spec", "rows"), at=2, values=[{"when": "true", "rate": "0.0038"}])
    remove(text, ("spec", "rows", 1))
    move(text, ("spec", "rows"), at=3, to=0)

Comments, order and layout stay. After every edit the new text is read again and held against what was meant:
where the two differ, the edit is refused and nothing has changed.
"""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from ui.editing.layout import Layout, Plain, Pointer, Span, Unreadable, read_layout
from ui.editing.writing import as_block, written


class EditRefused(Exception):
    """This edit cannot be made in this text without touching more of it than was asked."""


class Splice(NamedTuple):
    """Put `text` for what stands between two places."""

    start: int
    end: int
    text: str


def put(text: str, values: Mapping[Pointer, Plain], *, order: Sequence[str] = ()) -> str:
    """Return `text` with each value at its place; a key that is not there is added.

    It is added behind the nearest key before it in `order`, else at the end. Raises EditRefused.
    """
    layout = _layout(text)
    splices = [
        _put_one(layout, pointer, value, order)
        for pointer, value in values.items()
        if _differs(layout, pointer, value)
    ]
    wanted = copy.deepcopy(layout.value)
    for pointer, value in values.items():
        _assign(wanted, pointer, value)
    return _checked(_apply(text, splices), wanted)


def insert(text: str, pointer: Pointer, *, at: int, values: Sequence[Plain]) -> str:
    """Return `text` with `values` as further items of the list at `pointer`. Raises EditRefused."""
    layout = _layout(text)
    span = _collection(layout, pointer, "list")
    at = min(max(at, 0), len(span.children))
    wanted = copy.deepcopy(layout.value)
    _item(wanted, pointer)[at:at] = values
    items = [written(value) for value in values]
    if not items:
        return text
    if span.flow or not span.children:
        splice = _insert_flow(layout, span, at, ", ".join(items))
    else:
        indent = " " * _column(text, span.start)
        lines = "".join(f"{indent}- {item}\n" for item in items)
        place = (
            _line_start(text, _dash(layout, span, 0))
            if at == 0
            else _next_line(text, span.children[at - 1].end)
        )
        splice = _whole_lines(text, place, lines)
    return _checked(_apply(text, [splice]), wanted)


def remove(text: str, *pointers: Pointer) -> str:
    """Return `text` without these values: keys of mappings, items of lists. Raises EditRefused."""
    for pointer in sorted(
        pointers, key=lambda one: [(isinstance(step, int), step) for step in one], reverse=True
    ):
        text = _remove_one(text, pointer)
    return text


def move(text: str, pointer: Pointer, *, at: int, to: int) -> str:
    """Return `text` with the item `at` of a list standing at position `to`; its comments above go with it."""
    layout = _layout(text)
    span = _collection(layout, pointer, "list")
    count = len(span.children)
    if not (0 <= at < count and 0 <= to < count) or at == to:
        return text
    wanted = copy.deepcopy(layout.value)
    items = _item(wanted, pointer)
    items.insert(to, items.pop(at))
    if span.flow:
        parts = [text[one.start : one.end] for one in span.children.values()]
        parts.insert(to, parts.pop(at))
        splices = [
            Splice(one.start, one.end, part) for one, part in zip(span.children.values(), parts, strict=True)
        ]
        return _checked(_apply(text, splices), wanted)
    start, end = _region(layout, span, at)
    begin, last = _region(layout, span, to)
    lines, place = _ended(text[start:end]), begin if to < at else last
    return _checked(_apply(text, [Splice(start, end, ""), _whole_lines(text, place, lines)]), wanted)


def _remove_one(text: str, pointer: Pointer) -> str:
    layout = _layout(text)
    parent, step = layout.at(pointer[:-1]), pointer[-1]
    if step not in parent.children:
        return text
    wanted = copy.deepcopy(layout.value)
    del _item(wanted, pointer[:-1])[step]
    names = list(parent.children)
    position = names.index(step)
    starts = [(child.key or child).start for child in parent.children.values()]
    if len(names) == 1:
        splice = _emptied(layout, parent)
    elif parent.flow:
        child = parent.children[step]
        splice = (
            Splice(starts[0], starts[1], "")
            if position == 0
            else Splice(parent.children[names[position - 1]].end, child.end, "")
        )
    elif parent.kind == "map" and position == 0:
        splice = Splice(starts[0], starts[1], "")
    elif parent.kind == "map":
        splice = Splice(_line_start(text, starts[position]), _next_line(text, parent.children[step].end), "")
    else:
        splice = Splice(
            _line_start(text, _dash(layout, parent, position)),
            _next_line(text, parent.children[step].end),
            "",
        )
    return _checked(_apply(text, [splice]), wanted)


def _emptied(layout: Layout, span: Span) -> Splice:
    nothing = "{}" if span.kind == "map" else "[]"
    if span.flow or span.key is None:
        return Splice(span.start, span.end, nothing)
    behind = layout.text.index(":", span.key.end) + 1
    return Splice(behind, span.end, f" {nothing}")


def _put_one(layout: Layout, pointer: Pointer, value: Plain, order: Sequence[str]) -> Splice:
    span = layout.find(pointer)
    if span is None:
        return _add_key(layout, pointer, value, order)
    if span.kind != "scalar" and not span.flow:
        if span.key is None:
            return Splice(span.start, span.end, written(value))
        behind = layout.text.index(":", span.key.end) + 1
        return Splice(behind, span.end, f" {written(value)}")
    if span.style in ("|", ">") and isinstance(value, str):
        lines = layout.text[span.start : span.end].split("\n")[1:]
        indent = min((len(line) - len(line.lstrip()) for line in lines if line.strip()), default=2)
        return Splice(span.start, span.end, as_block(value, indent=indent) or written(value, like='"'))
    like = span.style if isinstance(value, str) else ""
    blank = "" if span.start != span.end or layout.text[span.start - 1 : span.start] in (" ", "") else " "
    return Splice(span.start, span.end, blank + written(value, like=like))


def _add_key(layout: Layout, pointer: Pointer, value: Plain, order: Sequence[str]) -> Splice:
    parent, key = layout.find(pointer[:-1]), pointer[-1]
    if parent is None or parent.kind != "map" or not isinstance(key, str):
        raise EditRefused(f"{'.'.join(map(str, pointer))}: there is nothing to add it to")
    names = [str(name) for name in parent.children]
    before = order[: order.index(key)] if key in order else order
    behind = next((name for name in reversed(before) if name in parent.children), None)
    if behind is None:
        behind = names[-1] if names and key not in order else None
    pair = f"{written(key)}: {written(value)}"
    if parent.flow or not names:
        position = names.index(behind) + 1 if behind else 0
        return _insert_flow(layout, parent, position, pair)
    first = parent.children[names[0]]
    start = (first.key or first).start
    indent = " " * _column(layout.text, start)
    if behind is None:
        return Splice(start, start, f"{pair}\n{indent}")
    return _whole_lines(
        layout.text, _next_line(layout.text, parent.children[behind].end), f"{indent}{pair}\n"
    )


def _insert_flow(layout: Layout, span: Span, at: int, item: str) -> Splice:
    children = list(span.children.values())
    if not children:
        if span.flow:
            return Splice(span.start + 1, span.start + 1, item)
        raise EditRefused("there is nothing to add it to")
    if at == 0:
        start = (children[0].key or children[0]).start
        return Splice(start, start, f"{item}, ")
    return Splice(children[at - 1].end, children[at - 1].end, f", {item}")


def _region(layout: Layout, span: Span, position: int) -> tuple[int, int]:
    """The lines of one item of a block list, with the comments that stand directly above it."""
    text = layout.text
    start = _line_start(text, _dash(layout, span, position))
    while start > 0:
        above = _line_start(text, start - 1)
        if not text[above:start].lstrip(" ").startswith("#"):
            break
        start = above
    return start, _next_line(text, span.children[position].end)


def _dash(layout: Layout, span: Span, position: int) -> int:
    """Return where the `-` of an item stands, which begins its line. Raises EditRefused where it does not."""
    text, column = layout.text, _column(layout.text, span.start)
    place = span.start if position == 0 else _line_start(text, span.children[position].start) + column
    floor = span.start if position == 0 else span.children[position - 1].end
    while place > floor and text[place : place + 1] != "-":
        place = _line_start(text, _line_start(text, place) - 1) + column
    if text[place : place + 1] != "-" or text[_line_start(text, place) : place].strip():
        raise EditRefused("the items do not begin on lines of their own")
    return place


def _whole_lines(text: str, place: int, lines: str) -> Splice:
    """Insert whole lines at the start of a line, or behind a last line that has no end."""
    if place and text[place - 1] != "\n":
        return Splice(place, place, "\n" + lines.removesuffix("\n"))
    return Splice(place, place, lines)


def _apply(text: str, splices: Sequence[Splice]) -> str:
    """Make all splices at once: each speaks of the old text. Those at one place keep their order."""
    parts: list[str] = []
    end = 0
    for one in sorted(splices, key=lambda splice: splice[:2]):
        if one.start < end:
            raise EditRefused("two edits of one place")
        parts += [text[end : one.start], one.text]
        end = one.end
    return "".join([*parts, text[end:]])


def _checked(text: str, wanted: Plain) -> str:
    try:
        said = read_layout(text).value
    except Unreadable as error:
        raise EditRefused(str(error)) from error
    if not _same(said, wanted):
        raise EditRefused("the text would not say what was meant")
    return text


def _same(a: Plain, b: Plain) -> bool:
    """Equal in type too: `true` is not 1. The order of keys does not count."""
    if type(a) is not type(b):
        return False
    if isinstance(a, dict) and isinstance(b, dict):
        return a.keys() == b.keys() and all(_same(value, b[key]) for key, value in a.items())
    if isinstance(a, list) and isinstance(b, list):
        return len(a) == len(b) and all(map(_same, a, b))
    return a == b


def _differs(layout: Layout, pointer: Pointer, value: Plain) -> bool:
    span = layout.find(pointer)
    return span is None or not _same(span.value, value)


def _layout(text: str) -> Layout:
    try:
        return read_layout(text)
    except Unreadable as error:
        raise EditRefused(str(error)) from error


def _collection(layout: Layout, pointer: Pointer, kind: str) -> Span:
    span = layout.find(pointer)
    if span is None or span.kind != kind:
        raise EditRefused(f"{'.'.join(map(str, pointer))} is no {kind}")
    return span


def _item(value: Any, pointer: Pointer) -> Any:
    for step in pointer:
        value = value[step]
    return value


def _assign(value: Any, pointer: Pointer, item: Plain) -> None:
    try:
        _item(value, pointer[:-1])[pointer[-1]] = item
    except (KeyError, IndexError, TypeError) as error:
        raise EditRefused(f"{'.'.join(map(str, pointer))}: there is nothing there") from error


def _line_start(text: str, place: int) -> int:
    return text.rfind("\n", 0, max(place, 0)) + 1


def _next_line(text: str, place: int) -> int:
    end = text.find("\n", place)
    return len(text) if end < 0 else end + 1


def _ended(lines: str) -> str:
    return lines if lines.endswith("\n") else lines + "\n"


def _column(text: str, place: int) -> int:
    return place - _line_start(text, place)
