"""Bring velocity windows up to date from the payment table, by batch number.

A process that has just started reads as far back as its longest window; one that is a few batches behind
reads those batches. Every payment stores the facts it was decided on, so its place in every
window can be rebuilt.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import orjson
import psycopg

from engine.expressions import EvaluationError
from payments_core.merchants.directory import Directory
from payments_core.payments.policy import Policy
from payments_core.payments.rows import REQUEST_COLUMNS, REQUEST_WIDTH, request_of
from payments_core.risk import SLACK_US, microseconds

_CHUNK = 5_000
_SINCE = (
    f"SELECT {REQUEST_COLUMNS}, p.fact_set_no, p.fact_values::text FROM payment p"
    " WHERE p.created_at > %s AND p.accepted_batch_no < %s ORDER BY p.accepted_batch_no, p.payment_id"
)
_BETWEEN = (
    f"SELECT {REQUEST_COLUMNS}, p.fact_set_no, p.fact_values::text FROM payment p"
    " WHERE p.accepted_batch_no > %s AND p.accepted_batch_no < %s ORDER BY p.accepted_batch_no, p.payment_id"
)
_REFUNDS = (
    "SELECT r.merchant_id, p.payer_hash, r.amount_fen, r.refunded_at FROM refund r"
    " JOIN payment p ON p.merchant_id = r.merchant_id AND p.payment_id = r.payment_id"
    " WHERE r.state = 'SUCCESS' AND r.batch_no > %s AND r.batch_no < %s AND r.refunded_at > %s"
)


def catch_up(
    connection: psycopg.Connection[Any], *, policy: Policy, directory: Directory, batch_no: int, now: datetime
) -> None:
    """Add what was accepted before `batch_no` and is not in the policy's windows yet."""
    windows = policy.windows
    if windows.batch_no == batch_no - 1:
        return
    if windows.plans:
        oldest = now - timedelta(microseconds=windows.horizon_us + SLACK_US)
        for row in _rows(connection, windows.batch_no, batch_no, oldest):
            _add(policy, directory, row)
        for refund in connection.execute(_REFUNDS, (windows.batch_no, batch_no, oldest)):
            merchant_id, payer_id, amount_fen, at = refund
            policy.count_refund(merchant_id=merchant_id, payer_id=payer_id, amount_fen=amount_fen, at=at)
    windows.keep()
    windows.batch_no = batch_no - 1


def _rows(
    connection: psycopg.Connection[Any], known_no: int, batch_no: int, oldest: datetime
) -> Iterator[tuple[Any, ...]]:
    with connection.cursor(name="haodian_history") as cursor:
        cursor.itersize = _CHUNK
        if known_no < 0:
            cursor.execute(_SINCE, (oldest, batch_no))
        else:
            cursor.execute(_BETWEEN, (known_no, batch_no))
        yield from cursor


def _add(policy: Policy, directory: Directory, row: tuple[Any, ...]) -> None:
    windows, created_at = policy.windows, row[5]
    names = policy.fact_sets.names_of(row[REQUEST_WIDTH])
    facts = dict(zip(names, orjson.loads(row[REQUEST_WIDTH + 1]), strict=True))
    if not windows.reads <= facts.keys():
        # Decided under a release that read less: what the row does not say is derived again.
        view = directory.merchant(row[0])
        if view is None:
            return
        served = directory.binding(row[0], created_at)
        facts = policy.decision_facts.read(request_of(row), view, served, created_at) | facts
    try:
        windows.count_in(facts, microseconds(created_at))
    except EvaluationError:  # it was not counted when it was decided either
        return
