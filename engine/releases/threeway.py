"""Three-way merging of sequences: what two sides made of one base, where they do not meet.

    merged = combine(base, ours=edits(base, ours), theirs=edits(base, theirs), settle=…)

An edit replaces a stretch of the base. Edits of both sides that meet are handed to `settle` together; it
returns what becomes of the stretch, or None where nobody can say.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Generic, TypeVar

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Edit(Generic[T]):
    """`base[start:end]` becomes `items`."""

    start: int
    end: int
    items: tuple[T, ...]

    @property
    def changes_length(self) -> bool:
        """Whether items come or go."""
        return self.end - self.start != len(self.items)


Settle = Callable[[int, int, tuple[T, ...], tuple[T, ...]], Sequence[T] | None]
"""start, end of the base, our items, their items → the items of both, None: a conflict."""


def edits(
    base: Sequence[T], side: Sequence[T], *, key: Callable[[T], object] = lambda one: one
) -> list[Edit[T]]:
    """Return what `side` made of `base`, in order; as many items for as many are edits of one item each."""
    matcher = SequenceMatcher(None, [key(one) for one in base], [key(one) for one in side], autojunk=False)
    found: list[Edit[T]] = []
    for kind, start, end, begin, until in matcher.get_opcodes():
        if kind == "equal":
            continue
        if end - start == until - begin:
            found += [Edit(start + n, start + n + 1, (side[begin + n],)) for n in range(end - start)]
        else:
            found.append(Edit(start, end, tuple(side[begin:until])))
    return found


def combine(
    base: Sequence[T], *, ours: Sequence[Edit[T]], theirs: Sequence[Edit[T]], settle: Settle[T]
) -> list[T] | None:
    """Return `base` with the edits of both sides, None where `settle` finds no answer for one stretch."""
    result: list[T] = []
    done = 0
    for start, end, mine, other in _groups(ours, theirs):
        result += base[done:start]
        done = end
        here = [_applied(base, start, end, side) for side in (mine, other)]
        if not mine or not other or here[0] == here[1]:
            result += here[0] if mine else here[1]
            continue
        settled = settle(start, end, here[0], here[1])
        if settled is None:
            return None
        result += settled
    return [*result, *base[done:]]


def _groups(
    ours: Sequence[Edit[T]], theirs: Sequence[Edit[T]]
) -> list[tuple[int, int, list[Edit[T]], list[Edit[T]]]]:
    """Return stretches of the base, each with the edits of both sides that meet in it."""
    waiting = sorted(
        [(edit, 0) for edit in ours] + [(edit, 1) for edit in theirs],
        key=lambda one: (one[0].start, one[0].end, one[1]),
    )
    groups: list[tuple[int, int, list[Edit[T]], list[Edit[T]]]] = []
    for edit, side in waiting:
        last = groups[-1] if groups else None
        if last is not None and any(_meet(edit, known) for known in (last[3], last[2])[side]):
            groups.pop()
            start, end, mine, other = last
            (mine, other)[side].append(edit)
            groups.append((start, max(end, edit.end), mine, other))
        elif last is not None and edit.start < last[1]:
            (last[2], last[3])[side].append(edit)
        else:
            groups.append((edit.start, edit.end, [edit] if side == 0 else [], [edit] if side == 1 else []))
    return groups


def _meet(one: Edit[T], other: Edit[T]) -> bool:
    """Tell whether two edits touch the same item, or both bring or take items at the same place."""
    overlap = one.start < other.end and other.start < one.end
    touch = one.start <= other.end and other.start <= one.end
    return overlap or (touch and one.changes_length and other.changes_length)


def _applied(base: Sequence[T], start: int, end: int, side: Sequence[Edit[T]]) -> tuple[T, ...]:
    result: list[T] = []
    for edit in side:
        result += [*base[start : edit.start], *edit.items]
        start = edit.end
    return (*result, *base[start:end])
