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


class Series:
    """The items of one key of one aggregate, in order of time, with the running figure of its window."""

    __slots__ = ("counts", "edge", "low", "times", "total", "values")

    def __init__(self) -> None:
        """Begin empty."""
        self.times: list[int] = []
        self.values: list[Any] = []
        self.low = 0  # first item of the window that ends at `edge`
        self.edge = 0  # the latest instant added or read
        self.total = 0
        self.counts: dict[Any, int] = {}


class Windows:
    """All series of a set of aggregates. One thread at a time."""

    def __init__(self, aggregates: Sequence[Aggregate]) -> None:
        """Begin with no history; `batch_no` is the caller's watermark of what has been added."""
        self.batch_no = -1
        self.plans = tuple(_Plan(a) for a in aggregates)
        self.reads = frozenset(name for plan in self.plans for name in plan.reads)
        self.horizon_us = max((p.window_us for p in self.plans), default=0)
        self._journal: list[tuple[_Plan, Series, int, Any]] = []
        self._since_sweep = 0

    def serve(self, aggregates: Sequence[Aggregate]) -> bool:
        """Tell whether these windows hold exactly the figures that `aggregates` ask for."""
        return [plan.asked for plan in self.plans] == [_asked(a) for a in aggregates]

    def add(self, facts: Mapping[str, Any], at_us: int) -> None:
        """Count one item in every aggregate whose `where` it meets."""
        for plan in self.plans:
            if plan.where is None or plan.where(facts):
                self._add(plan, plan.key(facts), facts, at_us)
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
        for plan in self.plans:
            key = plan.key(facts)
            if plan.where is None or plan.where(facts):
                series = self._add(plan, key, facts, at_us)
            else:
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

    def _add(self, plan: _Plan, key: Any, facts: Mapping[str, Any], at_us: int) -> Series | None:
        if not key or (plan.many_keys and "" in key):
            return None
        series = plan.series.get(key)
        if series is None:
            series = plan.series[key] = Series()
        value = None if plan.field is None else facts[plan.field]
        plan.insert(series, at_us, value)
        self._journal.append((plan, series, at_us, value))
        return series

    def _sweep_sometimes(self, at_us: int) -> None:
        self._since_sweep += 1
        # Each sweep looks at every series once, so it pays to wait until as many items have come.
        if self._since_sweep > _SWEEP_AFTER + sum(len(p.series) for p in self.plans):
            self._since_sweep = 0
            for plan in self.plans:
                oldest = at_us - plan.window_us - SLACK_US
                plan.series = {k: s for k, s in plan.series.items() if s.times and s.times[-1] > oldest}


class _Plan:
    """One aggregate, prepared: how to find an item's series and the figure of its window."""

    def __init__(self, aggregate: Aggregate) -> None:
        self.asked = _asked(aggregate)
        self.fact = aggregate.fact
        self.key = itemgetter(*aggregate.key)
        self.many_keys = len(aggregate.key) > 1
        self.field = aggregate.field
        self.where = None if aggregate.where is None else aggregate.where.evaluate
        self.window_us = aggregate.window_s * 1_000_000
        self.fn = str(aggregate.fn)
        self.sums, self.distinct = self.fn == "sum", self.fn == "distinct"
        self.series: dict[Any, Series] = {}
        where_reads: frozenset[str] = frozenset() if aggregate.where is None else aggregate.where.reads
        self.reads = frozenset(aggregate.key) | ({self.field} if self.field else frozenset()) | where_reads

    def insert(self, series: Series, at_us: int, value: Any) -> None:
        if at_us >= series.edge:
            series.edge = at_us
            series.times.append(at_us)
            series.values.append(value)
            self._enter(series, value)
            return
        index = bisect_right(series.times, at_us)
        series.times.insert(index, at_us)
        series.values.insert(index, value)
        if index >= series.low:
            self._enter(series, value)
        else:
            series.low += 1

    def remove(self, series: Series, at_us: int, value: Any) -> None:
        index = bisect_right(series.times, at_us) - 1
        while series.values[index] != value:  # several items of one instant
            index -= 1
        del series.times[index], series.values[index]
        if index >= series.low:
            self._leave(series, value)
        else:
            series.low -= 1

    def figure(self, series: Series, at_us: int) -> int:
        start = at_us - self.window_us
        if at_us < series.edge:
            low, high = bisect_right(series.times, start), bisect_right(series.times, at_us)
            return self._fold(series.values[low:high])
        series.edge = at_us
        times, low, size = series.times, series.low, len(series.times)
        while low < size and times[low] <= start:
            self._leave(series, series.values[low])
            low += 1
        series.low = low
        if low >= 64 and low * 2 >= size:
            self._prune(series, start - SLACK_US)
        if self.sums:
            return series.total
        if self.distinct:
            return len(series.counts)
        return (
            len(series.times) - series.low if self.fn == "count" else self._fold(series.values[series.low :])
        )

    def _enter(self, series: Series, value: Any) -> None:
        if self.sums:
            series.total += value
        elif self.distinct:
            series.counts[value] = series.counts.get(value, 0) + 1

    def _leave(self, series: Series, value: Any) -> None:
        if self.sums:
            series.total -= value
        elif self.distinct:
            left = series.counts[value] - 1
            if left:
                series.counts[value] = left
            else:
                del series.counts[value]

    def _fold(self, values: Sequence[Any]) -> int:
        if self.sums:
            return sum(values)
        if self.distinct:
            return len(set(values))
        return len(values) if self.fn == "count" else max(values, default=0)

    def _prune(self, series: Series, oldest_us: int) -> None:
        gone = min(bisect_right(series.times, oldest_us), series.low)
        del series.times[:gone], series.values[:gone]
        series.low -= gone


def _asked(aggregate: Aggregate) -> tuple[Any, ...]:
    where = None if aggregate.where is None else aggregate.where.source
    return (aggregate.fact, aggregate.key, aggregate.fn, aggregate.field, where, aggregate.window_s)
