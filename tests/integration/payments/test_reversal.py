"""How long a refund takes shares back: the days that the share rule of the sale says, 180 in the product."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

NOW = datetime(2025, 4, 15, 2, 0, tzinfo=UTC)
DELTAS = "SELECT fee_back_fen, cost_back_fen, eligible_margin_delta_fen FROM refund ORDER BY refund_id"


def test_a_refund_takes_shares_back_on_the_last_day_and_not_after(till: Any) -> None:
    paid = till.pay(12_850)  # fee 49, cost 28, margin 21
    till.refund(paid, 3_000, now=NOW + timedelta(days=180))
    till.refund(paid, 9_850, now=NOW + timedelta(days=180, seconds=1))
    # The merchant gets its fee back and the channel its cost either way; the later margin is the platform's.
    assert till.rows(DELTAS) == [(12, 6, -6), (37, 22, 0)]
    for account in ("MERCHANT_PAYABLE", "FEE_INCOME", "CHANNEL_COST", "CHANNEL_CLEARING"):
        assert till.balance(account) == 0


def test_the_day_the_refund_was_asked_for_counts_however_late_its_channel_answers(till: Any) -> None:
    paid = till.pay(12_850)
    (reserved,) = till.commit(till.refund_of(paid, 12_850, requested_at=NOW + timedelta(days=180)))
    till.commit(till.result_of(reserved, at=NOW + timedelta(days=182)))
    assert till.rows(DELTAS) == [(49, 28, -21)]
