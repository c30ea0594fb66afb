"""Rebuild the daily facts of one business date from payments, refunds, corrections, shares and openings.

A row is a merchant at the store and servicing broker of its payments; district and city are those of the
store in the last instant of the day. Refunds and corrections count on their own business date, at the store
and broker of their payment; a stream's shares stand where most of its payments and refunds of the day do.
Every figure is a sum of rows, so a node of the hierarchy is always the sum of its children.
"""

from __future__ import annotations

from datetime import date, timedelta

from sqlalchemy import Connection, text

from payments_core.calendar import day_bounds


def rebuild_facts(connection: Connection, *, business_date: date) -> int:
    """Replace the facts of one business date and return the number of rows; doing it again changes"
    " nothing."""
    start, end = day_bounds(business_date)
    values = {
        "business_date": business_date,
        "start": start,
        "end": end,
        "last_instant": end - timedelta(microseconds=1),
    }
    connection.execute(text("DELETE FROM fact_day WHERE business_date = :business_date"), values)
    return connection.execute(text(_REBUILD), values).rowcount


_REBUILD = """
INSERT INTO fact_day (merchant_id, business_date, store_id, broker_id, district_id, city_id, opened,
  payment_count,
  payment_fen, refund_count, refund_fen, fee_fen, cost_fen, broker_share_fen, store_share_fen)
WITH paid AS (
  SELECT merchant_id, store_id, broker_id, stream_id, count(*) AS payment_count,
    sum(settle_amount_fen) AS payment_fen, sum(fee_fen) AS fee_fen, sum(cost_fen) AS cost_fen
  FROM payment WHERE business_date = :business_date AND state = 'SUCCESS'
  GROUP BY merchant_id, store_id, broker_id, stream_id),
back AS (
  SELECT merchant_id, store_id, broker_id, stream_id, count(*) AS refund_count, sum(amount_fen) AS refund_fen,
    sum(fee_back_fen) AS fee_fen, sum(cost_back_fen) AS cost_fen
  FROM refund WHERE business_date = :business_date AND state = 'SUCCESS'
  GROUP BY merchant_id, store_id, broker_id, stream_id),
corrected AS (
  SELECT merchant_id, store_id, broker_id, stream_id, from_stream_id, fee_delta_fen, cost_delta_fen
  FROM correction WHERE business_date = :business_date),
placed AS (
  SELECT DISTINCT ON (merchant_id, stream_id) merchant_id, stream_id, store_id, broker_id FROM (
    SELECT merchant_id, stream_id, store_id, broker_id, payment_count AS n FROM paid
    UNION ALL SELECT merchant_id, stream_id, store_id, broker_id, refund_count FROM back
    UNION ALL SELECT merchant_id, stream_id, store_id, broker_id, 0 FROM corrected
    UNION ALL SELECT merchant_id, from_stream_id, store_id, broker_id, 0 FROM corrected) p
  WHERE stream_id IS NOT NULL ORDER BY merchant_id, stream_id, n DESC, store_id, broker_id),
shared AS (
  SELECT p.merchant_id, p.store_id, p.broker_id,
    sum(e.delta_fen) FILTER (WHERE e.party_kind = 'broker') AS broker_share_fen,
    sum(e.delta_fen) FILTER (WHERE e.party_kind = 'store') AS store_share_fen
  FROM share_entry e JOIN placed p USING (merchant_id, stream_id)
  WHERE e.business_date = :business_date GROUP BY p.merchant_id, p.store_id, p.broker_id),
opened AS (
  SELECT DISTINCT ON (m.merchant_id) m.merchant_id, coalesce(b.store_id, '') AS store_id,
    coalesce(b.broker_id, '') AS broker_id
  FROM merchant m LEFT JOIN merchant_binding b
    ON b.merchant_id = m.merchant_id AND b.valid @> CAST(:last_instant AS timestamptz)
  WHERE m.activated_at >= :start AND m.activated_at < :end
  ORDER BY m.merchant_id, b.role, b.slot),
parts AS (
  SELECT merchant_id, store_id, broker_id, false AS opened, payment_count, payment_fen, 0 AS refund_count,
    0 AS refund_fen, fee_fen, cost_fen, 0 AS broker_share_fen, 0 AS store_share_fen FROM paid
  UNION ALL
  SELECT merchant_id, store_id, broker_id, false, 0, 0, refund_count, refund_fen, -fee_fen, -cost_fen, 0,
    0 FROM back
  UNION ALL
  SELECT merchant_id, store_id, broker_id, false, 0, 0, 0, 0, fee_delta_fen, cost_delta_fen, 0,
    0 FROM corrected
  UNION ALL
  SELECT merchant_id, store_id, broker_id, false, 0, 0, 0, 0, 0, 0, broker_share_fen,
    store_share_fen FROM shared
  UNION ALL
  SELECT merchant_id, store_id, broker_id, true, 0, 0, 0, 0, 0, 0, 0, 0 FROM opened)
SELECT p.merchant_id, :business_date, p.store_id, p.broker_id, coalesce(o.district_id, ''),
  coalesce(o.city_id, ''), bool_or(p.opened), sum(p.payment_count), sum(p.payment_fen), sum(p.refund_count),
  sum(p.refund_fen), sum(p.fee_fen), sum(p.cost_fen), coalesce(sum(p.broker_share_fen), 0),
  coalesce(sum(p.store_share_fen), 0)
FROM parts p LEFT JOIN org_path o ON o.node_id = p.store_id AND o.valid @> CAST(:last_instant AS timestamptz)
GROUP BY p.merchant_id, p.store_id, p.broker_id, o.district_id, o.city_id
"""
