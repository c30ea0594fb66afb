"""Payments and refunds that stayed open: ask the channel again, close what has expired."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, Engine, select

from haodian.cashier import Cashier
from payments_core.channels import ChannelOrder, ChannelRefund
from payments_core.database import transaction
from payments_core.payments.tables import payment, refund

# A payment younger than this is still in the hands of the gateway that took it.
QUIET = timedelta(seconds=15)
AT_ONCE = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Resolved:
    """How many open items were asked about and how many of them ended."""

    asked: int
    ended: int


async def resolve_open(engine: Engine, *, cashier: Cashier, now: datetime) -> Resolved:
    """Ask the channels about every open payment and refund older than `QUIET`; close what has expired."""
    orders, refunds = await asyncio.to_thread(_find, engine, now)
    ended = 0
    for order, expires_at in orders:
        answer = await (cashier.query(order) if expires_at > now else cashier.close(order))
        ended += answer is not None
    for waiting in refunds:
        ended += await cashier.refund(waiting) is not None
    return Resolved(asked=len(orders) + len(refunds), ended=ended)


def _find(
    engine: Engine, now: datetime
) -> tuple[Sequence[tuple[ChannelOrder, datetime]], Sequence[ChannelRefund]]:
    with transaction(engine) as connection:
        return _open_payments(connection, now), _open_refunds(connection, now)


def _open_payments(connection: Connection, now: datetime) -> Sequence[tuple[ChannelOrder, datetime]]:
    found = (
        select(payment)
        .where(payment.c.state.in_(("INIT", "PAYING")), payment.c.created_at < now - QUIET)
        .order_by(payment.c.created_at)
        .limit(AT_ONCE)
    )
    return [
        (
            ChannelOrder(
                order_no=row.payment_id,
                merchant_id=row.merchant_id,
                channel=row.channel,
                amount_fen=row.amount_fen,
                created_at=row.created_at,
            ),
            row.expires_at,
        )
        for row in connection.execute(found)
    ]


def _open_refunds(connection: Connection, now: datetime) -> Sequence[ChannelRefund]:
    found = (
        select(
            refund.c.refund_id, refund.c.amount_fen, refund.c.requested_at, payment.c.payment_id,
            payment.c.merchant_id, payment.c.channel, payment.c.created_at,
            payment.c.amount_fen.label("paid_fen"),
        )
        .join(
            payment,
            (payment.c.merchant_id == refund.c.merchant_id) & (payment.c.payment_id == refund.c.payment_id),
        )
        .where(refund.c.state == "PROCESSING", refund.c.requested_at < now - QUIET)
        .order_by(refund.c.requested_at)
        .limit(AT_ONCE)
    )  # fmt: skip
    return [
        ChannelRefund(
            refund_no=row.refund_id,
            order=ChannelOrder(
                order_no=row.payment_id,
                merchant_id=row.merchant_id,
                channel=row.channel,
                amount_fen=row.paid_fen,
                created_at=row.created_at,
            ),
            amount_fen=row.amount_fen,
            requested_at=row.requested_at,
        )
        for row in connection.execute(found)
    ]
