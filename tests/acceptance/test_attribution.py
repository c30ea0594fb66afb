"""W14: broker B moves stores on the 16th at 00:00; who earns what before and after, for each choice.

Merchant margin 1–15: 12,345; 16–31: 10,010. The broker's role has 40 %, the store 5 %.
40 % × 12,345 = 4,938; × 10,010 = 4,004. 5 % × 12,345 = 617.25 → 617; × 10,010 = 500.5 → 501.
"""

from __future__ import annotations

from datetime import date, datetime

import pytest
from sqlalchemy import Connection, Engine, text

from payments_core.calendar import SHANGHAI
from payments_core.database import transaction
from payments_core.ledger import Account, list_balances
from payments_core.merchants.bindings import Choice, Handover, transfer_broker
from payments_core.merchants.directory import Directory
from payments_core.profit_share import post_shares
from tests.builders import (
    BROKER,
    MERCHANT,
    NOW,
    OTHER_STORE,
    STORE,
    SUCCESSOR,
    Condition,
    ShareRule,
    build_merchant,
    build_org,
    pay,
    stream,
)

FIRST, SECOND = date(2025, 3, 10), date(2025, 3, 20)
MOVE = datetime(2025, 3, 16, tzinfo=SHANGHAI)
RULE = ShareRule(
    more={"store_override": {"rate": "0.05", "when": "store.active_merchants >= 20"}},
    conditions={
        ("store_override", "when"): Condition(holds=lambda facts: facts["store.active_merchants"] >= 20)
    },
)


@pytest.fixture
def connection(engine: Engine) -> Connection:
    with transaction(engine) as connection:
        build_org(connection)
        build_merchant(connection)
        yield connection


def sell(connection: Connection, day: date, margin_fen: int, *, hour: int = 12) -> None:
    """One payment with this margin, in the stream of whoever serves the merchant then."""
    at = datetime(day.year, day.month, day.day, hour, tzinfo=SHANGHAI)
    directory = Directory()
    directory.catch_up(connection, connection.execute(text("SELECT directory_no FROM lane")).scalar_one())
    served = directory.binding(MERCHANT, at)
    joined = stream(
        rule=RULE,
        store_id=served.store_id,
        opener=served.opener,
        maintainer=served.maintainer,
        paid_on=day,
        facts={"store.active_merchants": 20},
    )
    pay(
        connection,
        amount_fen=10_000_000,
        fee_fen=22_000 + margin_fen,
        cost_fen=22_000,
        day=day,
        in_stream=joined,
        store_id=served.store_id,
        broker_id=served.broker_id,
        paid_at=at,
    )


def earned(connection: Connection) -> dict[str, int]:
    for day in (FIRST, SECOND):
        post_shares(connection, business_date=day, release_no=1, now=NOW)
    balances = list_balances(connection, merchant_id=MERCHANT)
    return {b.party: b.credit_fen for b in balances if b.account is Account.PARTY_PAYABLE}


@pytest.mark.parametrize(
    ("choice", "handover", "expected"),
    [
        (Choice.STAY_WITH_STORE, None, {BROKER: 4938, SUCCESSOR: 4004, STORE: 617 + 501}),
        (Choice.FOLLOW_BROKER, None, {BROKER: 4938 + 4004, STORE: 617, OTHER_STORE: 501}),
        (
            Choice.HANDOVER,
            Handover(days=30, kept_ppm=500_000),
            {BROKER: 4938 + 2002, SUCCESSOR: 2002, STORE: 617 + 501},
        ),
    ],
)
def test_w14(
    connection: Connection, choice: Choice, handover: Handover | None, expected: dict[str, int]
) -> None:
    transfer_broker(
        connection,
        broker_id=BROKER,
        to_store_id=OTHER_STORE,
        at=MOVE,
        choice=choice,
        successor_id=None if choice is Choice.FOLLOW_BROKER else SUCCESSOR,
        handover=handover,
    )
    sell(connection, FIRST, 12_345)
    sell(connection, SECOND, 10_010)
    assert earned(connection) == expected


def test_the_successor_has_everything_after_the_handover(connection: Connection) -> None:
    transfer_broker(
        connection,
        broker_id=BROKER,
        to_store_id=OTHER_STORE,
        at=MOVE,
        choice=Choice.HANDOVER,
        successor_id=SUCCESSOR,
        handover=Handover(days=4),
    )
    sell(connection, SECOND, 10_010, hour=0)  # 16th + 4 days = the 20th at 00:00
    assert earned(connection) == {SUCCESSOR: 4004, STORE: 501}
