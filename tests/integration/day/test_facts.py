"""Daily facts as organised then, and the figures conditions read."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, timedelta

import pytest
from sqlalchemy import Connection, Engine, text

from payments_core import hierarchy
from payments_core.calendar import SHANGHAI
from payments_core.hierarchy import Kind
from payments_core.merchants import bindings
from payments_core.profit_share import post_shares
from payments_core.settlement.facts import rebuild_facts
from payments_core.settlement.stats import NEVER, rebuild_stats
from tests.builders import (
    BROKER,
    DAY1,
    MERCHANT,
    NOW,
    OTHER_STORE,
    STORE,
    SUCCESSOR,
    ShareRule,
    build_merchant,
    build_org,
    give_back,
    noon,
    pay,
    sell_w1,
    stream,
)

DAY2 = DAY1 + timedelta(days=1)


@pytest.fixture
def connection(engine: Engine) -> Iterator[Connection]:
    with engine.connect() as connection:
        build_org(connection)
        build_merchant(connection)
        yield connection
        connection.rollback()


def facts(connection: Connection, day: date) -> list[dict]:
    rebuild_facts(connection, business_date=day)
    found = connection.execute(
        text("SELECT * FROM fact_day WHERE business_date = :day ORDER BY merchant_id, store_id, broker_id"),
        {"day": day},
    )
    return [dict(row) for row in found.mappings()]


def test_a_days_fact_is_the_sum_of_its_payments_refunds_and_shares(connection: Connection) -> None:
    joined = stream(rule=ShareRule(more={"store_override": {"rate": "0.05"}}))
    sales = sell_w1(connection, in_stream=joined)
    give_back(connection, sales[2], amount_fen=3000, fee_back_fen=12, cost_back_fen=6, day=DAY2)
    for day in (DAY1, DAY2):
        post_shares(connection, business_date=day, release_no=1, now=NOW)
    first = {
        "merchant_id": MERCHANT,
        "business_date": DAY1,
        "store_id": STORE,
        "broker_id": BROKER,
        "district_id": "D01",
        "city_id": "BJ",
        "opened": False,
        "payment_count": 5,
        "payment_fen": 119_729,
        "refund_count": 0,
        "refund_fen": 0,
        "fee_fen": 455,
        "cost_fen": 263,
        "broker_share_fen": 77,
        "store_share_fen": 10,  # 5 % × 192 = 9.6
    }
    assert facts(connection, DAY1) == [first]
    # 40 % × 186 = 74.4 → −3; 5 % × 186 = 9.3 → −1
    second = {
        **first,
        "business_date": DAY2,
        "payment_count": 0,
        "payment_fen": 0,
        "refund_count": 1,
        "refund_fen": 3000,
        "fee_fen": -12,
        "cost_fen": -6,
        "broker_share_fen": -3,
        "store_share_fen": -1,
    }
    assert facts(connection, DAY2) == [second]
    assert facts(connection, DAY2) == [second]  # again: nothing changes


def test_districts_are_those_of_the_day_and_children_sum_to_parents(connection: Connection) -> None:
    move = datetime.combine(DAY2, datetime.min.time(), SHANGHAI)
    hierarchy.create_node(
        connection, node_id="D02", kind=Kind.DISTRICT, name="国贸", parent_id="BJ", at=noon(DAY1)
    )
    hierarchy.move_node(connection, node_id=STORE, parent_id="D02", at=move)
    build_merchant(connection, "M00002", broker_id=SUCCESSOR, store_id=OTHER_STORE)
    for day in (DAY1, DAY2):
        pay(connection, amount_fen=5000, fee_fen=19, cost_fen=11, day=day)
        pay(
            connection,
            amount_fen=700,
            fee_fen=3,
            cost_fen=2,
            day=day,
            merchant_id="M00002",
            store_id=OTHER_STORE,
            broker_id=SUCCESSOR,
        )
        facts(connection, day)
    by_district = connection.execute(
        text("SELECT business_date, district_id, sum(payment_fen) FROM fact_day GROUP BY 1, 2 ORDER BY 1, 2")
    ).all()
    assert [tuple(row) for row in by_district] == [
        (DAY1, "D01", 5700),
        (DAY2, "D01", 700),
        (DAY2, "D02", 5000),
    ]
    city = connection.execute(text("SELECT city_id, sum(payment_fen) FROM fact_day GROUP BY 1")).all()
    assert [tuple(row) for row in city] == [("BJ", 11_400)]


def test_an_opening_is_one_row_also_without_payments(connection: Connection) -> None:
    build_merchant(connection, "M00002", at=noon(DAY1))
    bindings.bind(
        connection,
        merchant_id="M00002",
        broker_id=SUCCESSOR,
        store_id=OTHER_STORE,
        role="maintainer",
        at=noon(DAY1),
    )
    (row,) = facts(connection, DAY1)
    assert (row["merchant_id"], row["opened"], row["store_id"], row["broker_id"]) == (
        "M00002", True, OTHER_STORE, SUCCESSOR,
    )  # fmt: skip
    assert facts(connection, DAY2) == []


def figures(connection: Connection, as_of: date, merchant_id: str = MERCHANT) -> dict:
    rebuild_stats(connection, as_of=as_of)
    sql = "SELECT figures FROM merchant_stats WHERE merchant_id = :m"
    return dict(connection.execute(text(sql), {"m": merchant_id}).scalar_one())


def test_figures_of_a_trading_merchant(connection: Connection) -> None:
    night = noon(DAY2).replace(hour=3)
    pay(connection, amount_fen=4000, fee_fen=15, cost_fen=9, day=DAY1 - timedelta(days=7), payer="p0")
    pay(connection, amount_fen=5000, fee_fen=19, cost_fen=11, day=DAY1, payer="p1", card_type="CREDIT")
    sold = pay(connection, amount_fen=3000, fee_fen=11, cost_fen=7, day=DAY2, payer="p2", paid_at=night)
    give_back(connection, sold, amount_fen=600, fee_back_fen=2, cost_back_fen=1, day=DAY2)
    for day in (DAY1 - timedelta(days=7), DAY1, DAY2):
        facts(connection, day)
    assert figures(connection, DAY2) == {
        "days_since_active": 69,
        "days_since_last_txn": 0,
        "gmv_1d_fen": 3000,
        "gmv_7d_fen": 8000,
        "gmv_28d_fen": 12_000,
        "cnt_7d": 2,
        "cnt_28d": 3,
        "payers_30d": 3,
        "active_days_7": 2,
        "gmv_wow_ppm": 2_000_000,  # 8,000 against 4,000 the week before
        "refund_rate_28d_ppm": 50_000,
        "credit_share_28d_ppm": 416_666,
        "night_share_7d_ppm": 375_000,
        "avg_ticket_28d_fen": 4000,
        "baseline_1d_fen": 0,  # four same weekdays before the next day: only one of them traded
        "state": "DECLINING",
    }


def test_the_baseline_is_the_median_of_the_four_same_weekdays(connection: Connection) -> None:
    for weeks, amount_fen in ((1, 1000), (2, 9000), (3, 3000), (4, 5000)):
        day = DAY2 + timedelta(days=1 - 7 * weeks)
        pay(connection, amount_fen=amount_fen, fee_fen=0, cost_fen=0, day=day)
        facts(connection, day)
    assert figures(connection, DAY2)["baseline_1d_fen"] == 4000  # (3,000 + 5,000) / 2


@pytest.mark.parametrize(
    ("quiet_days", "state"), [(0, "ACTIVE"), (2, "ACTIVE"), (3, "DECLINING"), (7, "DORMANT"), (30, "CHURNED")]
)
def test_the_state_of_a_merchant_that_falls_quiet(
    connection: Connection, quiet_days: int, state: str
) -> None:
    for ago in range(7):
        day = DAY1 - timedelta(days=ago)
        pay(connection, amount_fen=5000, fee_fen=19, cost_fen=11, day=day)
        facts(connection, day)
    assert figures(connection, DAY1 + timedelta(days=quiet_days))["state"] == state


def test_a_new_merchant_has_every_figure(connection: Connection) -> None:
    build_merchant(connection, "M00002", at=noon(DAY1))
    found = figures(connection, DAY1, "M00002")
    assert (found["state"], found["days_since_last_txn"], found["gmv_wow_ppm"]) == ("NEW", NEVER, 1_000_000)


def test_figures_are_stamped_and_never_go_back(connection: Connection) -> None:
    rebuild_stats(connection, as_of=DAY2)
    number = connection.execute(text("SELECT directory_no FROM lane")).scalar_one()
    sql = text("SELECT as_of, directory_no FROM merchant_stats")
    assert [tuple(row) for row in connection.execute(sql)] == [(DAY2, number)]
    assert rebuild_stats(connection, as_of=DAY1) == 0
    assert [tuple(row) for row in connection.execute(sql)] == [(DAY2, number)]
