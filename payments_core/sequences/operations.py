"""Write matches together with how far the outbox has been read: both or neither."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from sqlalchemy import Connection, text
from sqlalchemy.dialects.postgresql import insert

from engine.sequences import Match, microseconds
from payments_core.sequences.errors import ReaderOvertaken
from payments_core.sequences.tables import sequence_match

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Position:
    """How far a reader has come: the last commit, and the clock of its rules."""

    commit_no: int
    clock_us: int | None


def instant(us: int) -> datetime:
    """Return whole microseconds since 1970 as an instant."""
    return _EPOCH + timedelta(microseconds=us)


def get_position(connection: Connection) -> Position:
    """Return how far the lane has been read."""
    row = connection.execute(text("SELECT commit_no, clock_at FROM sequence_reader WHERE lane_no = 0")).one()
    clock_us = None if row.clock_at is None else microseconds(row.clock_at)
    return Position(commit_no=row.commit_no, clock_us=clock_us)


def move(
    connection: Connection,
    *,
    before: Position,
    to: Position,
    matches: Sequence[Match],
    release_no: int,
) -> int:
    """Move the position and write what was found on the way; return how many matches are new.

    Raises ReaderOvertaken where somebody else has moved it since `before` was read.
    """
    moved = connection.execute(
        _MOVE,
        {
            "before": before.commit_no,
            "before_at": None if before.clock_us is None else instant(before.clock_us),
            "commit_no": to.commit_no,
            "clock_at": None if to.clock_us is None else instant(to.clock_us),
            "release_no": release_no,
        },
    )
    if moved.rowcount != 1:
        raise ReaderOvertaken(commit_no=before.commit_no)
    if not matches or to.clock_us is None:
        return 0
    rows = [_row(match, release_no=release_no, found_at=instant(to.clock_us)) for match in matches]
    # A release that shortens a rule's lateness may find again what the one before it had found.
    written = insert(sequence_match).values(rows).on_conflict_do_nothing()
    return len(connection.execute(written.returning(sequence_match.c.match_no)).all())


def _row(match: Match, *, release_no: int, found_at: datetime) -> dict[str, object]:
    return {
        "rule_id": match.rule_id,
        "version": match.version,
        "key": [str(value) for value in match.key],
        "events": list(match.events),
        "identity": match.identity,
        "merchant_id": match.events[-1].split("/")[1],
        "label": match.outcome["label"],
        "label_en": match.outcome.get("label_en", ""),
        "severity": match.outcome["severity"],
        "score": match.outcome.get("score", 0),
        "task_id": match.outcome.get("task", ""),
        "at": instant(match.at_us),
        "release_no": release_no,
        "found_at": found_at,
    }


_MOVE = text("""
UPDATE sequence_reader SET commit_no = :commit_no, clock_at = :clock_at, release_no = :release_no
WHERE lane_no = 0 AND commit_no = :before
  AND clock_at IS NOT DISTINCT FROM CAST(:before_at AS timestamptz)
""")
