"""W10: a broker's month crosses a tier; marginal and whole, for the month and for the day of the crossing."""

from __future__ import annotations

import pytest

from payments_core.money import TierMode, parse_tiers, tiered

TIERS = parse_tiers(
    [{"upto_fen": 10_000_000, "rate": "0"}, {"upto_fen": 30_000_000, "rate": "0.0002"}, {"rate": "0.0003"}]
)


@pytest.mark.parametrize(
    ("mode", "month_fen", "crossing_day_fen"),
    [
        # 200,000 × 0.02 % + 80,000 × 0.03 % = 40 + 24; the day: 10,000 × 0.02 % + 20,000 × 0.03 % = 2 + 6
        (TierMode.MARGINAL, 6_400, 800),
        # 380,000 × 0.03 % = 114; the day: 320,000 × 0.03 % − 290,000 × 0.02 % = 96 − 58
        (TierMode.WHOLE, 11_400, 3_800),
    ],
)
def test_w10_tier_crossing(mode: TierMode, month_fen: int, crossing_day_fen: int) -> None:
    assert tiered(38_000_000, TIERS, mode) == month_fen
    assert tiered(32_000_000, TIERS, mode) - tiered(29_000_000, TIERS, mode) == crossing_day_fen
