"""The list of payments: filters, sums of all that matches, order and pages, and each reader's rows."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest
from sqlalchemy import Engine, text

from payments_core.database import Scope, scoped_transaction, transaction
from payments_core.reporting import RangeInvalid
from payments_core.reporting.queries_payments import (
    PaymentFilter,
    PaymentTotals,
    list_payments,
    sum_payments,
)
from tests.builders import (
    BROKER,
    DAY1,
    MERCHANT,
    OTHER_STORE,
    STORE,
    SUCCESSOR,
    build_merchant,
    build_org,
    noon,
    pay,
    sell_w1,
)

ALL = Scope(kind="all")
DAY2 = DAY1 + timedelta(days=1)
ON_DAY1 = PaymentFilter(first=DAY1, last=DAY1)
BOTH = PaymentFilter(first=DAY1, last=DAY2)


@pytest.fixture(autouse=True)
def world(engine: Engine) -> None:
    """W1 at M00001 in S001 on day 1, one payment of ¥70.00 at M00002 in S002 on day 2."""
    with transaction(engine) as connection:
        build_org(connection)
        build_merchant(connection)
        build_merchant(connection, "M00002", broker_id=SUCCESSOR, store_id=OTHER_STORE)
        sell_w1(connection)
        pay(
            connection,
            amount_fen=7000,
            fee_fen=27,
            cost_fen=15,
            day=DAY2,
            merchant_id="M00002",
            store_id=OTHER_STORE,
            broker_id=SUCCESSOR,
            paid_at=noon(DAY2),
        )
        connection.execute(text("UPDATE payment SET channel = 'ALIPAY' WHERE amount_fen = 600"))
        connection.execute(text("UPDATE payment SET risk_decision = 'REVIEW' WHERE amount_fen = 99999"))
        connection.execute(text("UPDATE payment SET channel_order_no = 'C-1' WHERE amount_fen = 1280"))


def amounts(engine: Engine, wanted: PaymentFilter, scope: Scope = ALL, **how: object) -> list[int]:
    with scoped_transaction(engine, scope=scope) as connection:
        return [row.amount_fen for row in list_payments(connection, wanted=wanted, **how)]


def totals(engine: Engine, wanted: PaymentFilter, scope: Scope = ALL) -> PaymentTotals:
    with scoped_transaction(engine, scope=scope) as connection:
        return sum_payments(connection, wanted=wanted)


def test_the_sums_are_those_of_every_match_not_of_a_page(engine: Engine) -> None:
    # 5000 + 1280 + 12850 + 600 + 99999 = 119729; fees 455; costs 263
    found = totals(engine, ON_DAY1)
    assert (found.count, found.succeeded, found.amount_fen, found.fee_fen, found.cost_fen) == (
        5,
        5,
        119_729,
        455,
        263,
    )
    with scoped_transaction(engine, scope=ALL) as connection:
        pages = [
            row
            for page in range(3)
            for row in list_payments(connection, wanted=ON_DAY1, offset=page * 2, limit=2)
        ]
    assert len({row.payment_id for row in pages}) == 5
    assert sum(row.amount_fen for row in pages) == found.amount_fen
    assert sum(row.fee_fen or 0 for row in pages) == found.fee_fen


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"channel": "ALIPAY"}, [600]),
        ({"decision": "REVIEW"}, [99_999]),
        ({"state": "FAILED"}, []),
        ({"least_fen": 1_280, "most_fen": 5_000}, [1_280, 5_000]),
        ({"place": "M00002"}, [7_000]),
        ({"place": "S002"}, [7_000]),
        ({"place": "s00"}, [600, 1_280, 5_000, 7_000, 12_850, 99_999]),
        ({"place": "%"}, []),
        ({"number": "C-1"}, [1_280]),
        ({"number": "P999"}, []),
        ({"number": "' OR true --"}, []),
    ],
)
def test_filters(engine: Engine, changes: dict[str, object], expected: list[int]) -> None:
    wanted = replace(BOTH, **changes)
    assert sorted(amounts(engine, wanted)) == expected
    assert totals(engine, wanted).amount_fen == sum(expected)


def test_a_payment_is_found_by_its_number(engine: Engine) -> None:
    with scoped_transaction(engine, scope=ALL) as connection:
        first = list_payments(connection, wanted=BOTH)[0]
    assert amounts(engine, replace(BOTH, number=f"P{first.payment_id}")) == [first.amount_fen]


def test_order(engine: Engine) -> None:
    rising = amounts(engine, ON_DAY1, sort="amount", descending=False)
    assert rising == [600, 1_280, 5_000, 12_850, 99_999]
    assert amounts(engine, ON_DAY1, sort="no such column") == amounts(engine, ON_DAY1)


def test_the_day_is_a_day_of_shanghai(engine: Engine) -> None:
    assert amounts(engine, PaymentFilter(first=DAY2, last=DAY2)) == [7_000]


@pytest.mark.parametrize(
    ("scope", "expected"),
    [
        (Scope(kind="store", id=STORE), 119_729),
        (Scope(kind="store", id=OTHER_STORE), 7_000),
        (Scope(kind="broker", id=BROKER), 119_729),
        (Scope(kind="merchant", id=MERCHANT), 119_729),
        (Scope(kind="merchant", id="M00002"), 7_000),
        (Scope(kind="broker", id="B9999"), 0),
    ],
)
def test_rows_outside_the_scope_are_neither_listed_nor_summed(
    engine: Engine, scope: Scope, expected: int
) -> None:
    assert sum(amounts(engine, BOTH, scope)) == expected
    assert totals(engine, BOTH, scope).amount_fen == expected


@pytest.mark.parametrize("last", [DAY1 - timedelta(days=1), DAY1 + timedelta(days=92), date(2026, 1, 1)])
def test_a_range_that_cannot_be_is_refused(engine: Engine, last: date) -> None:
    with scoped_transaction(engine, scope=ALL) as connection, pytest.raises(RangeInvalid):
        sum_payments(connection, wanted=PaymentFilter(first=DAY1, last=last))
