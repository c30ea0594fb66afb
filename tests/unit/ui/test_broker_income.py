"""A month beside the month before: only where there is enough to compare with."""

from __future__ import annotations

from datetime import date

import pytest

from payments_core.profit_share import Entry
from payments_core.reporting import Figures
from ui.pages.broker_income import Income


@pytest.mark.parametrize(
    ("days", "days_before", "is_comparable"),
    [
        (13, 0, False),  # a first month
        (13, 2, False),  # two days of showcase payments, three hundred times as much since
        (13, 6, False),
        (13, 7, True),  # 2 × 7 ≥ 13
        (1, 1, True),
        (3, 31, True),
    ],
)
def test_a_month_is_compared_with_at_least_half_as_many_days(
    days: int, days_before: int, is_comparable: bool
) -> None:
    income = Income(
        entries=tuple(_entry(date(2025, 4, day)) for day in range(1, days + 1)) * 2,
        before=tuple(_entry(date(2025, 3, day)) for day in range(1, days_before + 1)) * 2,
        figures=Figures(),
    )
    assert income.is_comparable is is_comparable
    assert (income.days_before, income.before_fen) == (days_before, 2 * days_before)


def _entry(on: date) -> Entry:
    return Entry(
        merchant_id="M00001",
        merchant_name="小区便利店",
        stream_id=1,
        line_no=1,
        business_date=on,
        party_kind="broker",
        party_id="B0001",
        role="opener",
        rate_ppm=240_000,
        pool_ppm=400_000,
        rounding="HALF_UP",
        rule_id="ps.beijing.default",
        rule_version=3,
        rule_line=20,
        release_no=1,
        margin_fen=4,
        delta_fen=1,
        cum_margin_fen=4,
        cum_fen=1,
    )
