"""Exact sliding windows in memory, for the aggregates that a rulebook declares.

The contract, the same online and in a replay: the window is (t−w, t] of business time, the item being
decided is included, so are earlier items of its batch, nothing later is ever visible. Items usually arrive
in order of time and cost a few operations each; an item that arrives late is put in its place and read
exactly, as long as it is not more than SLACK late.

An item whose key has an empty part (a payer the channel did not name) belongs to no series: it is not
counted and reads 0. An item whose `where` cannot be evaluated is not counted, and the error is raised.
Whoever writes under a transaction calls `keep` after the commit and `undo` after a rollback.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping, MutableMapping, Sequence
from datetime import UTC, datetime, timedelta
from operator import itemgetter
from typing import Any, NamedTuple

from engine.rulebook import Aggregate
from payments_core.risk.series import COLUMNS, Series, Sum

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)
_SECOND_US = 1_000_000
SLACK_US = 15 * 60 * _SECOND_US
"""How late an item may arrive and still be read exactly: windows keep this much more than their length."""
_SWEEP_AFTER = 20_000
_FORGET_FROM = 128
"""A series shorter than this forgets nothing by itself."""


def microseconds(instant: datetime) -> int:
    """Return an aware instant as whole microseconds since 1970, the time of the windows."""
    return (instant - EPOCH) // MICROSECOND


First = tuple[int, tuple[Any, ...]]
Journal = list[tuple["_Plan", Any, int]]


class Windows:
    """All series of a set of aggregates. One thread at a time."""

    def __init__(self, aggregates: Sequence[Aggregate]) -> None:
        """Begin with no history; `batch_no` is the caller's watermark of what has been added."""
        self.batch_no = -1
        self._asked = [_asked(a) for a in aggregates]
        conditions = {a.where.source: a.where for a in aggregates if a.where is not None}
        self._conditions = [condition.evaluate for condition in conditions.values()]
        numbers = {source: number for number, source in enumerate(conditions, start=1)}
        self.plans = _plans(aggregates, numbers)
        self.reads = frozenset(name for a in aggregates for name in _reads(a))
        self.horizon_us = max((a.window_s * _SECOND_US for a in aggregates), default=0)
        self._journal: Journal = []
        self._until_sweep = _SWEEP_AFTER

    def serve(self, aggregates: Sequence[Aggregate]) -> bool:
        """Tell whether these windows hold exactly the figures that `aggregates` ask for."""
        return self._asked == [_asked(a) for a in aggregates]

    def count_in(self, facts: MutableMapping[str, Any], at_us: int) -> None:
        """Add the item and write every aggregate's figure, the item included, into its facts."""
        holds = [True, *[holds(facts) for holds in self._conditions]]
        for plan in self.plans:
            key = plan.key(facts)
            # A key, one part or a tuple of them, with an empty part names no series.
            if key and (type(key) is not tuple or "" not in key):
                plan.count(key, facts, holds, at_us, self._journal)
            else:
                facts.update(plan.zeros)
        self._sweep_sometimes(at_us)

    def read(self, facts: Mapping[str, Any], at_us: int) -> dict[str, int]:
        """Return every aggregate's figure for the item's keys: fact name → whole number."""
        figures: dict[str, Any] = {}
        for plan in self.plans:
            plan.show(plan.key(facts), figures, at_us)
        return figures

    def keep(self) -> None:
        """Make what was added since the last `keep` permanent: its transaction has committed."""
        self._journal.clear()

    def undo(self) -> None:
        """Take back what was added since the last `keep`: its transaction did not commit."""
        for plan, key, at_us in reversed(self._journal):
            plan.take_back(key, at_us)
        self._journal.clear()

    def _sweep_sometimes(self, at_us: int) -> None:
        self._until_sweep -= 1
        if self._until_sweep > 0:
            return
        for plan in self.plans:
            plan.forget_silent(at_us - plan.kept_us)
        # Each sweep looks at every series once, so the next one waits until as many items have come.
        self._until_sweep = _SWEEP_AFTER + sum(len(plan.series) for plan in self.plans)


class _Figure(NamedTuple):
    """One aggregate, prepared. `condition_no` is the place of its condition among all, 0 for none."""

    fact: str
    field: str | None
    condition_no: int
    window_us: int
    column: type[Sum]


class _Plan:
    """The aggregates with one key: they share one series a key.

    Most keys are seen once: a first item is kept as its time and values, a series begins with the second.
    """

    def __init__(self, key: tuple[str, ...], figures: Sequence[_Figure]) -> None:
        self.key = itemgetter(*key)
        self.figures = tuple(figures)
        self.columns = tuple(figure.column for figure in figures)
        self.condition_nos = tuple({figure.condition_no for figure in figures})
        self.kept_us = max(figure.window_us for figure in figures) + SLACK_US
        self.zeros = dict.fromkeys((figure.fact for figure in figures), 0)
        self.series: dict[Any, Series | First] = {}

    def count(
        self,
        key: Any,
        facts: MutableMapping[str, Any],
        holds: Sequence[bool],
        at_us: int,
        journal: Journal,
    ) -> None:
        """Add one item to the series of `key`, if it counts anywhere, and write the figures."""
        for number in self.condition_nos:
            if holds[number]:
                break
        else:
            self.show(key, facts, at_us)
            return
        journal.append((self, key, at_us))
        series = self.series.get(key)
        if series is None:
            values = self._values(facts, holds)
            self.series[key] = (at_us, values)
            for figure, value in zip(self.figures, values, strict=True):
                facts[figure.fact] = figure.column.alone(value)
            return
        if isinstance(series, tuple):
            series = self._grown(key, series)
        if at_us < series.edge:
            series.insert(at_us, self._values(facts, holds))
            self.show(key, facts, at_us)
            return
        # The usual item: the latest of its series.
        series.edge = at_us
        times = series.times
        times.append(at_us)
        for (fact, field, number, window_us, _), column in zip(self.figures, series.columns):  # noqa: B905 - the inmost loop
            if holds[number]:
                value = 1 if field is None else facts[field]
                facts[fact] = column.append(value, times, at_us - window_us)
            else:
                facts[fact] = column.skip(times, at_us - window_us)
        if times[0] <= at_us - self.kept_us and len(times) >= _FORGET_FROM:
            series.forget(at_us - self.kept_us)

    def show(self, key: Any, facts: MutableMapping[str, Any], at_us: int) -> None:
        """Write the figures of the windows that end at `at_us`."""
        series = self.series.get(key)
        if series is None:
            facts.update(self.zeros)
            return
        if isinstance(series, tuple):
            series = self._grown(key, series)
        late, times = at_us < series.edge, series.times
        series.edge = max(series.edge, at_us)
        for figure, column in zip(self.figures, series.columns, strict=True):
            start = at_us - figure.window_us
            if late:
                facts[figure.fact] = column.fold(bisect_right(times, start), bisect_right(times, at_us))
            else:
                column.advance(times, start)
                facts[figure.fact] = column.figure()

    def take_back(self, key: Any, at_us: int) -> None:
        """Take back the item of this key and instant that was added last."""
        series = self.series.get(key)
        if isinstance(series, tuple):
            del self.series[key]
        elif series is not None:
            series.take_back(at_us)

    def forget_silent(self, oldest_us: int) -> None:
        """Forget the keys of which nothing later than `oldest_us` is known."""
        self.series = {key: one for key, one in self.series.items() if _latest(one) > oldest_us}

    def _values(self, facts: Mapping[str, Any], holds: Sequence[bool]) -> tuple[Any, ...]:
        return tuple(
            [
                (1 if f.field is None else facts[f.field]) if holds[f.condition_no] else f.column.neutral
                for f in self.figures
            ]
        )

    def _grown(self, key: Any, first: First) -> Series:
        series = self.series[key] = Series(self.columns, *first)
        return series


def _latest(one: Series | First) -> int:
    if isinstance(one, tuple):
        return one[0]
    return one.times[-1] if one.times else 0


def _plans(aggregates: Sequence[Aggregate], numbers: Mapping[str, int]) -> tuple[_Plan, ...]:
    by_key: dict[tuple[str, ...], list[_Figure]] = {}
    for a in aggregates:
        number = 0 if a.where is None else numbers[a.where.source]
        figure = _Figure(a.fact, a.field, number, a.window_s * _SECOND_US, COLUMNS[a.fn])
        by_key.setdefault(a.key, []).append(figure)
    return tuple(_Plan(key, figures) for key, figures in by_key.items())


def _reads(aggregate: Aggregate) -> frozenset[str]:
    where: frozenset[str] = frozenset() if aggregate.where is None else aggregate.where.reads
    return frozenset(aggregate.key) | where | ({aggregate.field} if aggregate.field else frozenset())


def _asked(aggregate: Aggregate) -> tuple[Any, ...]:
    where = None if aggregate.where is None else aggregate.where.source
    return (aggregate.fact, aggregate.key, aggregate.fn, aggregate.field, where, aggregate.window_s)
