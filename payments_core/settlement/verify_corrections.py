"""Recompute what a day's corrections must have made of each payment, from the releases their rows name.

A correction is right where payment, refunds and corrections to the day together come to what the price of its
rows makes of the rest of the sale. So nothing is taken from the true-up itself: the sums of the books stand
on one side, the price of the releases on the other. That the margin is shared whole in one stream and in no
other is held to the same sums.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, timedelta
from typing import Any, Protocol

from sqlalchemy import Connection, Row, text

from engine.rulebook import Rule
from payments_core.fees import Pricing, remaining_margin_fen

_Figure = tuple[str, str, int, int]
"""Figure, subject, booked, computed."""


class Book(Protocol):
    """The rules and prices of releases."""

    def pricing(self, release_no: int, rule_id: str, version: int, row_no: int, at: Any, /) -> Pricing: ...
    def rule(self, release_no: int, rule_id: str, version: int, /) -> Rule: ...


def corrected_figures(connection: Connection, book: Book, *, business_date: date) -> Iterator[_Figure]:
    """Yield fee, cost and margins of every payment that was corrected on the day, net to its end."""
    asked = {"day": business_date}
    margins: dict[tuple[str, int], dict[int, int]] = defaultdict(dict)
    for row in connection.execute(text(_MARGINS), asked):
        margins[row.merchant_id, row.payment_id][row.stream_id] = row.fen
    refunds: dict[tuple[str, int], list[Row[Any]]] = defaultdict(list)
    for row in connection.execute(text(_REFUNDS), asked):
        refunds[row.merchant_id, row.payment_id].append(row)
    for row in connection.execute(text(_CORRECTED), asked):
        key = (row.merchant_id, row.payment_id)
        subject = f"corrected payment {row.merchant_id}/{row.payment_id}"
        for figure, booked, computed in _net(book, row, refunds[key], margins[key]):
            yield figure, subject, booked, computed


def _net(
    book: Book, row: Row[Any], refunds: Sequence[Row[Any]], margins: Mapping[int, int]
) -> Iterator[tuple[str, int, int]]:
    fee = book.pricing(row.release_no, row.fee_rule, row.fee_version, row.fee_row, row.paid_at)
    cost = book.pricing(row.release_no, row.cost_rule, row.cost_version, row.cost_row, row.paid_at)
    left_fen = row.settle_amount_fen - sum(one.amount_fen for one in refunds)
    yield "fee_corrected", row.fee_net_fen, fee.amount_fen(left_fen)
    yield "cost_corrected", row.cost_net_fen, cost.amount_fen(left_fen)
    shared_fen = _margin(book, row, refunds, fee, cost)
    for stream_id in {row.stream_id, *margins} - {None}:
        yield "margin_corrected", margins.get(stream_id, 0), shared_fen if stream_id == row.stream_id else 0


def _margin(book: Book, row: Row[Any], refunds: Sequence[Row[Any]], fee: Pricing, cost: Pricing) -> int:
    """The row says whether the share rule excluded the sale; refunds within its days take their part back."""
    if not row.eligible_margin_fen or row.stream_id is None:
        return 0
    reversal = book.rule(row.release_no, row.share_rule, row.share_version).spec.get("reversal")
    until = row.paid_at + timedelta(days=int(reversal["max_days"])) if reversal else None
    sold_fen = fee.amount_fen(row.settle_amount_fen) - cost.amount_fen(row.settle_amount_fen)
    left_fen, margin_fen, kept_fen = row.settle_amount_fen, sold_fen, sold_fen
    for one in refunds:
        left_fen -= one.amount_fen
        after_fen = remaining_margin_fen(
            sold_fen=sold_fen, fee_fen=fee.amount_fen(left_fen), cost_fen=cost.amount_fen(left_fen)
        )
        if until is None or one.requested_at <= until:
            kept_fen += after_fen - margin_fen
        margin_fen = after_fen
    return kept_fen


_TOUCHED = "SELECT DISTINCT merchant_id, payment_id FROM correction WHERE business_date = :day"
# The price is that of the last row; the release, that of the last row which brought a price.
_CORRECTED = f"""
SELECT p.merchant_id, p.payment_id, p.paid_at, p.settle_amount_fen, n.eligible_margin_fen, n.stream_id,
  n.priced_by AS release_no, f.rule_id AS fee_rule, f.version AS fee_version, f.row_no AS fee_row,
  c.rule_id AS cost_rule, c.version AS cost_version, c.row_no AS cost_row,
  s.rule_id AS share_rule, s.rule_version AS share_version,
  (p.fee_fen - b.fee_fen + n.fee_fen)::bigint AS fee_net_fen,
  (p.cost_fen - b.cost_fen + n.cost_fen)::bigint AS cost_net_fen
FROM ({_TOUCHED}) t JOIN payment p USING (merchant_id, payment_id)
CROSS JOIN LATERAL (SELECT sum(fee_delta_fen) AS fee_fen, sum(cost_delta_fen) AS cost_fen,
    (array_agg(eligible_margin_fen ORDER BY number DESC))[1] AS eligible_margin_fen,
    (array_agg(stream_id ORDER BY number DESC))[1] AS stream_id,
    (array_agg(fee_ref_no ORDER BY number DESC))[1] AS fee_ref_no,
    (array_agg(cost_ref_no ORDER BY number DESC))[1] AS cost_ref_no,
    (array_agg(release_no ORDER BY number DESC) FILTER (WHERE cause = 'RULE'))[1] AS priced_by
  FROM correction x WHERE x.merchant_id = p.merchant_id AND x.payment_id = p.payment_id
    AND x.business_date <= :day) n
CROSS JOIN LATERAL (SELECT coalesce(sum(fee_back_fen), 0) AS fee_fen,
    coalesce(sum(cost_back_fen), 0) AS cost_fen
  FROM refund r WHERE r.merchant_id = p.merchant_id AND r.payment_id = p.payment_id
    AND r.state = 'SUCCESS' AND r.business_date <= :day) b
JOIN rule_ref f ON f.ref_no = n.fee_ref_no JOIN rule_ref c ON c.ref_no = n.cost_ref_no
LEFT JOIN share_stream s ON s.merchant_id = p.merchant_id AND s.stream_id = n.stream_id
ORDER BY p.merchant_id, p.payment_id
"""
_REFUNDS = f"""
SELECT r.merchant_id, r.payment_id, r.amount_fen, r.requested_at FROM ({_TOUCHED}) t
JOIN refund r USING (merchant_id, payment_id) WHERE r.state = 'SUCCESS' AND r.business_date <= :day
ORDER BY r.batch_no, r.refund_id
"""
_MARGINS = f"""
SELECT merchant_id, payment_id, stream_id, sum(fen)::bigint AS fen FROM ({_TOUCHED}) t JOIN (
  SELECT merchant_id, payment_id, stream_id, business_date, eligible_margin_fen AS fen FROM payment
  UNION ALL
  SELECT merchant_id, payment_id, stream_id, business_date, eligible_margin_delta_fen FROM refund
  WHERE state = 'SUCCESS'
  UNION ALL
  SELECT merchant_id, payment_id, stream_id, business_date, margin_delta_fen FROM correction
  UNION ALL
  SELECT merchant_id, payment_id, from_stream_id, business_date, from_margin_fen FROM correction
) m USING (merchant_id, payment_id) WHERE stream_id IS NOT NULL AND business_date <= :day GROUP BY 1, 2, 3
"""
