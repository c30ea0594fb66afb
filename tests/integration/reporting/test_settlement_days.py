"""The page of settlement: totals equal the sum of the rows, days, payout states, and each reader's rows."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import Engine

from payments_core.calendar import day_bounds
from payments_core.database import Scope, scoped_transaction, transaction
from payments_core.reporting.queries_settlement import (
    SettlementRow,
    SettlementTotals,
    list_settled_days,
    list_settlement_rows,
    sum_settlements,
)
from payments_core.settlement import run_day
from tests.builders import (
    DAY1,
    MERCHANT,
    NEXT_DAY,
    OTHER_STORE,
    SUCCESSOR,
    Policy,
    build_merchant,
    build_org,
    give_back,
    pay,
    sell_w1,
)

ALL = Scope(kind="all")
POLICY = Policy(spec={"cycle": NEXT_DAY, "min_payout_fen": 100})


@pytest.fixture(autouse=True)
def world(engine: Engine) -> None:
    """W1 less a refund of ¥30.00 at M00001, one payment of 50 fen at M00002, settled."""
    with transaction(engine) as connection:
        build_org(connection)
        build_merchant(connection)
        build_merchant(connection, "M00002", broker_id=SUCCESSOR, store_id=OTHER_STORE)
        sold = sell_w1(connection)
        give_back(connection, sold[2], amount_fen=3_000, fee_back_fen=12, cost_back_fen=6)
        pay(
            connection,
            amount_fen=50,
            fee_fen=0,
            cost_fen=0,
            merchant_id="M00002",
            store_id=OTHER_STORE,
            broker_id=SUCCESSOR,
        )
    run_day(engine, POLICY, business_date=DAY1, now=day_bounds(DAY1)[1] + timedelta(hours=2))


def read(
    engine: Engine, scope: Scope = ALL, **filters: str
) -> tuple[tuple[SettlementRow, ...], SettlementTotals]:
    with scoped_transaction(engine, scope=scope) as connection:
        return (
            list_settlement_rows(connection, on=DAY1, **filters),
            sum_settlements(connection, on=DAY1, **filters),
        )


def test_totals_are_the_sums_of_the_rows(engine: Engine) -> None:
    rows, totals = read(engine)
    # 119,729 − 455 − 3,000 + 12 = 116,286 paid; 50 is below the minimum and carried
    assert [(row.merchant_id, row.plan_fen, row.real_fen, row.carried_out_fen) for row in rows] == [
        (MERCHANT, 116_286, 116_286, 0),
        ("M00002", 50, 0, 50),
    ]
    assert totals.merchants == len(rows)
    for name in SettlementTotals.__dataclass_fields__:
        if name not in ("merchants", "paid_fen"):
            assert getattr(totals, name) == sum(getattr(row, name) for row in rows), name


def test_the_payout_of_each_row(engine: Engine) -> None:
    rows, totals = read(engine)
    assert [row.payout_state for row in rows] == ["PROCESSING", None]
    assert totals.paid_fen == 0  # instructed is not paid


@pytest.mark.parametrize(
    ("filters", "expected"),
    [
        ({"place": MERCHANT}, [MERCHANT]),
        ({"place": "m0000"}, [MERCHANT, "M00002"]),
        ({"place": "%"}, []),
        ({"payout": "PROCESSING"}, [MERCHANT]),
        ({"payout": "SUCCESS"}, []),
    ],
)
def test_filters_hold_for_rows_and_totals(
    engine: Engine, filters: dict[str, str], expected: list[str]
) -> None:
    rows, totals = read(engine, **filters)
    assert [row.merchant_id for row in rows] == expected
    assert totals.real_fen == sum(row.real_fen for row in rows)


def test_the_day_with_its_steps(engine: Engine) -> None:
    with scoped_transaction(engine, scope=ALL) as connection:
        (day,) = list_settled_days(connection, until=DAY1)
    assert (day.on, day.state, day.merchants, day.plan_fen, day.real_fen) == (
        DAY1,
        "SETTLED",
        2,
        116_336,
        116_286,
    )
    assert {"close", "corrections", "shares", "settlement", "payouts", "proof"} <= day.finished.keys()
    assert day.figures["proof"]


@pytest.mark.parametrize(
    ("scope", "expected"),
    [
        (Scope(kind="merchant", id="M00002"), 50),
        (Scope(kind="store", id=OTHER_STORE), 50),
        (Scope(kind="merchant", id="M09999"), 0),
    ],
)
def test_settlements_outside_the_scope_are_hidden(engine: Engine, scope: Scope, expected: int) -> None:
    rows, totals = read(engine, scope)
    assert sum(row.plan_fen for row in rows) == totals.plan_fen == expected
    with scoped_transaction(engine, scope=scope) as connection:
        (day,) = list_settled_days(connection, until=DAY1)
    assert day.plan_fen == expected
