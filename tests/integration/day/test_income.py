"""What a broker sees of their income, and the way from an entry back to payments and the rule's line."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import Engine, text

from payments_core.database import Scope, scoped_transaction, transaction
from payments_core.errors import NotFound
from payments_core.profit_share import (
    get_trace,
    list_day_entries,
    list_income_by_day,
    list_income_by_merchant,
    list_statement,
    post_shares,
)
from tests.builders import (
    BROKER,
    DAY1,
    MERCHANT,
    NOW,
    STORE,
    SUCCESSOR,
    ShareRule,
    build_merchant,
    build_org,
    give_back,
    pay,
    sell_w1,
    stream,
)

DAY2 = DAY1 + timedelta(days=1)
DAY3 = DAY1 + timedelta(days=2)
MONTH = {"since": DAY1, "until": DAY3}
RULE = ShareRule(more={"store_override": {"rate": "0.05"}})


@pytest.fixture(autouse=True)
def world(engine: Engine) -> None:
    """W1 on the first day, part of it refunded on the second; another broker's merchant beside it."""
    with transaction(engine) as connection:
        build_org(connection)
        build_merchant(connection)
        build_merchant(connection, "M00002", broker_id=SUCCESSOR)
        sales = sell_w1(connection, in_stream=stream(rule=RULE))
        give_back(connection, sales[2], amount_fen=3000, fee_back_fen=12, cost_back_fen=6, day=DAY2)
        other = stream(merchant_id="M00002", opener=((SUCCESSOR, 1_000_000),))
        pay(
            connection,
            amount_fen=100_000,
            fee_fen=380,
            cost_fen=220,
            merchant_id="M00002",
            broker_id=SUCCESSOR,
            in_stream=other,
        )
        for day in (DAY1, DAY2):
            post_shares(connection, business_date=day, release_no=1, now=NOW)


def test_income_by_day_and_by_merchant(engine: Engine) -> None:
    with transaction(engine) as connection:
        by_day = list_income_by_day(connection, party_id=BROKER, **MONTH)
        # the opener has both lines of 40 %, and the margin counts once
        assert [(i.key, i.merchants, i.margin_fen, i.share_fen) for i in by_day] == [
            ("2025-03-10", 1, 192, 77),
            ("2025-03-11", 1, -6, -3),
        ]
        by_merchant = list_income_by_merchant(connection, party_id=BROKER, **MONTH)
        assert [(i.key, i.margin_fen, i.share_fen) for i in by_merchant] == [(MERCHANT, 186, 74)]
        assert list_income_by_day(connection, party_id=STORE, **MONTH)[0].share_fen == 10


def test_a_statement_carries_the_figures_of_its_formula(engine: Engine) -> None:
    with transaction(engine) as connection:
        lines = list_statement(connection, party_id=BROKER, **MONTH)
        assert sum(line.delta_fen for line in lines) == 74
        first = lines[0]
        assert (first.role, first.rate_ppm, first.rule_id, first.rule_line) == (
            "opener",
            240_000,
            "ps.test",
            10,
        )
        # 192 × 40 % = 76.8 → 77, of which 24 : 40 = 46.2 → 46
        assert (first.pool_ppm, first.pool_exact_millionths, first.pool_fen) == (400_000, 76_800_000, 77)
        assert (first.exact_millionths, first.before_fen, first.cum_fen) == (46_080_000, 0, 46)
        # after the refund 186 × 40 % = 74.4 → 74, of which 24 : 40 = 44.4 → 44, so −2
        opener = [line for line in lines if line.role == "opener"]
        assert [(line.cum_margin_fen, line.cum_fen, line.delta_fen) for line in opener] == [
            (192, 46, 46), (186, 44, -2),
        ]  # fmt: skip


def test_a_trace_leads_to_the_payments_and_refunds(engine: Engine) -> None:
    with transaction(engine) as connection:
        for day, kinds in ((DAY1, ["payment"] * 5), (DAY2, ["refund"])):
            for entry in list_day_entries(connection, merchant_id=MERCHANT, business_date=day):
                trace = get_trace(
                    connection,
                    merchant_id=MERCHANT,
                    stream_id=entry.stream_id,
                    line_no=entry.line_no,
                    business_date=day,
                )
                assert trace.entry == entry
                assert [source.kind for source in trace.sources] == kinds
                assert sum(source.margin_fen for source in trace.sources) == entry.margin_fen
        with pytest.raises(NotFound):
            get_trace(connection, merchant_id=MERCHANT, stream_id=1, line_no=1, business_date=DAY1)


def test_a_broker_sees_their_own_and_nobody_elses(engine: Engine) -> None:
    with scoped_transaction(engine, scope=Scope(kind="broker", id=BROKER)) as connection:
        assert len(list_statement(connection, party_id=BROKER, **MONTH)) == 4
        assert list_statement(connection, party_id=SUCCESSOR, **MONTH) == ()
    with transaction(engine) as connection:
        connection.execute(text("DELETE FROM merchant_binding"))
    with scoped_transaction(engine, scope=Scope(kind="broker", id=BROKER)) as connection:
        # a merchant that has left the reader's scope takes no income with it
        assert sum(line.delta_fen for line in list_statement(connection, party_id=BROKER, **MONTH)) == 74
