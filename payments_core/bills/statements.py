"""The SQL of an import: stage, find duplicates, insert what is new, quarantine."""

from __future__ import annotations

from sqlalchemy import text

STAGE = """
CREATE TEMP TABLE bill_stage (
  line_no int, raw text, sub_merchant_no text, merchant_order_no text, channel_order_no text, refund_no text,
  kind text, booked_at timestamptz, amount_fen bigint, settle_amount_fen bigint, fee_fen bigint, code text
) ON COMMIT DROP
"""
COPY = "COPY bill_stage FROM STDIN"
MARK_DUPLICATES = text("""
UPDATE bill_stage s SET code = 'ROW_DUPLICATE' FROM (
  SELECT line_no, row_number() OVER (PARTITION BY channel_order_no, refund_no ORDER BY line_no) AS n
  FROM bill_stage WHERE code IS NULL
) d WHERE d.n > 1 AND s.line_no = d.line_no
""")
DUPLICATES = text("SELECT line_no FROM bill_stage WHERE code = 'ROW_DUPLICATE'")
# Good rows are staged without their text; that of the few repeated ones is read from the file again.
ADD_RAW = text("UPDATE bill_stage SET raw = :raw WHERE line_no = :line_no")
COUNT = text("""
SELECT count(*) AS lines, count(code) AS bad, min(booked_at) FILTER (WHERE code IS NULL) AS first,
  max(booked_at) FILTER (WHERE code IS NULL) AS last FROM bill_stage
""")
# A rejected file may be tried again: what was in the future then need not be so now.
WRITE_FILE = text("""
INSERT INTO bill_file (channel, bill_date, name, sha256, state, rows_bad, summary, imported_at)
VALUES (:channel, :bill_date, :name, :sha256, :state, :rows_bad, cast(:summary AS jsonb), :now)
ON CONFLICT (sha256) DO UPDATE SET state = excluded.state, rows_bad = excluded.rows_bad,
  summary = excluded.summary, imported_at = excluded.imported_at, name = excluded.name
RETURNING file_no
""")
# Rows that came before we knew whose number it was: they move to the merchant instead of appearing twice.
ADOPT = text("""
WITH gone AS (
  DELETE FROM bill_row b USING bill_stage s, channel_merchant c
  WHERE b.merchant_id = '' AND b.channel = :channel AND b.channel_order_no = s.channel_order_no
    AND b.refund_no = s.refund_no AND s.code IS NULL
    AND c.channel = :channel AND c.sub_merchant_no = b.sub_merchant_no
  RETURNING c.merchant_id AS owner, b.*
)
INSERT INTO bill_row (merchant_id, channel, channel_order_no, refund_no, file_no, line_no,
  merchant_order_no, sub_merchant_no, kind, booked_at, amount_fen, settle_amount_fen, fee_fen, payment_id)
SELECT owner, channel, channel_order_no, refund_no, file_no, line_no, merchant_order_no, sub_merchant_no,
  kind, booked_at, amount_fen, settle_amount_fen, fee_fen, payment_id FROM gone ON CONFLICT DO NOTHING
""")
# By our order number, which is unique; else by the channel's number among the payments of the days around.
INSERT = text("""
WITH added AS (
  INSERT INTO bill_row (merchant_id, channel, channel_order_no, refund_no, file_no, line_no,
    merchant_order_no, sub_merchant_no, kind, booked_at, amount_fen, settle_amount_fen, fee_fen, payment_id)
  SELECT coalesce(c.merchant_id, ''), :channel, s.channel_order_no, s.refund_no, :file_no, s.line_no,
    s.merchant_order_no, s.sub_merchant_no, s.kind, s.booked_at, s.amount_fen, s.settle_amount_fen, s.fee_fen,
    coalesce(o.payment_id, n.payment_id)
  FROM bill_stage s
  LEFT JOIN channel_merchant c ON c.channel = :channel AND c.sub_merchant_no = s.sub_merchant_no
  LEFT JOIN payment o ON o.merchant_id = c.merchant_id AND o.merchant_order_no = s.merchant_order_no
  LEFT JOIN payment n ON n.merchant_id = c.merchant_id AND n.channel_order_no = s.channel_order_no
    AND o.payment_id IS NULL AND n.channel = :channel AND n.business_date BETWEEN :first AND :last
  WHERE s.code IS NULL
  ORDER BY 1, 3, 4
  ON CONFLICT DO NOTHING
  RETURNING payment_id
)
SELECT count(*) AS new, count(payment_id) AS matched FROM added
""")
QUARANTINE = text("""
INSERT INTO quarantine_row (file_no, line_no, code, reason, raw)
SELECT :file_no, line_no, code, cast(:reasons AS jsonb) ->> code, raw FROM bill_stage
WHERE code IS NOT NULL ORDER BY line_no
""")
COUNTS_OF_FILE = text("UPDATE bill_file SET rows_new = :new, rows_known = :known WHERE file_no = :file_no")
