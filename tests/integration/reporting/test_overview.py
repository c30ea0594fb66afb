"""Today: cut at the same time of day as a week ago, within the scope, and never a zero for nothing known."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from sqlalchemy import text

from payments_core import reporting
from payments_core.calendar import business_date_of
from payments_core.database import Scope, scoped_transaction, transaction
from payments_core.reporting import Overview
from tests.integration.reporting.conftest import BROKERS, MERCHANTS, NOW, World

WEEK = timedelta(days=7)


def _pay(
    world: World,
    number: int,
    merchant_id: str,
    at: datetime,
    amount_fen: int,
    *,
    channel: str = "WECHAT",
    ok: bool = True,
) -> None:
    broker_id = dict(MERCHANTS)[merchant_id]
    priced = (
        {"paid_at": at, "on": business_date_of(at), "fee": 1}
        if ok
        else {"paid_at": None, "on": None, "fee": None}
    )
    with transaction(world.engine) as connection:
        connection.execute(
            text(
                """INSERT INTO payment (merchant_id, payment_id, merchant_order_no, request_hash, state,
                channel, mode,
                amount_fen, settle_amount_fen, buyer_paid_fen, created_at, expires_at, accepted_batch_no,
                store_id,
                broker_id, opener_id, risk_decision, risk_score, fact_set_no, fact_values,
                risk_release_no, release_no, paid_at,
                business_date,
                fee_fen, cost_fen, eligible_margin_fen, captured_batch_no)
                VALUES (:m, :n, :n, 'x', :state, :channel, 'B2C', :fen, :fen, :fen, :at, :at, 1, :store,
                :broker,
                :broker, 'PASS', 0, 0, '[]', 1, 1, :paid_at, :on, :fee, :fee, :fee, :fee)"""
            ),
            {
                "m": merchant_id,
                "n": number,
                "state": "SUCCESS" if ok else "FAILED",
                "channel": channel,
                "fen": amount_fen,
                "at": at,
                "broker": broker_id,
                "store": dict(BROKERS)[broker_id],
                **priced,
            },
        )


def _overview(world: World, scope: Scope) -> Overview:
    with scoped_transaction(world.engine, scope=scope) as connection:
        return reporting.overview(connection, now=NOW)


def test_both_days_are_cut_at_the_same_time(world: World) -> None:
    hour = timedelta(hours=1)
    _pay(world, 1, "M1", NOW - hour, 100)
    _pay(world, 2, "M6", NOW - hour, 200)
    _pay(world, 3, "M1", NOW - WEEK - hour, 1_000)
    _pay(world, 4, "M1", NOW - WEEK + hour, 5_000)  # later in the day: not yet comparable
    found = _overview(world, Scope(kind="all"))
    assert (found.today.payment_count, found.today.payment_fen, found.today.merchants) == (2, 300, 2)
    assert (found.week_ago.payment_count, found.week_ago.payment_fen) == (1, 1_000)
    assert found.hours[10].payment_count == 2  # 10:42 in Shanghai
    assert found.hours[11].payment_count == 0
    assert found.hours[12].payment_count is None  # has not come
    assert found.hours[12].before_count == 1


def test_a_manager_sees_only_his_own_payments(world: World) -> None:
    _pay(world, 1, "M1", NOW, 100)
    _pay(world, 2, "M6", NOW, 200)
    amounts = {
        scope: _overview(world, Scope(kind=scope, id=node)).today.payment_fen
        for scope, node in (("city", "BJ"), ("store", "S4"), ("broker", "B1"), ("merchant", "M6"))
    }
    assert amounts == {"city": 100, "store": 200, "broker": 100, "merchant": 200}


def test_a_channel_is_judged_by_what_it_decided_in_fifteen_minutes(world: World) -> None:
    for number in range(3):
        _pay(world, number, "M1", NOW - timedelta(minutes=1), 100, channel="ALIPAY", ok=number > 0)
    _pay(world, 9, "M1", NOW - timedelta(minutes=16), 100, channel="ALIPAY", ok=False)
    (alipay,) = _overview(world, Scope(kind="all")).channels
    assert (alipay.requests, alipay.decided, alipay.succeeded, alipay.waiting) == (3, 3, 2, 0)


def test_closed_days_come_from_the_facts_and_missing_ones_are_missing(world: World) -> None:
    world.fact("M1", date(2025, 5, 12), 10_000)  # fee 100, cost 50
    found = _overview(world, Scope(kind="all"))
    assert [(day.on, day.margin_fen) for day in found.closed] == [(date(2025, 5, 12), 50)]
    assert found.closed_on(date(2025, 5, 13)) is None
    assert found.business_day is None


def test_the_business_day_lists_its_steps_in_order_and_the_ones_to_come(world: World) -> None:
    with transaction(world.engine) as connection:
        connection.execute(
            text(
                """INSERT INTO business_day (business_date, state, steps) VALUES ('2025-05-13', 'CLOSED',
                '{"close": {"finished_at": "2025-05-14T00:00:01+08:00", "figures": {"closed_batch_no":
                7}}}')"""
            )
        )
    day = _overview(world, Scope(kind="all")).business_day
    assert day is not None
    assert [step.key for step in day.steps] == ["close", "shares", "settlement", "payouts", "facts", "proof"]
    assert [step.finished_at is not None for step in day.steps] == [True] + [False] * 5
    assert day.steps[0].figures == {"closed_batch_no": 7}


def test_the_top_bar_knows_the_rate_only_for_readers_of_everything(world: World) -> None:
    _pay(world, 1, "M1", NOW - timedelta(seconds=5), 100)
    with scoped_transaction(world.engine, scope=Scope(kind="all")) as connection:
        whole = reporting.surroundings(connection, scope=Scope(kind="all"), now=NOW)
    city = Scope(kind="city", id="BJ")
    with scoped_transaction(world.engine, scope=city) as connection:
        part = reporting.surroundings(connection, scope=city, now=NOW)
    assert (whole.payments_last_minute, whole.release_no) == (1, None)
    assert (part.payments_last_minute, part.scope_name) == (None, "unit BJ")


def test_search_finds_only_what_the_reader_may_open(world: World) -> None:
    store = Scope(kind="store", id="S1")
    with scoped_transaction(world.engine, scope=store) as connection:
        hits = {
            wanted: [hit.id for hit in reporting.search(connection, text=wanted, scope=store)]
            for wanted in ("shop", "M6", "unit", "  ", "100%")
        }
    assert hits == {"shop": ["M1", "M2", "M3"], "M6": [], "unit": ["S1"], "  ": [], "100%": []}


def test_a_broker_reads_his_own_month(world: World) -> None:
    world.fact("M1", date(2025, 5, 2), 10_000)
    world.fact("M2", date(2025, 5, 3), 20_000)
    world.fact("M3", date(2025, 5, 3), 40_000)  # broker B2
    own = Scope(kind="broker", id="B1")
    period = reporting.Period(first=date(2025, 5, 1), last=date(2025, 5, 31))
    with scoped_transaction(world.engine, scope=own) as connection:
        figures = reporting.broker_figures(connection, broker_id="B1", period=period)
        merchants = reporting.broker_merchants(connection, broker_id="B1", period=period)
        other = reporting.broker_figures(connection, broker_id="B2", period=period)
    assert (figures.payment_fen, figures.margin_fen, figures.active_merchants) == (30_000, 150, 2)
    assert [(one.merchant_id, one.payment_fen) for one in merchants] == [("M2", 20_000), ("M1", 10_000)]
    assert other.is_empty
