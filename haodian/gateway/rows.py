"""Payments and refunds as the API shows them, read straight from their rows."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection, RowMapping, select

from haodian.gateway.schemas import PaymentAnswer, RefundAnswer
from payments_core.payments.errors import PaymentNotFound
from payments_core.payments.model import payment_no, refund_no, refund_state
from payments_core.payments.tables import payment, refund


def read_payment(connection: Connection, *, merchant_id: str, payment_id: int) -> PaymentAnswer:
    """Return a payment by our number. Raises PaymentNotFound."""
    found = select(payment).where(payment.c.merchant_id == merchant_id, payment.c.payment_id == payment_id)
    row = connection.execute(found).mappings().one_or_none()
    if row is None:
        raise PaymentNotFound(payment_id=payment_no(payment_id))
    return _payment(row)


def read_payment_of_order(
    connection: Connection, *, merchant_id: str, merchant_order_no: str
) -> PaymentAnswer:
    """Return a payment by the merchant's number. Raises PaymentNotFound."""
    found = select(payment).where(
        payment.c.merchant_id == merchant_id, payment.c.merchant_order_no == merchant_order_no
    )
    row = connection.execute(found).mappings().one_or_none()
    if row is None:
        raise PaymentNotFound(merchant_order_no=merchant_order_no)
    return _payment(row)


def read_refunds(connection: Connection, *, merchant_id: str, payment_id: int) -> Sequence[RefundAnswer]:
    """Return the refunds of a payment in the order they were asked for. Raises PaymentNotFound."""
    read_payment(connection, merchant_id=merchant_id, payment_id=payment_id)
    found = select(refund).where(refund.c.merchant_id == merchant_id, refund.c.payment_id == payment_id)
    return [_refund(row) for row in connection.execute(found.order_by(refund.c.refund_id)).mappings()]


def read_refund(connection: Connection, *, merchant_id: str, refund_id: int) -> RefundAnswer:
    """Return one refund; it must exist."""
    found = select(refund).where(refund.c.merchant_id == merchant_id, refund.c.refund_id == refund_id)
    return _refund(connection.execute(found).mappings().one())


def _payment(row: RowMapping) -> PaymentAnswer:
    return PaymentAnswer(
        payment_id=payment_no(row["payment_id"]),
        merchant_id=row["merchant_id"],
        merchant_order_no=row["merchant_order_no"],
        state=row["state"],
        refund_state=refund_state(
            settle_amount_fen=row["settle_amount_fen"], refunded_fen=row["refunded_fen"]
        ),
        refused_code=row["refused_code"] or "",
        risk_decision=row["risk_decision"],
        channel=row["channel"],
        channel_order_no=row["channel_order_no"] or "",
        amount_fen=row["amount_fen"],
        settle_amount_fen=row["settle_amount_fen"],
        buyer_paid_fen=row["buyer_paid_fen"],
        refunded_fen=row["refunded_fen"],
        fee_fen=row["fee_fen"],
        created_at=row["created_at"],
        paid_at=row["paid_at"],
    )


def _refund(row: RowMapping) -> RefundAnswer:
    return RefundAnswer(
        refund_id=refund_no(row["refund_id"]),
        payment_id=payment_no(row["payment_id"]),
        merchant_id=row["merchant_id"],
        merchant_refund_no=row["merchant_refund_no"],
        state=row["state"],
        amount_fen=row["amount_fen"],
        fee_back_fen=row["fee_back_fen"],
        reason=row["reason"],
        requested_at=row["requested_at"],
        refunded_at=row["refunded_at"],
    )
