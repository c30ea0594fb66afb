"""From a channel's reply to the books, and asking again where a channel has not answered.

UNKNOWN never becomes FAILED by the clock alone. An order that has expired is closed at the channel, then
queried, and only if the channel still knows of no money is it closed here; money that comes all the same is
booked and returned (capturing.py).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Engine

from payments_core.channels import ChannelAdapter, ChannelOrder, ChannelRefund, Outcome, Reply
from payments_core.database import transaction
from payments_core.errors import PaymentsCoreError
from payments_core.payments.committer import Committer
from payments_core.payments.model import Answer, Capture, Failure, Item, RefundResult, State
from payments_core.payments.queries import list_open, list_open_refunds

ASK_AGAIN_AFTER = timedelta(seconds=5)


@dataclass(frozen=True, slots=True, kw_only=True)
class Resolved:
    """What one round of asking brought: how many orders and refunds now have an end, and how many wait on."""

    settled: int
    closed: int
    refunds: int
    waiting: int


async def settle(committer: Committer, *, order: ChannelOrder, reply: Reply, now: datetime) -> Answer | None:
    """Book a channel's reply to an order; None for UNKNOWN, which changes nothing."""
    item = item_of(order, reply)
    return None if item is None else await committer.submit(item, now=now)


async def send_refund(
    committer: Committer, channel: ChannelAdapter, *, refund: ChannelRefund, now: datetime
) -> Answer | None:
    """Ask the channel for a reserved refund and book its answer; None for UNKNOWN."""
    reply = await channel.refund(refund)
    if reply.outcome is Outcome.UNKNOWN:
        return None
    result = RefundResult(
        merchant_id=refund.order.merchant_id,
        refund_id=refund.refund_no,
        succeeded=reply.outcome is Outcome.SUCCESS,
        at=reply.at or now,
        code=reply.code,
    )
    return await committer.submit(result, now=now)


def item_of(order: ChannelOrder, reply: Reply) -> Item | None:
    """Return what a channel's reply to an order books; None for UNKNOWN."""
    if reply.outcome is Outcome.SUCCESS:
        return Capture(
            merchant_id=order.merchant_id,
            payment_id=order.order_no,
            paid_at=reply.at or order.created_at,
            channel_order_no=reply.channel_order_no,
        )
    if reply.outcome is Outcome.UNKNOWN:
        return None
    state = State.CLOSED if reply.outcome is Outcome.CLOSED else State.FAILED
    return Failure(merchant_id=order.merchant_id, payment_id=order.order_no, state=state, code=reply.code)


async def resolve_open(
    engine: Engine, committer: Committer, channel: ChannelAdapter, *, now: datetime, limit: int = 500
) -> Resolved:
    """Ask the channel about every order and refund that has waited a few seconds, once each.

    A refusal (no rule prices the payment, say) leaves its order open for the next round.
    """
    asked_before = now - ASK_AGAIN_AFTER
    with transaction(engine) as connection:
        payments = list_open(connection, created_before=asked_before, limit=limit)
        refunds = list_open_refunds(connection, requested_before=asked_before, limit=limit)
    settled = closed = booked = 0
    for view in payments:
        order = view.channel_order
        reply = await _ask(channel, order, expired=now >= view.expires_at)
        state = await _booked(committer, item_of(order, reply), now)
        settled += state is not None
        closed += state == State.CLOSED
    for refund in refunds:
        try:
            booked += await send_refund(committer, channel, refund=refund, now=now) is not None
        except PaymentsCoreError:
            continue
    waiting = len(payments) + len(refunds) - settled - booked
    return Resolved(settled=settled - closed, closed=closed, refunds=booked, waiting=waiting)


async def _ask(channel: ChannelAdapter, order: ChannelOrder, *, expired: bool) -> Reply:
    reply = await channel.query(order)
    if reply.outcome is not Outcome.UNKNOWN or not expired:
        return reply
    closing = await channel.close(order)
    if closing.outcome is not Outcome.CLOSED:
        return closing
    # The payer may have paid between our question and the closing: ask once more before believing it.
    after = await channel.query(order)
    return after if after.outcome is Outcome.SUCCESS else closing


async def _booked(committer: Committer, item: Item | None, now: datetime) -> State | None:
    if item is None:
        return None
    try:
        answer = await committer.submit(item, now=now)
    except PaymentsCoreError:
        return None
    state: State | None = getattr(answer, "state", None)
    return state
