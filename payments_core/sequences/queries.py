"""What was found, within the reader's scope: a list, its counts, one match with the events that made it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType

from sqlalchemy import Connection, text

from payments_core.sequences.errors import MatchNotFound

SEVERITIES = ("HIGH", "MID", "LOW")
_SORTS = MappingProxyType(
    {
        "at": "s.at",
        "severity": "array_position(ARRAY['LOW', 'MID', 'HIGH'], s.severity)",
        "label": "s.rule_id",
        "merchant": "s.merchant_id",
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class MatchRow:
    """One match: what was found, by which rule, at whom; `label_en` may be empty."""

    match_no: int
    rule_id: str
    version: int
    label: str
    label_en: str
    severity: str
    score: int
    task_id: str
    merchant_id: str
    merchant_name: str
    key: list[str]
    events: int
    at: datetime
    found_at: datetime
    release_no: int


@dataclass(frozen=True, slots=True, kw_only=True)
class MatchCounts:
    """How many match, by severity."""

    total: int
    high: int
    mid: int
    low: int


@dataclass(frozen=True, slots=True, kw_only=True)
class EventRow:
    """One event of a match; what its topic does not have is None."""

    topic: str
    subject_id: int
    at: datetime
    payment_id: int | None
    amount_fen: int | None
    device_id: str | None
    distance_m: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class MatchDetail:
    """A match with its events, in order."""

    match: MatchRow
    events: tuple[EventRow, ...]


def list_matches(
    connection: Connection,
    *,
    place: str = "",
    severity: str = "",
    sort: str = "at",
    descending: bool = True,
    offset: int = 0,
    limit: int = 50,
) -> tuple[MatchRow, ...]:
    """Return matches, by default the newest first; `place` begins an id or is part of a name."""
    order = f"{_SORTS.get(sort, 's.at')} {'DESC' if descending else 'ASC'}, s.match_no DESC"
    found = connection.execute(
        text(f"{_ROWS} WHERE {_WHERE} ORDER BY {order} OFFSET :offset LIMIT :limit"),
        {**_wanted(place, severity), "offset": offset, "limit": limit},
    ).mappings()
    return tuple(MatchRow(**dict(row)) for row in found)


def count_matches(connection: Connection, *, place: str = "", severity: str = "") -> MatchCounts:
    """Return how many the same filter finds."""
    found = connection.execute(text(f"{_COUNTS} WHERE {_WHERE}"), _wanted(place, severity)).mappings()
    return MatchCounts(**dict(found.one()))


def get_match(connection: Connection, *, match_no: int) -> MatchDetail:
    """Return a match with its events. Raises MatchNotFound."""
    asked = {"match_no": match_no}
    row = connection.execute(text(f"{_ROWS} WHERE s.match_no = :match_no"), asked).mappings().one_or_none()
    if row is None:
        raise MatchNotFound(match_no=match_no)
    events = connection.execute(_EVENTS, asked).mappings()
    return MatchDetail(match=MatchRow(**dict(row)), events=tuple(EventRow(**dict(one)) for one in events))


def _wanted(place: str, severity: str) -> dict[str, str]:
    escaped = place.strip().replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    return {"name": f"%{escaped}%", "begins": f"{escaped}%", "severity": severity}


_FROM = "FROM sequence_match s JOIN merchant m ON m.merchant_id = s.merchant_id"
_WHERE = """(m.name LIKE :name OR s.merchant_id LIKE :begins OR s.rule_id LIKE :begins)
AND (:severity = '' OR s.severity = :severity)"""
_ROWS = f"""
SELECT s.match_no, s.rule_id, s.version, s.label, s.label_en, s.severity, s.score, s.task_id, s.merchant_id,
  m.name AS merchant_name, s.key, cardinality(s.events) AS events, s.at, s.found_at, s.release_no {_FROM}
"""
_COUNTS = f"""
SELECT count(*) AS total, count(*) FILTER (WHERE s.severity = 'HIGH') AS high,
  count(*) FILTER (WHERE s.severity = 'MID') AS mid, count(*) FILTER (WHERE s.severity = 'LOW') AS low {_FROM}
"""
# An event is named topic/merchant/subject; what it is about lies in the tables of its feature.
_EVENTS = text("""
SELECT e.topic, e.subject_id, p.payment_id, coalesce(r.amount_fen, p.amount_fen) AS amount_fen,
  coalesce(d.device_id, nullif(p.device_id, '')) AS device_id, d.distance_m,
  coalesce(d.at, r.refunded_at, p.paid_at, p.created_at, m.activated_at) AS at
FROM sequence_match s
CROSS JOIN LATERAL unnest(s.events) WITH ORDINALITY AS named (event, position)
CROSS JOIN LATERAL (SELECT split_part(event, '/', 1) AS topic, split_part(event, '/', 2) AS merchant_id,
  split_part(event, '/', 3)::bigint AS subject_id) AS e
JOIN merchant m ON m.merchant_id = e.merchant_id
LEFT JOIN refund r ON e.topic LIKE 'refund.%' AND r.merchant_id = e.merchant_id AND r.refund_id = e.subject_id
LEFT JOIN payment p ON e.topic ~ '^(payment|refund)[.]' AND p.merchant_id = e.merchant_id
  AND p.payment_id = coalesce(r.payment_id, e.subject_id)
LEFT JOIN device_report d ON e.topic LIKE 'device.%' AND d.report_no = e.subject_id
WHERE s.match_no = :match_no ORDER BY named.position
""")
