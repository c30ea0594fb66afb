"""Money to the fen: tables with their sums."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from payments_core.errors import InvariantBroken
from payments_core.money import (
    AmountRelation,
    MoneyError,
    RateNotString,
    Rounding,
    Tier,
    TierMode,
    TierOrder,
    divide,
    format_change,
    format_fen,
    format_fraction,
    format_rate,
    parse_rate,
    parse_tiers,
    parse_yuan,
    payment_amounts,
    portion,
    split,
    tiered,
)

FEN = st.integers(-(10**12), 10**12)


@pytest.mark.parametrize(
    ("numerator", "denominator", "rounding", "expected"),
    [
        (5, 2, Rounding.HALF_UP, 3),  # 2.5 away from zero
        (-5, 2, Rounding.HALF_UP, -3),
        (5, 2, Rounding.HALF_EVEN, 2),
        (7, 2, Rounding.HALF_EVEN, 4),  # 3.5 → 4
        (-7, 2, Rounding.DOWN, -3),
        (7, 3, Rounding.HALF_UP, 2),  # 2.33
        (8, 3, Rounding.HALF_UP, 3),  # 2.67
    ],
)
def test_division_rounds_as_named(
    numerator: int, denominator: int, rounding: Rounding, expected: int
) -> None:
    assert divide(numerator, denominator, rounding) == expected


def test_division_by_nothing_is_our_bug() -> None:
    with pytest.raises(InvariantBroken):
        divide(1, 0)


@pytest.mark.parametrize(
    ("amount_fen", "rate", "fee_fen"),
    [
        (5000, "0.0038", 19),  # 19.0
        (1280, "0.0038", 5),  # 4.864
        (12850, "0.0038", 49),  # 48.83
        (600, "0.0038", 2),  # 2.28
        (99999, "0.0038", 380),  # 379.9962
        (500, "0.0038", 2),  # 1.9
    ],
)
def test_portion_of_a_sale(amount_fen: int, rate: str, fee_fen: int) -> None:
    assert portion(amount_fen, parse_rate(rate)) == fee_fen


@pytest.mark.parametrize(
    ("total_fen", "weights", "parts"),
    [
        (77, (24, 16), (46, 31)),  # W4: 46.2, 30.8
        (100, (1, 1, 1), (34, 33, 33)),  # a tie goes to the first listed
        (-77, (24, 16), (-46, -31)),
        (333, (70, 20, 10), (233, 67, 33)),  # W16: 233.1, 66.6, 33.3
        (0, (0, 0), (0, 0)),
        (15, (80, 8, 12), (12, 1, 2)),  # 12.0, 1.2, 1.8
    ],
)
def test_split_by_largest_remainder(total_fen: int, weights: tuple[int, ...], parts: tuple[int, ...]) -> None:
    assert split(total_fen, weights) == parts


@given(FEN, st.lists(st.integers(0, 10**6), min_size=1, max_size=8).filter(any))
def test_a_split_sums_exactly_and_stays_within_one_fen(total_fen: int, weights: list[int]) -> None:
    parts = split(total_fen, weights)
    assert sum(parts) == total_fen
    for part, weight in zip(parts, weights, strict=True):
        assert abs(part * sum(weights) - total_fen * weight) < sum(weights)


COMMUNITY = parse_tiers([{"upto_fen": 100_000, "rate": "0.0038"}, {"rate": "0.0060"}])
VOLUME = parse_tiers(
    [{"upto_fen": 10_000_000, "rate": "0"}, {"upto_fen": 30_000_000, "rate": "0.0002"}, {"rate": "0.0003"}]
)


@pytest.mark.parametrize(
    ("amount_fen", "tiers", "mode", "expected"),
    [
        (120_000, COMMUNITY, TierMode.MARGINAL, 500),  # 380 + 120
        (120_000, COMMUNITY, TierMode.WHOLE, 720),
        (100_000, COMMUNITY, TierMode.WHOLE, 380),  # the upper end belongs to the tier
        (100_001, COMMUNITY, TierMode.WHOLE, 600),  # 600.006
        (38_000_000, VOLUME, TierMode.MARGINAL, 6_400),  # 20万 × 0.02 % + 8万 × 0.03 % = 4,000 + 2,400
        (38_000_000, VOLUME, TierMode.WHOLE, 11_400),
        (0, VOLUME, TierMode.MARGINAL, 0),
    ],
)
def test_tiers(amount_fen: int, tiers: tuple[Tier, ...], mode: TierMode, expected: int) -> None:
    assert tiered(amount_fen, tiers, mode) == expected


@pytest.mark.parametrize(
    "rows",
    [
        [],
        [{"upto_fen": 100, "rate": "0.1"}],
        [{"rate": "0.1"}, {"rate": "0.2"}],
        [{"upto_fen": 200, "rate": "0.1"}, {"upto_fen": 200, "rate": "0.1"}, {"rate": "0.2"}],
    ],
)
def test_tiers_out_of_order_are_refused(rows: list[dict[str, object]]) -> None:
    with pytest.raises(TierOrder):
        parse_tiers(rows)


@pytest.mark.parametrize(
    ("text", "ppm"), [("0.0038", 3800), ("1", 1_000_000), ("0", 0), ("0.000001", 1), ("-0.01", -10_000)]
)
def test_rates_are_quoted_decimals(text: str, ppm: int) -> None:
    assert parse_rate(text) == ppm


@pytest.mark.parametrize("text", [0.0038, 1, None, "0.38%", "1e-3", ".5", "0.0000001", ""])
def test_anything_else_is_no_rate(text: object) -> None:
    with pytest.raises(RateNotString):
        parse_rate(text)


@pytest.mark.parametrize(
    ("text", "fen"), [("19.90", 1990), ("-0.01", -1), ("0.00000", 0), ("1234567", 123456700), (" 5.1 ", 510)]
)
def test_yuan(text: str, fen: int) -> None:
    assert parse_yuan(text) == fen


@pytest.mark.parametrize("text", ["0.001", "1,000.00", "¥5", "", "1e3", "NaN"])
def test_what_is_no_amount_in_yuan(text: str) -> None:
    with pytest.raises(MoneyError):
        parse_yuan(text)


def test_figures_as_people_read_them() -> None:
    assert format_fen(123_456) == "¥1,234.56"
    assert format_fen(-5) == "−¥0.05"
    assert format_fen(5, symbol=False, signed=True) == "+0.05"
    assert format_fen(0, signed=True) == "¥0.00"
    assert format_rate(3800) == "0.38 %"
    assert format_rate(450_000) == "45 %"
    assert format_fraction(15_360_000) == "¥0.1536"
    assert format_change(109, 100) == "9.0 %"
    assert format_change(5, 0) is None


def test_w17_alipay_amounts() -> None:
    amounts = payment_amounts(
        total_fen=10_000,
        undiscountable_fen=2_000,
        merchant_discount_ppm=100_000,
        platform_discount_fen=500,
        points_fen=200,
    )
    # 10,000 − 10 % × 8,000 = 9,200; − 500 = 8,700; − 200 = 8,500
    assert (amounts.settle_fen, amounts.buyer_paid_fen, amounts.invoice_fen) == (9_200, 8_700, 8_500)


@pytest.mark.parametrize(
    "figures",
    [
        {"total_fen": 0},
        {"total_fen": 100, "undiscountable_fen": 101},
        {"total_fen": 100, "platform_discount_fen": 101},
        {"total_fen": 100, "platform_discount_fen": 60, "points_fen": 41},
        {"total_fen": 100, "merchant_discount_ppm": 1_000_001},
    ],
)
def test_discounts_beyond_the_amount_are_refused(figures: dict[str, int]) -> None:
    with pytest.raises(AmountRelation):
        payment_amounts(**figures)
