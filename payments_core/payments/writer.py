"""The writer of one lane in one process: runs a batch in one transaction, and heals what fails.

A batch either commits whole or leaves nothing, in the database and in memory. If the database refuses it, it
is run again in halves, down to the guilty item, which alone gets an error. If the connection is lost, even
while committing, the batch is run again: what was written is found by its keys and answered as before.
"""

from __future__ import annotations

import threading
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from itertools import chain
from typing import Any

import psycopg
from sqlalchemy import Connection, Engine
from sqlalchemy.exc import DBAPIError

from payments_core.database import driver_of, transaction
from payments_core.errors import InvariantBroken, PaymentsCoreError
from payments_core.merchants.directory import Directory
from payments_core.payments.accepting import accept, look_up
from payments_core.payments.batch import Batch, Entry, Known, enter
from payments_core.payments.capturing import begin, fail, finish
from payments_core.payments.errors import NoActiveRelease, RefusedByDatabase, StoreUnavailable
from payments_core.payments.fact_sets import FactSets
from payments_core.payments.history import catch_up
from payments_core.payments.model import (
    AcceptRequest,
    Answer,
    Capture,
    Failure,
    Item,
    RefundRequest,
    RefundResult,
)
from payments_core.payments.policy import Policy, Rulebooks
from payments_core.payments.refunding import book_refunds, request_refunds
from payments_core.payments.wire import Wire

Result = Answer | Exception
RETRIES = 6
KNOWN_LIMIT = 200_000


class LaneWriter:
    """Runs batches of one lane, one at a time. Several processes may each have one for the same lane."""

    def __init__(
        self,
        *,
        engine: Engine,
        rulebooks: Rulebooks,
        directory: Directory,
        lane_no: int,
        wait: Callable[[int], None],
    ) -> None:
        """Write lane `lane_no`; `wait(attempt)` is called before a batch is tried again."""
        self._engine = engine
        self._rulebooks = rulebooks
        self._directory = directory
        self._lane_no = lane_no
        self._wait = wait
        self._lock = threading.Lock()
        self._policy: Policy | None = None
        self._fact_sets = FactSets(engine)
        self._known: Known = {}
        self._open_stream_ids: set[int] = set()

    def run(self, items: Sequence[Item], *, now: datetime) -> list[Result]:
        """Return the answer to each item, in order: what it asked for, or the exception that refuses it."""
        results: list[Result | None] = [_finding(item) for item in items]
        valid = [index for index, found in enumerate(results) if found is None]
        if valid:
            with self._lock:
                answers = self._run_or_halve([items[index] for index in valid], now)
            for index, answer in zip(valid, answers, strict=True):
                results[index] = answer
        return [result for result in results if result is not None]

    def _run_or_halve(self, items: list[Item], now: datetime) -> list[Result]:
        try:
            return self._run_retrying(items, now)
        except (
            psycopg.Error,
            DBAPIError,
            InvariantBroken,
            ArithmeticError,
            LookupError,
            TypeError,
            ValueError,
        ) as error:
            if len(items) == 1:
                return [_refusal(error)]
        half = len(items) // 2
        return [*self._run_or_halve(items[:half], now), *self._run_or_halve(items[half:], now)]

    def _run_retrying(self, items: list[Item], now: datetime) -> list[Result]:
        for attempt in range(RETRIES):
            try:
                return self._run_once(items, now)
            except (psycopg.OperationalError, psycopg.InterfaceError, DBAPIError) as error:
                if not _is_passing(error):
                    raise
            self._wait(attempt)
        return [StoreUnavailable() for _ in items]

    def _run_once(self, items: list[Item], now: datetime) -> list[Result]:
        batch: Batch | None = None
        try:
            with transaction(self._engine) as connection:
                prepared = self._prepare(connection, items, now)
                if isinstance(prepared, PaymentsCoreError):
                    return [prepared for _ in items]
                batch = prepared
                answers = _written(batch, items)
        except BaseException:
            if self._policy is not None:
                self._policy.windows.undo()
            raise
        self._remember(batch)
        return answers

    def _prepare(self, connection: Connection, items: list[Item], now: datetime) -> Batch | PaymentsCoreError:
        raw = driver_of(connection)
        cursor = raw.cursor()
        entry = enter(cursor, lane_no=self._lane_no, now=now, ids=len(items), latest=_latest(items))
        self._directory.catch_up(connection, entry.directory_no)
        policy = self._policy_of(entry)
        if policy is None:
            return NoActiveRelease()
        catch_up(raw, policy=policy, directory=self._directory, batch_no=entry.batch_no, now=now)
        return Batch(
            connection=connection,
            statements=cursor,
            wire=Wire(raw),
            now=now,
            entry=entry,
            policy=policy,
            directory=self._directory,
            known=self._known,
            open_stream_ids=self._open_stream_ids,
            next_id=entry.first_id,
        )

    def _policy_of(self, entry: Entry) -> Policy | None:
        if entry.release_no is None:
            return None
        if self._policy is None or self._policy.release_no != entry.release_no:
            rulebook = self._rulebooks.get(entry.release_no).rulebook
            self._policy = Policy(
                release_no=entry.release_no,
                rulebook=rulebook,
                directory=self._directory,
                fact_sets=self._fact_sets,
                before=self._policy,
            )
        return self._policy

    def _remember(self, batch: Batch) -> None:
        windows = batch.policy.windows
        windows.keep()
        windows.batch_no = batch.batch_no
        self._open_stream_ids |= batch.new_streams.keys()
        self._known |= batch.new_known
        for payment_id in batch.done_ids:
            self._known.pop(payment_id, None)
        while len(self._known) > KNOWN_LIMIT:
            del self._known[next(iter(self._known))]


def _written(batch: Batch, items: list[Item]) -> list[Result]:
    try:
        answers = _apply(batch, items)
        batch.flush()
    except BaseException:
        batch.wire.abandon()
        raise
    return answers


def _apply(batch: Batch, items: list[Item]) -> list[Result]:
    """Run each kind of item in the order money moves: accept, capture, fail, reserve, book.

    The captures are priced and sent first: the database books them while the orders are decided.
    """
    results: dict[int, Result] = {}
    found: defaultdict[type[Item], list[tuple[int, Any]]] = defaultdict(list)
    for index, item in enumerate(items):
        found[type(item)].append((index, item))

    def of(kind: type[Item]) -> list[Any]:
        return [item for _, item in found[kind]]

    def each(kind: type[Item], run: Callable[[list[Any]], Iterable[Result]]) -> None:
        if some := of(kind):
            results.update(zip((index for index, _ in found[kind]), run(some), strict=True))

    looked_up = look_up(batch, of(AcceptRequest))
    refunds = found[RefundRequest] or found[RefundResult]
    captures = begin(batch, of(Capture), book=not refunds)
    each(AcceptRequest, lambda some: accept(batch, some, looked_up))
    each(Capture, lambda _: finish(batch, captures))
    batch.write_cases()
    each(Failure, lambda some: fail(batch, some))
    each(RefundRequest, lambda some: request_refunds(batch, some))
    each(RefundResult, lambda some: book_refunds(batch, some))
    return [results[index] for index in range(len(items))]


def _latest(items: list[Item]) -> datetime | None:
    """Return when the last of the money moved that the channels report here; None where none did."""
    captured = (item.paid_at for item in items if isinstance(item, Capture))
    refunded = (item.at for item in items if isinstance(item, RefundResult))
    return max(chain(captured, refunded), default=None)


def _finding(item: Item) -> PaymentsCoreError | None:
    if isinstance(item, AcceptRequest | RefundRequest):
        try:
            item.validate()
        except PaymentsCoreError as refusal:
            return refusal
    return None


def _cause(error: BaseException) -> Any:
    return error.orig if isinstance(error, DBAPIError) else error


def _is_passing(error: Exception) -> bool:
    """Tell whether trying the same batch again may succeed: lost connection, deadlock, serialization."""
    cause = _cause(error)
    return isinstance(cause, psycopg.OperationalError | psycopg.InterfaceError)


def _refusal(error: Exception) -> Exception:
    cause = _cause(error)
    if not isinstance(cause, psycopg.Error):
        return error
    constraint = cause.diag.constraint_name or ""
    refusal = RefusedByDatabase(f"the database refused this item: {constraint or type(cause).__name__}")
    refusal.__cause__ = error
    return refusal
