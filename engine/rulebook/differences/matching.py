"""Which item of one list is which of another, though rows were inserted, moved or edited in between.

Items are the same if they are equal; then by what identifies them (id, name, label), by their condition, and
at last by likeness: the most values in common, at least half. An item without identity or condition, such as
the open last tier, is the one that stands between the same neighbours.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Callable, Container, Hashable, Iterator, Sequence
from typing import Any

Pair = tuple[int | None, int | None]
IDENTITIES = ("id", "name", "label")
CONDITIONS = ("when", "in")


def pair_items(old: Sequence[Any], new: Sequence[Any]) -> tuple[Pair, ...]:
    """Return the positions of each item in both lists, in the new order; at the end those that are gone."""
    found: dict[int, int] = {}
    _pair_equal(old, new, found)
    for name in (*IDENTITIES, *CONDITIONS):
        _pair_named(old, new, name, found)
    _pair_alike(old, new, found)
    _pair_between(old, new, found)
    came = {there: here for here, there in found.items()}
    gone = ((here, None) for here in range(len(old)) if here not in found)
    return (*((came.get(there), there) for there in range(len(new))), *gone)


def moved(pairs: Sequence[Pair]) -> frozenset[int]:
    """Return the new positions of the items that changed places: as few as explain the new order."""
    kept = [(here, there) for here, there in pairs if here is not None and there is not None]
    tails: list[int] = []
    ends: list[int] = []
    before: list[int] = []
    for number, (here, _) in enumerate(kept):
        place = bisect_left(tails, here)
        if place == len(tails):
            tails.append(here)
            ends.append(number)
        tails[place], ends[place] = here, number
        before.append(ends[place - 1] if place else -1)
    rising: set[int] = set()
    number = ends[-1] if ends else -1
    while number >= 0:
        rising.add(number)
        number = before[number]
    return frozenset(there for number, (_, there) in enumerate(kept) if number not in rising)


def _pair_equal(old: Sequence[Any], new: Sequence[Any], found: dict[int, int]) -> None:
    there = _places(new, _frozen, ())
    for value, places in _places(old, _frozen, ()).items():
        found.update(zip(places, there.get(value, ()), strict=False))


def _pair_named(old: Sequence[Any], new: Sequence[Any], name: str, found: dict[int, int]) -> None:
    """Pair what is left and alone in having its value of a field, in both lists."""

    def named(item: Any) -> Hashable:
        return _frozen(item[name]) if isinstance(item, dict) and name in item else None

    there = _places(new, named, set(found.values()))
    for value, places in _places(old, named, found).items():
        if len(places) == len(there.get(value, ())) == 1:
            found[places[0]] = there[value][0]


def _places(
    items: Sequence[Any], key: Callable[[Any], Hashable], taken: Container[int]
) -> dict[Hashable, list[int]]:
    places: dict[Hashable, list[int]] = {}
    for number, item in enumerate(items):
        value = key(item) if number not in taken else None
        if value is not None:
            places.setdefault(value, []).append(number)
    return places


def _pair_alike(old: Sequence[Any], new: Sequence[Any], found: dict[int, int]) -> None:
    """Pair the items that share most values, at least half of the longer one; the nearest of equals."""
    taken = set(found.values())
    leaves = {number: frozenset(_leaves(item)) for number, item in enumerate(new) if number not in taken}
    holders: dict[Hashable, list[int]] = {}
    for number, held in leaves.items():
        for leaf in held:
            holders.setdefault(leaf, []).append(number)
    candidates: list[tuple[int, int, int, int]] = []
    for here, item in enumerate(old):
        if here in found:
            continue
        own = frozenset(_leaves(item))
        shared = Counter(there for leaf in own for there in holders.get(leaf, ()))
        for there, count in shared.items():
            if 2 * count >= max(len(own), len(leaves[there])):
                candidates.append((-count, abs(here - there), here, there))
    for _, _, here, there in sorted(candidates):
        if here not in found and there not in taken:
            found[here] = there
            taken.add(there)


def _pair_between(old: Sequence[Any], new: Sequence[Any], found: dict[int, int]) -> None:
    """Pair what nothing identifies with what stands behind the same neighbour and has the same fields."""
    taken = set(found.values())
    for here, item in enumerate(old):
        there = found.get(here - 1, -1 if here == 0 else None)
        if here in found or there is None or there + 1 >= len(new) or there + 1 in taken:
            continue
        other = new[there + 1]
        alike = isinstance(item, dict) and isinstance(other, dict) and item.keys() == other.keys()
        if alike and not item.keys() & {*IDENTITIES, *CONDITIONS}:
            found[here] = there + 1
            taken.add(there + 1)


def _leaves(item: Any, at: tuple[str, ...] = ()) -> Iterator[Hashable]:
    if isinstance(item, dict):
        for key, inner in item.items():
            yield from _leaves(inner, (*at, key))
    else:
        yield at, _frozen(item)


def _frozen(value: Any) -> Hashable:
    if isinstance(value, dict):
        return frozenset((key, _frozen(inner)) for key, inner in value.items())
    if isinstance(value, list | tuple):
        return tuple(_frozen(inner) for inner in value)
    # True is 1 to Python, but not in a rule.
    return type(value).__name__, value
