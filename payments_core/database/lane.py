"""The write lane's counters that other features move: the directory version and the closed days.

Every batch of payments reads its lane's row first, so a change made through here reaches every process
at a batch boundary.
"""

from __future__ import annotations

from datetime import date

from sqlalchemy import Connection, text


def bump_directory(connection: Connection) -> int:
    """Return the next directory version; stamp it on the rows you changed, in the same transaction.

    It locks the lane's row until the transaction ends, so bump late and keep what follows short.
    """
    sql = "UPDATE lane SET directory_no = directory_no + 1 WHERE lane_no = 0 RETURNING directory_no"
    return int(connection.execute(text(sql)).scalar_one())


def hold_lane(connection: Connection) -> None:
    """Let nothing else change the organisation, close a day or write payments until the transaction ends."""
    connection.execute(text("SELECT 1 FROM lane WHERE lane_no = 0 FOR UPDATE"))


def closed_through(connection: Connection) -> date | None:
    """Return the last closed business date; None while none is closed. Nothing books on or before it."""
    sql = "SELECT max(business_date) FROM business_day WHERE state <> 'OPEN'"
    found: date | None = connection.execute(text(sql)).scalar_one()
    return found
