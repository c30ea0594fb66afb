"""What a rule that begins in the past makes of payments booked already, to the fen."""

from __future__ import annotations

from typing import Any

import pytest

from tests.integration.corrections.conftest import COST, DAY1, DAY2, FEE, SHARE, at, corrected

DEARER = ('{when: "true", rate: "0.0038", label: 标准}', '{when: "true", rate: "0.0040", label: 标准}')
CHEAPER = ('{when: "true", rate: "0.0038", label: 标准}', '{when: "true", rate: "0.0030", label: 标准}')
COSTLIER = ('{when: "true", rate: "0.0022", label: 扫码}', '{when: "true", rate: "0.0025", label: 扫码}')
HALVES = ('role: opener, rate: "0.24"', 'role: opener, rate: "0.34"')
ENTRY = "SELECT cause, fee_delta_fen, cost_delta_fen, margin_delta_fen, from_margin_fen FROM correction"


@pytest.mark.parametrize(
    ("path", "version", "edit", "entry", "shares"),
    [
        # fee 40 − 38; margin 18 − 16, shared at 40 % of 18 = 7.2
        (FEE, 5, DEARER, (2, 0, 2, 0), 7),
        # fee 30 − 38; margin 8 − 16, 40 % of 8 = 3.2
        (FEE, 5, CHEAPER, (-8, 0, -8, 0), 3),
        # cost 25 − 22; margin 13 − 16, 40 % of 13 = 5.2
        (COST, 3, COSTLIER, (0, 3, -3, 0), 5),
        # nothing of the price; the margin of 16 goes from one stream to another: 50 % of 16 = 8
        (SHARE, 4, HALVES, (0, 0, 16, -16), 8),
    ],
)
def test_a_correction_books_the_difference(
    shop: Any, path: str, version: int, edit: tuple[str, str], entry: tuple[int, ...], shares: int
) -> None:
    shop.sell(10_000)
    shop.run(DAY1)
    payments = shop.rows("SELECT * FROM payment")
    shop.publish({path: corrected(path, edit, version=version)}, now=at(DAY2))
    result = shop.run(DAY2)
    assert shop.rows(ENTRY) == [("RULE", *entry)]
    assert shop.rows("SELECT * FROM payment") == payments
    assert sum(shop.shares().values()) == shares
    assert result.figures("corrections")["fee_fen"] == entry[0]
    assert shop.balance("FEE_INCOME") == 38 + entry[0]
    assert shop.balance("CHANNEL_COST") == -22 - entry[1]
    assert shop.rows(
        "SELECT plan_fen, fee_corrected_fen FROM settlement WHERE business_date = :day", day=DAY2
    ) == ([(-entry[0], entry[0])] if entry[0] else [])
