"""The sequences that the product starts with, from their files to their matches."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from engine.rulebook import Rulebook
from engine.sequences import Event, Refusal, SequenceRunner, microseconds, plans
from tests.unit.sequences.conftest import MINUTE_US, START_US

Make = Callable[..., Event]
DAY = 24 * 60


@pytest.fixture
def refused() -> list[Refusal]:
    """What the runner could not take."""
    return []


@pytest.fixture
def runner(book: Rulebook, refused: list[Refusal]) -> Iterator[SequenceRunner]:
    """All shipped rules at work."""
    made = SequenceRunner(plans=plans(book), report=refused.append)
    yield made
    made.close()


def found(runner: SequenceRunner, *events: Event, until: int) -> list[tuple[str, tuple[str, ...], int]]:
    """Feed the events, let time pass, and return rule, events and minute of every match."""
    matches = [match for event in events for match in runner.feed(event)]
    matches += runner.advance(START_US + until * MINUTE_US)
    return [(one.rule_id, one.events, (one.at_us - START_US) // MINUTE_US) for one in matches]


def payment(event: Make, name: str, minute: int, amount_fen: int, payer: str = "p1") -> Event:
    facts = {"txn.amount_fen": amount_fen, "txn.payer_id": payer, "merchant.id": "m1"}
    return event(name, minute, "PAYMENT_CAPTURED", facts)


def test_a_tiny_payment_then_a_large_one_of_the_same_payer(runner: SequenceRunner, event: Make) -> None:
    events = [
        payment(event, "a", 0, 100),
        payment(event, "b", 9, 100_000),
        payment(event, "c", 9, 100_000, "p2"),
    ]
    assert found(runner, *events, until=11) == [("seq.test_payment", ("a", "b"), 9)]


def test_ten_minutes_apart_is_too_late(runner: SequenceRunner, event: Make) -> None:
    assert found(runner, payment(event, "a", 0, 100), payment(event, "b", 10, 100_000), until=12) == []


def test_a_merchant_opened_without_a_payment_in_seven_days(runner: SequenceRunner, event: Make) -> None:
    opened = event("a", 0, "MERCHANT_ACTIVATED", {"merchant.id": "m2"})
    assert found(runner, opened, until=7 * DAY + 59) == []
    assert found(runner, until=7 * DAY + 60) == [("seq.no_payment", ("a",), 7 * DAY)]


def test_a_payment_on_the_last_day_ends_the_wait(runner: SequenceRunner, event: Make) -> None:
    opened = event("a", 0, "MERCHANT_ACTIVATED", {"merchant.id": "m1"})
    assert found(runner, opened, payment(event, "b", 7 * DAY - 1, 500), until=8 * DAY) == []


def test_the_fifth_refund_of_a_day_is_found_once(runner: SequenceRunner, event: Make) -> None:
    facts = {"txn.payer_id": "p1", "merchant.id": "m1"}
    refunds = [event(f"{number}", 60 * number, "PAYMENT_REFUNDED", facts) for number in range(8)]
    assert found(runner, *refunds, until=600) == [("seq.refunds", ("0", "1", "2", "3", "4"), 240)]


def test_a_device_that_comes_back_elsewhere(runner: SequenceRunner, event: Make) -> None:
    events = [
        event("a", 0, "DEVICE_OFFLINE", {"device.sn": "d1"}),
        event("b", 30, "DEVICE_ONLINE", {"device.sn": "d1", "device.distance_m": 501}),
    ]
    assert found(runner, *events, until=60) == [("seq.device_moved", ("a", "b"), 30)]


def test_who_is_not_named_is_nobody(runner: SequenceRunner, event: Make) -> None:
    events = [payment(event, "a", 0, 100, payer=""), payment(event, "b", 1, 100_000, payer="")]
    assert found(runner, *events, until=5) == []


def test_an_event_within_the_lateness_is_put_in_its_place(runner: SequenceRunner, event: Make) -> None:
    facts = {"txn.amount_fen": 100, "txn.payer_id": "p1", "merchant.id": "m1"}
    late = event("a", 4, "PAYMENT_CAPTURED", facts, seen=5)
    events = [payment(event, "b", 5, 100_000), late]
    assert found(runner, *events, until=7) == [("seq.test_payment", ("a", "b"), 5)]


def test_a_later_event_is_reported(runner: SequenceRunner, refused: list[Refusal], event: Make) -> None:
    facts = {"txn.amount_fen": 100, "txn.payer_id": "p1", "merchant.id": "m1"}
    late = event("a", 4, "PAYMENT_CAPTURED", facts, seen=6)
    assert found(runner, late, payment(event, "b", 6, 100_000), until=8) == []
    assert [(one.rule_id, one.event_id, one.code) for one in refused] == [("seq.test_payment", "a", "LATE")]


def test_a_match_carries_the_outcome_of_its_rule_and_a_lasting_name(
    runner: SequenceRunner, book: Rulebook, event: Make
) -> None:
    events = [payment(event, "a", 0, 100), payment(event, "b", 2, 100_000)]
    other = SequenceRunner(plans=plans(book), report=print)
    (match,), (again,) = (
        [match for one in [*events, payment(event, "z", 9, 1)] for match in each.feed(one)]
        for each in (runner, other)
    )
    other.close()
    assert match.outcome["severity"] == "HIGH"
    assert match.identity == again.identity


def test_a_replay_needs_seven_days_and_an_hour(runner: SequenceRunner, book: Rulebook) -> None:
    assert runner.horizon_us == (7 * DAY + 60) * MINUTE_US
    assert {"event.type", "txn.payer_id", "device.distance_m"} <= runner.reads
    assert [one.start_us for one in plans(book)] == [
        microseconds(rule.effective_from) for rule in book.rules if rule.kind == "sequence"
    ]
