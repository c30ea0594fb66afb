"""Two versions of one rule walked together, value by value, in the order of the new file."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from engine.expressions import Condition
from engine.rulebook.differences.matching import CONDITIONS, IDENTITIES, moved, pair_items
from engine.rulebook.differences.model import Difference, Words
from engine.rulebook.differences.wording import both, scalar_words, title_of
from engine.rulebook.documents import Pointer
from engine.rulebook.kinds import Kind
from engine.rulebook.rules import Rule

_SPEC, _TABLE_ROWS = "spec", ("spec", "rows")
_UNORDERED = "tests"


def rule_differences(*, old: Rule, new: Rule, kind: Kind) -> tuple[Difference, ...]:
    """Return every value in which two versions of one rule differ, in the order of the new file.

    Conditions that mean the same, written otherwise, do not differ; nor do comments and layout.
    """
    walk = _Walk(_Side(old, kind), _Side(new, kind))
    return tuple(walk.between((), (), walk.old.value, walk.new.value))


class _Side:
    """One version: what stands at a pointer into its file."""

    def __init__(self, rule: Rule, kind: Kind) -> None:
        self._rule = rule
        self._kind = kind
        self._conditions: Mapping[Pointer, Condition] = rule.conditions
        # With values by date as they are written, not as they read on one day.
        self.value: Mapping[str, Any] = {**rule.document.value, _SPEC: rule.written}

    def line(self, at: Pointer) -> int:
        return self._rule.line_of(at)

    def condition(self, at: Pointer, value: Any) -> Condition | None:
        is_plain = at[:1] == (_SPEC,) and not _has_structure(value)
        return self._conditions.get(at[1:]) if is_plain else None

    def title(self, at: Pointer) -> Words:
        """Return what leads to a value: the titles of its fields, its row by label or number."""
        parts: list[Words] = []
        value: Any = self.value
        for depth, key in enumerate(at, start=1):
            value = value[key]
            if isinstance(key, int):
                parts[-1:] = [_item_name(parts[-1], at[: depth - 1], key, value)]
            elif (key, depth) != (_SPEC, 1):
                parts.append(title_of(at[:depth], self._kind))
        return Words(zh=" · ".join(one.zh for one in parts), en=" · ".join(one.en for one in parts))

    def said(self, at: Pointer, value: Any) -> Words:
        """Return a value in words; of a structure, every field with its title."""
        condition = self.condition(at, value)
        if condition is not None:
            return both(lambda language: condition.words(language=language))
        if isinstance(value, dict):
            parts = [
                (title_of((*at, key), self._kind), self.said((*at, key), item)) for key, item in value.items()
            ]
            return Words(
                zh="；".join(f"{name.zh} {item.zh}" for name, item in parts),
                en="; ".join(f"{name.en} {item.en}" for name, item in parts),
            )
        if _has_structure(value):
            items = [self.said((*at, number), item) for number, item in enumerate(value)]
            return Words(
                zh="、".join(f"（{one.zh}）" for one in items), en=", ".join(f"({one.en})" for one in items)
            )
        return scalar_words(_last_name(at), value, self._kind)


class _Walk:
    def __init__(self, old: _Side, new: _Side) -> None:
        self.old = old
        self.new = new

    def between(self, here: Pointer, there: Pointer, old: Any, new: Any) -> Iterator[Difference]:
        """Yield what differs between the value at `here` in the old file and at `there` in the new."""
        if isinstance(old, dict) and isinstance(new, dict):
            yield from self._mappings(here, there, old, new)
        elif isinstance(old, list) and isinstance(new, list) and (_has_structure(old) or _has_structure(new)):
            yield from self._lists(here, there, old, new)
        elif not self._same(here, there, old, new):
            yield self._changed(here, there, old, new)

    def _mappings(
        self, here: Pointer, there: Pointer, old: Mapping[str, Any], new: Mapping[str, Any]
    ) -> Iterator[Difference]:
        """A row's condition is one thing, whether it is written as `when` or as cells."""
        is_row = there[:-1] == _TABLE_ROWS
        before, after = _by_role(old, is_row=is_row), _by_role(new, is_row=is_row)
        for role in (*after, *(role for role in before if role not in after)):
            old_key, new_key = before.get(role), after.get(role)
            if old_key is None:
                yield self._added((*there, str(new_key)), new[str(new_key)])
            elif new_key is None:
                yield self._removed((*here, old_key), old[old_key])
            else:
                yield from self.between((*here, old_key), (*there, new_key), old[old_key], new[new_key])

    def _lists(self, here: Pointer, there: Pointer, old: list[Any], new: list[Any]) -> Iterator[Difference]:
        pairs = pair_items(old, new)
        shifted = moved(pairs) if there[-1:] != (_UNORDERED,) else frozenset()
        for former, number in pairs:
            if former is None and number is not None:
                yield self._added((*there, number), new[number])
            elif former is not None and number is None:
                yield self._removed((*here, former), old[former])
            elif former is not None and number is not None:
                if number in shifted:
                    yield self._moved((*here, former), (*there, number))
                yield from self.between((*here, former), (*there, number), old[former], new[number])

    def _same(self, here: Pointer, there: Pointer, old: Any, new: Any) -> bool:
        one, other = self.old.condition(here, old), self.new.condition(there, new)
        if one is not None and other is not None:
            return one.tree == other.tree
        return type(old) is type(new) and bool(old == new)

    def _changed(self, here: Pointer, there: Pointer, old: Any, new: Any) -> Difference:
        before, after = self.old.said(here, old), self.new.said(there, new)
        if before == after:
            # Two ways of writing that words do not tell apart: show what is written.
            before, after = Words(zh=str(old), en=str(old)), Words(zh=str(new), en=str(new))
        return Difference(
            pointer=there,
            old_line=self.old.line(here),
            new_line=self.new.line(there),
            what=self.new.title(there),
            old=before,
            new=after,
        )

    def _added(self, at: Pointer, value: Any) -> Difference:
        side = self.new
        return Difference(
            pointer=at,
            old_line=None,
            new_line=side.line(at),
            what=side.title(at),
            old=None,
            new=side.said(at, value),
        )

    def _removed(self, at: Pointer, value: Any) -> Difference:
        side = self.old
        return Difference(
            pointer=at,
            old_line=side.line(at),
            new_line=None,
            what=side.title(at),
            old=side.said(at, value),
            new=None,
        )

    def _moved(self, here: Pointer, there: Pointer) -> Difference:
        name = self.new.title(there)
        former, number = (int(pointer[-1]) + 1 for pointer in (here, there))
        return Difference(
            pointer=there,
            old_line=self.old.line(here),
            new_line=self.new.line(there),
            what=Words(zh=f"{name.zh} · 位置", en=f"{name.en} · place"),
            old=Words(zh=f"第 {former} 个", en=f"number {former}"),
            new=Words(zh=f"第 {number} 个", en=f"number {number}"),
        )


def _by_role(value: Mapping[str, Any], *, is_row: bool) -> dict[str, str]:
    return {CONDITIONS[0] if is_row and key in CONDITIONS else key: key for key in value}


def _item_name(listed: Words, at: Pointer, number: int, item: Any) -> Words:
    """Return what one item of a list is called: what names it, else its number."""
    named = [item[key] for key in reversed(IDENTITIES) if isinstance(item, dict) and item.get(key)]
    if named:
        outer = Words(zh="", en="") if at == _TABLE_ROWS else Words(zh=listed.zh, en=f"{listed.en} ")
        return Words(zh=f"{outer.zh}「{named[0]}」", en=f"{outer.en}“{named[0]}”")
    if at == _TABLE_ROWS:
        return Words(zh=f"第 {number + 1} 行", en=f"row {number + 1}")
    return Words(zh=f"{listed.zh}第 {number + 1} 项", en=f"{listed.en} {number + 1}")


def _has_structure(value: Any) -> bool:
    return isinstance(value, list) and any(isinstance(item, dict | list) for item in value)


def _last_name(at: Pointer) -> str:
    """Return the field that says what a value is; of a value by date, the field that has one each date."""
    is_dated = at[-1:] == ("value",) and isinstance(at[-2], int)
    return next((key for key in reversed(at[:-2] if is_dated else at) if isinstance(key, str)), "")
