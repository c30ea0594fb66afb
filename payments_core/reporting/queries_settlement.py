"""Business days with what they settled, and one day's settlements by merchant, within the reader's scope."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from types import MappingProxyType
from typing import Any

from sqlalchemy import Connection, RowMapping, text

STEPS = ("close", "corrections", "shares", "settlement", "payouts", "proof")
PAYOUT_STATES = ("PROCESSING", "SUCCESS", "FAILED", "RETURNED", "FROZEN")
_SORTS = MappingProxyType(
    {
        "merchant": "s.merchant_id",
        "gross": "s.gross_fen",
        "fee": "s.fee_fen",
        "refund": "s.refund_fen",
        "carried": "s.carried_in_fen",
        "hold": "s.hold_fen",
        "plan": "s.plan_fen",
        "real": "s.real_fen",
        "payout": "p.state",
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class SettledDay:
    """One business day: which steps are done since when, and its sums in the reader's scope; fen.

    `figures` of a step are the whole platform's; a reader of less is not to be shown them.
    """

    on: date
    state: str
    finished: Mapping[str, datetime]
    figures: Mapping[str, Mapping[str, int]]
    merchants: int
    plan_fen: int
    real_fen: int
    paid_fen: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SettlementRow:
    """What one merchant was due for a day; `payout_state` None: nothing was instructed. Fen."""

    merchant_id: str
    merchant_name: str
    gross_fen: int
    fee_fen: int
    refund_fen: int
    fee_back_fen: int
    fee_corrected_fen: int
    plan_fen: int
    carried_in_fen: int
    hold_fen: int
    real_fen: int
    carried_out_fen: int
    due_on: date
    rule_id: str
    rule_version: int
    rule_line: int
    payout_state: str | None
    payout_reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SettlementTotals:
    """Sums over every settlement that matches, not over a page; fen."""

    merchants: int
    gross_fen: int
    fee_fen: int
    refund_fen: int
    fee_back_fen: int
    fee_corrected_fen: int
    plan_fen: int
    carried_in_fen: int
    hold_fen: int
    real_fen: int
    carried_out_fen: int
    paid_fen: int


def list_settled_days(connection: Connection, *, until: date, days: int = 31) -> tuple[SettledDay, ...]:
    """Return the business days of the last `days` dates up to and with `until`, newest first."""
    rows = connection.execute(_DAYS, {"since": until - timedelta(days=days - 1), "until": until})
    return tuple(_day(row._mapping) for row in rows)


def list_settlement_rows(
    connection: Connection,
    *,
    on: date,
    place: str = "",
    payout: str = "",
    sort: str = "real",
    descending: bool = True,
    offset: int = 0,
    limit: int = 50,
) -> tuple[SettlementRow, ...]:
    """Return the settlements of one day; `place` is a merchant's name or id, `payout` its payout's state."""
    order = f"{_SORTS.get(sort, 's.real_fen')} {'DESC' if descending else 'ASC'} NULLS LAST, s.merchant_id"
    found = connection.execute(
        text(f"SELECT {_COLUMNS} {_FROM} WHERE {_WHERE} ORDER BY {order} OFFSET :offset LIMIT :limit"),
        {**_wanted(on, place, payout), "offset": offset, "limit": limit},
    ).mappings()
    return tuple(SettlementRow(**dict(row)) for row in found)


def sum_settlements(
    connection: Connection, *, on: date, place: str = "", payout: str = ""
) -> SettlementTotals:
    """Return the sums over the same settlements."""
    found = connection.execute(
        text(f"SELECT {_SUMS} {_FROM} WHERE {_WHERE}"), _wanted(on, place, payout)
    ).mappings()
    return SettlementTotals(**{name: int(value) for name, value in found.one().items()})


def _wanted(on: date, place: str, payout: str) -> dict[str, Any]:
    escaped = place.strip().replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    return {"on": on, "name": f"%{escaped}%", "id": f"{escaped}%", "payout": payout}


def _day(row: RowMapping) -> SettledDay:
    steps: Mapping[str, Any] = row["steps"] or {}
    return SettledDay(
        on=row["business_date"],
        state=row["state"],
        finished={key: datetime.fromisoformat(note["finished_at"]) for key, note in steps.items()},
        figures={key: note["figures"] for key, note in steps.items()},
        merchants=row["merchants"],
        plan_fen=row["plan_fen"],
        real_fen=row["real_fen"],
        paid_fen=row["paid_fen"],
    )


# A returned payout is followed by another one for the same day: the last one is how the day stands.
_FROM = """
FROM settlement s LEFT JOIN merchant m USING (merchant_id) LEFT JOIN rule_ref r ON r.ref_no = s.rule_ref_no
LEFT JOIN LATERAL (SELECT o.state, o.reason FROM payout o WHERE o.merchant_id = s.merchant_id
  AND o.business_date = s.business_date ORDER BY o.payout_id DESC LIMIT 1) p ON true
"""
_WHERE = """
s.business_date = :on AND (coalesce(m.name, '') LIKE :name OR s.merchant_id ILIKE :id)
AND (:payout = '' OR p.state = :payout)
"""
_COLUMNS = """
s.merchant_id, coalesce(m.name, s.merchant_id) AS merchant_name, s.gross_fen, s.fee_fen, s.refund_fen,
s.fee_back_fen, s.fee_corrected_fen, s.plan_fen, s.carried_in_fen, s.hold_fen, s.real_fen,
s.carried_out_fen, s.due_on, coalesce(r.rule_id, '') AS rule_id, coalesce(r.version, 0) AS rule_version,
coalesce(r.line, 0) AS rule_line, p.state AS payout_state, coalesce(p.reason, '') AS payout_reason
"""
_SUMS = ", ".join(
    (
        "count(*) AS merchants",
        *(
            f"coalesce(sum(s.{name}), 0) AS {name}"
            for name in SettlementTotals.__dataclass_fields__
            if name not in ("merchants", "paid_fen")
        ),
        "coalesce(sum(s.real_fen) FILTER (WHERE p.state = 'SUCCESS'), 0) AS paid_fen",
    )
)
_DAYS = text("""
SELECT d.business_date, d.state, d.steps, count(s.merchant_id) AS merchants,
  coalesce(sum(s.plan_fen), 0)::bigint AS plan_fen, coalesce(sum(s.real_fen), 0)::bigint AS real_fen,
  coalesce(max(p.paid_fen), 0)::bigint AS paid_fen
FROM business_day d LEFT JOIN settlement s USING (business_date)
LEFT JOIN (SELECT business_date, sum(amount_fen) AS paid_fen FROM payout
  WHERE state = 'SUCCESS' AND business_date BETWEEN :since AND :until GROUP BY 1) p USING (business_date)
WHERE d.business_date BETWEEN :since AND :until
GROUP BY d.business_date, d.state, d.steps ORDER BY d.business_date DESC
""")
