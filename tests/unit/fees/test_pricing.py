"""How a rule row charges, and what a refund gives back."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from payments_core.fees import (
    SHARE_LOSS,
    FeeRowUnclear,
    eligible_margin_fen,
    parse_pricing,
    remaining_margin_fen,
    rounding_of,
)
from payments_core.money import RateNotString, Rounding

TIERS = {"by": "txn.settle_amount_fen", "rows": [{"upto_fen": 100000, "rate": "0.0038"}, {"rate": "0.0060"}]}


@pytest.mark.parametrize(
    ("outputs", "amount_fen", "charge_fen"),
    [
        ({"rate": "0.0038"}, 5000, 19),  # 19.0
        ({"rate": "0.0038"}, 1280, 5),  # 4.864
        ({"rate": "0.0022"}, 600, 1),  # 1.32
        ({"rate": "0.0050", "cap_fen": 2000}, 1_000_000, 2000),  # 5000, capped
        ({"rate": "0.0038", "min_fen": 10}, 100, 10),  # 0.38, raised
        ({"rate": "0.0038", "min_fen": 10}, 0, 0),  # nothing for nothing
        ({"tiers": {"mode": "marginal", **TIERS}}, 120_000, 500),  # 380 + 120
        ({"tiers": {"mode": "whole", **TIERS}}, 120_000, 720),
    ],
)
def test_a_row_charges(outputs: dict, amount_fen: int, charge_fen: int) -> None:
    assert parse_pricing(outputs, rounding=Rounding.HALF_UP).amount_fen(amount_fen) == charge_fen


@pytest.mark.parametrize(
    "outputs",
    [
        {},
        {"rate": "0.0038", "tiers": {"mode": "whole", **TIERS}},
        {"rate": "0.0038", "min_fen": 20, "cap_fen": 10},
        {"tiers": {"by": "merchant.gmv_1d_fen", "rows": [{"rate": "0.0038"}]}},
    ],
)
def test_an_unclear_row_is_refused(outputs: dict) -> None:
    with pytest.raises(FeeRowUnclear) as refused:
        parse_pricing(outputs, rounding=Rounding.HALF_UP)
    assert refused.value.code == "FEE_ROW_UNCLEAR"


def test_a_rate_that_is_no_text_is_refused() -> None:
    with pytest.raises(RateNotString):
        parse_pricing({"rate": 38}, rounding=Rounding.HALF_UP)


def test_the_rounding_is_the_rules_own() -> None:
    assert rounding_of({"rounding": {"mode": "DOWN"}}) is Rounding.DOWN
    assert rounding_of({}) is Rounding.HALF_UP


def test_a_refund_gives_back_the_difference_of_the_cumulative_fee() -> None:
    pricing = parse_pricing({"rate": "0.0038"}, rounding=Rounding.HALF_UP)
    assert pricing.back_fen(before_fen=12_850, amount_fen=3_000) == 12  # 49 − 37
    assert pricing.back_fen(before_fen=9_850, amount_fen=9_850) == 37


@given(
    amount_fen=st.integers(1, 10_000_000),
    cuts=st.lists(st.integers(0, 10_000_000), max_size=8),
    outputs=st.sampled_from(
        [
            {"rate": "0.0038"},
            {"rate": "0.0050", "cap_fen": 2000},
            {"rate": "0.0022", "min_fen": 3},
            {"tiers": {"mode": "marginal", **TIERS}},
        ]
    ),
)
def test_any_partition_of_a_refund_returns_the_whole_fee(amount_fen: int, cuts: list, outputs: dict) -> None:
    pricing = parse_pricing(outputs, rounding=Rounding.HALF_UP)
    edges = sorted({0, amount_fen, *(cut % amount_fen for cut in cuts)}, reverse=True)
    parts = pairwise(edges)
    back = sum(pricing.back_fen(before_fen=before, amount_fen=before - after) for before, after in parts)
    assert back == pricing.amount_fen(amount_fen)


@pytest.mark.parametrize(
    ("policy", "fee_fen", "cost_fen", "eligible_fen"),
    [("zero_for_broker", 100, 110, 0), ("zero_for_broker", 19, 11, 8), (SHARE_LOSS, 100, 110, -10)],
)
def test_the_eligible_margin(policy: str, fee_fen: int, cost_fen: int, eligible_fen: int) -> None:
    assert eligible_margin_fen(fee_fen=fee_fen, cost_fen=cost_fen, policy=policy) == eligible_fen


def test_an_excluded_sale_stays_excluded_and_a_shared_loss_stays_shared() -> None:
    assert remaining_margin_fen(sold_fen=0, fee_fen=37, cost_fen=22) == 0
    assert remaining_margin_fen(sold_fen=21, fee_fen=37, cost_fen=22) == 15
    assert remaining_margin_fen(sold_fen=-10, fee_fen=50, cost_fen=55) == -5
