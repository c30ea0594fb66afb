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

from array import array
from bisect import bisect_right
from collections.abc import Callable, Mapping, MutableMapping, Sequence
from datetime import UTC, datetime, timedelta
from operator import itemgetter
from typing import Any

from engine.rulebook import Aggregate

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)
SLACK_US = 15 * 60 * 1_000_000
"""How late an item may arrive and still be read exactly: windows keep this much more than their length."""
_SWEEP_AFTER = 20_000


def microseconds(instant: datetime) -> int:
    """Return an aware instant as whole microseconds since 1970, the time of the windows."""
    return (instant - EPOCH) // MICROSECOND


Where = Callable[[Mapping[str, Any]], bool]
Journal = list[tuple["_Plan", "Series", int, Any]]
Keyed = tuple[tuple[Callable[[Mapping[str, Any]], Any], tuple["_Plan", ...]], ...]


class Series:
    """The items of one key of one aggregate, in order of time, with the running figure of its window.

    Whole numbers lie in arrays: there may be millions of series, and the garbage collector skips arrays.
    """

    __slots__ = ("counts", "edge", "low", "times", "total", "values")

    def __init__(self, *, numbers: bool, distinct: bool) -> None:
        """Begin empty. `values` holds numbers, the things counted as distinct, or (for counts) nothing."""
        self.times = array("q")
        self.values: Any = array("q") if numbers else [] if distinct else None
        self.low = 0  # first item of the window that ends at `edge`
        self.edge = 0  # the latest instant added or read
        self.total = 0
        self.counts: dict[Any, int] | None = {} if distinct else None


class Windows:
    """All series of a set of aggregates. One thread at a time."""

    def __init__(self, aggregates: Sequence[Aggregate]) -> None:
        """Begin with no history; `batch_no` is the caller's watermark of what has been added."""
        self.batch_no = -1
        self.plans = tuple(_Plan(a) for a in aggregates)
        self.reads = frozenset(name for plan in self.plans for name in plan.reads)
        self._groups = _by_where(self.plans)
        self.horizon_us = max((p.window_us for p in self.plans), default=0)
        self._journal: Journal = []
        self._until_sweep = _SWEEP_AFTER

    def serve(self, aggregates: Sequence[Aggregate]) -> bool:
        """Tell whether these windows hold exactly the figures that `aggregates` ask for."""
        return [plan.asked for plan in self.plans] == [_asked(a) for a in aggregates]

    def add(self, facts: Mapping[str, Any], at_us: int) -> None:
        """Count one item in every aggregate whose `where` it meets."""
        for where, keyed in self._groups:
            if where is None or where(facts):
                for key_of, plans in keyed:
                    if _names_series(key := key_of(facts)):
                        for plan in plans:
                            plan.count(key, facts, at_us, self._journal)
        self._sweep_sometimes(at_us)

    def read(self, facts: Mapping[str, Any], at_us: int) -> dict[str, int]:
        """Return every aggregate's figure for the item's keys: fact name → whole number."""
        figures: dict[str, int] = {}
        for plan in self.plans:
            series = plan.series.get(plan.key(facts))
            figures[plan.fact] = 0 if series is None else plan.figure(series, at_us)
        return figures

    def count_in(self, facts: MutableMapping[str, Any], at_us: int) -> None:
        """Add the item and write every aggregate's figure, the item included, into its facts."""
        journal = self._journal
        for where, keyed in self._groups:
            counts = where is None or where(facts)
            for key_of, plans in keyed:
                key = key_of(facts)
                if counts and _names_series(key):
                    for plan in plans:
                        facts[plan.fact] = plan.count(key, facts, at_us, journal)
                else:
                    for plan in plans:
                        series = plan.series.get(key)
                        facts[plan.fact] = 0 if series is None else plan.figure(series, at_us)
        self._sweep_sometimes(at_us)

    def keep(self) -> None:
        """Make what was added since the last `keep` permanent: its transaction has committed."""
        self._journal.clear()

    def undo(self) -> None:
        """Take back what was added since the last `keep`: its transaction did not commit."""
        for plan, series, at_us, value in reversed(self._journal):
            plan.remove(series, at_us, value)
        self._journal.clear()

    def _sweep_sometimes(self, at_us: int) -> None:
        self._until_sweep -= 1
        if self._until_sweep > 0:
            return
        for plan in self.plans:
            oldest = at_us - plan.window_us - SLACK_US
            plan.series = {k: s for k, s in plan.series.items() if s.times and s.times[-1] > oldest}
        # Each sweep looks at every series once, so the next one waits until as many items have come.
        self._until_sweep = _SWEEP_AFTER + sum(len(plan.series) for plan in self.plans)


class _Plan:
    """One aggregate, prepared: how to find an item's series and the figure of its window."""

    def __init__(self, aggregate: Aggregate) -> None:
        self.asked = _asked(aggregate)
        self.fact = aggregate.fact
        self.key = itemgetter(*aggregate.key)
        self.field = aggregate.field
        self.where = None if aggregate.where is None else aggregate.where.evaluate
        self.window_us = aggregate.window_s * 1_000_000
        self.fn = str(aggregate.fn)
        self.sums, self.distinct, self.largest = (self.fn == name for name in ("sum", "distinct", "max"))
        self.numbers = self.sums or self.largest
        self.series: dict[Any, Series] = {}
        where_reads: frozenset[str] = frozenset() if aggregate.where is None else aggregate.where.reads
        self.reads = frozenset(aggregate.key) | ({self.field} if self.field else frozenset()) | where_reads

    def count(self, key: Any, facts: Mapping[str, Any], at_us: int, journal: Journal) -> int:
        """Add one item to the series of `key` and return the figure of its window."""
        value: Any = None if self.field is None else facts[self.field]
        series = self.series.get(key)
        if series is None:
            series = self.series[key] = Series(numbers=self.numbers, distinct=self.distinct)
        journal.append((self, series, at_us, value))
        if at_us < series.edge or series.total < 0:
            self.insert(series, at_us, value)
            return self.figure(series, at_us)
        # The usual item: the latest of its series. What `insert` and `figure` would do, without the calls.
        series.edge = at_us
        times, values, counts, low = series.times, series.values, series.counts, series.low
        times.append(at_us)
        if values is not None:
            values.append(value)
            if counts is not None:
                counts[value] = counts.get(value, 0) + 1
            elif self.sums:
                series.total += value
            elif value > series.total:
                series.total = value
        if low >= 64 or times[low] <= at_us - self.window_us:
            return self.figure(series, at_us)  # something leaves the window, or the memory
        if values is None:
            return len(times) - low
        return series.total if counts is None else len(counts)

    def insert(self, series: Series, at_us: int, value: Any) -> None:
        if at_us >= series.edge:
            series.edge = at_us
            series.times.append(at_us)
            if series.values is not None:
                series.values.append(value)
                self._enter(series, value)
            return
        index = bisect_right(series.times, at_us)
        series.times.insert(index, at_us)
        if series.values is not None:
            series.values.insert(index, value)
        if index >= series.low:
            self._enter(series, value)
        else:
            series.low += 1

    def remove(self, series: Series, at_us: int, value: Any) -> None:
        index = bisect_right(series.times, at_us) - 1
        if series.values is not None:
            while series.values[index] != value:  # several items of one instant
                index -= 1
            del series.values[index]
        del series.times[index]
        if index >= series.low:
            self._leave(series, value)
        else:
            series.low -= 1

    def figure(self, series: Series, at_us: int) -> int:
        start = at_us - self.window_us
        if at_us < series.edge:
            low, high = bisect_right(series.times, start), bisect_right(series.times, at_us)
            return self._fold(series, low, high)
        series.edge = at_us
        times, low, size = series.times, series.low, len(series.times)
        while low < size and times[low] <= start:
            if series.values is not None:
                self._leave(series, series.values[low])
            low += 1
        series.low = low
        if low >= 64 and low * 2 >= size:
            self._prune(series, start - SLACK_US)
        if series.values is None:
            return len(times) - series.low
        if series.counts is not None:
            return len(series.counts)
        if series.total < 0 and self.largest:  # the largest has left the window: look for the next one
            series.total = self._fold(series, series.low, len(times))
        return series.total

    def _enter(self, series: Series, value: Any) -> None:
        if self.sums:
            series.total += value
        elif series.counts is not None:
            series.counts[value] = series.counts.get(value, 0) + 1
        elif self.largest and series.total >= 0:
            series.total = max(series.total, value)

    def _leave(self, series: Series, value: Any) -> None:
        if self.sums:
            series.total -= value
        elif series.counts is not None:
            left = series.counts[value] - 1
            if left:
                series.counts[value] = left
            else:
                del series.counts[value]
        elif self.largest and value == series.total:
            series.total = -1

    def _fold(self, series: Series, low: int, high: int) -> int:
        if series.values is None:
            return high - low
        values = series.values[low:high]
        if self.sums:
            return sum(values)
        return len(set(values)) if self.distinct else max(values, default=0)

    def _prune(self, series: Series, oldest_us: int) -> None:
        gone = min(bisect_right(series.times, oldest_us), series.low)
        del series.times[:gone]
        if series.values is not None:
            del series.values[:gone]
        series.low -= gone


def _names_series(key: Any) -> bool:
    """Tell whether a key, one part or a tuple of them, has no empty part."""
    return bool(key) and (type(key) is not tuple or "" not in key)


def _by_where(plans: Sequence[_Plan]) -> tuple[tuple[Where | None, Keyed], ...]:
    """Aggregates with the same condition share one evaluation of it, those with the same key one key."""
    groups: dict[str, dict[tuple[str, ...], list[_Plan]]] = {}
    for plan in plans:
        groups.setdefault(plan.asked[4] or "", {}).setdefault(plan.asked[1], []).append(plan)
    return tuple(
        (
            next(iter(keyed.values()))[0].where,
            tuple((group[0].key, tuple(group)) for group in keyed.values()),
        )
        for keyed in groups.values()
    )


def _asked(aggregate: Aggregate) -> tuple[Any, ...]:
    where = None if aggregate.where is None else aggregate.where.source
    return (aggregate.fact, aggregate.key, aggregate.fn, aggregate.field, where, aggregate.window_s)
