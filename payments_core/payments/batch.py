"""One batch inside its transaction: the lane's row, fresh ids, and what will be written at the end.

The first statement updates the lane's row and so waits for the batch before it; from then on until the commit
nothing else can write payments, refunds or the directory. Ledger rows and outbox messages are gathered and
written once, so that balances move in one statement that locks accounts in key order.

Most statements of a batch go over its `wire`, which does not wait; `cursor` is for the few that must.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

import psycopg
from sqlalchemy import Connection

from engine.rulebook import Row, Rule
from payments_core.calendar import business_date_of
from payments_core.database.lane import closed_through
from payments_core.errors import ensure
from payments_core.merchants.directory import Directory
from payments_core.payments.legs import TRANSFER_COLUMNS, ending_of
from payments_core.payments.model import AcceptRequest, first_id_at
from payments_core.payments.policy import Policy
from payments_core.payments.rows import instant
from payments_core.payments.wire import Wire
from payments_core.profit_share.model import Stream
from payments_core.profit_share.operations import open_streams
from payments_core.rulebooks import RuleRefKey, intern_refs

Cursor = psycopg.Cursor[Any]
Known = dict[int, tuple[AcceptRequest, str]]
"""Payment id → its request and risk decision, of payments this process accepted a short while ago."""

_ENTER = (
    "UPDATE lane SET batch_no = batch_no + 1, commit_no = commit_no + 1,"
    " last_id = greatest(last_id, %s) + %s, seen_from = seen_at, seen_at = greatest(seen_at, %s)"
    " WHERE lane_no = %s"
    " RETURNING batch_no, release_no, directory_no, last_id, commit_no, seen_from, seen_at"
)
_CASE = (
    "INSERT INTO risk_case (merchant_id, payment_id, case_no, decision, hits, hold_until, opened_at)"
    " VALUES (%s, %s, %s, %s, %s, %s, %s)"
)
_HOLD = (
    "UPDATE risk_case SET hold_fen = %s WHERE merchant_id = %s AND payment_id = %s AND hold_until IS NOT NULL"
)
_TRANSFERS = f"COPY transfer ({TRANSFER_COLUMNS}) FROM STDIN"
_OUTBOX = "COPY outbox (merchant_id, subject_id, topic, commit_no, at, seen_at) FROM STDIN"
# Batches address rows by key; a plan made while the tables were small must not scan them once they are large.
_PLANS = "SET LOCAL enable_hashjoin = off; SET LOCAL enable_mergejoin = off; SET LOCAL enable_seqscan = off"


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """What the lane's row says to the batch that has just entered."""

    batch_no: int
    release_no: int | None
    directory_no: int
    first_id: int
    commit_no: int
    seen_from: datetime
    seen_at: datetime


def enter(cursor: Cursor, *, lane_no: int, now: datetime, ids: int, latest: datetime | None = None) -> Entry:
    """Take the lane until the transaction ends, and `ids` fresh ids that rise from batch to batch.

    `latest` is when the last of what the batch will tell happened; what has not happened by `now` waits.
    """
    cursor.execute(_PLANS)
    seen_at = None if latest is None else min(latest, now)
    row = cursor.execute(_ENTER, (first_id_at(now) - 1, ids, seen_at, lane_no)).fetchone()
    ensure(row is not None, f"lane {lane_no} exists")
    assert row is not None
    return Entry(
        batch_no=row[0],
        release_no=row[1],
        directory_no=row[2],
        first_id=row[3] - ids + 1,
        commit_no=row[4],
        seen_from=row[5],
        seen_at=row[6],
    )


@dataclass(slots=True, kw_only=True)
class Batch:
    """The working state of one batch; what must outlive it is merged by the writer after the commit."""

    connection: Connection
    statements: Cursor
    wire: Wire
    now: datetime
    entry: Entry
    policy: Policy
    directory: Directory
    known: Known
    open_stream_ids: set[int]
    next_id: int
    new_known: Known = field(default_factory=dict)
    done_ids: list[int] = field(default_factory=list)
    new_streams: dict[int, Stream] = field(default_factory=dict)
    transfers: list[str] = field(default_factory=list)
    messages: list[str] = field(default_factory=list)
    cases: list[tuple[Any, ...]] = field(default_factory=list)
    holds: list[tuple[int, str, int]] = field(default_factory=list)
    _closed: date | None = None
    _closed_read: bool = False
    _endings: dict[date, str] = field(default_factory=dict)

    @property
    def batch_no(self) -> int:
        """The number of this batch in its lane."""
        return self.entry.batch_no

    @property
    def cursor(self) -> Cursor:
        """The batch's cursor, once everything on the wire has been answered."""
        self.wire.finish()
        return self.statements

    def new_id(self) -> int:
        """Return the next fresh id."""
        self.next_id += 1
        return self.next_id - 1

    def booked_on(self, instant: datetime) -> date:
        """Return the business date that money of `instant` is booked to: its own, or the next open one."""
        if not self._closed_read:
            self.wire.finish()
            self._closed, self._closed_read = closed_through(self.connection), True
        day = business_date_of(instant)
        if self._closed is not None and day <= self._closed:
            return self._closed + timedelta(days=1)
        return day

    def ending(self, business_date: date) -> str:
        """Return the end of the ledger lines booked to `business_date`."""
        found = self._endings.get(business_date)
        if found is None:
            posted_at, release_no = instant(self.now), self.policy.release_no
            found = ending_of(business_date=business_date, posted_at=posted_at, release_no=release_no)
            self._endings[business_date] = found
        return found

    def ref_no(self, rule: Rule, row: Row) -> int:
        """Return the short number of a rule row; it is given for good, whatever becomes of this batch."""
        number = self.policy.ref_nos.get(id(row))
        if number is None:
            key = RuleRefKey(rule.kind, rule.id, rule.version, row.row_no, row.line)
            number = self.policy.ref_nos[id(row)] = intern_refs(self.connection, (key,))[key]
        return number

    def stream_id(self, stream: Stream | None) -> int | None:
        """Return the stream's id, and have it opened with this batch where it is new."""
        if stream is None:
            return None
        if stream.stream_id not in self.open_stream_ids:
            self.new_streams[stream.stream_id] = stream
        return stream.stream_id

    def tell(self, merchant_id: str, subject_id: int, topic: str, at: datetime) -> None:
        """Write to the outbox with this commit that something happened at `at`."""
        entry, happened = self.entry, instant(at)
        seen = happened
        if not entry.seen_from <= at <= entry.seen_at:
            seen = instant(min(max(at, entry.seen_from), entry.seen_at))
        self.messages.append(f"{merchant_id}\t{subject_id}\t{topic}\t{entry.commit_no}\t{happened}\t{seen}\n")

    def queue_books(self, gather: Callable[[], None] = lambda: None) -> None:
        """Write ledger and outbox as the next statements; `gather` may add rows when their turn has come."""

        def transfers() -> list[str]:
            gather()
            return _taken(self.transfers)

        self.wire.copy(_TRANSFERS, transfers)
        self.wire.copy(_OUTBOX, lambda: _taken(self.messages))

    def flush(self) -> None:
        """Write the gathered streams, holds, ledger rows and messages."""
        ensure(not self.cases, "cases are written with the payments they are about")
        self.queue_books()
        self.wire.finish()
        if self.new_streams:
            open_streams(self.connection, streams=tuple(self.new_streams.values()))
        if self.holds:
            self.cursor.executemany(_HOLD, self.holds)

    def write_cases(self) -> None:
        """Write the risk cases of the payments just accepted."""
        if self.cases:
            self.cursor.executemany(_CASE, self.cases)
            self.cases.clear()


def _taken(lines: list[str]) -> list[str]:
    taken = lines.copy()
    lines.clear()
    return taken
