"""A runner over versions, errors and swaps; tests/differential holds single rules to the contract."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from engine.rulebook import Rulebook
from engine.sequences import Event, Match, Plan, Refusal, SequenceRunner, plans
from engine.sequences import network as networks
from tests.unit.sequences.conftest import MINUTE_US, START_US

Make = Callable[..., Event]
DAY = 24 * 60


def plan_of(book: Rulebook, rule_id: str) -> Plan:
    (plan,) = (one for one in plans(book) if one.rule_id == rule_id)
    return plan


def run(runner: SequenceRunner, events: list[Event], until: int) -> list[Match]:
    matches = [match for event in events for match in runner.feed(event)]
    return [*matches, *runner.advance(START_US + until * MINUTE_US)]


def payment(event: Make, name: str, minute: int, amount_fen: int) -> Event:
    facts = {"txn.amount_fen": amount_fen, "txn.payer_id": "p", "merchant.id": "m"}
    return event(name, minute, "PAYMENT_CAPTURED", facts)


def successive(plan: Plan, *, minute: int) -> tuple[Plan, Plan]:
    """Version 2 takes over at that minute."""
    at_us = START_US + minute * MINUTE_US
    return replace(plan, end_us=at_us), replace(plan, version=2, start_us=at_us)


def test_a_match_belongs_to_the_version_in_force_at_its_last_event(book: Rulebook, event: Make) -> None:
    runner = SequenceRunner(plans=successive(plan_of(book, "seq.test_payment"), minute=5), report=print)
    events = [payment(event, "a", 0, 1), payment(event, "b", 4, 100_000), payment(event, "c", 5, 100_000)]
    matches = run(runner, events, until=60)
    runner.close()
    assert [(one.version, one.events) for one in matches] == [(1, ("a", "b")), (2, ("a", "c"))]


def test_a_wait_belongs_to_the_version_it_began_under(book: Rulebook, event: Make) -> None:
    """The second version waits for a day only; no merchant is forgotten, none reported by both."""
    first, second = successive(plan_of(book, "seq.no_payment"), minute=DAY)
    runner = SequenceRunner(plans=[first, replace(second, window_us=DAY * MINUTE_US)], report=print)
    events = [
        event(f"{minute:05}", minute, "MERCHANT_ACTIVATED", {"merchant.id": f"m{minute}"})
        for minute in (0, DAY - 1, DAY, DAY + 1)
    ]
    matches = run(runner, events, until=9 * DAY)
    runner.close()
    found = sorted((one.version, one.events[0], (one.at_us - START_US) // MINUTE_US) for one in matches)
    assert found == [
        (1, "00000", 7 * DAY),
        (1, "01439", 8 * DAY - 1),
        (2, "01440", 2 * DAY),
        (2, "01441", 2 * DAY + 1),
    ]


def test_a_condition_that_fails_is_reported_and_stops_no_other_rule(book: Rulebook, event: Make) -> None:
    refused: list[Refusal] = []
    runner = SequenceRunner(plans=plans(book), report=refused.append)
    broken = payment(event, "a", 0, 1)
    facts = {name: value for name, value in broken.facts.items() if name != "device.distance_m"}
    online = event("0", 0, "DEVICE_ONLINE", {"device.sn": "d"})
    online = replace(online, facts={name: online.facts[name] for name in facts})
    matches = run(runner, [online, broken, payment(event, "b", 1, 100_000)], until=5)
    runner.close()
    assert [one.events for one in matches] == [("a", "b")]
    assert [(one.rule_id, one.event_id, one.code) for one in refused] == [
        ("seq.device_moved", "0", "NOT_EVALUATED")
    ]
    assert "device.distance_m" in refused[0].detail


def test_beyond_its_capacity_a_rule_says_so(
    book: Rulebook, event: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(networks, "OPEN_LIMIT", 2)
    refused: list[Refusal] = []
    runner = SequenceRunner(plans=[plan_of(book, "seq.no_payment")], report=refused.append)
    opened = [
        event(f"{number}", number, "MERCHANT_ACTIVATED", {"merchant.id": f"m{number}"}) for number in range(3)
    ]
    later = event("3", 8 * DAY, "MERCHANT_ACTIVATED", {"merchant.id": "m3"})
    matches = run(runner, [*opened, later], until=16 * DAY)
    runner.close()
    assert [one.events for one in matches] == [("0",), ("1",), ("3",)]
    assert [(one.event_id, one.code) for one in refused] == [("2", "TOO_MANY_OPEN")]


def test_the_runner_of_a_new_rulebook_takes_over_between_two_events(book: Rulebook, event: Make) -> None:
    """What is unchanged goes on; what is new sees the events before it, and gives only what is after."""
    old = plan_of(book, "seq.test_payment")
    new = replace(old, rule_id="seq.new", start_us=START_US)
    before = [payment(event, "a", 0, 1), payment(event, "b", 3, 100_000), payment(event, "c", 6, 1)]
    after = [payment(event, "d", 8, 100_000), payment(event, "e", 30, 1)]
    former = SequenceRunner(plans=[old], report=print)
    given = [match for one in before for match in former.feed(one)]
    successor = SequenceRunner(plans=[old, new], report=print, resumed_us=former.clock_us)
    warmed = [match for one in before for match in successor.feed(one)]
    former.close()
    rest = [match for one in after for match in successor.feed(one)]
    successor.close()
    assert [one.events for one in given] == [("a", "b")]
    assert warmed == []
    assert [(one.rule_id, one.events) for one in rest] == [
        ("seq.test_payment", ("c", "d")),
        ("seq.new", ("c", "d")),
    ]


def test_many_runners_come_and_go(book: Rulebook, event: Make) -> None:
    """More than the 1 024 states durable-rules has room for."""
    events = [payment(event, "a", 0, 1), payment(event, "b", 3, 100_000)]
    for _ in range(300):
        runner = SequenceRunner(plans=plans(book), report=print)
        assert [one.events for one in run(runner, events, until=5)] == [("a", "b")]
        runner.close()
