"""Open the streams of captured payments, and post a day's shares: one aggregation, one rounding, in SQL."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import Connection, text

from payments_core.database import insert_many
from payments_core.ledger.model import DailyJob, daily_posting_id
from payments_core.profit_share.model import Stream
from payments_core.profit_share.split import split_pools
from payments_core.profit_share.tables import share_line, share_stream


@dataclass(frozen=True, slots=True, kw_only=True)
class SharesPosted:
    """What one run of `post_shares` added; zeros where the day was posted before."""

    streams: int
    entries: int
    transfers: int
    margin_fen: int
    broker_fen: int
    store_fen: int

    @property
    def platform_fen(self) -> int:
        """What the platform keeps of the shared margins."""
        return self.margin_fen - self.broker_fen - self.store_fen


def open_streams(connection: Connection, *, streams: Sequence[Stream]) -> None:
    """Write the streams and their lines that are not known yet; call it in the transaction of the capture."""
    ordered = [stream for _, stream in sorted({(s.merchant_id, s.stream_id): s for s in streams}.items())]
    if not ordered:
        return
    heads = [
        {
            "merchant_id": s.merchant_id,
            "stream_id": s.stream_id,
            "rule_id": s.rule_id,
            "rule_version": s.rule_version,
            "rounding": s.rounding,
            "period": s.period,
        }
        for s in ordered
    ]
    lines = [
        {
            "merchant_id": s.merchant_id,
            "stream_id": s.stream_id,
            "line_no": line_no,
            "pool_no": line.pool_no,
            "party_kind": line.party_kind,
            "party_id": line.party_id,
            "role": line.role,
            "rate_ppm": line.rate_ppm,
            "pool_ppm": sum(other.rate_ppm for other in s.lines if other.pool_no == line.pool_no),
            "rule_line": line.rule_line,
        }
        for s in ordered
        for line_no, line in enumerate(s.lines, start=1)
    ]
    insert_many(connection, share_stream, heads, skip_known=True)
    insert_many(connection, share_line, lines, skip_known=True)


def post_shares(
    connection: Connection, *, business_date: date, release_no: int, now: datetime
) -> SharesPosted:
    """Post the shares of every stream that moved on a closed business date; a second run adds nothing.

    Each pool is rounded on the stream's cumulative margin and split by the largest remainder, ties by
    listed order; the day gets the difference to what was posted before, which may be negative. A stream
    that moved gets an entry a line even where the difference is zero: it marks the day as done.
    """
    connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _LOCK})
    row = connection.execute(
        text(_POST),
        {
            "business_date": business_date,
            "posting_id": daily_posting_id(business_date=business_date, job=DailyJob.SHARE),
            "release_no": release_no,
            "now": now,
        },
    ).one()
    return SharesPosted(
        streams=row.streams,
        entries=row.entries,
        transfers=row.transfers,
        margin_fen=row.margin_fen,
        broker_fen=row.broker_fen,
        store_fen=row.store_fen,
    )


# One run at a time: two would read the same cumulative totals.
_LOCK = 4_080_001

_POST = f"""
WITH moved AS (
  SELECT merchant_id, stream_id, sum(margin_fen)::bigint AS margin_fen FROM margin_moved
  WHERE business_date = :business_date GROUP BY merchant_id, stream_id),
due AS (
  SELECT m.merchant_id, m.stream_id, m.margin_fen, s.rounding,
    s.cum_margin_fen + m.margin_fen AS cum_margin_fen
  FROM moved m JOIN share_stream s USING (merchant_id, stream_id)
  WHERE NOT EXISTS (SELECT 1 FROM share_entry e WHERE e.merchant_id = m.merchant_id
    AND e.stream_id = m.stream_id AND e.business_date = :business_date)),
pooled AS (
  SELECT d.*, l.line_no, l.pool_no, l.party_kind, l.party_id, l.rate_ppm, l.pool_ppm, l.cum_fen AS before_fen
  FROM due d JOIN share_line l USING (merchant_id, stream_id)),
{split_pools("pooled", pool="merchant_id, stream_id, pool_no")},
entered AS (
  INSERT INTO share_entry (merchant_id, stream_id, line_no, business_date, party_kind, party_id, margin_fen,
    delta_fen, cum_margin_fen, cum_fen, release_no)
  SELECT merchant_id, stream_id, line_no, :business_date, party_kind, party_id, margin_fen,
    cum_fen - before_fen, cum_margin_fen, cum_fen, :release_no FROM shared
  RETURNING merchant_id, stream_id, line_no, party_kind, party_id, margin_fen, delta_fen,
    cum_margin_fen, cum_fen),
heads AS (
  SELECT DISTINCT merchant_id, stream_id, margin_fen, cum_margin_fen FROM entered),
streams_moved AS (
  UPDATE share_stream s SET cum_margin_fen = h.cum_margin_fen FROM heads h
  WHERE s.merchant_id = h.merchant_id AND s.stream_id = h.stream_id),
lines_moved AS (
  UPDATE share_line l SET cum_fen = e.cum_fen FROM entered e
  WHERE l.merchant_id = e.merchant_id AND l.stream_id = e.stream_id AND l.line_no = e.line_no),
posted AS (
  INSERT INTO transfer (merchant_id, posting_id, leg, debit_account, debit_party, credit_account,
    credit_party, amount_fen, code, business_date, posted_at, release_no)
  SELECT e.merchant_id, :posting_id,
    coalesce((SELECT max(t.leg) FROM transfer t
      WHERE t.merchant_id = e.merchant_id AND t.posting_id = :posting_id), 0)
      + row_number() OVER (PARTITION BY e.merchant_id ORDER BY e.stream_id, e.line_no),
    CASE WHEN delta_fen > 0 THEN 'SHARE_EXPENSE' ELSE 'PARTY_PAYABLE' END,
    CASE WHEN delta_fen > 0 THEN '' ELSE party_id END,
    CASE WHEN delta_fen > 0 THEN 'PARTY_PAYABLE' ELSE 'SHARE_EXPENSE' END,
    CASE WHEN delta_fen > 0 THEN party_id ELSE '' END,
    abs(delta_fen), 'SHARE', :business_date, :now, :release_no
  FROM entered e WHERE delta_fen <> 0
  RETURNING 1)
SELECT (SELECT count(*) FROM heads) AS streams, (SELECT count(*) FROM entered) AS entries,
  (SELECT count(*) FROM posted) AS transfers,
  (SELECT coalesce(sum(margin_fen), 0) FROM heads)::bigint AS margin_fen,
  (SELECT coalesce(sum(delta_fen), 0) FROM entered WHERE party_kind = 'broker')::bigint AS broker_fen,
  (SELECT coalesce(sum(delta_fen), 0) FROM entered WHERE party_kind = 'store')::bigint AS store_fen
"""
