"""What the API does: turn a request into an item of the committer and an answer into a row as it stands."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import TypeVar

from sqlalchemy import Connection, Engine, text

from haodian.cashier import Cashier, Committing
from haodian.gateway import rows
from haodian.gateway.schemas import PaymentAnswer, PaymentRequest, RefundAnswer, RefundRequest
from payments_core.channels import ChannelOrder, ChannelRefund
from payments_core.database import transaction
from payments_core.payments.model import Accepted, AcceptRequest, RefundAccepted, State
from payments_core.payments.model import RefundRequest as RefundItem
from payments_core.privacy import Sealer

READY_WITHIN_S = 2.0
T = TypeVar("T")


class Desk:
    """The five things a caller can ask for. `now` is the world's clock."""

    def __init__(
        self,
        engine: Engine,
        *,
        committer: Committing,
        cashier: Cashier,
        sealer: Sealer,
        now: Callable[[], datetime],
        gauges: Callable[[], Mapping[str, int]],
    ) -> None:
        self._engine, self._committer, self._cashier = engine, committer, cashier
        self._sealer, self._now = sealer, now
        self.gauges = gauges

    async def pay(self, order: PaymentRequest, *, merchant_id: str) -> PaymentAnswer:
        """Accept the order, ask the channel for the money, return the payment as it stands then."""
        request = AcceptRequest(
            **order.model_dump(exclude={"payer_id", "settle_amount_fen", "buyer_paid_fen"}),
            settle_amount_fen=-1 if order.settle_amount_fen is None else order.settle_amount_fen,
            buyer_paid_fen=-1 if order.buyer_paid_fen is None else order.buyer_paid_fen,
            payer_id=self._sealer.hash_payer(order.payer_id) if order.payer_id else "",
            created_at=self._now(),
        )
        accepted = await self._committer.submit(request)
        assert isinstance(accepted, Accepted)
        if accepted.state is State.PAYING:
            # A repeated request finds the payment open where the first one was cut off: it asks again.
            found = await self.payment(accepted.payment_id, merchant_id=merchant_id)
            await self._cashier.charge(_channel_order(found, accepted.payment_id))
        return await self.payment(accepted.payment_id, merchant_id=merchant_id)

    async def refund(self, order: RefundRequest, *, payment_id: int, merchant_id: str) -> RefundAnswer:
        """Reserve the refund, ask the channel to send it, return it as it stands then."""
        paid = await self.payment(payment_id, merchant_id=merchant_id)
        request = RefundItem(
            merchant_id=merchant_id, payment_id=payment_id, requested_at=self._now(), **order.model_dump()
        )
        accepted = await self._committer.submit(request)
        assert isinstance(accepted, RefundAccepted)
        found = await self._read_refund(merchant_id, accepted.refund_id)
        if found.state != "PROCESSING":
            return found
        sent = ChannelRefund(
            refund_no=accepted.refund_id,
            order=_channel_order(paid, payment_id),
            amount_fen=found.amount_fen,
            requested_at=found.requested_at,
        )
        await self._cashier.refund(sent)
        return await self._read_refund(merchant_id, accepted.refund_id)

    async def payment(self, payment_id: int, *, merchant_id: str) -> PaymentAnswer:
        """Return a payment by our number. Raises PaymentNotFound."""
        return await self._read(
            lambda c: rows.read_payment(c, merchant_id=merchant_id, payment_id=payment_id)
        )

    async def payment_of_order(self, *, merchant_order_no: str, merchant_id: str) -> PaymentAnswer:
        """Return a payment by the merchant's number. Raises PaymentNotFound."""
        return await self._read(
            lambda c: rows.read_payment_of_order(
                c, merchant_id=merchant_id, merchant_order_no=merchant_order_no
            )
        )

    async def refunds(self, payment_id: int, *, merchant_id: str) -> Sequence[RefundAnswer]:
        """Return the refunds of a payment. Raises PaymentNotFound."""
        return await self._read(
            lambda c: rows.read_refunds(c, merchant_id=merchant_id, payment_id=payment_id)
        )

    async def is_ready(self) -> bool:
        """Tell whether the database answers within 2 seconds."""
        try:
            async with asyncio.timeout(READY_WITHIN_S):
                await self._read(lambda c: c.execute(text("SELECT 1")))
        except Exception:  # noqa: BLE001 - whatever it is, the answer is no
            return False
        return True

    async def _read_refund(self, merchant_id: str, refund_id: int) -> RefundAnswer:
        return await self._read(lambda c: rows.read_refund(c, merchant_id=merchant_id, refund_id=refund_id))

    async def _read(self, query: Callable[[Connection], T]) -> T:
        def run() -> T:
            with transaction(self._engine) as connection:
                return query(connection)

        return await asyncio.to_thread(run)


def _channel_order(found: PaymentAnswer, payment_id: int) -> ChannelOrder:
    return ChannelOrder(
        order_no=payment_id,
        merchant_id=found.merchant_id,
        channel=found.channel,
        amount_fen=found.amount_fen,
        created_at=found.created_at,
    )
