"""The write lane's counters that other features move: the directory version, the outbox, the closed days.

Every batch of payments reads its lane's row first, so a change made through here reaches every process
at a batch boundary.
"""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import Connection, text


def bump_directory(connection: Connection) -> int:
    """Return the next directory version; stamp it on the rows you changed, in the same transaction.

    It locks the lane's row until the transaction ends, so bump late and keep what follows short.
    """
    sql = "UPDATE lane SET directory_no = directory_no + 1 WHERE lane_no = 0 RETURNING directory_no"
    return int(connection.execute(text(sql)).scalar_one())


def tell(connection: Connection, *, merchant_id: str, subject_id: int, topic: str, at: datetime) -> None:
    """Write to the outbox that something happened at `at`; telling it again changes nothing.

    It locks the lane's row until the transaction ends, so tell late and keep what follows short. Batches of
    payments, which hold the row already, write their messages themselves.
    """
    values = {"merchant_id": merchant_id, "subject_id": subject_id, "topic": topic, "at": at}
    connection.execute(_TELL, values)


def advance_seen(connection: Connection, *, to: datetime) -> None:
    """Say that whatever is told from now on came to be known at `to` or later: time passes without events."""
    sql = "UPDATE lane SET seen_from = seen_at, seen_at = :to WHERE lane_no = 0 AND seen_at < :to"
    connection.execute(text(sql), {"to": to})


def hold_lane(connection: Connection) -> None:
    """Let nothing else change the organisation, close a day or write payments until the transaction ends."""
    connection.execute(text("SELECT 1 FROM lane WHERE lane_no = 0 FOR UPDATE"))


def closed_through(connection: Connection) -> date | None:
    """Return the last closed business date; None while none is closed. Nothing books on or before it."""
    sql = "SELECT max(business_date) FROM business_day WHERE state <> 'OPEN'"
    found: date | None = connection.execute(text(sql)).scalar_one()
    return found


_TELL = text("""
WITH told AS (
  UPDATE lane SET commit_no = commit_no + 1, seen_from = seen_at, seen_at = greatest(seen_at, :at)
  WHERE lane_no = 0 RETURNING commit_no, seen_at
)
INSERT INTO outbox (merchant_id, subject_id, topic, commit_no, at, seen_at)
SELECT :merchant_id, :subject_id, :topic, commit_no, :at, seen_at FROM told ON CONFLICT DO NOTHING
""")
