"""W24: the edge of a velocity window, through the whole path of acceptance."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import Engine, text

from bench._payments_world import build
from payments_core.payments import AcceptRequest

START = datetime(2025, 4, 15, 2, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("seconds", "count", "sum_fen", "decision", "score", "hits"),
    [
        # (0, 600] holds 150, 300, 450, 600: four payments, 4 × 40,000
        ([0, 150, 300, 450, 600], 4, 160_000, "PASS", 0, ()),
        # (0, 600] holds all five, 5 × 40,000 = 200,000: R101
        ([1, 150, 300, 450, 600], 5, 200_000, "REVIEW", 40, ("R101",)),
    ],
)
@pytest.mark.parametrize("together", [True, False], ids=["one batch", "five batches"])
def test_w24_velocity_edge(
    engine: Engine,
    seconds: list[int],
    count: int,
    sum_fen: int,
    decision: str,
    score: int,
    hits: tuple[str, ...],
    together: bool,
) -> None:
    orders = [
        AcceptRequest(
            merchant_id="M00001",
            merchant_order_no=f"w24-{second}",
            amount_fen=40_000,
            channel="WECHAT",
            mode="SCANNED",
            payer_id="payer-1",
            created_at=START + timedelta(seconds=second),
        )
        for second in seconds
    ]
    with build(engine, merchants=1).committer(batch_limit=10 if together else 1) as committer:
        last = committer.accept_batch(orders, now=orders[-1].created_at)[-1]
    in_force = tuple(hit for hit in last.risk_hits if ":" not in hit)  # rules on trial have a prefix
    assert (last.risk_decision, last.risk_score, in_force) == (decision, score, hits)
    with engine.connect() as connection:
        facts = connection.execute(
            text("SELECT risk_facts(payment) FROM payment WHERE merchant_order_no = 'w24-600'")
        ).scalar_one()
    assert facts["agg.payer_merchant_cnt_10m"] == count
    assert facts["agg.payer_merchant_sum_10m_fen"] == sum_fen
