"""A day's corrections recomputed from their releases: they agree to the fen, and one fen off is named."""

from __future__ import annotations

from datetime import date
from typing import Any

from sqlalchemy import Connection, text

from payments_core.settlement.verify import Verified, verify_day
from tests.integration.corrections.conftest import COST, DAY1, DAY2, DAY3, FEE, SHARE, at, corrected
from tests.integration.corrections.test_book import COSTLIER, DEARER, HALVES

EVERYTHING = {
    FEE: corrected(FEE, DEARER, version=5),
    COST: corrected(COST, COSTLIER, version=3),
    SHARE: corrected(SHARE, HALVES, version=4),
}


TAMPERED = {
    "fee_delta_fen": "fee_corrected",
    "cost_delta_fen": "cost_corrected",
    "margin_delta_fen": "margin_corrected",
    "from_margin_fen": "margin_corrected",
}


def verified(connection: Connection, shop: Any, day: date) -> dict[str, Verified]:
    found = verify_day(connection, shop.world.rulebooks, business_date=day)
    return {one.figure: one for one in found}


def test_one_fen_off_is_found_and_named(shop: Any) -> None:
    paid = shop.sell(10_000)
    shop.refund(paid, 1_234, day=DAY1)
    shop.run(DAY1)
    shop.publish(EVERYTHING, now=at(DAY2))
    shop.run(DAY2)
    shop.refund(paid, 3_210, day=DAY3)
    shop.run(DAY3)
    with shop.world.engine.connect() as connection:
        for day in (DAY1, DAY2, DAY3):
            found = verified(connection, shop, day)
            assert [one.figure for one in found.values() if one.differences] == []
        assert all(found[figure].rows for figure in TAMPERED.values())
        connection.execute(text("SET session_replication_role = replica"))  # past the append-only trigger
        for column, figure in TAMPERED.items():
            change = connection.begin_nested()
            connection.execute(text(f"UPDATE correction SET {column} = {column} + 1 WHERE number = 1"))
            wrong = verified(connection, shop, DAY2)[figure].differences
            assert [one.booked - one.computed for one in wrong] == [1]
            change.rollback()
