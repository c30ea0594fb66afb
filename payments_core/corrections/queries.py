"""What did we believe? The price of a payment as known on a day: as sold, and with every correction since."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import Connection, RowMapping, text

from payments_core.payments.errors import PaymentNotFound


@dataclass(frozen=True, slots=True, kw_only=True)
class PricedBy:
    """The line of a rule that made a figure."""

    rule_id: str
    version: int
    line: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Reason:
    """Why a version puts the past right, what says so, from when on, and when it came to be known."""

    rule_id: str
    version: int
    reason: str
    reference: str
    effective_from: datetime
    known_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class PriceEntry:
    """One step of what is known: 0 is the sale, then its corrections; fen.

    `cause` is SALE, RULE (another price) or REFUND (a refund that went back at the price before). `fee_fen`
    and `cost_fen` are of the whole sale; the deltas are what was booked, refunds taken off.
    """

    number: int
    known_on: date
    cause: str
    release_no: int
    fee_fen: int
    cost_fen: int
    fee_delta_fen: int
    cost_delta_fen: int
    margin_delta_fen: int
    correction_id: int | None
    fee: PricedBy
    cost: PricedBy
    share: tuple[str, int] | None
    reasons: tuple[Reason, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownPrice:
    """The price of a payment as known on a day; no entry where it was not booked yet."""

    merchant_id: str
    payment_id: int
    known_on: date
    entries: tuple[PriceEntry, ...]

    @property
    def fee_fen(self) -> int | None:
        """The fee of the whole sale by what was known."""
        return self.entries[-1].fee_fen if self.entries else None

    @property
    def cost_fen(self) -> int | None:
        """The cost of the whole sale by what was known."""
        return self.entries[-1].cost_fen if self.entries else None

    @property
    def corrections(self) -> tuple[PriceEntry, ...]:
        """What was booked after the sale."""
        return self.entries[1:]


def get_known_price(
    connection: Connection, *, merchant_id: str, payment_id: int, on: date = date.max
) -> KnownPrice:
    """Return the price as known at the end of a business date. Raises PaymentNotFound."""
    key = {"merchant_id": merchant_id, "payment_id": payment_id}
    if connection.execute(text(_THERE), key).first() is None:
        raise PaymentNotFound(None, payment_id=payment_id)
    rows = connection.execute(text(_ENTRIES), {**key, "on": on}).mappings().all()
    reasons = {
        (row["rule_id"], row["version"]): Reason(**row)
        for row in connection.execute(text(_REASONS), {"rules": [r for row in rows for r in _rules(row)]})
        .mappings()
        .all()
    }
    entries: list[PriceEntry] = []
    for index, row in enumerate(rows):
        before = _versions(rows[index - 1]) if index else ()
        new = [key for key in _versions(row) if key not in before and key in reasons]
        entries.append(_entry(row, [reasons[key] for key in new] if index else []))
    return KnownPrice(merchant_id=merchant_id, payment_id=payment_id, known_on=on, entries=tuple(entries))


def _entry(row: RowMapping, reasons: Sequence[Reason]) -> PriceEntry:
    own = {name: row[name] for name in PriceEntry.__dataclass_fields__ if name in row}
    return PriceEntry(
        **own,
        fee=PricedBy(rule_id=row["fee_rule"], version=row["fee_version"], line=row["fee_line"]),
        cost=PricedBy(rule_id=row["cost_rule"], version=row["cost_version"], line=row["cost_line"]),
        share=(row["share_rule"], row["share_version"]) if row["share_rule"] else None,
        reasons=tuple(reasons),
    )


def _versions(row: RowMapping) -> tuple[tuple[str, int], ...]:
    return tuple((row[f"{part}_rule"], row[f"{part}_version"]) for part in ("fee", "cost", "share"))


def _rules(row: RowMapping) -> list[str]:
    return [rule for rule, _ in _versions(row) if rule]


_THERE = "SELECT 1 FROM payment WHERE merchant_id = :merchant_id AND payment_id = :payment_id"
# Outer joins: a reader may see the price of a payment without its shares.
_ENTRIES = """
SELECT e.*, f.rule_id AS fee_rule, f.version AS fee_version, f.line AS fee_line,
  c.rule_id AS cost_rule, c.version AS cost_version, c.line AS cost_line,
  s.rule_id AS share_rule, s.rule_version AS share_version
FROM (
  SELECT merchant_id, 0 AS number, business_date AS known_on, 'SALE' AS cause, release_no, fee_fen, cost_fen,
    fee_fen AS fee_delta_fen, cost_fen AS cost_delta_fen, eligible_margin_fen AS margin_delta_fen,
    CAST(NULL AS bigint) AS correction_id, fee_ref_no, cost_ref_no, stream_id
  FROM payment WHERE merchant_id = :merchant_id AND payment_id = :payment_id AND state = 'SUCCESS'
  UNION ALL
  SELECT merchant_id, number, business_date, cause, release_no, fee_fen, cost_fen, fee_delta_fen,
    cost_delta_fen, margin_delta_fen + from_margin_fen, correction_id, fee_ref_no, cost_ref_no, stream_id
  FROM correction WHERE merchant_id = :merchant_id AND payment_id = :payment_id) e
JOIN rule_ref f ON f.ref_no = e.fee_ref_no JOIN rule_ref c ON c.ref_no = e.cost_ref_no
LEFT JOIN share_stream s ON s.merchant_id = e.merchant_id AND s.stream_id = e.stream_id
WHERE e.known_on <= :on ORDER BY e.number
"""
_REASONS = """
SELECT rule_id, version, reason, reference, effective_from, known_at FROM correcting_version
WHERE rule_id = ANY (:rules)
"""
