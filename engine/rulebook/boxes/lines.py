"""Facts as lines of whole numbers, and sets on a line as intervals: what a box is made of.

An int is itself, an instant its microseconds, a choice among finitely many (a registry, a text that is only
compared with literals, a bool) its place among them. A list of texts is one line a text asked for.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from engine.expressions import Fact, FactType, Value

Intervals = tuple[tuple[int, int], ...]
"""Closed intervals, apart from each other and rising."""
NOTHING: Intervals = ()

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """Every value of one fact, or for a list whether it holds one text (`member`), from `first` to `last`.

    `choices` are the values by place where there are finitely many; `plain` is the place of the default.
    """

    fact: Fact
    member: str | None
    first: int
    last: int
    choices: tuple[Value, ...]
    plain: int

    @property
    def whole(self) -> Intervals:
        """Return every value."""
        return ((self.first, self.last),)

    def plainest(self, low: int, high: int) -> int:
        """Return the plainest place from `low` to `high`: the default, else the nearest to it or to zero."""
        if low <= self.plain <= high:
            return self.plain
        nearest_to = self.plain if self.fact.type is FactType.TIMESTAMP else 0
        return min(max(nearest_to, low), high)

    def value(self, place: int) -> Value:
        """Return what stands at a place."""
        if self.choices:
            return self.choices[place]
        if self.fact.type is FactType.TIMESTAMP:
            return (_EPOCH + place * _MICROSECOND).astimezone(self.fact.zone)
        return place


def line_of(fact: Fact, *, member: str | None = None, literals: Iterable[str] = ()) -> Line:
    """Return the line of a fact; `literals` are the texts that a fact without registry is compared with."""
    choices: tuple[Value, ...] = ()
    first, last, default = 0, 0, fact.default
    match fact.type:
        case FactType.LIST_STRING:
            choices, default = (False, True), member in fact.listed
        case FactType.BOOL:
            choices = (False, True)
        case FactType.STRING if fact.values:
            choices = tuple(dict.fromkeys((*fact.values, fact.default)))
        case FactType.STRING:
            choices = _texts(fact, frozenset(literals))
        case FactType.TIMESTAMP:
            first, last = (
                place_of(datetime.min.replace(tzinfo=UTC)),
                place_of(datetime.max.replace(tzinfo=UTC)),
            )
        case FactType.INT:
            first, last = fact.min, fact.max
    if choices:
        last = len(choices) - 1
    plain = choices.index(default) if choices else place_of(default)
    return Line(fact=fact, member=member, first=first, last=last, choices=choices, plain=plain)


def place_of(value: Value) -> int:
    """Return the place of an int or an instant."""
    if isinstance(value, datetime):
        return (value - _EPOCH) // _MICROSECOND
    if not isinstance(value, int):
        raise TypeError(f"{value!r} has no place between others")
    return value


def joined(intervals: Iterable[tuple[int, int]]) -> Intervals:
    """Return the union of intervals."""
    found: list[tuple[int, int]] = []
    for low, high in sorted(intervals):
        if found and low <= found[-1][1] + 1:
            found[-1] = found[-1][0], max(found[-1][1], high)
        elif low <= high:
            found.append((low, high))
    return tuple(found)


def common(one: Intervals, other: Intervals) -> Intervals:
    """Return what both hold."""
    pairs = ((max(a, c), min(b, d)) for a, b in one for c, d in other)
    return tuple(sorted(pair for pair in pairs if pair[0] <= pair[1]))


def outside(intervals: Intervals, line: Line) -> Intervals:
    """Return what a line holds besides."""
    edges = [line.first]
    for low, high in intervals:
        edges += [low - 1, high + 1]
    edges.append(line.last)
    pairs = zip(edges[::2], edges[1::2], strict=True)
    return tuple((low, high) for low, high in pairs if low <= high)


def _texts(fact: Fact, literals: frozenset[str]) -> tuple[Value, ...]:
    """Every text the conditions tell apart; the last stands for all they do not name."""
    other = str(fact.default)
    if other in literals:
        other = f"({fact.name})"
    while other in literals:
        other += "'"
    return (*sorted(literals), other)
