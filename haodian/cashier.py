"""Between the committer and the channels: ask the channel, and write down what it said.

Used by the gateway for payments that have just come and by the worker for those that stayed open. Only the
channel's word ends a payment: no answer, or an answer that could not be written now, leaves it open, and
whoever asks next asks under the same number.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Protocol

import structlog

from payments_core.channels import ChannelAdapter, ChannelOrder, ChannelRefund, Outcome, Reply
from payments_core.errors import PaymentsCoreError
from payments_core.payments.model import (
    Answer,
    Capture,
    Failure,
    Item,
    Refunded,
    RefundResult,
    Settled,
    State,
)

CHANNEL_ANSWERS_WITHIN_S = 8.0

log = structlog.get_logger(__name__)


class Committing(Protocol):
    """What is used of payments_core.payments.Committer."""

    async def submit(self, item: Item) -> Answer:
        """Return the answer once the item's batch is committed; raise its refusal."""
        ...


class Cashier:
    """Asks channels and has their answers committed."""

    def __init__(
        self, *, committer: Committing, channel: ChannelAdapter, now: Callable[[], datetime]
    ) -> None:
        self._committer, self._channel, self._now = committer, channel, now

    async def charge(self, order: ChannelOrder) -> Settled | None:
        """Ask for the money; None where the payment stays open. Asking twice charges once."""
        return await self._settle(order, self._channel.charge)

    async def query(self, order: ChannelOrder) -> Settled | None:
        """Ask what became of an open payment; None where it stays open."""
        return await self._settle(order, self._channel.query)

    async def close(self, order: ChannelOrder) -> Settled | None:
        """Ask the channel to close an expired order; where it was paid after all, take the payment."""
        return await self._settle(order, self._channel.close)

    async def refund(self, refund: ChannelRefund) -> Refunded | None:
        """Send a reserved refund to the channel; None where it stays open. Asking twice refunds once."""
        reply = await self._asked(lambda: self._channel.refund(refund))
        if reply.outcome is Outcome.UNKNOWN:
            return None
        result = RefundResult(
            merchant_id=refund.order.merchant_id,
            refund_id=refund.refund_no,
            succeeded=reply.outcome is Outcome.SUCCESS,
            at=self._now(),
            code=reply.code,
        )
        answer = await self._written(result)
        assert answer is None or isinstance(answer, Refunded)
        return answer

    async def _settle(
        self, order: ChannelOrder, ask: Callable[[ChannelOrder], Awaitable[Reply]]
    ) -> Settled | None:
        reply = await self._asked(lambda: ask(order))
        if reply.outcome is Outcome.UNKNOWN:
            return None
        answer = await self._written(_item_of(order, reply))
        assert answer is None or isinstance(answer, Settled)
        return answer

    async def _asked(self, ask: Callable[[], Awaitable[Reply]]) -> Reply:
        try:
            async with asyncio.timeout(CHANNEL_ANSWERS_WITHIN_S):
                return await ask()
        except TimeoutError:
            return Reply(outcome=Outcome.UNKNOWN)

    async def _written(self, item: Item) -> Answer | None:
        try:
            return await self._committer.submit(item)
        except PaymentsCoreError as refusal:
            if not refusal.retryable:
                raise
            log.warning("channel_answer_waits", code=refusal.code, kind=type(item).__name__)
            return None


def _item_of(order: ChannelOrder, reply: Reply) -> Item:
    if reply.outcome is Outcome.SUCCESS:
        assert reply.at is not None
        return Capture(
            merchant_id=order.merchant_id,
            payment_id=order.order_no,
            paid_at=reply.at,
            channel_order_no=reply.channel_order_no,
        )
    state = State.CLOSED if reply.outcome is Outcome.CLOSED else State.FAILED
    return Failure(merchant_id=order.merchant_id, payment_id=order.order_no, state=state, code=reply.code)
