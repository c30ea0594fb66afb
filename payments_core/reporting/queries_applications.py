"""Applications with what became of them, and the brokers one may apply for, within the reader's scope."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType

from sqlalchemy import Connection, text

STATES = ("ACTIVE", "AUDITING", "REJECTED")
_SORTS = MappingProxyType(
    {"submitted_at": "a.submitted_at", "name": "name", "broker": "a.broker_id", "state": "a.state"}
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ApplicationRow:
    """One application; nothing of its personal answers. `merchant_id` is None until there is a merchant."""

    application_id: str
    state: str
    name: str
    type: str
    mcc: str
    broker_id: str
    broker_name: str
    store_id: str
    store_name: str
    submitted_by: str
    submitted_at: datetime
    merchant_id: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ApplicationCounts:
    """How many applications match, by state."""

    total: int
    active: int
    auditing: int
    rejected: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Server:
    """A broker who works at a store now and may bring merchants there."""

    broker_id: str
    broker_name: str
    store_id: str
    store_name: str


def list_applications(
    connection: Connection,
    *,
    name: str = "",
    state: str = "",
    sort: str = "submitted_at",
    descending: bool = True,
    offset: int = 0,
    limit: int = 50,
) -> tuple[ApplicationRow, ...]:
    """Return the applications, by default the newest first; `name` is part of a name or begins a number."""
    order = f"{_SORTS.get(sort, 'a.submitted_at')} {'DESC' if descending else 'ASC'}, a.application_id DESC"
    found = connection.execute(
        text(f"{_ROWS} WHERE {_WHERE} ORDER BY {order} OFFSET :offset LIMIT :limit"),
        {**_wanted(name, state), "offset": offset, "limit": limit},
    ).mappings()
    return tuple(ApplicationRow(**dict(row)) for row in found)


def count_applications(connection: Connection, *, name: str = "", state: str = "") -> ApplicationCounts:
    """Return how many the same filter finds."""
    sql = f"""SELECT count(*) AS total, count(*) FILTER (WHERE state = 'ACTIVE') AS active,
      count(*) FILTER (WHERE state = 'AUDITING') AS auditing,
      count(*) FILTER (WHERE state = 'REJECTED') AS rejected FROM application a WHERE {_WHERE}"""
    return ApplicationCounts(**dict(connection.execute(text(sql), _wanted(name, state)).mappings().one()))


def list_servers(connection: Connection, *, at: datetime) -> tuple[Server, ...]:
    """Return the active brokers of the reader's scope with their stores at that instant, by store."""
    found = connection.execute(_SERVERS, {"at": at}).mappings()
    return tuple(Server(**dict(row)) for row in found)


def _wanted(name: str, state: str) -> dict[str, str]:
    escaped = name.strip().replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    return {"name": f"%{escaped}%", "id": f"{escaped}%", "state": state}


_WHERE = """(a.answers->>'short_name' LIKE :name OR a.application_id LIKE :id OR a.merchant_id LIKE :id)
AND (:state = '' OR a.state = :state)"""
_ROWS = """
SELECT a.application_id, a.state, coalesce(a.answers->>'short_name', '') AS name,
  coalesce(a.answers->>'type', '') AS type, coalesce(a.answers->>'mcc', '') AS mcc, a.broker_id,
  coalesce(b.name, a.broker_id) AS broker_name, a.store_id, coalesce(n.name, a.store_id) AS store_name,
  a.submitted_by, a.submitted_at, a.merchant_id
FROM application a LEFT JOIN broker b USING (broker_id) LEFT JOIN org_node n ON n.node_id = a.store_id
"""
_SERVERS = text("""
SELECT b.broker_id, b.name AS broker_name, n.node_id AS store_id, n.name AS store_name
FROM broker b JOIN broker_membership m USING (broker_id) JOIN org_node n ON n.node_id = m.store_id
WHERE b.status = 'ACTIVE' AND m.valid @> CAST(:at AS timestamptz)
ORDER BY n.node_id, b.name, b.broker_id
""")
