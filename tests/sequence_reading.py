"""The contract of docs/sequences.md read word for word, over all events at once: the engine is held to it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from engine.expressions import Condition
from engine.sequences import Event, Pattern, Plan

FOR_EVER_US = 10**9


@dataclass(frozen=True)
class Advance:
    """Time passes without an event."""

    to_us: int


class Reading:
    """The contract, read word for word: which events a rule takes, then what every two of them mean."""

    def __init__(self, plan: Plan) -> None:
        self.plan, self.clock_us, self.taken = plan, -FOR_EVER_US, []

    def step(self, one: Event | Advance) -> None:
        """Move the clock, and take the event unless it is late, nobody's, or waiting already."""
        self.clock_us = max(self.clock_us, one.to_us if isinstance(one, Advance) else one.seen_us)
        if isinstance(one, Advance) or not (self.holds(self.plan.first, one) or self.ends(one)):
            return
        frontier_us = self.clock_us - self.plan.lateness_us
        waiting = {other.id for other in self.taken if other.at_us >= frontier_us}
        if one.at_us >= frontier_us and "" not in self.key(one) and one.id not in waiting:
            self.taken.append(one)

    def matches(self) -> set[tuple[tuple[str, ...], int]]:
        """Return the events and the time of every match that is complete at this clock."""
        plan, frontier_us = self.plan, self.clock_us - self.plan.lateness_us
        events = sorted(self.taken, key=lambda one: (one.at_us, one.id))
        if plan.pattern is Pattern.WITHOUT:
            return {found for found in self.without(events) if found[1] <= frontier_us}
        found = self.then(events) if plan.pattern is Pattern.THEN else self.times(events)
        return {one for one in found if one[1] < frontier_us and plan.is_in_force(one[1])}

    def then(self, events: list[Event]) -> Iterator[tuple[tuple[str, ...], int]]:
        for number, end in enumerate(events):
            before = [one for one in events[:number] if self.first(one) and self.together(one, end)]
            if self.ends(end) and before:
                yield (before[-1].id, end.id), end.at_us

    def without(self, events: list[Event]) -> Iterator[tuple[tuple[str, ...], int]]:
        for number, first in enumerate(events):
            after = [one for one in events[number + 1 :] if self.ends(one) and self.together(first, one)]
            if self.first(first) and self.plan.is_in_force(first.at_us) and not after:
                yield (first.id,), first.at_us + self.plan.window_us

    def times(self, events: list[Event]) -> Iterator[tuple[tuple[str, ...], int]]:
        for key in {self.key(one) for one in events}:
            run = [one for one in events if self.key(one) == key]
            full = [self.is_full(run, number) for number in range(len(run))]
            for number, one in enumerate(run):
                if full[number] and not full[number - 1]:
                    ids = tuple(other.id for other in run[number - self.plan.times + 1 : number + 1])
                    yield ids, one.at_us

    def is_full(self, run: list[Event], number: int) -> bool:
        first = number - self.plan.times + 1
        return first >= 0 and self.together(run[first], run[number])

    def together(self, first: Event, last: Event) -> bool:
        return self.key(first) == self.key(last) and last.at_us - first.at_us < self.plan.window_us

    def first(self, one: Event) -> bool:
        return self.holds(self.plan.first, one)

    def ends(self, one: Event) -> bool:
        return self.plan.ends is not None and self.holds(self.plan.ends, one)

    def holds(self, condition: Condition, one: Event) -> bool:
        # The only condition here that can fail divides by the amount.
        return not ("/" in condition.source and one.facts["txn.amount_fen"] == 0) and condition.evaluate(
            one.facts
        )

    def key(self, one: Event) -> tuple[object, ...]:
        return tuple(one.facts[name] for name in self.plan.key)
