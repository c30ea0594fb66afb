"""All sequence rules of a rulebook over one stream of events.

Conditions are evaluated here, by our own closures, when an event arrives; durable-rules sees numbers only.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from engine.expressions import Condition, EvaluationError, compile_all
from engine.sequences.model import Event, Match, Refusal, RefusalCode
from engine.sequences.plans import Plan
from engine.sequences.tracker import Tracker, starts

Report = Callable[[Refusal], None]


class SequenceRunner:
    """Feed it events in the order they were recorded; it is one thread's. `clock_us` only moves forward."""

    def __init__(self, *, plans: Iterable[Plan], report: Report, resumed_us: int | None = None) -> None:
        """Begin with nothing held. `report` is told of every event a rule could not take.

        To go on where another runner stopped: give its `clock_us` as `resumed_us`, feed the events since
        `horizon_us` before it again, and only what that runner had not given yet comes out.
        """
        self._report = report
        self.clock_us: int | None = None
        self._trackers = tuple(Tracker(plan, resumed_us=resumed_us) for plan in plans)
        self._parts: list[tuple[Tracker, bool]] = []
        conditions: list[Condition] = []
        for tracker in self._trackers:
            conditions.append(tracker.plan.first)
            self._parts.append((tracker, True))
            if tracker.plan.ends is not None:
                conditions.append(tracker.plan.ends)
                self._parts.append((tracker, False))
        self._conditions = tuple(conditions)
        self._holding = compile_all(conditions)

    @property
    def horizon_us(self) -> int:
        """Return how far before the clock events still matter: what a replay must go back."""
        return max((tracker.plan.horizon_us for tracker in self._trackers), default=0)

    @property
    def reads(self) -> frozenset[str]:
        """Return the facts that the rules read."""
        keys = (name for tracker in self._trackers for name in tracker.plan.key)
        return frozenset(keys).union(*(condition.reads for condition in self._conditions))

    def feed(self, event: Event) -> tuple[Match, ...]:
        """Take an event and return every match that is complete now."""
        clock_us = self._move(event.seen_us)
        # First what this moment completes: an event taken now is at the frontier or after it.
        complete = tuple(self._complete(clock_us))
        roles: dict[Tracker, list[bool]] = {}
        for number in self._parts_of(event):
            tracker, is_first = self._parts[number]
            roles.setdefault(tracker, []).append(is_first)
        for tracker, found in roles.items():
            is_first = True in found and starts(tracker.plan, at_us=event.at_us)
            is_end = False in found
            if is_first or is_end:
                refused = tracker.put(event, is_first=is_first, is_end=is_end, clock_us=clock_us)
                if refused:
                    self._report(refused)
        return complete

    def advance(self, to_us: int) -> tuple[Match, ...]:
        """Move the clock and return every match that is complete now.

        It promises that every event recorded before `to_us` has been fed.
        """
        return tuple(self._complete(self._move(to_us)))

    def close(self) -> None:
        """Give the memory back. The runner is of no use afterwards."""
        for tracker in self._trackers:
            tracker.close()

    def _move(self, to_us: int) -> int:
        self.clock_us = to_us if self.clock_us is None else max(self.clock_us, to_us)
        return self.clock_us

    def _complete(self, clock_us: int) -> Iterator[Match]:
        for tracker in self._trackers:
            if tracker.due_us <= clock_us:
                for found in tracker.catch_up(clock_us):
                    if isinstance(found, Match):
                        yield found
                    else:
                        self._report(found)

    def _parts_of(self, event: Event) -> tuple[int, ...]:
        try:
            return self._holding(event.facts)
        except EvaluationError:
            return tuple(self._one_by_one(event))

    def _one_by_one(self, event: Event) -> Iterator[int]:
        """One condition fails: the others are answered all the same."""
        for number, condition in enumerate(self._conditions):
            try:
                if condition.evaluate(event.facts):
                    yield number
            except EvaluationError as error:
                tracker, _ = self._parts[number]
                self._report(tracker.refusal(event.id, RefusalCode.NOT_EVALUATED, str(error)))
