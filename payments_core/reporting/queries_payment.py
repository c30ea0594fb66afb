"""Everything that is known of one payment, in the reader's scope: money, shares, ledger, refunds, settlement.

Figures that have not come yet are None, never 0. What another party earns is hidden by the tables' own
policies, so a broker reads only lines of their own.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import Connection, RowMapping, text

from payments_core.calendar import SHANGHAI
from payments_core.corrections import KnownPrice, get_known_price
from payments_core.ledger import DailyJob, daily_posting_id
from payments_core.payments.errors import PaymentNotFound
from payments_core.payments.queries import PaymentView, RefundView, get_payment, list_refunds
from payments_core.settlement.queries import BusinessDay, Settlement, list_days, list_settlements_of

_ID_DIGITS = 19
_AROUND = timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleLine:
    """The line of the rule that made a figure; `row_no` -1 is the rule itself."""

    rule_id: str
    version: int
    row_no: int
    line: int
    label: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SharePart:
    """One party's part of the payment's margin: rate_ppm of it, by one line of the rule."""

    line_no: int
    pool_no: int
    party_kind: str
    party_id: str
    party_name: str
    role: str
    rate_ppm: int
    rule: RuleLine


@dataclass(frozen=True, slots=True, kw_only=True)
class PoolDay:
    """What one party kind of the payment's stream came to on its day, cumulated over the month; fen."""

    party_kind: str
    cum_margin_fen: int
    margin_fen: int
    cum_fen: int
    delta_fen: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Transfer:
    """One leg of the ledger; `is_daily` marks the day's shares of the whole merchant, not of this payment."""

    posting_id: int
    leg: int
    debit_account: str
    debit_party: str
    credit_account: str
    credit_party: str
    amount_fen: int
    code: str
    phase: str
    posted_at: datetime
    is_daily: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """The risk case a payment opened."""

    case_no: str
    decision: str
    state: str
    hold_fen: int
    hold_until: date | None
    opened_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class PayoutState:
    """One instruction to the bank for the merchant's day."""

    payout_id: int
    amount_fen: int
    state: str
    reason: str
    instructed_at: datetime
    finished_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentDetail:
    """One payment with everything around it; `scope` is what its rules were looked up by."""

    payment: PaymentView
    accepted_batch_no: int
    captured_batch_no: int | None
    device_distance_m: int
    merchant_name: str
    store_name: str
    broker_name: str
    opener_name: str
    scope: Mapping[str, str]
    fee_rule: RuleLine | None
    cost_rule: RuleLine | None
    shares: tuple[SharePart, ...]
    pools: tuple[PoolDay, ...]
    refunds: tuple[RefundView, ...]
    known_price: KnownPrice
    transfers: tuple[Transfer, ...]
    case: Case | None
    business_day: BusinessDay | None
    settlement: Settlement | None
    payouts: tuple[PayoutState, ...]


def get_payment_detail(connection: Connection, *, payment_id: int) -> PaymentDetail:
    """Return one payment by its number. Raises PaymentNotFound, also out of the reader's scope."""
    merchant_id = _merchant_of(connection, payment_id)
    payment = get_payment(connection, merchant_id=merchant_id, payment_id=payment_id)
    key = {"merchant_id": merchant_id, "payment_id": payment_id}
    around = connection.execute(_AROUND_PAYMENT, key).mappings().one()
    refs = _rule_lines(connection, payment.fee_ref_no, payment.cost_ref_no)
    refunds = list_refunds(connection, merchant_id=merchant_id, payment_id=payment_id)
    on = payment.business_date
    known_price = get_known_price(connection, merchant_id=merchant_id, payment_id=payment_id)
    postings = [refund.refund_id for refund in refunds]
    postings += [one.correction_id for one in known_price.corrections if one.correction_id is not None]
    stream = {"merchant_id": merchant_id, "stream_id": payment.stream_id, "business_date": on}
    return PaymentDetail(
        payment=payment,
        accepted_batch_no=around["accepted_batch_no"],
        captured_batch_no=around["captured_batch_no"],
        device_distance_m=around["device_distance_m"],
        merchant_name=around["merchant_name"],
        store_name=around["store_name"],
        broker_name=around["broker_name"],
        opener_name=around["opener_name"],
        scope={name: around[name] for name in _SCOPE_KEYS if around[name]},
        fee_rule=refs.get(payment.fee_ref_no or 0),
        cost_rule=refs.get(payment.cost_ref_no or 0),
        shares=tuple(_share(row._mapping) for row in connection.execute(_SHARES, stream)),
        pools=tuple(PoolDay(**row) for row in connection.execute(_POOLS, stream).mappings()),
        refunds=refunds,
        known_price=known_price,
        transfers=_transfers(connection, payment, postings),
        case=_case(connection, key),
        business_day=_day(connection, on),
        settlement=_settlement(connection, merchant_id, on),
        payouts=_payouts(connection, merchant_id, on),
    )


def _merchant_of(connection: Connection, payment_id: int) -> str:
    """The number holds the time, and times are indexed; a number without one is looked for everywhere."""
    found = None
    at = _time_in(payment_id)
    if at is not None:
        near = {"payment_id": payment_id, "since": at - _AROUND, "until": at + _AROUND}
        found = connection.execute(_NEAR, near).scalar_one_or_none()
    if found is None:
        found = connection.execute(_ANYWHERE, {"payment_id": payment_id}).scalar_one_or_none()
    if found is None:
        raise PaymentNotFound(None, payment_id=payment_id)
    return str(found)


def _time_in(payment_id: int) -> datetime | None:
    digits = str(payment_id)
    if len(digits) != _ID_DIGITS:
        return None
    try:
        return datetime.strptime(digits[:12], "%y%m%d%H%M%S").replace(tzinfo=SHANGHAI)
    except ValueError:
        return None


def _rule_lines(connection: Connection, *ref_nos: int | None) -> dict[int, RuleLine]:
    wanted = [ref_no for ref_no in ref_nos if ref_no is not None]
    found = connection.execute(_REFS, {"wanted": wanted}).mappings()
    return {
        row["ref_no"]: RuleLine(**{name: row[name] for name in RuleLine.__dataclass_fields__})
        for row in found
    }


def _share(row: RowMapping) -> SharePart:
    rule = RuleLine(
        rule_id=row["rule_id"], version=row["rule_version"], row_no=-1, line=row["rule_line"], label=""
    )
    own = {name: row[name] for name in SharePart.__dataclass_fields__ if name != "rule"}
    return SharePart(**own, rule=rule)


def _transfers(connection: Connection, payment: PaymentView, later: list[int]) -> tuple[Transfer, ...]:
    postings = [payment.payment_id, *later]
    shared = -1
    if payment.business_date is not None and payment.stream_id is not None:
        shared = daily_posting_id(business_date=payment.business_date, job=DailyJob.SHARE)
    rows = connection.execute(
        _TRANSFERS, {"merchant_id": payment.merchant_id, "postings": [*postings, shared], "shared": shared}
    ).mappings()
    return tuple(Transfer(**row) for row in rows)


def _case(connection: Connection, key: Mapping[str, Any]) -> Case | None:
    row = connection.execute(_CASE, key).mappings().one_or_none()
    return None if row is None else Case(**row)


def _day(connection: Connection, on: date | None) -> BusinessDay | None:
    if on is None:
        return None
    return next(iter(list_days(connection, since=on, until=on + timedelta(days=1))), None)


def _settlement(connection: Connection, merchant_id: str, on: date | None) -> Settlement | None:
    if on is None:
        return None
    found = list_settlements_of(connection, merchant_id=merchant_id, since=on, until=on + timedelta(days=1))
    return next(iter(found), None)


def _payouts(connection: Connection, merchant_id: str, on: date | None) -> tuple[PayoutState, ...]:
    rows = connection.execute(_PAYOUTS, {"merchant_id": merchant_id, "on": on}).mappings()
    return tuple(PayoutState(**row) for row in rows)


_SCOPE_KEYS = ("city", "district", "store", "merchant", "mcc", "type")
_NEAR = text(
    "SELECT merchant_id FROM payment WHERE payment_id = :payment_id"
    " AND created_at BETWEEN :since AND :until LIMIT 1"
)
_ANYWHERE = text("SELECT merchant_id FROM payment WHERE payment_id = :payment_id LIMIT 1")
# Outer joins: the names are a courtesy, the payment is what was asked for.
_AROUND_PAYMENT = text("""
SELECT p.accepted_batch_no, p.captured_batch_no, p.device_distance_m,
  coalesce(m.name, p.merchant_id) AS merchant_name,
  coalesce(s.name, p.store_id) AS store_name, coalesce(b.name, p.broker_id) AS broker_name,
  coalesce(o.name, p.opener_id) AS opener_name, m.city_id AS city, h.district_id AS district,
  p.store_id AS store,
  p.merchant_id AS merchant, m.mcc, m.type
FROM payment p LEFT JOIN merchant m USING (merchant_id) LEFT JOIN org_node s ON s.node_id = p.store_id
LEFT JOIN broker b ON b.broker_id = p.broker_id LEFT JOIN broker o ON o.broker_id = p.opener_id
LEFT JOIN org_path h ON h.node_id = p.store_id AND h.valid @> p.created_at
WHERE p.merchant_id = :merchant_id AND p.payment_id = :payment_id
""")
_REFS = text(
    "SELECT ref_no, rule_id, version, row_no, line, label FROM rule_ref WHERE ref_no = ANY (:wanted)"
)
_SHARES = text("""
SELECT l.line_no, l.pool_no, l.party_kind, l.party_id, coalesce(b.name, n.name, l.party_id) AS party_name,
  l.role, l.rate_ppm, l.rule_line, s.rule_id, s.rule_version
FROM share_line l JOIN share_stream s USING (merchant_id, stream_id)
LEFT JOIN broker b ON l.party_kind = 'broker' AND b.broker_id = l.party_id
LEFT JOIN org_node n ON l.party_kind = 'store' AND n.node_id = l.party_id
WHERE l.merchant_id = :merchant_id AND l.stream_id = :stream_id ORDER BY l.line_no
""")
# The margin of a stream stands on each of its lines; the lines of a party kind are one pool.
_POOLS = text("""
SELECT party_kind, max(cum_margin_fen) AS cum_margin_fen, max(margin_fen) AS margin_fen,
  sum(cum_fen)::bigint AS cum_fen, sum(delta_fen)::bigint AS delta_fen
FROM share_entry
WHERE merchant_id = :merchant_id AND stream_id = :stream_id AND business_date = :business_date
GROUP BY party_kind ORDER BY party_kind
""")
_TRANSFERS = text("""
SELECT posting_id, leg, debit_account, debit_party, credit_account, credit_party, amount_fen, code, phase,
  posted_at, posting_id = :shared AS is_daily
FROM transfer WHERE merchant_id = :merchant_id AND posting_id = ANY (:postings)
ORDER BY is_daily, posted_at, posting_id, leg
""")
_CASE = text(
    "SELECT case_no, decision, state, hold_fen, hold_until, opened_at FROM risk_case"
    " WHERE merchant_id = :merchant_id AND payment_id = :payment_id"
)
_PAYOUTS = text(
    "SELECT payout_id, amount_fen, state, reason, instructed_at, finished_at FROM payout"
    " WHERE merchant_id = :merchant_id AND business_date = :on ORDER BY payout_id"
)
