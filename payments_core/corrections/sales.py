"""The payments that a day's corrections may be about, each with what the books hold of it to that day."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection, RowMapping, text

from payments_core.corrections.evidence import Line, Standing
from payments_core.corrections.model import Back, Booked
from payments_core.corrections.repricing import Sale
from payments_core.payments.rows import REQUEST_COLUMNS, request_of

CHUNK = 1000
Key = tuple[str, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """Days of payments that were paid before a correction was known: both days included, times half-open."""

    since: date
    start: datetime
    end: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """A payment as it stands: its price, its refunds to the day, what is booked, its corrections so far."""

    payment_id: int
    sale: Sale
    standing: Standing
    booked: Booked
    backs: tuple[Back, ...]
    number: int
    fee_ref_no: int
    cost_ref_no: int
    origin: Mapping[str, str]

    @property
    def merchant_id(self) -> str:
        """Whose payment it is."""
        return self.sale.request.merchant_id


def list_candidates(connection: Connection, *, window: Window | None, until: date) -> Iterator[Candidate]:
    """Yield by merchant and id: the payments of the window to `until`, and those corrected before with a
    refund on that day.
    """
    values = {
        "since": window.since if window else None,
        "start": window.start if window else None,
        "end": window.end if window else None,
        "until": until,
    }
    keys = [(row.merchant_id, row.payment_id) for row in connection.execute(text(_KEYS), values)]
    for first in range(0, len(keys), CHUNK):
        yield from _loaded(connection, keys[first : first + CHUNK], until)


def _loaded(connection: Connection, keys: Sequence[Key], until: date) -> Iterator[Candidate]:
    asked = {
        "merchants": [merchant for merchant, _ in keys],
        "payments": [payment for _, payment in keys],
        "until": until,
    }
    refunds, corrections = _by_payment(connection, _REFUNDS, asked), _by_payment(connection, _BOOKED, asked)
    for row in connection.execute(text(_SALES), asked):
        key = (row.merchant_id, row.payment_id)
        yield _candidate(tuple(row), row._mapping, refunds[key], corrections[key])


def _by_payment(
    connection: Connection, sql: str, asked: Mapping[str, Any]
) -> defaultdict[Key, list[RowMapping]]:
    found: defaultdict[Key, list[RowMapping]] = defaultdict(list)
    for row in connection.execute(text(sql), asked).mappings():
        found[row["merchant_id"], row["payment_id"]].append(row)
    return found


def _candidate(
    columns: tuple[Any, ...],
    row: RowMapping,
    refunds: Sequence[RowMapping],
    corrections: Sequence[RowMapping],
) -> Candidate:
    return Candidate(
        payment_id=row["payment_id"],
        sale=Sale(
            request=request_of(columns),
            paid_at=row["paid_at"],
            business_date=row["business_date"],
            stored=row["stored"],
        ),
        standing=_standing(row),
        booked=_booked(row, refunds, corrections),
        backs=tuple(Back(amount_fen=r["amount_fen"], requested_at=r["requested_at"]) for r in refunds),
        number=row["number"],
        fee_ref_no=row["fee_ref_no"],
        cost_ref_no=row["cost_ref_no"],
        origin={name: row[name] for name in ("store_id", "broker_id", "opener_id")},
    )


def _standing(row: RowMapping) -> Standing:
    return Standing(
        release_no=row["release_no"],
        fee=Line(rule_id=row["fee_rule"], version=row["fee_version"], row_no=row["fee_row"]),
        cost=Line(rule_id=row["cost_rule"], version=row["cost_version"], row_no=row["cost_row"]),
        share=(row["share_rule"], row["share_version"]) if row["share_rule"] else None,
        granted=frozenset(row["granted"]),
        fee_fen=row["fee_fen"],
        cost_fen=row["cost_fen"],
        margin_fen=row["margin_fen"],
        stream_id=row["stream_id"],
    )


def _booked(row: RowMapping, refunds: Sequence[RowMapping], corrections: Sequence[RowMapping]) -> Booked:
    margins: dict[int | None, int] = defaultdict(int)
    margins[row["paid_stream_id"]] += row["paid_margin_fen"]
    for refund in refunds:
        margins[refund["stream_id"]] += refund["margin_fen"]
    for one in corrections:
        margins[one["stream_id"]] += one["margin_delta_fen"]
        margins[one["from_stream_id"]] += one["from_margin_fen"]
    return Booked(
        fee_fen=row["paid_fee_fen"]
        - sum(r["fee_back_fen"] for r in refunds)
        + sum(c["fee_delta_fen"] for c in corrections),
        cost_fen=row["paid_cost_fen"]
        - sum(r["cost_back_fen"] for r in refunds)
        + sum(c["cost_delta_fen"] for c in corrections),
        margins=dict(margins),
    )


_KEYS = """
SELECT merchant_id, payment_id FROM payment
WHERE state = 'SUCCESS' AND business_date >= CAST(:since AS date) AND business_date <= :until
  AND paid_at >= CAST(:start AS timestamptz) AND paid_at < CAST(:end AS timestamptz)
UNION
SELECT r.merchant_id, r.payment_id FROM refund r
WHERE r.state = 'SUCCESS' AND r.business_date = :until AND EXISTS (SELECT 1 FROM correction c
  WHERE c.merchant_id = r.merchant_id AND c.payment_id = r.payment_id)
ORDER BY merchant_id, payment_id
"""
_ASKED = """
unnest(CAST(:merchants AS text[]), CAST(:payments AS bigint[])) AS k (merchant_id, payment_id)
"""
# What stands is what the last correction says, before the first what the payment says.
_SALES = f"""
SELECT {REQUEST_COLUMNS}, p.payment_id, p.paid_at, p.business_date, risk_facts(p) AS stored,
  p.store_id, p.broker_id, p.opener_id, p.stream_id AS paid_stream_id, p.fee_fen AS paid_fee_fen,
  p.cost_fen AS paid_cost_fen, p.eligible_margin_fen AS paid_margin_fen, n.*,
  f.rule_id AS fee_rule, f.version AS fee_version, f.row_no AS fee_row,
  c.rule_id AS cost_rule, c.version AS cost_version, c.row_no AS cost_row,
  s.rule_id AS share_rule, s.rule_version AS share_version,
  ARRAY(SELECT l.rule_line FROM share_line l
    WHERE l.merchant_id = s.merchant_id AND l.stream_id = s.stream_id) AS granted
FROM {_ASKED} JOIN payment p USING (merchant_id, payment_id)
CROSS JOIN LATERAL (SELECT * FROM (
  SELECT number, release_no, fee_fen, cost_fen, eligible_margin_fen AS margin_fen, stream_id,
    fee_ref_no, cost_ref_no FROM correction x
  WHERE x.merchant_id = p.merchant_id AND x.payment_id = p.payment_id
  UNION ALL
  SELECT 0, p.release_no, p.fee_fen, p.cost_fen, p.eligible_margin_fen, p.stream_id,
    p.fee_ref_no, p.cost_ref_no) either ORDER BY number DESC LIMIT 1) n
JOIN rule_ref f ON f.ref_no = n.fee_ref_no JOIN rule_ref c ON c.ref_no = n.cost_ref_no
LEFT JOIN share_stream s ON s.merchant_id = p.merchant_id AND s.stream_id = n.stream_id
ORDER BY p.merchant_id, p.payment_id
"""
_REFUNDS = f"""
SELECT r.merchant_id, r.payment_id, r.amount_fen, r.requested_at, r.fee_back_fen, r.cost_back_fen,
  coalesce(r.eligible_margin_delta_fen, 0) AS margin_fen, r.stream_id
FROM {_ASKED} JOIN refund r USING (merchant_id, payment_id)
WHERE r.state = 'SUCCESS' AND r.business_date <= :until ORDER BY r.batch_no, r.refund_id
"""
_BOOKED = f"""
SELECT c.merchant_id, c.payment_id, c.fee_delta_fen, c.cost_delta_fen, c.stream_id, c.margin_delta_fen,
  c.from_stream_id, c.from_margin_fen
FROM {_ASKED} JOIN correction c USING (merchant_id, payment_id) WHERE c.business_date <= :until
"""
