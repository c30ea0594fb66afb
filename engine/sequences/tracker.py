"""One version of one rule at work: puts its events in order, then hands them to the pattern.

An event waits until the clock is more than the rule's lateness past it. Then nothing can come before it any
more, and every instant is complete when it is read. That line, clock − lateness, is the rule's *frontier*.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterator
from dataclasses import replace

from engine.sequences.model import Event, Key, Match, Refusal, RefusalCode
from engine.sequences.network import Network
from engine.sequences.patterns import Arrival, Found, correlator_of
from engine.sequences.plans import Pattern, Plan

NEVER_US = 2**63


class Tracker:
    """Waiting events, the pattern and its network. At the clock `due_us` there is something to do."""

    def __init__(self, plan: Plan, *, resumed_us: int | None) -> None:
        """Begin with nothing. Matches complete when the clock stood at `resumed_us` are left out."""
        self.plan = plan
        self.due_us = NEVER_US
        self._given_us = None if resumed_us is None else resumed_us - plan.lateness_us
        self._network = Network(name=plan.rule_id)
        self._pattern = correlator_of(plan, self._network)
        self._waiting: list[tuple[int, str, Key, bool, bool]] = []
        self._ids: set[str] = set()

    def put(self, event: Event, *, is_first: bool, is_end: bool, clock_us: int) -> Refusal | None:
        """Let an event wait for its turn; say why if it cannot. One that waits already is not taken twice."""
        if event.at_us < clock_us - self.plan.lateness_us:
            return self.refusal(event.id, RefusalCode.LATE)
        key = tuple(event.facts[name] for name in self.plan.key)
        # As in sliding windows: a payer the channel did not name is nobody.
        if "" in key or event.id in self._ids:
            return None
        self._ids.add(event.id)
        heapq.heappush(self._waiting, (event.at_us, event.id, key, is_first, is_end))
        self.due_us = min(self.due_us, event.at_us + self.plan.lateness_us + 1)
        return None

    def catch_up(self, clock_us: int) -> Iterator[Match | Refusal]:
        """Yield what is complete at this clock."""
        frontier_us = clock_us - self.plan.lateness_us
        while self._waiting and self._waiting[0][0] < frontier_us:
            at_us, event_id, key, is_first, is_end = heapq.heappop(self._waiting)
            self._ids.discard(event_id)
            arrival = Arrival(at_us=at_us, event_id=event_id, key=key, is_first=is_first, is_end=is_end)
            yield from self._taken(arrival)
        yield from self._ended(frontier_us)
        self.due_us = self._next_due_us()

    def refusal(self, event_id: str, code: RefusalCode, detail: str = "") -> Refusal:
        """Return the refusal of an event by this rule."""
        return Refusal(
            rule_id=self.plan.rule_id, version=self.plan.version, event_id=event_id, code=code, detail=detail
        )

    def close(self) -> None:
        """Give the memory back."""
        self._network.close()

    def _taken(self, arrival: Arrival) -> Iterator[Match | Refusal]:
        if arrival.is_first and self._network.is_full:
            yield from self._ended(arrival.at_us)
            if self._network.is_full:
                yield self.refusal(arrival.event_id, RefusalCode.TOO_MANY_OPEN)
                arrival = replace(arrival, is_first=False)
        events = self._pattern.take(arrival)
        if events and self.plan.is_in_force(arrival.at_us) and not self._is_given(arrival.at_us):
            yield self._match(Found(key=arrival.key, events=events, at_us=arrival.at_us))

    def _ended(self, at_us: int) -> Iterator[Match]:
        for found in self._pattern.pass_time(at_us):
            # Complete exactly at the frontier: a wait is over with the last instant of its window.
            if self._given_us is None or found.at_us > self._given_us:
                yield self._match(found)

    def _is_given(self, at_us: int) -> bool:
        return self._given_us is not None and at_us < self._given_us

    def _match(self, found: Found) -> Match:
        return Match(
            rule_id=self.plan.rule_id,
            version=self.plan.version,
            key=found.key,
            events=found.events,
            at_us=found.at_us,
            outcome=self.plan.outcome,
        )

    def _next_due_us(self) -> int:
        lateness_us, held_us = self.plan.lateness_us, self._pattern.due_us
        waiting = self._waiting[0][0] + lateness_us + 1 if self._waiting else NEVER_US
        return waiting if held_us is None else min(waiting, held_us + lateness_us)


def starts(plan: Plan, *, at_us: int) -> bool:
    """Tell whether a first at this time begins a sequence: a wait belongs to the version it began under."""
    return plan.pattern is not Pattern.WITHOUT or plan.is_in_force(at_us)
