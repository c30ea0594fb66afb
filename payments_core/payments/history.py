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
    f"SELECT {REQUEST_COLUMNS}, p.risk_facts::text FROM payment p"
    " WHERE p.created_at > %s AND p.accepted_batch_no < %s ORDER BY p.accepted_batch_no, p.payment_id"
)
_BETWEEN = (
    f"SELECT {REQUEST_COLUMNS}, p.risk_facts::text FROM payment p"
    " WHERE p.accepted_batch_no > %s AND p.accepted_batch_no < %s ORDER BY p.accepted_batch_no, p.payment_id"
)


def catch_up(
    connection: psycopg.Connection[Any], *, policy: Policy, directory: Directory, batch_no: int, now: datetime
) -> None:
    """Add what was accepted before `batch_no` and is not in the policy's windows yet."""
    windows = policy.windows
    if windows.batch_no == batch_no - 1:
        return
    if windows.plans:
        for request_row in _rows(connection, windows.batch_no, batch_no, policy, now):
            _add(policy, directory, request_row)
    windows.keep()
    windows.batch_no = batch_no - 1


def _rows(
    connection: psycopg.Connection[Any], known_no: int, batch_no: int, policy: Policy, now: datetime
) -> Iterator[tuple[Any, ...]]:
    with connection.cursor(name="haodian_history") as cursor:
        cursor.itersize = _CHUNK
        if known_no < 0:
            back = timedelta(microseconds=policy.windows.horizon_us + SLACK_US)
            cursor.execute(_SINCE, (now - back, batch_no))
        else:
            cursor.execute(_BETWEEN, (known_no, batch_no))
        yield from cursor


def _add(policy: Policy, directory: Directory, row: tuple[Any, ...]) -> None:
    windows, created_at = policy.windows, row[5]
    facts = orjson.loads(row[REQUEST_WIDTH])
    if not windows.reads <= facts.keys():
        # Decided under a release that read less: what the row does not say is derived again.
        view = directory.merchant(row[0])
        if view is None:
            return
        served = directory.binding(row[0], created_at)
        facts = policy.decision_facts.read(request_of(row), view, served, created_at) | facts
    try:
        windows.add(facts, microseconds(created_at))
    except EvaluationError:  # it was not counted when it was decided either
        return
