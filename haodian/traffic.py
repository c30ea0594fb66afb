"""Demo traffic: what would happen in the demo world now, sent to the gateway like any merchant does.

The day's events are generated from its date alone, so a run that is killed and started again sends the same
orders under the same numbers, and `haodian day`, which books the rest of the day, finds them paid.
"""

from __future__ import annotations

import asyncio
import signal
from datetime import date, datetime, timedelta

import httpx
import structlog
from sqlalchemy import Engine
from sqlalchemy.exc import OperationalError

from haodian import clock, process
from haodian.bootstrap import DEMO_KEY
from haodian.clock import DemoWorld, WorldClock
from haodian.database import url_of
from haodian.demo.days import generate_day
from haodian.demo.events import Event, PayEvent, RefundEvent, Sign
from haodian.demo.signs import with_signs, write_sign
from haodian.gateway.client import GatewayClient
from haodian.settings import Settings, find_secret
from haodian.supervisor import find_running
from payments_core.calendar import business_date_of
from payments_core.database import connect, transaction

# Longer than the gateway's own start, so that a restart of it loses no order.
PATIENCE_S, PAUSE_S = 120.0, 2.0
LONGEST_NAP_S = 5.0

log = structlog.get_logger(__name__)


def main() -> None:
    """Send the demo world's payments as they fall due, until SIGTERM."""
    asyncio.run(_run(process.begin("traffic")))


async def _run(settings: Settings) -> None:
    key, running = find_secret(settings, name=DEMO_KEY), find_running(settings)
    if key is None or running is None:
        raise RuntimeError("demo traffic needs a running product with a demo key")
    key_id, _, secret = key.partition(":")
    engine = connect(url=url_of(settings), pool_size=2)
    stopped = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stopped.set)
    with transaction(engine) as connection:
        world = clock.find_world(connection)
    if world is None:
        raise RuntimeError("demo traffic needs a demo world")
    with clock.running_world_clock(engine) as world_clock:
        async with GatewayClient(base_url=running.gateway_url, key_id=key_id, secret=secret) as client:
            traffic = Traffic(client, engine=engine, clock=world_clock, world=world, stopped=stopped)
            await traffic.run()
    engine.dispose()


class Traffic:
    """Plays the demo world's days against a gateway at the pace of the world's clock."""

    def __init__(
        self,
        client: GatewayClient,
        *,
        engine: Engine,
        clock: WorldClock,
        world: DemoWorld,
        stopped: asyncio.Event,
    ) -> None:
        self._client, self._engine, self._clock = client, engine, clock
        self._world, self._stopped = world, stopped

    async def run(self) -> None:
        """Play day after day until stopped."""
        while not self._stopped.is_set():
            await self._play(business_date_of(self._clock.now()))

    async def _play(self, day: date) -> None:
        since = self._clock.now()
        events = await asyncio.to_thread(self._due_from, day, since)
        log.info("day_begins", day=day.isoformat(), events=len(events))
        for event in events:
            if not await self._wait_until(event.at, day) or self._stopped.is_set():
                return
            await self._send(event)
        await self._wait_until(since + timedelta(days=1), day)

    def _due_from(self, day: date, since: datetime) -> list[Event | Sign]:
        payments = generate_day(day, scale=self._world.scale, since=self._world.since)
        events = with_signs(payments, day=day, scale=self._world.scale)
        return [event for event in events if event.at >= since]

    async def _wait_until(self, at: datetime, day: date) -> bool:
        """Wait for an instant of the world; False where the day ended or the product stops before it."""
        while not self._stopped.is_set() and business_date_of(self._clock.now()) == day:
            left_s = (at - self._clock.now()).total_seconds()
            if left_s <= 0:
                return True
            try:
                await asyncio.wait_for(self._stopped.wait(), min(left_s, LONGEST_NAP_S))
            except TimeoutError:
                continue
        return False

    async def _send(self, event: Event | Sign) -> None:
        if not isinstance(event, PayEvent | RefundEvent):
            await asyncio.to_thread(self._write, event)
            return
        for _ in range(int(PATIENCE_S / PAUSE_S)):
            try:
                answer = await (self._pay(event) if isinstance(event, PayEvent) else self._refund(event))
            except httpx.HTTPError:
                answer = 0
            if answer not in (0, 429, 503) or self._stopped.is_set():
                return
            await asyncio.sleep(PAUSE_S)
        log.warning("order_given_up", order_no=event.order_no)

    def _write(self, sign: Sign) -> None:
        """Write a sign straight to the database: nobody reports such things over HTTP yet."""
        try:
            with transaction(self._engine) as connection:
                write_sign(connection, sign)
        except OperationalError:
            log.warning("sign_given_up", at=sign.at.isoformat())

    async def _pay(self, event: PayEvent) -> int:
        order = {
            "merchant_id": event.merchant_id,
            "merchant_order_no": event.order_no,
            "amount_fen": event.amount_fen,
            "channel": event.channel,
            "mode": event.mode,
            "card_type": event.card_type,
            "bank_code": event.bank_code,
            "device_id": event.device_id,
            "device_distance_m": event.device_distance_m,
            "payer_id": event.payer_id,
        }
        return (await self._client.pay(order)).status

    async def _refund(self, event: RefundEvent) -> int:
        found = await self._client.payment_of_order(
            merchant_id=event.merchant_id, merchant_order_no=event.order_no
        )
        if found.status != 200 or found.body["state"] != "SUCCESS":
            return found.status
        refund = {"merchant_refund_no": event.refund_no, "amount_fen": event.amount_fen}
        payment_id = str(found.body["payment_id"])
        return (await self._client.refund(payment_id, refund, merchant_id=event.merchant_id)).status


if __name__ == "__main__":
    main()
