"""W7, W8, the fee part of W9, and W17: what a payment costs, to the fen."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest
from sqlalchemy import Engine, text

from bench._payments_world import build, rule_files, rulebook
from engine.rulebook import Rulebook
from payments_core.fees import eligible_margin_fen, price
from payments_core.money import payment_amounts
from payments_core.payments import AcceptRequest, Capture

FEE = "rules/merchant_fee/fee.midnight.yaml"
DEFAULT = "rules/merchant_fee/fee.default.yaml"
BEIJING = "rules/merchant_fee/fee.community.std.yaml"
RULE = """
kind: merchant_fee
id: {id}
version: 1
title: test
owner: test
effective: {{from: "{start}", to: {end}}}
scope: {{city: [BJ]}}
spec:
  basis: settle_amount_fen
  clock: txn.paid_at
  rounding: {{unit: fen, mode: HALF_UP, per: txn}}
  refund: return_cumulative
  allow_negative_margin: true
  rows: [{row}]
"""


def fee_rule(
    name: str, row: str, *, start: str = "2025-01-01T00:00:00+08:00", end: str = "null"
) -> dict[str, str]:
    """A fee for Beijing; that it may lie below some channel's cost is declared, as a release demands."""
    rule_id = f"fee.{name}"
    text = RULE.format(id=rule_id, start=start, end=end, row=row)
    return {f"rules/merchant_fee/{rule_id}.yaml": text}


def book(*files: dict[str, str]) -> Rulebook:
    """The product's rulebook with these fee rules instead of Beijing's own."""
    changes: dict[str, str] = {}
    for one in files:
        changes |= one
    # Beijing's own rule would be as specific: it steps aside to another city.
    own = rule_files()[BEIJING].replace("city: [BJ]", "city: [SH]")
    return rulebook({**changes, BEIJING: own})


MIDNIGHT = (
    fee_rule("until.march", '{when: "true", rate: "0.0038"}', end='"2025-03-01T00:00:00+08:00"'),
    fee_rule("from.march", '{when: "true", rate: "0.0030"}', start="2025-03-01T00:00:00+08:00"),
)


@pytest.mark.parametrize(
    ("created", "paid", "fee_fen"),
    [
        ("2025-02-28T23:59:59.999+08:00", "2025-02-28T23:59:59.999+08:00", 38),  # 10,000 × 0.38 %
        ("2025-03-01T00:00:00.000+08:00", "2025-02-28T16:00:00.000+00:00", 30),  # the same instant, new fee
        ("2025-02-28T23:59:50.000+08:00", "2025-03-01T00:00:03.000+08:00", 30),  # created before, paid after
    ],
)
def test_w7_the_fee_is_that_of_the_moment_of_paying(
    engine: Engine, created: str, paid: str, fee_fen: int
) -> None:
    created_at, paid_at = datetime.fromisoformat(created), datetime.fromisoformat(paid)
    order = AcceptRequest(
        merchant_id="M00001",
        merchant_order_no="w7",
        amount_fen=10_000,
        channel="WECHAT",
        mode="SCANNED",
        created_at=created_at,
    )
    with build(engine, merchants=1, book=book(*MIDNIGHT)).committer() as committer:
        (accepted,) = committer.accept_batch([order], now=created_at)
        capture = Capture(
            merchant_id="M00001", payment_id=accepted.payment_id, paid_at=paid_at, channel_order_no="x"
        )
        (settled,) = committer.capture_batch([capture], now=paid_at)
    assert settled.fee_fen == fee_fen
    with engine.connect() as connection:
        assert connection.execute(text("SELECT fee_fen FROM payment")).scalar_one() == fee_fen


def priced(made: Rulebook, amount_fen: int, **facts: Any) -> Any:
    given = {name.replace("__", "."): value for name, value in facts.items()}
    given |= {"txn.settle_amount_fen": amount_fen}
    return price(
        rulebook=made,
        facts=made.vocabulary.conform(given),
        at=datetime.fromisoformat("2025-04-15T12:00:00+08:00"),
        scope={"city": "BJ"},
        settle_amount_fen=amount_fen,
    )


TIERS = (
    "tiers: {{mode: {}, by: txn.settle_amount_fen,"
    ' rows: [{{upto_fen: 100000, rate: "0.0038"}}, {{rate: "0.0060"}}]}}'
)


@pytest.mark.parametrize(
    ("row", "amount_fen", "fee_fen"),
    [
        (TIERS.format("marginal"), 120_000, 500),  # 380 + 20,000 × 0.60 %
        (TIERS.format("whole"), 120_000, 720),
        ('rate: "0.0050", cap_fen: 2000', 1_000_000, 2000),  # 5,000 before the cap
    ],
)
def test_w8_tiers_and_cap(row: str, amount_fen: int, fee_fen: int) -> None:
    made = book(fee_rule("w8", f'{{when: "true", {row}}}'))
    assert priced(made, amount_fen).fee_fen == fee_fen


def test_w8_with_the_rules_as_shipped() -> None:
    shipped = rulebook()
    assert priced(shipped, 120_000, txn__channel="UNIONPAY_QR").fee_fen == 500
    assert priced(shipped, 1_000_000, txn__channel="BANKCARD", txn__card_type="DEBIT").fee_fen == 2000


def test_w9_a_campaign_may_sell_below_cost_and_brokers_bear_none_of_it() -> None:
    made = book(fee_rule("w9", '{when: "true", rate: "0.0020"}'))
    campaign = priced(made, 50_000)
    normal = priced(rulebook(), 5_000)
    assert (campaign.fee_fen, campaign.cost_fen) == (100, 110)
    assert (normal.fee_fen, normal.cost_fen) == (19, 11)
    margins = [eligible_margin_fen(fee_fen=p.fee_fen, cost_fen=p.cost_fen) for p in (campaign, normal)]
    assert margins == [0, 8]  # brokers share 40 % of 8; the platform bears the −10


def test_w17_fee_is_on_what_the_merchant_is_due(engine: Engine) -> None:
    amounts = payment_amounts(
        total_fen=10_000,
        undiscountable_fen=2_000,
        merchant_discount_ppm=100_000,
        platform_discount_fen=500,
        points_fen=200,
    )
    assert (amounts.settle_fen, amounts.buyer_paid_fen, amounts.invoice_fen) == (9_200, 8_700, 8_500)
    at = datetime.fromisoformat("2025-04-15T12:00:00+08:00")
    order = AcceptRequest(
        merchant_id="M00001",
        merchant_order_no="w17",
        amount_fen=amounts.total_fen,
        settle_amount_fen=amounts.settle_fen,
        buyer_paid_fen=amounts.buyer_paid_fen,
        channel="ALIPAY",
        mode="SCANNED",
        created_at=at,
    )
    with build(engine, merchants=1).committer() as committer:
        (accepted,) = committer.accept_batch([order], now=at)
        capture = Capture(
            merchant_id="M00001", payment_id=accepted.payment_id, paid_at=at, channel_order_no="x"
        )
        (settled,) = committer.capture_batch([capture], now=at)
    assert settled.fee_fen == 35  # 9,200 × 0.38 % = 34.96
    with engine.connect() as connection:
        moved = connection.execute(text("SELECT amount_fen FROM transfer WHERE code = 'PAYMENT'"))
        assert moved.scalar_one() == 9_200
