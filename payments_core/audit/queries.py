"""Read the audit log, newest first."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, select

from payments_core.audit.tables import audit_event


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditEvent:
    """Who did what to what, when, and the details."""

    seq: int
    at: datetime
    actor: str
    role: str
    action: str
    subject: str
    detail: Mapping[str, object]


def list_events(
    connection: Connection,
    *,
    before_seq: int | None = None,
    actor: str | None = None,
    action: str | None = None,
    subject: str | None = None,
    limit: int = 50,
) -> tuple[AuditEvent, ...]:
    """Return up to `limit` events, newest first; page on with `before_seq`, the last seq already shown."""
    columns = audit_event.c
    found = select(
        columns.seq, columns.at, columns.actor, columns.role, columns.action, columns.subject, columns.detail
    )
    if before_seq is not None:
        found = found.where(columns.seq < before_seq)
    for column, wanted in ((columns.actor, actor), (columns.action, action), (columns.subject, subject)):
        if wanted is not None:
            found = found.where(column == wanted)
    rows = connection.execute(found.order_by(columns.seq.desc()).limit(limit))
    return tuple(AuditEvent(**row._mapping) for row in rows)
