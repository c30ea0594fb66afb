"""Append to the audit chain and prove that nobody changed it.

Every event carries the SHA-256 of the event before it, the first 32 zero bytes:

    hash(n) = sha256( prev_hash ‖ canonical JSON of {action, actor, at, detail, role, seq, subject} )

Changing, removing or inserting an event breaks the chain from there on. Cutting off its end does not, so
whoever wants to be sure keeps a `head` outside the database and hands it to `verify`.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import Connection, Row, insert, select, text

from payments_core.audit.tables import audit_event
from payments_core.errors import ensure

GENESIS = bytes(32)
_CHAIN_LOCK = 0x4841_4F41_5544  # "HAOAUD": one appender at a time, until its transaction ends
_PAGE = 2_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Head:
    """The last event of the chain; seq 0 and 32 zero bytes while there is none."""

    seq: int
    hash: bytes


def append(
    connection: Connection,
    *,
    actor: str,
    role: str,
    action: str,
    subject: str,
    detail: Mapping[str, object],
    now: datetime,
) -> int:
    """Record that `actor`, acting as `role`, did `action` to `subject`; return the event's seq.

    `detail` is plain JSON without floats. Other appenders wait until this transaction ends, so append last.
    """
    connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _CHAIN_LOCK})
    last = head(connection)
    values = {"actor": actor, "role": role, "action": action, "subject": subject, "detail": dict(detail)}
    ensure(_is_plain(values), f"audit detail of {action} is not plain JSON without floats")
    seq = last.seq + 1
    event = {"seq": seq, "at": now, **values, "prev_hash": last.hash}
    event["hash"] = _digest(prev_hash=last.hash, seq=seq, at=now, values=values)
    connection.execute(insert(audit_event), event)
    return seq


def head(connection: Connection) -> Head:
    """Return the last event of the chain."""
    newest = select(audit_event.c.seq, audit_event.c.hash).order_by(audit_event.c.seq.desc()).limit(1)
    found = connection.execute(newest).first()
    return Head(seq=found.seq, hash=found.hash) if found else Head(seq=0, hash=GENESIS)


def verify(connection: Connection, *, kept: Head | None = None) -> int | None:
    """Return the seq of the first event that is not as it was written, or None for an unbroken chain.

    With a `kept` head, also answer where the chain no longer holds that event: its seq, if it was rewritten,
    or the seq behind the present end, if the end was cut off.
    """
    last = Head(seq=0, hash=GENESIS)
    while page := _page_after(connection, last.seq):
        for event in page:
            if not _continues(last, event):
                return last.seq + 1
            last = Head(seq=event.seq, hash=event.hash)
            if kept is not None and last.seq == kept.seq and last.hash != kept.hash:
                return last.seq
    return last.seq + 1 if kept is not None and kept.seq > last.seq else None


def _page_after(connection: Connection, seq: int) -> list[Row[tuple[object, ...]]]:
    page = select(audit_event).where(audit_event.c.seq > seq).order_by(audit_event.c.seq).limit(_PAGE)
    return list(connection.execute(page))


def _continues(last: Head, event: Row[tuple[object, ...]]) -> bool:
    values = {name: getattr(event, name) for name in ("actor", "role", "action", "subject", "detail")}
    expected = _digest(prev_hash=last.hash, seq=last.seq + 1, at=event.at, values=values)
    return (event.seq, event.prev_hash, event.hash) == (last.seq + 1, last.hash, expected)


def _digest(*, prev_hash: bytes, seq: int, at: datetime, values: Mapping[str, object]) -> bytes:
    content = {"seq": seq, "at": at.astimezone(UTC).isoformat(timespec="microseconds"), **values}
    canonical = json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(prev_hash + canonical.encode()).digest()


def _is_plain(value: object) -> bool:
    """Tell whether jsonb gives `value` back exactly: floats, and keys that are no text, it does not."""
    if isinstance(value, dict):
        return all(isinstance(key, str) and _is_plain(key) and _is_plain(item) for key, item in value.items())
    if isinstance(value, list | tuple):
        return all(_is_plain(item) for item in value)
    if isinstance(value, str):
        return "\0" not in value
    return value is None or isinstance(value, bool | int)
