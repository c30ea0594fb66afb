"""Read business days, settlements and payouts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection, RowMapping, text

from payments_core.errors import NotFound
from payments_core.settlement.payouts import Payout


@dataclass(frozen=True, slots=True, kw_only=True)
class BusinessDay:
    """A business date, and per finished step when and with which figures it ended."""

    business_date: date
    state: str
    closed_at: datetime | None
    closed_batch_no: int | None
    release_no: int | None
    steps: Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Settlement:
    """What one merchant is due for one date, with the rule that decided it; fen."""

    merchant_id: str
    merchant_name: str
    business_date: date
    gross_fen: int
    fee_fen: int
    refund_fen: int
    fee_back_fen: int
    fee_corrected_fen: int
    plan_fen: int
    carried_in_fen: int
    hold_fen: int
    kept_fen: int
    kept_until: date | None
    hold_ids: tuple[str, ...]
    real_fen: int
    carried_out_fen: int
    due_on: date
    rule_id: str
    rule_version: int
    release_no: int


def list_days(connection: Connection, *, since: date, until: date) -> tuple[BusinessDay, ...]:
    """Return the business days in [since, until) that were ever touched, newest first."""
    found = connection.execute(
        text(
            "SELECT business_date, state, closed_at, closed_batch_no, release_no, steps FROM business_day"
            " WHERE business_date >= :since AND business_date < :until ORDER BY business_date DESC"
        ),
        {"since": since, "until": until},
    ).mappings()
    return tuple(BusinessDay(**dict(row)) for row in found)


def list_settlements(
    connection: Connection, *, business_date: date, limit: int = 200, after: str = ""
) -> tuple[Settlement, ...]:
    """Return the settlements of one date by merchant, `limit` at a time, from after the merchant id"
    " `after`."""
    found = connection.execute(
        text(
            f"{_SETTLEMENT} WHERE s.business_date = :business_date AND s.merchant_id > :after"
            " ORDER BY s.merchant_id LIMIT :limit"
        ),
        {"business_date": business_date, "after": after, "limit": limit},
    ).mappings()
    return tuple(_settlement(row) for row in found)


def list_settlements_of(
    connection: Connection, *, merchant_id: str, since: date, until: date
) -> tuple[Settlement, ...]:
    """Return a merchant's settlements of the dates in [since, until), newest first."""
    found = connection.execute(
        text(
            f"{_SETTLEMENT} WHERE s.merchant_id = :merchant_id AND s.business_date >= :since"
            " AND s.business_date < :until ORDER BY s.business_date DESC"
        ),
        {"merchant_id": merchant_id, "since": since, "until": until},
    ).mappings()
    return tuple(_settlement(row) for row in found)


def get_settlement(connection: Connection, *, merchant_id: str, business_date: date) -> Settlement:
    """Return one settlement. Raises NotFound."""
    row = (
        connection.execute(
            text(f"{_SETTLEMENT} WHERE s.merchant_id = :merchant_id AND s.business_date = :business_date"),
            {"merchant_id": merchant_id, "business_date": business_date},
        )
        .mappings()
        .one_or_none()
    )
    if row is None:
        raise NotFound(merchant_id=merchant_id, business_date=business_date.isoformat())
    return _settlement(row)


def list_payouts(
    connection: Connection,
    *,
    business_date: date | None = None,
    merchant_id: str | None = None,
    limit: int = 200,
) -> tuple[Payout, ...]:
    """Return payouts of a date, of a merchant, or of both, newest date first."""
    found = connection.execute(
        text(
            "SELECT merchant_id, payout_id, business_date, amount_fen, state, reason,"
            " replaces_payout_id FROM payout"
            " WHERE (CAST(:business_date AS date) IS NULL OR business_date = :business_date)"
            " AND (CAST(:merchant_id AS text) IS NULL OR merchant_id = :merchant_id)"
            " ORDER BY business_date DESC, merchant_id, payout_id LIMIT :limit"
        ),
        {"business_date": business_date, "merchant_id": merchant_id, "limit": limit},
    ).mappings()
    return tuple(Payout(**dict(row)) for row in found)


_SETTLEMENT = """
SELECT s.merchant_id, coalesce(m.name, s.merchant_id) AS merchant_name, s.business_date, s.gross_fen,
  s.fee_fen, s.refund_fen, s.fee_back_fen, s.fee_corrected_fen, s.plan_fen, s.carried_in_fen, s.hold_fen,
  s.kept_fen, s.kept_until, s.hold_ids, s.real_fen, s.carried_out_fen, s.due_on,
  coalesce(r.rule_id, '') AS rule_id, coalesce(r.version, 0) AS rule_version, s.release_no
FROM settlement s LEFT JOIN merchant m USING (merchant_id) LEFT JOIN rule_ref r ON r.ref_no = s.rule_ref_no
"""


def _settlement(row: RowMapping) -> Settlement:
    return Settlement(**{**row, "hold_ids": tuple(row["hold_ids"])})
