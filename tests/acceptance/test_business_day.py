"""The worked examples of a business day, to the fen, through the real tables: W1–W6, W9 and W19."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from sqlalchemy import Connection, Engine, insert, text

from payments_core.database import transaction
from payments_core.ledger import Account, get_balance, prove
from payments_core.money import portion, split
from payments_core.payments.tables import payment
from payments_core.profit_share import SharesPosted, eligible_margin, post_shares
from payments_core.settlement import get_settlement, settle_day
from tests.builders import (
    BROKER,
    DAY1,
    MERCHANT,
    NEXT_DAY,
    NOW,
    W1_SALES,
    WHOLE_TO_OPENER,
    Condition,
    Policy,
    ShareRule,
    build_merchant,
    build_org,
    give_back,
    noon,
    open_streams,
    pay,
    sell_w1,
    stream,
)


@pytest.fixture
def connection(engine: Engine) -> Connection:
    with transaction(engine) as connection:
        build_org(connection)
        build_merchant(connection)
        yield connection


def share(connection: Connection, day: date) -> SharesPosted:
    return post_shares(connection, business_date=day, release_no=1, now=NOW)


def earned(connection: Connection, party: str = BROKER) -> int:
    return get_balance(
        connection, merchant_id=MERCHANT, account=Account.PARTY_PAYABLE, party=party
    ).credit_fen


def test_w1_one_day(connection: Connection) -> None:
    sell_w1(connection)
    posted = share(connection, DAY1)
    # margins 8 + 2 + 21 + 1 + 160 = 192; 40 % = 76.8
    assert (posted.margin_fen, posted.broker_fen, posted.platform_fen) == (192, 77, 115)
    assert earned(connection) == 77
    assert prove(connection).passed


def test_w2_seed_scale_in_thousandths() -> None:
    # 400 payments of ¥50 a thousandth of the day: fee 19, cost 11, margin 8; 40 % of 3,200 = 1,280
    assert (400 * 19, 400 * 11, 400 * 8, portion(400 * 8, 400_000)) == (7_600, 4_400, 3_200, 1_280)
    # and the whole: 30 days of ¥32,000 margin
    margin_fen = 30 * 400_000 * 8
    brokers_fen = portion(margin_fen, 400_000)
    assert (margin_fen, brokers_fen, margin_fen - brokers_fen) == (96_000_000, 38_400_000, 57_600_000)


def test_w3_a_thousand_sales_round_once(connection: Connection) -> None:
    sold = pay(connection, amount_fen=5000, fee_fen=19, cost_fen=11, in_stream=stream())
    first = dict(connection.execute(text("SELECT * FROM payment")).mappings().one())
    more = [
        {**first, "payment_id": sold.payment_id + 10_000 + n, "merchant_order_no": f"more {n}"}
        for n in range(999)
    ]
    connection.execute(insert(payment), more)
    # per payment 3.2 → 3, a thousand times 3,000; on the cumulative margin 8,000 × 40 % = 3,200
    assert share(connection, DAY1).broker_fen == 3_200


@pytest.mark.parametrize(
    ("pool_fen", "weights", "parts"),
    [
        (77, (24, 16), (46, 31)),  # 46.2, 30.8
        (100, (1, 1, 1), (34, 33, 33)),  # the tie goes to the first listed
        (-77, (24, 16), (-46, -31)),
    ],
)
def test_w4_remainders(pool_fen: int, weights: tuple[int, ...], parts: tuple[int, ...]) -> None:
    assert split(pool_fen, weights) == parts


def test_w4_remainders_in_the_tables(connection: Connection) -> None:
    two = stream(maintainer=(("B0002", 1_000_000),))
    sell_w1(connection, in_stream=two)
    assert share(connection, DAY1).broker_fen == 77
    assert (earned(connection), earned(connection, "B0002")) == (46, 31)


def test_w5_partial_refunds_end_as_if_never_sold(connection: Connection) -> None:
    sales = sell_w1(connection)
    days = [DAY1 + timedelta(days=n) for n in range(3)]
    # fee left on 12850 − 3000 is 37, on nothing 0: back 12, then 37; cost back 6, then 22
    give_back(connection, sales[2], amount_fen=3000, fee_back_fen=12, cost_back_fen=6, day=days[1])
    give_back(connection, sales[2], amount_fen=9850, fee_back_fen=37, cost_back_fen=22, day=days[2])
    assert [share(connection, day).broker_fen for day in days] == [77, -3, -6]
    assert earned(connection) == 68 == portion(192 - 21, 400_000)  # 68.4
    assert prove(connection).passed


def test_w6_a_refund_reverses_at_the_version_of_its_sale(connection: Connection) -> None:
    v1 = stream(rule=ShareRule(shares=WHOLE_TO_OPENER))
    sold = pay(connection, amount_fen=100_000, fee_fen=380, cost_fen=220, in_stream=v1)
    v2 = stream(
        rule=ShareRule(version=2, shares=({"party": "broker", "role": "opener", "rate": "0.45"},)),
        paid_on=date(2025, 4, 2),
    )
    open_streams(connection, streams=(v2,))
    later = date(2025, 4, 20)
    give_back(connection, sold, amount_fen=100_000, fee_back_fen=380, cost_back_fen=220, day=later)
    assert share(connection, DAY1).broker_fen == 64
    assert share(connection, later).broker_fen == -64  # not −72
    assert earned(connection) == 0


def test_w9_a_negative_margin_is_the_platforms(connection: Connection) -> None:
    rule = ShareRule()
    pay(
        connection,
        amount_fen=50_000,
        fee_fen=100,
        cost_fen=110,
        in_stream=stream(),
        margin_fen=eligible_margin(rule=rule, margin_fen=-10, facts={}),
    )
    pay(connection, amount_fen=5000, fee_fen=19, cost_fen=11, in_stream=stream())
    posted = share(connection, DAY1)
    margin_fen = -10 + 8
    assert posted.broker_fen == 3  # 40 % × 8 = 3.2
    assert margin_fen - posted.broker_fen == -5
    assert (
        eligible_margin(rule=ShareRule(more={"negative_margin": "share_loss"}), margin_fen=-10, facts={})
        == -10
    )


def test_w19_settlement(connection: Connection) -> None:
    sales = sell_w1(connection)
    give_back(connection, sales[2], amount_fen=3000, fee_back_fen=12, cost_back_fen=6)
    policy = Policy(
        spec={
            "cycle": NEXT_DAY,
            "min_payout_fen": 100,
            "holds": [{"id": "H001", "amount_fen": 10_000, "days": 7}],
        },
        conditions={("holds", 0, "when"): Condition(holds=lambda _: True)},
    )
    settle_day(connection, business_date=DAY1, rulebook=policy, release_no=1, now=NOW)
    row = get_settlement(connection, merchant_id=MERCHANT, business_date=DAY1)
    assert (row.gross_fen, row.fee_fen, row.refund_fen, row.fee_back_fen) == (119_729, 455, 3_000, 12)
    assert (row.plan_fen, row.hold_fen, row.real_fen) == (116_286, 10_000, 106_286)
    assert row.due_on == DAY1 + timedelta(days=1)


def test_a_second_run_adds_nothing(connection: Connection) -> None:
    sell_w1(connection)
    share(connection, DAY1)
    before = connection.execute(text("SELECT count(*) FROM transfer")).scalar_one()
    again = share(connection, DAY1)
    assert (again.entries, again.transfers, again.margin_fen) == (0, 0, 0)
    assert connection.execute(text("SELECT count(*) FROM transfer")).scalar_one() == before
    assert earned(connection) == 77


def test_sales_of_w1_are_what_the_example_says() -> None:
    assert sum(fee for _, fee, _ in W1_SALES) == 455
    assert sum(cost for _, _, cost in W1_SALES) == 263
    assert noon(DAY1).utcoffset() == timedelta(hours=8)
