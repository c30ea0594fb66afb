"""The items of one key in order of time, and the running figure of each window that ends with the latest.

A series holds the times; beside them each figure has a column of values, an item that does not count in it
having the neutral one. Whole numbers lie in arrays: there may be millions of series, and the garbage
collector skips arrays.
"""

from __future__ import annotations

from array import array
from bisect import bisect_right
from collections.abc import Iterable
from typing import Any


class Sum:
    """The sum of the values in a window, and what the other figures are made from."""

    __slots__ = ("low", "total", "values")
    neutral: Any = 0

    def __init__(self, value: Any) -> None:
        """Begin with the first item's value."""
        self.values: Any = array("q", (value,))
        self.total: int = value
        self.low = 0  # the first item of the window

    @staticmethod
    def alone(value: Any) -> int:
        """Return the figure of a window that holds one value."""
        return int(value)

    def append(self, value: Any, times: array[int], start_us: int) -> int:
        """Add the latest item, whose time is already the last of `times`; return the figure."""
        if times[self.low] <= start_us:
            self.advance(times, start_us)
        self.values.append(value)
        self.total += value
        return self.total

    def skip(self, times: array[int], start_us: int) -> int:
        """Let the latest item pass, which does not count here; return the figure."""
        if times[self.low] <= start_us:
            self.advance(times, start_us)
        self.values.append(self.neutral)
        return self.figure()

    def advance(self, times: array[int], start_us: int) -> None:
        """Let leave the window what is not later than its start."""
        values, low = self.values, self.low
        while low < len(values) and times[low] <= start_us:
            self.leave(values[low])
            low += 1
        self.low = low

    def figure(self) -> int:
        """Return the figure of the window."""
        return self.total

    def fold(self, low: int, high: int) -> int:
        """Return the figure of the items [low, high), whatever the window."""
        return sum(self.values[low:high])

    def enter(self, value: Any) -> None:
        """Count a value that has come into the window."""
        self.total += value

    def leave(self, value: Any) -> None:
        """Forget a value that has left the window."""
        self.total -= value


class Count(Sum):
    """How many items are in a window."""

    __slots__ = ()

    def __init__(self, value: Any) -> None:
        """Begin with the first item's value."""
        self.values = array("b", (value,))
        self.total = value
        self.low = 0


class Distinct(Sum):
    """How many different values are in a window."""

    __slots__ = ("counts",)
    neutral = None

    def __init__(self, value: Any) -> None:
        """Begin with the first item's value."""
        self.values = [value]
        self.counts: dict[Any, int] = {} if value is None else {value: 1}
        self.low = 0

    @staticmethod
    def alone(value: Any) -> int:
        """Return the figure of a window that holds one value."""
        return 0 if value is None else 1

    def append(self, value: Any, times: array[int], start_us: int) -> int:
        """Add the latest item, whose time is already the last of `times`; return the figure."""
        if times[self.low] <= start_us:
            self.advance(times, start_us)
        self.values.append(value)
        counts = self.counts
        counts[value] = counts.get(value, 0) + 1
        return len(counts)

    def figure(self) -> int:
        """Return the figure of the window."""
        return len(self.counts)

    def fold(self, low: int, high: int) -> int:
        """Return the figure of the items [low, high), whatever the window."""
        return len({value for value in self.values[low:high] if value is not None})

    def enter(self, value: Any) -> None:
        """Count a value that has come into the window."""
        if value is not None:
            self.counts[value] = self.counts.get(value, 0) + 1

    def leave(self, value: Any) -> None:
        """Forget a value that has left the window."""
        if value is not None:
            left = self.counts[value] - 1
            if left:
                self.counts[value] = left
            else:
                del self.counts[value]


class Largest(Sum):
    """The largest value in a window, 0 in an empty one. Values are not negative."""

    __slots__ = ()
    _UNKNOWN = -1  # the largest has left: looked for again when it is asked for

    def append(self, value: Any, times: array[int], start_us: int) -> int:
        """Add the latest item, whose time is already the last of `times`; return the figure."""
        if times[self.low] <= start_us:
            self.advance(times, start_us)
        self.values.append(value)
        self.enter(value)
        return self.figure()

    def figure(self) -> int:
        """Return the figure of the window."""
        if self.total == self._UNKNOWN:
            self.total = self.fold(self.low, len(self.values))
        return self.total

    def fold(self, low: int, high: int) -> int:
        """Return the figure of the items [low, high), whatever the window."""
        return max(self.values[low:high], default=0)

    def enter(self, value: Any) -> None:
        """Count a value that has come into the window."""
        if value > self.total != self._UNKNOWN:
            self.total = value

    def leave(self, value: Any) -> None:
        """Forget a value that has left the window."""
        if value == self.total:
            self.total = self._UNKNOWN


COLUMNS: dict[str, type[Sum]] = {"count": Count, "sum": Sum, "distinct": Distinct, "max": Largest}


class Series:
    """The items of one key."""

    __slots__ = ("columns", "edge", "times")

    def __init__(self, columns: Iterable[type[Sum]], at_us: int, values: Iterable[Any]) -> None:
        """Begin with the first item: its time, and a value for each column."""
        self.times = array("q", (at_us,))
        self.columns = [column(value) for column, value in zip(columns, values, strict=True)]
        self.edge = at_us  # the latest instant added or read

    def insert(self, at_us: int, values: Iterable[Any]) -> None:
        """Put an item that comes late in its place, after those of the same instant."""
        index = bisect_right(self.times, at_us)
        self.times.insert(index, at_us)
        for column, value in zip(self.columns, values, strict=True):
            column.values.insert(index, value)
            if index < column.low:
                column.low += 1
            else:
                column.enter(value)

    def take_back(self, at_us: int) -> None:
        """Take back the item of this instant that was added last; one that is forgotten already stays so."""
        index = bisect_right(self.times, at_us) - 1
        if index < 0 or self.times[index] != at_us:
            return
        del self.times[index]
        for column in self.columns:
            value = column.values[index]
            del column.values[index]
            if index < column.low:
                column.low -= 1
            else:
                column.leave(value)

    def forget(self, oldest_us: int) -> None:
        """Forget what is not later than `oldest_us`, which no window still holds."""
        gone = min(bisect_right(self.times, oldest_us), *(column.low for column in self.columns))
        if gone * 2 < len(self.times):
            return  # few of many: it is not worth moving the rest yet
        del self.times[:gone]
        for column in self.columns:
            del column.values[:gone]
            column.low -= gone
