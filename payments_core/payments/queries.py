"""What is known of payments and refunds, and which of them still wait for their channel.

Reads for people run on a connection of `scoped_transaction`, which hides what lies outside their scope; then
a payment that is not visible is not found.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, RowMapping, literal_column, select
from sqlalchemy.dialects.postgresql import JSONB

from payments_core.channels import ChannelOrder, ChannelRefund
from payments_core.payments.errors import PaymentNotFound, RefundNotFound
from payments_core.payments.model import RefundState, State, refund_state
from payments_core.payments.tables import open_payment, payment, refund


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentView:
    """A payment as it stands. Figures that come with the money are None before it has come."""

    merchant_id: str
    payment_id: int
    merchant_order_no: str
    state: State
    refused_code: str | None
    channel: str
    mode: str
    card_type: str
    bank_code: str
    device_id: str
    payer_hash: str
    amount_fen: int
    settle_amount_fen: int
    buyer_paid_fen: int
    created_at: datetime
    expires_at: datetime
    store_id: str
    broker_id: str
    opener_id: str
    risk_decision: str
    risk_score: int
    risk_hits: tuple[str, ...]
    risk_facts: Mapping[str, Any]
    risk_release_no: int
    release_no: int
    paid_at: datetime | None
    business_date: date | None
    channel_order_no: str | None
    fee_fen: int | None
    cost_fen: int | None
    eligible_margin_fen: int | None
    fee_ref_no: int | None
    cost_ref_no: int | None
    stream_id: int | None
    refunded_fen: int
    refund_count: int

    @property
    def refund_state(self) -> RefundState:
        """How much has gone back, what is reserved included."""
        return refund_state(settle_amount_fen=self.settle_amount_fen, refunded_fen=self.refunded_fen)

    @property
    def channel_order(self) -> ChannelOrder:
        """The payment as its channel knows it."""
        return ChannelOrder(
            order_no=self.payment_id,
            merchant_id=self.merchant_id,
            channel=self.channel,
            amount_fen=self.buyer_paid_fen or self.settle_amount_fen,
            created_at=self.created_at,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class RefundView:
    """A refund as it stands."""

    merchant_id: str
    refund_id: int
    payment_id: int
    merchant_refund_no: str
    state: str
    amount_fen: int
    reason: str
    requested_at: datetime
    refunded_at: datetime | None
    business_date: date | None
    fee_back_fen: int | None
    cost_back_fen: int | None
    eligible_margin_delta_fen: int | None


_MADE: Mapping[str, ColumnElement[Any]] = {
    "risk_facts": literal_column("risk_facts(payment)", JSONB).label("risk_facts")
}
_PAYMENT = [_MADE[name] if name in _MADE else payment.c[name] for name in PaymentView.__dataclass_fields__]
_REFUND = [refund.c[name] for name in RefundView.__dataclass_fields__]


def find_payment(connection: Connection, *, merchant_id: str, payment_id: int) -> PaymentView | None:
    """Return a payment of a merchant, None where there is none or it may not be seen."""
    query = select(*_PAYMENT).where(payment.c.merchant_id == merchant_id, payment.c.payment_id == payment_id)
    row = connection.execute(query).mappings().one_or_none()
    return None if row is None else _payment_view(row)


def get_payment(connection: Connection, *, merchant_id: str, payment_id: int) -> PaymentView:
    """Return a payment of a merchant. Raises PaymentNotFound."""
    found = find_payment(connection, merchant_id=merchant_id, payment_id=payment_id)
    if found is None:
        raise PaymentNotFound(None, payment_id=payment_id)
    return found


def find_payment_by_order(
    connection: Connection, *, merchant_id: str, merchant_order_no: str
) -> PaymentView | None:
    """Return a payment by the merchant's own number, None where there is none."""
    query = select(*_PAYMENT).where(
        payment.c.merchant_id == merchant_id, payment.c.merchant_order_no == merchant_order_no
    )
    row = connection.execute(query).mappings().one_or_none()
    return None if row is None else _payment_view(row)


def find_refund(connection: Connection, *, merchant_id: str, refund_id: int) -> RefundView | None:
    """Return a refund of a merchant, None where there is none or it may not be seen."""
    query = select(*_REFUND).where(refund.c.merchant_id == merchant_id, refund.c.refund_id == refund_id)
    row = connection.execute(query).mappings().one_or_none()
    return None if row is None else RefundView(**row)


def get_refund(connection: Connection, *, merchant_id: str, refund_id: int) -> RefundView:
    """Return a refund of a merchant. Raises RefundNotFound."""
    found = find_refund(connection, merchant_id=merchant_id, refund_id=refund_id)
    if found is None:
        raise RefundNotFound(None, refund_id=refund_id)
    return found


def list_refunds(connection: Connection, *, merchant_id: str, payment_id: int) -> tuple[RefundView, ...]:
    """Return the refunds of a payment, the earliest first."""
    query = (
        select(*_REFUND)
        .where(refund.c.merchant_id == merchant_id, refund.c.payment_id == payment_id)
        .order_by(refund.c.refund_id)
    )
    return tuple(RefundView(**row) for row in connection.execute(query).mappings())


def list_open(connection: Connection, *, created_before: datetime, limit: int) -> tuple[PaymentView, ...]:
    """Return payments still waiting for their channel, the oldest first."""
    query = (
        select(*_PAYMENT)
        .join(
            open_payment,
            (payment.c.merchant_id == open_payment.c.merchant_id)
            & (payment.c.payment_id == open_payment.c.payment_id),
        )
        .where(open_payment.c.created_at < created_before)
        .order_by(open_payment.c.payment_id, open_payment.c.merchant_id)
        .limit(limit)
    )
    return tuple(_payment_view(row) for row in connection.execute(query).mappings())


def list_open_refunds(
    connection: Connection, *, requested_before: datetime, limit: int
) -> tuple[ChannelRefund, ...]:
    """Return refunds still waiting for their channel, as it is asked for them; the oldest first."""
    query = (
        select(refund.c.refund_id, refund.c.amount_fen, refund.c.requested_at, *_PAYMENT)
        .join(
            payment,
            (payment.c.merchant_id == refund.c.merchant_id) & (payment.c.payment_id == refund.c.payment_id),
        )
        .where(refund.c.state == "PROCESSING", refund.c.requested_at < requested_before)
        .order_by(refund.c.requested_at, refund.c.refund_id)
        .limit(limit)
    )
    found = []
    for row in connection.execute(query):
        view = _payment_view(dict(zip(PaymentView.__dataclass_fields__, row[3:], strict=True)))
        found.append(
            ChannelRefund(refund_no=row[0], amount_fen=row[1], requested_at=row[2], order=view.channel_order)
        )
    return tuple(found)


def _payment_view(row: RowMapping | Mapping[str, Any]) -> PaymentView:
    values = dict(row)
    values["state"] = State(values["state"])
    values["risk_hits"] = tuple(values["risk_hits"])
    return PaymentView(**values)
