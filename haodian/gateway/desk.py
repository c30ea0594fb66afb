"""What the API does: turn a request into an item of the committer, ask the channel, answer with the row.

Only the channel's word ends a payment. No answer, or one that could not be written now, leaves it open: the
worker asks again, and so does a caller who repeats the request.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import TypeVar

import structlog
from sqlalchemy import Connection, Engine, text

from haodian.gateway.schemas import PaymentAnswer, PaymentRequest, RefundAnswer, RefundRequest
from payments_core import payments
from payments_core.channels import ChannelAdapter, ChannelRefund
from payments_core.database import transaction
from payments_core.errors import PaymentsCoreError
from payments_core.payments import Accepted, Committer, PaymentView, RefundAccepted, RefundView, State
from payments_core.payments.queries import find_payment_by_order, get_payment, get_refund
from payments_core.privacy import Sealer

READY_WITHIN_S = 2.0
CHANNEL_ANSWERS_WITHIN_S = 8.0
T = TypeVar("T")

log = structlog.get_logger(__name__)


class Desk:
    """The five things a caller can ask for. `now` is the world's clock."""

    def __init__(
        self,
        engine: Engine,
        *,
        committer: Committer,
        channel: ChannelAdapter,
        sealer: Sealer,
        now: Callable[[], datetime],
    ) -> None:
        self._engine, self._committer, self._channel = engine, committer, channel
        self._sealer, self._now = sealer, now

    async def pay(self, order: PaymentRequest, *, merchant_id: str) -> PaymentAnswer:
        """Accept the order, ask the channel for the money, return the payment as it stands then."""
        now = self._now()
        request = payments.AcceptRequest(
            **order.model_dump(exclude={"payer_id", "settle_amount_fen", "buyer_paid_fen"}),
            settle_amount_fen=-1 if order.settle_amount_fen is None else order.settle_amount_fen,
            buyer_paid_fen=-1 if order.buyer_paid_fen is None else order.buyer_paid_fen,
            payer_id=self._sealer.hash_payer(order.payer_id) if order.payer_id else "",
            created_at=now,
        )
        accepted = await self._committer.submit(request, now=now)
        assert isinstance(accepted, Accepted)
        view = await self._payment(merchant_id, accepted.payment_id)
        if view.state is State.PAYING:
            # A repeated request finds open what was cut off the first time; charging twice charges once.
            await self._charge(view)
            view = await self._payment(merchant_id, accepted.payment_id)
        return _payment_answer(view)

    async def refund(self, order: RefundRequest, *, payment_id: int, merchant_id: str) -> RefundAnswer:
        """Reserve the refund, ask the channel to send it, return it as it stands then."""
        now = self._now()
        request = payments.RefundRequest(
            merchant_id=merchant_id, payment_id=payment_id, requested_at=now, **order.model_dump()
        )
        accepted = await self._committer.submit(request, now=now)
        assert isinstance(accepted, RefundAccepted)
        view = await self._refund(merchant_id, accepted.refund_id)
        if view.state == "PROCESSING":
            await self._send(view)
            view = await self._refund(merchant_id, accepted.refund_id)
        return _refund_answer(view)

    async def payment(self, payment_id: int, *, merchant_id: str) -> PaymentAnswer:
        """Return a payment by our number. Raises PaymentNotFound."""
        return _payment_answer(await self._payment(merchant_id, payment_id))

    async def payment_of_order(self, *, merchant_order_no: str, merchant_id: str) -> PaymentAnswer:
        """Return a payment by the merchant's number. Raises PaymentNotFound."""
        view = await self._read(
            lambda c: find_payment_by_order(c, merchant_id=merchant_id, merchant_order_no=merchant_order_no)
        )
        if view is None:
            raise payments.PaymentNotFound(merchant_order_no=merchant_order_no)
        return _payment_answer(view)

    async def refunds(self, payment_id: int, *, merchant_id: str) -> Sequence[RefundAnswer]:
        """Return the refunds of a payment, the earliest first. Raises PaymentNotFound."""
        await self._payment(merchant_id, payment_id)
        views = await self._read(
            lambda c: payments.list_refunds(c, merchant_id=merchant_id, payment_id=payment_id)
        )
        return [_refund_answer(view) for view in views]

    async def is_ready(self) -> bool:
        """Tell whether the database answers within 2 seconds."""
        try:
            async with asyncio.timeout(READY_WITHIN_S):
                await self._read(lambda c: c.execute(text("SELECT 1")))
        except Exception:  # noqa: BLE001 - whatever it is, the answer is no
            return False
        return True

    def gauges(self) -> Mapping[str, int]:
        """Return present readings for the metrics."""
        return {"haodian_commit_queue": self._committer.waiting}

    async def _charge(self, view: PaymentView) -> None:
        try:
            async with asyncio.timeout(CHANNEL_ANSWERS_WITHIN_S):
                reply = await self._channel.charge(view.channel_order)
            await payments.settle(self._committer, order=view.channel_order, reply=reply, now=self._now())
        except TimeoutError:
            log.warning("channel_silent", payment_id=view.payment_id)
        except PaymentsCoreError as refusal:
            _leave_open(refusal)

    async def _send(self, view: RefundView) -> None:
        paid = await self._payment(view.merchant_id, view.payment_id)
        refund = ChannelRefund(
            refund_no=view.refund_id,
            order=paid.channel_order,
            amount_fen=view.amount_fen,
            requested_at=view.requested_at,
        )
        try:
            async with asyncio.timeout(CHANNEL_ANSWERS_WITHIN_S):
                await payments.send_refund(self._committer, self._channel, refund=refund, now=self._now())
        except TimeoutError:
            log.warning("channel_silent", refund_id=view.refund_id)
        except PaymentsCoreError as refusal:
            _leave_open(refusal)

    async def _payment(self, merchant_id: str, payment_id: int) -> PaymentView:
        return await self._read(lambda c: get_payment(c, merchant_id=merchant_id, payment_id=payment_id))

    async def _refund(self, merchant_id: str, refund_id: int) -> RefundView:
        return await self._read(lambda c: get_refund(c, merchant_id=merchant_id, refund_id=refund_id))

    async def _read(self, query: Callable[[Connection], T]) -> T:
        def run() -> T:
            with transaction(self._engine) as connection:
                return query(connection)

        return await asyncio.to_thread(run)


def _leave_open(refusal: PaymentsCoreError) -> None:
    """Let the item wait where asking later can help; everything else is for the caller to hear."""
    if not refusal.retryable:
        raise refusal
    log.warning("channel_answer_waits", code=refusal.code)


def _payment_answer(view: PaymentView) -> PaymentAnswer:
    return PaymentAnswer(
        payment_id=payments.payment_no(view.payment_id),
        merchant_id=view.merchant_id,
        merchant_order_no=view.merchant_order_no,
        state=view.state,
        refund_state=view.refund_state,
        refused_code=view.refused_code or "",
        risk_decision=view.risk_decision,
        channel=view.channel,
        channel_order_no=view.channel_order_no or "",
        amount_fen=view.amount_fen,
        settle_amount_fen=view.settle_amount_fen,
        buyer_paid_fen=view.buyer_paid_fen,
        refunded_fen=view.refunded_fen,
        fee_fen=view.fee_fen,
        created_at=view.created_at,
        paid_at=view.paid_at,
    )


def _refund_answer(view: RefundView) -> RefundAnswer:
    return RefundAnswer(
        refund_id=payments.refund_no(view.refund_id),
        payment_id=payments.payment_no(view.payment_id),
        merchant_id=view.merchant_id,
        merchant_refund_no=view.merchant_refund_no,
        state=view.state,
        amount_fen=view.amount_fen,
        fee_back_fen=view.fee_back_fen,
        reason=view.reason,
        requested_at=view.requested_at,
        refunded_at=view.refunded_at,
    )
