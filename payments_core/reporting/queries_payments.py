"""The list of payments: filtered, sorted and summed in the database, within the reader's scope.

A day is a day of Shanghai and counts from when the order was accepted, so that a payment that failed or
still waits is found like one that succeeded.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from types import MappingProxyType
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, false, func, or_, select

from payments_core.calendar import day_bounds
from payments_core.hierarchy.tables import org_node
from payments_core.merchants.tables import merchant
from payments_core.payments.tables import payment
from payments_core.reporting.errors import RangeInvalid

MOST_DAYS = 92
_NO_PREFIX = "P"
_SORTS = MappingProxyType(
    {
        "created_at": payment.c.created_at,
        "amount": payment.c.amount_fen,
        "fee": payment.c.fee_fen,
        "merchant": payment.c.merchant_id,
        "channel": payment.c.channel,
        "state": payment.c.state,
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentFilter:
    """Which payments are wanted; empty texts and None take no part.

    `first` to `last` are whole days, both included, at most 92. `place` is the beginning of a merchant or
    store id, or a part of its name; `number` a payment number P…, the merchant's or the channel's own one.
    """

    first: date
    last: date
    channel: str = ""
    state: str = ""
    decision: str = ""
    least_fen: int | None = None
    most_fen: int | None = None
    place: str = ""
    number: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentRow:
    """One payment as the list shows it; fee and cost are None before the money has come. Fen."""

    merchant_id: str
    merchant_name: str
    payment_id: int
    merchant_order_no: str
    created_at: datetime
    paid_at: datetime | None
    state: str
    refused_code: str | None
    channel: str
    mode: str
    store_id: str
    store_name: str
    payer_hash: str
    amount_fen: int
    settle_amount_fen: int
    fee_fen: int | None
    cost_fen: int | None
    refunded_fen: int
    risk_decision: str
    risk_hits: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentTotals:
    """Sums over every payment that matches, not over a page; fee and cost over the successful ones. Fen."""

    count: int
    succeeded: int
    amount_fen: int
    succeeded_fen: int
    fee_fen: int
    cost_fen: int
    refunded_fen: int


def list_payments(
    connection: Connection,
    *,
    wanted: PaymentFilter,
    sort: str = "created_at",
    descending: bool = True,
    offset: int = 0,
    limit: int = 50,
) -> tuple[PaymentRow, ...]:
    """Return the wanted payments, by default the newest first; an unknown `sort` is the time.

    Raises RangeInvalid.
    """
    by = _SORTS.get(sort, payment.c.created_at)
    query = (
        _rows()
        .where(*_conditions(wanted))
        .order_by(by.desc().nulls_last() if descending else by.asc().nulls_last())
        .order_by(payment.c.payment_id.desc() if descending else payment.c.payment_id)
        .offset(offset)
        .limit(limit)
    )
    return tuple(_row(dict(found)) for found in connection.execute(query).mappings())


def sum_payments(connection: Connection, *, wanted: PaymentFilter) -> PaymentTotals:
    """Return the sums over all wanted payments. Raises RangeInvalid."""
    succeeded = payment.c.state == "SUCCESS"

    def total(column: ColumnElement[Any]) -> ColumnElement[Any]:
        return func.coalesce(func.sum(column), 0)

    query = select(
        func.count().label("count"),
        func.count().filter(succeeded).label("succeeded"),
        total(payment.c.amount_fen).label("amount_fen"),
        func.coalesce(func.sum(payment.c.settle_amount_fen).filter(succeeded), 0).label("succeeded_fen"),
        total(payment.c.fee_fen).label("fee_fen"),
        total(payment.c.cost_fen).label("cost_fen"),
        total(payment.c.refunded_fen).label("refunded_fen"),
    ).where(*_conditions(wanted))
    found = connection.execute(query).mappings().one()
    return PaymentTotals(**{name: int(value) for name, value in found.items()})


def _rows() -> Select[Any]:
    own = [
        payment.c[name]
        for name in PaymentRow.__dataclass_fields__
        if name not in ("merchant_name", "store_name")
    ]
    # Outer joins: a place that has left the reader's scope must not take its past payments with it.
    return (
        select(
            *own,
            func.coalesce(merchant.c.name, payment.c.merchant_id).label("merchant_name"),
            func.coalesce(org_node.c.name, payment.c.store_id).label("store_name"),
        )
        .select_from(payment)
        .outerjoin(merchant, merchant.c.merchant_id == payment.c.merchant_id)
        .outerjoin(org_node, org_node.c.node_id == payment.c.store_id)
    )


def _row(found: dict[str, Any]) -> PaymentRow:
    return PaymentRow(**{**found, "risk_hits": tuple(found["risk_hits"])})


def _conditions(wanted: PaymentFilter) -> list[ColumnElement[bool]]:
    if not wanted.first <= wanted.last or (wanted.last - wanted.first).days >= MOST_DAYS:
        raise RangeInvalid(
            f"日期范围不对：结束早于开始，或超过 {MOST_DAYS} 天。",
            first=wanted.first.isoformat(),
            last=wanted.last.isoformat(),
        )
    found = [
        payment.c.created_at >= day_bounds(wanted.first)[0],
        payment.c.created_at < day_bounds(wanted.last)[1],
    ]
    for column, value in (
        (payment.c.channel, wanted.channel),
        (payment.c.state, wanted.state),
        (payment.c.risk_decision, wanted.decision),
    ):
        if value:
            found.append(column == value)
    if wanted.least_fen is not None:
        found.append(payment.c.amount_fen >= wanted.least_fen)
    if wanted.most_fen is not None:
        found.append(payment.c.amount_fen <= wanted.most_fen)
    if wanted.place:
        found.append(_at_place(wanted.place))
    if wanted.number:
        found.append(_numbered(wanted.number))
    return found


def _at_place(place: str) -> ColumnElement[bool]:
    merchants = select(merchant.c.merchant_id).where(
        or_(
            merchant.c.name.contains(place, autoescape=True),
            merchant.c.merchant_id.istartswith(place, autoescape=True),
        )
    )
    stores = select(org_node.c.node_id).where(
        org_node.c.kind == "STORE",
        or_(
            org_node.c.name.contains(place, autoescape=True),
            org_node.c.node_id.istartswith(place, autoescape=True),
        ),
    )
    return or_(payment.c.merchant_id.in_(merchants), payment.c.store_id.in_(stores))


def _numbered(number: str) -> ColumnElement[bool]:
    digits = number.removeprefix(_NO_PREFIX)
    is_ours = digits.isascii() and digits.isdigit() and len(digits) <= 18
    return or_(
        payment.c.merchant_order_no == number,
        payment.c.channel_order_no == number,
        payment.c.payment_id == int(digits) if is_ours else false(),
    )
