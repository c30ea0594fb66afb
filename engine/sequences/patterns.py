"""The three patterns over events in order: each says what is held in the network, and what completes it.

    then      the latest first of a key waits; an event that ends it within the window is a match
    without   every first waits; an event that ends it in time removes it, the end of the window is a match
    times     the last n − 1 firsts of a key wait; the n-th is a match when the network says that the one
              n − 1 before it is still in the window, unless that was so for the one just before already

Events come in the order of time and id, each once. Beside the network is kept only which beginnings belong to
which key, so that an event of a key for which nothing waits need not be asked about.
"""

from __future__ import annotations

from collections import OrderedDict, deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import count
from typing import Protocol

from engine.sequences.model import Key
from engine.sequences.network import Held, Network
from engine.sequences.plans import Pattern, Plan


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrival:
    """An event that a rule takes part in: as a first, as an end, or as both."""

    at_us: int
    event_id: str
    key: Key
    is_first: bool
    is_end: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """A sequence that is complete at `at_us`."""

    key: Key
    events: tuple[str, ...]
    at_us: int


class Correlator(Protocol):
    """What every pattern does."""

    @property
    def due_us(self) -> int | None:
        """Return when the oldest beginning leaves its window, None if none is held."""

    def take(self, arrival: Arrival) -> tuple[str, ...] | None:
        """Return the events of the match that this event completes, None if none."""

    def pass_time(self, at_us: int) -> Iterator[Found]:
        """Let every window end that ends at or before `at_us`, the frontier; yield what that completes."""


class Then:
    """A first, then an end."""

    def __init__(self, network: Network, window_us: int) -> None:
        """Begin with nothing held."""
        self._network, self._window_us = network, window_us
        self._links = count(1)
        self._latest: OrderedDict[Key, Held] = OrderedDict()

    @property
    def due_us(self) -> int | None:
        """Return when the oldest beginning leaves its window."""
        return next(iter(self._latest.values())).until_us if self._latest else None

    def take(self, arrival: Arrival) -> tuple[str, ...] | None:
        """Complete the key's latest first, then wait for the next end if this is a first itself."""
        held = self._latest.get(arrival.key)
        completed: list[Held] = []
        if arrival.is_end and held:
            completed = self._network.completed_by(link=held.link, at_us=arrival.at_us)
        if arrival.is_first:
            if held:
                self._network.drop(held)
                del self._latest[arrival.key]
            self._latest[arrival.key] = self._network.hold(
                link=held.link if held else next(self._links),
                at_us=arrival.at_us,
                until_us=arrival.at_us + self._window_us,
                event_id=arrival.event_id,
            )
        return (completed[0].event_id, arrival.event_id) if completed else None

    def pass_time(self, at_us: int) -> Iterator[Found]:
        """Forget firsts whose window is over."""
        while self._latest and next(iter(self._latest.values())).until_us <= at_us:
            self._network.drop(self._latest.popitem(last=False)[1])
        yield from ()


@dataclass(slots=True, eq=False)
class _Waiting:
    """The firsts of one key that nothing has ended yet, all with one link."""

    link: int
    count: int = 0


class Without:
    """A first that no end follows."""

    def __init__(self, network: Network, window_us: int) -> None:
        """Begin with nothing held."""
        self._network, self._window_us = network, window_us
        self._links = count(1)
        self._waiting: dict[Key, _Waiting] = {}
        self._held: OrderedDict[Held, Key] = OrderedDict()

    @property
    def due_us(self) -> int | None:
        """Return when the oldest first has waited long enough."""
        return next(iter(self._held)).until_us if self._held else None

    def take(self, arrival: Arrival) -> tuple[str, ...] | None:
        """End what waits for this event, then wait if it is a first itself; nothing is ever complete here."""
        waiting = self._waiting.get(arrival.key)
        if arrival.is_end and waiting:
            for held in self._network.completed_by(link=waiting.link, at_us=arrival.at_us):
                self._end(held)
        if arrival.is_first:
            waiting = self._waiting.setdefault(arrival.key, _Waiting(next(self._links)))
            waiting.count += 1
            held = self._network.hold(
                link=waiting.link,
                at_us=arrival.at_us,
                until_us=arrival.at_us + self._window_us,
                event_id=arrival.event_id,
            )
            self._held[held] = arrival.key
        return None

    def pass_time(self, at_us: int) -> Iterator[Found]:
        """Yield the firsts whose window has ended without an end."""
        while self._held:
            held, key = next(iter(self._held.items()))
            if held.until_us > at_us:
                return
            self._end(held)
            yield Found(key=key, events=(held.event_id,), at_us=held.until_us)

    def _end(self, held: Held) -> None:
        key = self._held.pop(held)
        self._network.drop(held)
        waiting = self._waiting[key]
        waiting.count -= 1
        if not waiting.count:
            del self._waiting[key]


@dataclass(slots=True, eq=False)
class _Run:
    """The last firsts of one key, and whether the latest was the n-th within the window already."""

    held: deque[Held] = field(default_factory=deque)
    is_full: bool = False


class Times:
    """n firsts, the last of which lies in the window of the first."""

    def __init__(self, network: Network, window_us: int, times: int) -> None:
        """Begin with nothing held."""
        self._network, self._window_us, self._times = network, window_us, times
        self._links = count(1)
        self._runs: dict[Key, _Run] = {}
        self._held: OrderedDict[Held, Key] = OrderedDict()

    @property
    def due_us(self) -> int | None:
        """Return when the oldest first leaves its window."""
        return next(iter(self._held)).until_us if self._held else None

    def take(self, arrival: Arrival) -> tuple[str, ...] | None:
        """Count the event; it completes a sequence when the count within the window reaches n."""
        if not arrival.is_first:
            return None
        run = self._runs.setdefault(arrival.key, _Run())
        was_full, run.is_full = run.is_full, False
        events = (*[held.event_id for held in run.held], arrival.event_id)
        if len(run.held) == self._times - 1:
            first = run.held[0]
            run.is_full = bool(self._network.completed_by(link=first.link, at_us=arrival.at_us))
            self._forget(first)
        held = self._network.hold(
            link=next(self._links),
            at_us=arrival.at_us,
            until_us=arrival.at_us + self._window_us,
            event_id=arrival.event_id,
        )
        self._runs.setdefault(arrival.key, run).held.append(held)
        self._held[held] = arrival.key
        return events if run.is_full and not was_full else None

    def pass_time(self, at_us: int) -> Iterator[Found]:
        """Forget firsts whose window is over."""
        while self._held and (oldest := next(iter(self._held))).until_us <= at_us:
            self._forget(oldest)
        yield from ()

    def _forget(self, held: Held) -> None:
        """Forget the oldest first of its key."""
        key = self._held.pop(held)
        self._network.drop(held)
        run = self._runs[key]
        run.held.popleft()
        if not run.held:
            del self._runs[key]


def correlator_of(plan: Plan, network: Network) -> Correlator:
    """Return what runs the plan's pattern."""
    if plan.pattern is Pattern.THEN:
        return Then(network, plan.window_us)
    if plan.pattern is Pattern.WITHOUT:
        return Without(network, plan.window_us)
    return Times(network, plan.window_us, plan.times)
