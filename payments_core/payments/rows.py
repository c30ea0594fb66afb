"""Rows of the payment table as COPY text, and requests read back from rows.

What people sent was validated to hold no tab, newline or backslash (model.py); what comes from our own tables
and from rule files is escaped here.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any

import orjson

from payments_core.merchants.model import Served
from payments_core.payments.model import AcceptRequest, State
from payments_core.risk import Decision

PAYMENT_COLUMNS = (
    "merchant_id, payment_id, merchant_order_no, request_hash, state, refused_code, channel, mode,"
    " card_type, bank_code,"
    " device_id, device_distance_m, payer_hash, amount_fen, settle_amount_fen, buyer_paid_fen,"
    " created_at, expires_at,"
    " accepted_batch_no, store_id, broker_id, opener_id, risk_decision, risk_score, risk_hits,"
    " fact_set_no, fact_values, risk_release_no, release_no"
)
REQUEST_COLUMNS = (
    "p.merchant_id, p.merchant_order_no, p.amount_fen, p.channel, p.mode, p.created_at, p.settle_amount_fen,"
    " p.buyer_paid_fen, p.card_type, p.bank_code, p.payer_hash, p.device_id, p.device_distance_m"
)
REQUEST_WIDTH = 13


def payment_line(
    request: AcceptRequest,
    *,
    body_hash: bytes,
    payment_id: int,
    state: State,
    refused_code: str,
    served: Served,
    decision: Decision,
    facts: dict[str, Any],
    fact_set_no: int,
    batch_no: int,
    release_no: int,
) -> str:
    """Return one COPY line of PAYMENT_COLUMNS; `facts` are in the order of the names of `fact_set_no`."""
    r, created = request, request.created_at
    expires = created + timedelta(seconds=r.expires_after_s)
    values = orjson.dumps([*facts.values()]).decode()
    if "\\" in values:
        values = values.replace("\\", "\\\\")
    return (
        f"{r.merchant_id}\t{payment_id}\t{r.merchant_order_no}\t\\\\x{body_hash.hex()}\t{state}"
        f"\t{refused_code or _NULL}\t{r.channel}\t{r.mode}\t{r.card_type}\t{r.bank_code}\t{r.device_id}"
        f"\t{r.device_distance_m}\t{r.payer_id}"
        f"\t{r.amount_fen}\t{r.settle_amount_fen}\t{r.buyer_paid_fen}\t{instant(created)}\t{instant(expires)}"
        f"\t{batch_no}\t{_served(served)}\t{decision.decision}\t{decision.score}\t{_array(decision.hits)}"
        f"\t{fact_set_no}\t{values}\t{release_no}\t{release_no}\n"
    )


def literal(values: Iterable[object]) -> str:
    """Return a PostgreSQL array of numbers, dates, instants, plain ids or None; they read like JSON."""
    return f"{{{orjson.dumps([*values])[1:-1].decode()}}}"


def instant(at: datetime) -> str:
    """Return an aware instant as PostgreSQL reads it; several times as fast as `isoformat`."""
    return orjson.dumps(at)[1:-1].decode()


def quoted(values: Iterable[str]) -> str:
    """Return a PostgreSQL array of any texts."""
    texts = list(values)
    joined = '","'.join(texts)
    if "\\" in joined or joined.count('"') != 2 * (len(texts) - 1):
        joined = '","'.join([v.replace("\\", "\\\\").replace('"', '\\"') for v in texts])
    return f'{{"{joined}"}}' if texts else "{}"


def request_of(row: Sequence[Any]) -> AcceptRequest:
    """Return the request a row of REQUEST_COLUMNS was accepted from; its expiry is not read back."""
    return AcceptRequest(
        merchant_id=row[0],
        merchant_order_no=row[1],
        amount_fen=row[2],
        channel=row[3],
        mode=row[4],
        created_at=row[5],
        settle_amount_fen=row[6],
        buyer_paid_fen=row[7],
        card_type=row[8],
        bank_code=row[9],
        payer_id=row[10],
        device_id=row[11],
        device_distance_m=row[12],
    )


_NULL = "\\N"


@lru_cache(maxsize=65_536)
def _served(served: Served) -> str:
    return "\t".join(_escaped(part) for part in (served.store_id, served.broker_id, served.opener_id))


@lru_cache(maxsize=4096)
def _array(hits: tuple[str, ...]) -> str:
    quoted = (hit.replace("\\", "\\\\").replace('"', '\\"') for hit in hits)
    return _escaped("{" + ",".join(f'"{hit}"' for hit in quoted) + "}")


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace("\t", "\\t").replace("\n", "\\n").replace("\r", "\\r")
