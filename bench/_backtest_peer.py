"""SQL written by hand for the figures of `bench/backtest.py`: what one would write for this one question."""

from __future__ import annotations

from sqlalchemy import Engine, text

from payments_core.backtest import Money, Total
from payments_core.database import transaction

MCCS = 10
CHANNELS = ("WECHAT", "ALIPAY", "UNIONPAY_QR", "BANKCARD")


def peer(engine: Engine, *, more: int) -> Total:
    """Return the whole of what it computes: every dimension, party and row stays in temporary tables."""
    with transaction(engine) as connection:
        connection.execute(text("SET LOCAL work_mem = '256MB'"))
        for statement in (_PAID.format(row=_row(), more=more), _SHARED, _FACTS, _TOTALS, _PARTIES, _ROWS):
            connection.exec_driver_sql(statement.replace("%", "%%"))
        row = connection.execute(text("SELECT * FROM p_totals WHERE level = 63")).mappings().one()
        connection.exec_driver_sql("DROP TABLE p_paid, p_shared, p_facts, p_totals, p_parties, p_rows")
    released, draft = (
        Money(
            fee_fen=int(row[f"{new}fee"]),
            cost_fen=int(row["cost"]),
            opener_fen=int(row[f"{new}opener"]),
            maintainer_fen=int(row[f"{new}maintainer"]),
            store_fen=int(row[f"{new}store"]),
        )
        for new in ("", "new_")
    )
    return Total(
        dimension="all", member="", payments=int(row["n"]), payment_fen=int(row["fen"]), refunds=0,
        refund_fen=0, unread=0, unread_fen=0, released=released, draft=draft,
    )  # fmt: skip


def _row() -> str:
    """The forty rows, first that matches."""
    arms = [
        f"WHEN p.channel = '{channel}' AND m.mcc = '58{mcc:02d}' THEN {number}"
        for number, (channel, mcc) in enumerate((c, m) for c in CHANNELS for m in range(MCCS))
    ]
    return f"CASE {' '.join(arms[:-1])} ELSE {len(arms) - 1} END"


_PAID = """
CREATE TEMPORARY TABLE p_paid ON COMMIT DROP AS
SELECT business_date, merchant_id, store_id, broker_id, stream_id, row_no, old_ref,
  count(*) AS n, sum(fen) AS fen, sum(fee_fen) AS fee, sum(new_fee) AS new_fee, sum(cost_fen) AS cost,
  sum(margin) AS margin, sum(greatest(new_fee - cost_fen, 0)) AS new_margin
FROM (
  SELECT *, CASE WHEN row_no % 4 = 3 THEN least(greatest(charge, 2), 40) ELSE charge END AS new_fee FROM (
    SELECT *, (fen * (3000 + row_no * 50 + {more}) + 500000) / 1000000 AS charge FROM (
      SELECT p.business_date, p.merchant_id, p.store_id, p.broker_id, p.stream_id, p.fee_ref_no AS old_ref,
        p.settle_amount_fen AS fen, p.fee_fen, p.cost_fen, p.eligible_margin_fen AS margin, {row} AS row_no
      FROM payment p JOIN merchant m ON m.merchant_id = p.merchant_id
      WHERE p.business_date BETWEEN '2025-04-01' AND '2025-04-10' AND p.state = 'SUCCESS' OFFSET 0) a
    OFFSET 0) b OFFSET 0) c
GROUP BY 1, 2, 3, 4, 5, 6, 7
"""
_SHARED = """
CREATE TEMPORARY TABLE p_shared ON COMMIT DROP AS
WITH moved AS (
  SELECT merchant_id, stream_id, business_date, sum(new_margin)::bigint AS margin FROM p_paid
  GROUP BY 1, 2, 3),
cumulated AS (
  SELECT m.merchant_id, m.stream_id, m.business_date, l.line_no, l.pool_no, l.party_id, l.role, l.rate_ppm,
    l.pool_ppm, (m.cum * l.pool_ppm + 500000) / 1000000 AS pool
  FROM (SELECT *, sum(margin) OVER (PARTITION BY merchant_id, stream_id ORDER BY business_date)::bigint AS cum
    FROM moved) m JOIN share_line l USING (merchant_id, stream_id)),
shared AS (
  SELECT *, pool * rate_ppm / pool_ppm + (row_number() OVER (pools ORDER BY pool * rate_ppm % pool_ppm DESC,
      line_no) <= pool - sum(pool * rate_ppm / pool_ppm) OVER pools)::int AS cum_fen
  FROM cumulated WINDOW pools AS (PARTITION BY merchant_id, stream_id, business_date, pool_no))
SELECT s.merchant_id, s.stream_id, s.business_date, s.party_id, s.role, e.delta_fen,
  s.cum_fen - lag(s.cum_fen, 1, 0::bigint) OVER (PARTITION BY merchant_id, stream_id, line_no
    ORDER BY business_date) AS new_fen
FROM shared s JOIN share_entry e USING (merchant_id, stream_id, line_no, business_date)
"""
_FACTS = """
CREATE TEMPORARY TABLE p_facts ON COMMIT DROP AS
WITH sold AS (
  SELECT business_date, merchant_id, store_id, broker_id, min(stream_id) AS stream_id, sum(n) AS n,
    sum(fen) AS fen,
    sum(fee) AS fee, sum(new_fee) AS new_fee, sum(cost) AS cost FROM p_paid GROUP BY 1, 2, 3, 4),
shares AS (
  SELECT business_date, merchant_id, stream_id,
    sum(delta_fen) FILTER (WHERE role = 'opener') AS opener, sum(new_fen) FILTER (WHERE role = 'opener')
      AS new_opener,
    sum(delta_fen) FILTER (WHERE role = 'maintainer') AS maintainer,
    sum(new_fen) FILTER (WHERE role = 'maintainer') AS new_maintainer,
    sum(delta_fen) FILTER (WHERE role = 'store') AS store,
    sum(new_fen) FILTER (WHERE role = 'store') AS new_store
  FROM p_shared GROUP BY 1, 2, 3)
SELECT s.*, o.city_id, o.district_id, opener, new_opener, maintainer, new_maintainer, store, new_store
FROM sold s JOIN shares USING (business_date, merchant_id, stream_id)
JOIN org_path o ON o.node_id = s.store_id
"""
_TOTALS = """
CREATE TEMPORARY TABLE p_totals ON COMMIT DROP AS
SELECT grouping(business_date, city_id, district_id, store_id, broker_id, merchant_id) AS level,
  business_date,
  city_id, district_id, store_id, broker_id, merchant_id, sum(n) AS n, sum(fen) AS fen, sum(fee) AS fee,
  sum(new_fee) AS new_fee, sum(cost) AS cost, sum(opener) AS opener, sum(new_opener) AS new_opener,
  sum(maintainer) AS maintainer, sum(new_maintainer) AS new_maintainer, sum(store) AS store,
  sum(new_store) AS new_store
FROM p_facts GROUP BY GROUPING SETS ((), (business_date), (city_id), (district_id), (store_id), (broker_id),
  (merchant_id))
"""
_PARTIES = """
CREATE TEMPORARY TABLE p_parties ON COMMIT DROP AS
SELECT party_id, role, sum(delta_fen) AS fen, sum(new_fen) AS new_fen FROM p_shared GROUP BY 1, 2
"""
_ROWS = """
CREATE TEMPORARY TABLE p_rows ON COMMIT DROP AS
SELECT row_no, old_ref, sum(n) AS n, sum(fen) AS fen FROM p_paid GROUP BY 1, 2
"""
