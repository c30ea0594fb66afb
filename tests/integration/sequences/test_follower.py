"""The follower against the contract read by hand over the same outbox."""

from __future__ import annotations

import random

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError, OperationalError

from bench._payments_world import rulebook
from engine.rulebook import Rulebook
from engine.sequences import RefusalCode
from payments_core import merchants
from payments_core.database import connect, transaction
from payments_core.merchants import operations
from payments_core.sequences import ReaderOvertaken
from tests.integration.sequences.conftest import NOON, RULES, Street, after, by_hand, rule


def sell(street: Street, *, payments: int, before: int = 0) -> None:
    """Payments of few payers, some paid a while before they are booked, some far too late."""
    rng = random.Random(before)
    for number in range(before, before + payments):
        at = after(seconds=45 * number)
        order = {"payer": f"p{rng.randint(1, 2)}", "merchant": rng.randint(1, 2)}
        accepted = street.accept(rng.choice((50, 50, 5_000)), at=at, **order)
        late_s = rng.choice((0, 0, 0, 10, 50, 400))
        street.capture(accepted, paid_at=after(seconds=45 * number - late_s), now=at)


def test_what_is_written_is_what_the_contract_says(street: Street, book: Rulebook) -> None:
    sell(street, payments=40)
    street.follow(now=after(hours=2))
    expected = by_hand(street.engine, book)
    assert {found[0] for found in expected} == {"seq.then", "seq.without", "seq.times"}
    assert street.written() == expected
    assert {refusal.code for refusal in street.refused} == {RefusalCode.LATE}


def test_followers_that_die_after_any_step_together_write_the_same(street: Street, book: Rulebook) -> None:
    rng = random.Random(2)
    follower = street.follower(page_rows=2)
    for number in range(6):
        sell(street, payments=7, before=7 * number)
        for _ in range(rng.randint(1, 3)):
            follower.step(now=NOON)
            if rng.random() < 0.5:
                follower.close()
                follower = street.follower(page_rows=rng.randint(1, 4))
    street.follow(now=after(hours=2), follower=follower)
    follower.close()
    assert street.written() == by_hand(street.engine, book)
    assert len({(r.rule_id, r.event_id) for r in street.refused}) == len(street.refused)


def test_the_position_and_the_matches_move_together_or_not_at_all(street: Street, book: Rulebook) -> None:
    sell(street, payments=12)
    with transaction(street.engine) as connection:
        connection.execute(text("ALTER TABLE sequence_match RENAME TO elsewhere"))
    follower = street.follower()
    with pytest.raises(Exception, match="sequence_match"):
        street.follow(now=after(hours=2), follower=follower)
    assert street.rows("SELECT commit_no FROM sequence_reader")[0][0] == 0
    with transaction(street.engine) as connection:
        connection.execute(text("ALTER TABLE elsewhere RENAME TO sequence_match"))
    street.follow(now=after(hours=2), follower=follower)
    follower.close()
    assert street.written() == by_hand(street.engine, book) != set()


def test_a_database_that_goes_away_between_steps_costs_nothing(street: Street, book: Rulebook) -> None:
    mortal = connect(url=street.engine.url.render_as_string(hide_password=False), pool_size=1)
    follower = street.follower(page_rows=3, engine=mortal)
    sell(street, payments=12)
    follower.step(now=NOON)
    with mortal.connect() as held:
        killed = held.execute(text("SELECT pg_backend_pid()")).scalar_one()
        with transaction(street.engine) as connection:
            connection.execute(text("SELECT pg_terminate_backend(:pid)"), {"pid": killed})
        with pytest.raises(OperationalError):
            held.execute(text("SELECT 1"))
    street.follow(now=after(hours=2), follower=follower)
    follower.close()
    mortal.dispose()
    assert street.written() == by_hand(street.engine, book)


def test_of_two_followers_one_goes_on_and_the_other_says_so(street: Street, book: Rulebook) -> None:
    one, other = street.follower(), street.follower()
    sell(street, payments=3)
    one.step(now=NOON)
    other.step(now=NOON)
    sell(street, payments=9, before=3)
    one.step(now=NOON)
    with pytest.raises(ReaderOvertaken) as refused:
        other.step(now=NOON)
    assert refused.value.code == "READER_OVERTAKEN"
    street.follow(now=after(hours=2), follower=other)
    one.close()
    other.close()
    assert street.written() == by_hand(street.engine, book)


def test_an_activation_takes_over_between_two_events(street: Street, book: Rulebook) -> None:
    start = after(minutes=20).isoformat()
    changed = rule("seq.then", "first: small, then: large, within: 3m", version=2, start=start)
    second = rulebook({**RULES, "rules/sequence/seq.then.yaml": changed})
    follower = street.follower(page_rows=2)
    sell(street, payments=20)
    street.follow(now=NOON, follower=follower)
    by_the_first = by_hand(street.engine, book)
    sell(street, payments=5, before=20)
    street.world.activate(second)
    sell(street, payments=30, before=25)
    street.follow(now=after(hours=2), follower=follower)
    follower.close()
    # This second release holds nothing of the first version, as if it had never been.
    spoken = {one for one in by_the_first if one[0] == "seq.then"}
    assert street.written() == by_hand(street.engine, second) | spoken
    assert {one[1] for one in street.written() if one[0] == "seq.then"} == {1, 2}


def test_a_match_stands_once_whoever_writes_it(street: Street) -> None:
    street.pay(50, at=NOON)
    street.follow(now=after(minutes=30))
    columns = (
        "rule_id, version, key, events, identity, merchant_id, label, severity, at, release_no, found_at"
    )
    with pytest.raises(IntegrityError, match="uq_sequence_match_identity"):
        street.rows(
            f"INSERT INTO sequence_match ({columns}) SELECT {columns} FROM sequence_match RETURNING 1"
        )


def test_a_wait_is_over_by_the_world_s_time_alone(street: Street) -> None:
    street.pay(50, at=NOON)
    street.follow(now=after(minutes=5, seconds=59))
    assert street.written() == set()
    street.follow(now=after(minutes=6, seconds=4))
    (match,) = street.rows("SELECT * FROM sequence_match")
    assert (match.rule_id, match.at, match.key) == ("seq.without", after(minutes=5), ["p1", "M00001"])
    assert (match.merchant_id, match.label, match.severity, match.release_no) == ("M00001", "试", "LOW", 1)


def test_time_that_stands_still_writes_nothing(street: Street) -> None:
    street.pay(50, at=NOON)
    follower = street.follower()
    street.follow(now=after(seconds=1), follower=follower)
    before = street.rows("SELECT xmin, * FROM sequence_reader")
    street.follow(now=after(seconds=1), follower=follower)
    follower.close()
    assert street.rows("SELECT xmin, * FROM sequence_reader") == before


def test_merchants_devices_refunds_and_failures_are_told(street: Street) -> None:
    with transaction(street.engine) as connection:
        operations.create_merchant(
            connection,
            merchant_id="M90001",
            name="新店",
            type="MICRO",
            mcc="5812",
            city_id="BJ",
            activated_at=NOON,
        )
        operations.bind_device(connection, device_id="POS-9", merchant_id="M90001", type="POS")
        operations.report_device(connection, device_id="POS-9", state="OFFLINE", at=after(seconds=1))
        operations.report_device(
            connection, device_id="POS-9", state="ONLINE", at=after(seconds=2), distance_m=700
        )
    street.refund(street.pay(5_000, at=after(seconds=3)), 1_000, at=after(seconds=4))
    told = [row.topic for row in street.rows("SELECT topic FROM outbox ORDER BY commit_no, topic")]
    assert told == [
        "merchant.activated",
        "device.offline",
        "device.online",
        "payment.succeeded",
        "refund.succeeded",
    ]


def test_a_device_nobody_knows_reports_nothing(street: Street) -> None:
    with pytest.raises(merchants.errors.DeviceNotFound) as refused, transaction(street.engine) as connection:
        operations.report_device(connection, device_id="POS-9", state="OFFLINE", at=NOON)
    assert refused.value.code == "DEVICE_NOT_FOUND"
