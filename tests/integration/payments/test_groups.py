"""The group committer: the guilty fails alone, what is lost is tried again, two writers see one history."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from payments_core.payments import (
    Accepted,
    Committer,
    IdempotencyConflict,
    MerchantNotFound,
    Overloaded,
    RefusedByDatabase,
    State,
)

NOW = datetime(2025, 4, 15, 2, 0, tzinfo=UTC)

POISON = """
CREATE FUNCTION poison() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF starts_with(NEW.merchant_order_no, 'poison') THEN
    RAISE EXCEPTION 'poison' USING ERRCODE = 'check_violation';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER poison BEFORE INSERT ON payment FOR EACH ROW EXECUTE FUNCTION poison()
"""
DEATH = """
CREATE SEQUENCE deaths;
CREATE FUNCTION death() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF NEW.merchant_order_no = 'deadly' AND nextval('deaths') <= 2 THEN
    PERFORM pg_terminate_backend(pg_backend_pid());
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER death BEFORE INSERT ON payment FOR EACH ROW EXECUTE FUNCTION death()
"""


def install(till: Any, script: str) -> None:
    with till.world.engine.begin() as connection:
        connection.exec_driver_sql(script)


def test_what_the_database_refuses_fails_alone(till: Any) -> None:
    install(till, POISON)
    orders = [till.order(payer_id="p1") for _ in range(9)]
    orders.insert(4, till.order(merchant_order_no="poison-1", payer_id="p1"))
    answers = till.commit(*orders)
    assert isinstance(answers[4], RefusedByDatabase)
    assert answers[4].code == "REFUSED_BY_DATABASE"
    assert [a.state for i, a in enumerate(answers) if i != 4] == [State.PAYING] * 9
    # The refused order leaves no trace in the velocity windows either.
    till.accept(payer_id="p1")
    last = till.one(
        "SELECT risk_facts(payment)->>'agg.payer_cnt_1d' FROM payment ORDER BY payment_id DESC LIMIT 1"
    )
    assert last == "10"


def test_a_lost_connection_is_tried_again(till: Any) -> None:
    install(till, DEATH)
    first, second = till.commit(till.order(merchant_order_no="deadly"), till.order())
    assert (first.state, second.state) == (State.PAYING, State.PAYING)
    assert till.one("SELECT count(*) FROM payment") == 2


def test_two_writers_of_one_lane_decide_velocity_exactly(till: Any) -> None:
    with till.world.committer() as other:
        writers = (till.committer, other)
        for number in range(30):
            at = NOW + timedelta(seconds=20 * number)
            order = till.order(700, payer_id="p1", created_at=at)
            writers[number % 3 == 0].commit([order, order], now=at)
    counted = till.rows(
        "SELECT (risk_facts(payment)->>'agg.payer_merchant_cnt_10m')::int,"
        " (risk_facts(payment)->>'agg.payer_merchant_sum_10m_fen')::int FROM payment ORDER BY payment_id"
    )
    # Every 20 s one payment: (t − 600 s, t] holds at most 30 of them.
    assert counted == [(number, 700 * number) for number in range(1, 31)]


def test_writers_at_the_same_time_count_every_payment_once(till: Any) -> None:
    committers = [till.world.committer() for _ in range(3)]
    orders = [[till.order(100, payer_id="p1") for _ in range(10)] for _ in range(9)]

    def take(number: int) -> None:
        committers[number % 3].commit(orders[number], now=NOW)

    with ThreadPoolExecutor(max_workers=3) as pool:
        list(pool.map(take, range(9)))
    counted = till.rows(
        "SELECT (risk_facts(payment)->>'agg.payer_cnt_1d')::int FROM payment ORDER BY payment_id"
    )
    assert [n for (n,) in counted] == list(range(1, 91))


def test_windows_survive_a_restart(till: Any) -> None:
    for _ in range(3):
        till.accept(payer_id="p1")
    with till.world.committer() as restarted:
        restarted.commit([till.order(payer_id="p1")], now=NOW)
    last = till.one(
        "SELECT risk_facts(payment)->>'agg.payer_cnt_1d' FROM payment ORDER BY payment_id DESC LIMIT 1"
    )
    assert last == "4"


async def test_what_is_submitted_together_shares_batches(till: Any) -> None:
    orders = [till.order() for _ in range(200)]
    answers = await asyncio.gather(*(till.committer.submit(o, now=NOW) for o in orders))
    assert len({a.payment_id for a in answers}) == 200
    assert till.one("SELECT batch_no FROM lane") < 100


async def test_a_refusal_is_raised_to_its_own_caller(till: Any) -> None:
    good, twin = till.order(5000), till.order(5000)
    other = till.order(1, merchant_order_no=twin.merchant_order_no)
    submitted = (good, till.order(merchant_id="M99999"), twin, other)
    answers = await asyncio.gather(
        *(till.committer.submit(o, now=NOW) for o in submitted), return_exceptions=True
    )
    assert isinstance(answers[0], Accepted)
    assert isinstance(answers[1], MerchantNotFound)
    assert {type(answers[2]), type(answers[3])} == {Accepted, IdempotencyConflict}


async def test_a_full_queue_says_so(till: Any) -> None:
    full = Committer(engine=till.world.engine, rulebooks=till.world.rulebooks, queue_limit=1)
    with full:
        submitted = [full.submit(till.order(), now=NOW) for _ in range(500)]
        answers = await asyncio.gather(*submitted, return_exceptions=True)
    assert any(isinstance(a, Overloaded) for a in answers)
    assert all(isinstance(a, Accepted | Overloaded) for a in answers)


@pytest.mark.parametrize("size", [1, 7])
def test_batches_of_any_size_answer_in_order(till: Any, size: int) -> None:
    orders = [till.order() for _ in range(20)]
    with till.world.committer(batch_limit=size) as small:
        answers = small.accept_batch(orders, now=NOW)
    numbers = till.rows("SELECT payment_id, merchant_order_no FROM payment")
    assert [(a.payment_id, o.merchant_order_no) for a, o in zip(answers, orders, strict=True)] == sorted(
        numbers
    )
