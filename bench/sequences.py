"""Sequences over a long stream: the shipped rules on durable-rules, 23 days of events, one core.

The peer reads the same rules, with the same compiled conditions, in plain Python: a dict of what waits for
each key and a deque of windows. After every chunk both must have found the same. Memory is that of the whole
process, both readings and one chunk of events; flat means that the second half adds next to nothing.

Most events end nothing that waits, and cost durable-rules nothing. So one row more: a rule of which every
event is an end and a beginning at once, each of them a join.
"""

from __future__ import annotations

import heapq
import os
import random
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from time import perf_counter
from typing import Any

from bench._payments_world import rulebook as product_rulebook
from bench.figure import Figure, Row
from engine.expressions import Value, compile_all
from engine.rulebook import Rulebook
from engine.sequences import Event, Match, Pattern, Plan, SequenceRunner, plans

GOAL = 20_000
FLAT_MIB = 16
EVENTS, QUICK, CHUNK = 2_000_000, 100_000, 10_000
SPAN_US = 23 * 86_400_000_000
START_US = 1_760_000_000_000_000
LATE_US = 50_000_000
SEED = 20250301


def run(*, quick: bool) -> Figure:
    """Measure events a second."""
    count = QUICK if quick else EVENTS
    rulebook = product_rulebook()
    ruled = plans(rulebook)
    refused: list[object] = []
    ours, peer = SequenceRunner(plans=ruled, report=refused.append), Plain(ruled)
    ours_s = peer_s = 0.0
    found = 0
    memory: list[float] = []
    for chunk in chunks(rulebook, ours.reads, count):
        started = perf_counter()
        matches = [match for event in chunk for match in ours.feed(event)]
        middle = perf_counter()
        expected = [match for event in chunk for match in peer.feed(event)]
        ended = perf_counter()
        ours_s, peer_s = ours_s + middle - started, peer_s + ended - middle
        found += len(matches)
        if sorted(said(one) for one in matches) != sorted(said(one) for one in expected):
            raise RuntimeError("durable-rules and the plain reading disagree")
        memory.append(resident_mib())
    ours.close()
    half, end = memory[len(memory) // 2], memory[-1]
    return Figure(
        name="sequences",
        value=count / ours_s,
        unit="events/s",
        peer="the same rules in plain Python (dict and deque)",
        peer_value=count / peer_s,
        lower_is_better=False,
        goal=f"≥ {GOAL:,} events/s, memory flat",
        met=count / ours_s >= GOAL and end - half <= FLAT_MIB,
        rows=(
            Row(label="events, both agreeing", shown=f"{count:,}"),
            Row(label="matches", shown=f"{found:,} of {len(ruled)} rules"),
            Row(label="memory after half, at the end", shown=f"{half:,.0f} MiB, {end:,.0f} MiB"),
            Row(label="events refused", shown=f"{len(refused):,}"),
            Row(label="a join for every event", shown=f"{dense_rate(rulebook, count // 5):,.0f} events/s"),
        ),
    )


def dense_rate(rulebook: Rulebook, count: int) -> float:
    """Return the events a second of a rule in which each event ends a sequence and begins the next."""
    model = next(plan for plan in plans(rulebook) if plan.rule_id == "seq.test_payment")
    plan = replace(model, key=("txn.payer_id",), ends=model.first)
    runner = SequenceRunner(plans=[plan], report=print)
    defaults = {name: rulebook.vocabulary.facts[name].default for name in runner.reads}
    facts = [
        {**defaults, "event.type": "PAYMENT_CAPTURED", "txn.amount_fen": 1, "txn.payer_id": f"p{number}"}
        for number in range(500)
    ]
    events = [
        Event(id=f"{number:09}", at_us=at_us, seen_us=at_us, facts=facts[number % len(facts)])
        for number, at_us in enumerate(range(START_US, START_US + count * 1_000_000, 1_000_000))
    ]
    started = perf_counter()
    found = sum(len(runner.feed(event)) for event in events)
    seconds = perf_counter() - started
    runner.close()
    if found < count * 9 // 10:
        raise RuntimeError(f"only {found} of {count} events ended a sequence")
    return count / seconds


def said(match: Match) -> tuple[str, tuple[str, ...], int]:
    """Return what two readings must agree on."""
    return match.rule_id, match.events, match.at_us


def chunks(rulebook: Rulebook, reads: frozenset[str], count: int) -> Iterator[list[Event]]:
    """Yield the stream: mostly payments, one event in twenty late, the same every time."""
    chance = random.Random(SEED)
    defaults = {name: rulebook.vocabulary.facts[name].default for name in reads}
    for first in range(0, count, CHUNK):
        chunk = []
        for number in range(first, min(first + CHUNK, count)):
            seen_us = START_US + SPAN_US * number // count
            at_us = seen_us - (chance.randrange(LATE_US) if chance.random() < 0.05 else 0)
            facts = {**defaults, **facts_of(chance)}
            chunk.append(Event(id=f"{number:09}", at_us=at_us, seen_us=seen_us, facts=facts))
        yield chunk


def facts_of(chance: random.Random) -> dict[str, Value]:
    """Return what happened: 90 % payments; refunds, devices that come and go, merchants that open."""
    kind, merchant = chance.random(), f"m{chance.randrange(20_000)}"
    if kind < 0.93:
        payer = f"p{int(chance.paretovariate(0.6)) % 5_000}"
        payment: dict[str, Value] = {
            "event.type": "PAYMENT_CAPTURED" if kind < 0.9 else "PAYMENT_REFUNDED",
            "merchant.id": f"m{int(chance.paretovariate(0.6)) % 20_000}",
            "txn.payer_id": payer,
            "txn.amount_fen": chance.choice((50, 1_200, 2_500, 8_000, 150_000)),
        }
        return payment
    if kind < 0.99:
        kind_of = "DEVICE_OFFLINE" if kind < 0.96 else "DEVICE_ONLINE"
        return {"event.type": kind_of, "device.sn": merchant, "device.distance_m": chance.randrange(2_000)}
    return {"event.type": "MERCHANT_ACTIVATED", "merchant.id": merchant}


def resident_mib() -> float:
    """Return the memory of this process; Linux says so itself."""
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 2**20


@dataclass
class PlainRule:
    """What one rule of the peer remembers: waiting events, and for each key the firsts in the window."""

    plan: Plan
    waiting: list[tuple[int, str, Any, bool, bool]] = field(default_factory=list)
    firsts: dict[Any, deque[tuple[int, str]]] = field(default_factory=dict)
    windows: deque[tuple[int, str, Any]] = field(default_factory=deque)
    full: dict[Any, bool] = field(default_factory=dict)

    def catch_up(self, frontier_us: int) -> Iterator[Match]:
        """Take what waits before the frontier, in order."""
        while self.waiting and self.waiting[0][0] < frontier_us:
            at_us, name, key, is_first, is_end = heapq.heappop(self.waiting)
            yield from self.expire(at_us)
            events = self.take(at_us, name, key, is_first, is_end)
            if events:
                yield self.match(key, events, at_us)
        yield from self.expire(frontier_us)

    def expire(self, at_us: int) -> Iterator[Match]:
        """Let windows end; that is what `without` waits for."""
        while self.windows and self.windows[0][0] + self.plan.window_us <= at_us:
            first_us, name, key = self.windows.popleft()
            firsts = self.firsts.get(key)
            if firsts and firsts[0] == (first_us, name):
                firsts.popleft()
                if not firsts:
                    del self.firsts[key]
                    self.full.pop(key, None)
                if self.plan.pattern is Pattern.WITHOUT:
                    yield self.match(key, (name,), first_us + self.plan.window_us)

    def take(self, at_us: int, name: str, key: Any, is_first: bool, is_end: bool) -> tuple[str, ...] | None:
        """Return the events of the match that this one completes."""
        firsts, found = self.firsts.get(key), None
        if is_end and firsts:
            if self.plan.pattern is Pattern.THEN:
                found = (firsts[-1][1], name)
            else:
                del self.firsts[key]
        if is_first:
            firsts = self.firsts.setdefault(key, deque())
            firsts.append((at_us, name))
            self.windows.append((at_us, name, key))
            if self.plan.pattern is Pattern.TIMES:
                was_full, self.full[key] = self.full.get(key, False), len(firsts) >= self.plan.times
                if self.full[key] and not was_full:
                    found = tuple(one for _, one in list(firsts)[-self.plan.times :])
        return found

    def match(self, key: Any, events: tuple[str, ...], at_us: int) -> Match:
        """Return a match of this rule."""
        plan = self.plan
        return Match(
            rule_id=plan.rule_id,
            version=plan.version,
            key=key,
            events=events,
            at_us=at_us,
            outcome=plan.outcome,
        )


class Plain:
    """All rules of the peer. It trusts its stream: no event twice, none too late."""

    def __init__(self, ruled: tuple[Plan, ...]) -> None:
        self._rules = [PlainRule(plan) for plan in ruled]
        parts = [
            (rule, condition)
            for rule in self._rules
            for condition in (rule.plan.first, rule.plan.ends)
            if condition is not None
        ]
        self._parts = [(rule, condition is rule.plan.first) for rule, condition in parts]
        self._holding = compile_all([condition for _, condition in parts])

    def feed(self, event: Event) -> list[Match]:
        """Take an event and return what is complete."""
        found: list[Match] = []
        for rule in self._rules:
            found += rule.catch_up(event.seen_us - rule.plan.lateness_us)
        for number in self._holding(event.facts):
            rule, is_first = self._parts[number]
            key = tuple([event.facts[name] for name in rule.plan.key])
            heapq.heappush(rule.waiting, (event.at_us, event.id, key, is_first, not is_first))
        return found
