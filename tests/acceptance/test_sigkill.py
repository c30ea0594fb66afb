"""SIGKILL to every process while payments flow: nothing acknowledged is lost, nothing is posted twice."""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

import httpx
import pytest
from sqlalchemy import text

from haodian import bootstrap, clock, database, postgres
from haodian.demo.population import write_population
from haodian.demo.world import world_of
from haodian.gateway.client import Answer, GatewayClient
from haodian.serving import free_port
from haodian.settings import Settings, prepare_home, read_sealer, read_settings
from payments_core import access
from payments_core.database import connect, transaction
from payments_core.ledger import prove

ORDERS, SENDERS, KILLS = 160, 20, 3
REFUND_EVERY = 8
# What an open payment or refund gets when it ends.
ENDS_WITH = {"state", "paid_at", "channel_order_no", "fee_fen", "refused_code", "refunded_at", "fee_back_fen"}
MERCHANTS = tuple(f"M{number:05d}" for number in range(2, 12))


@dataclass
class Shop:
    """What the senders know: which orders and refunds were acknowledged, and as what."""

    payments: dict[str, Answer] = field(default_factory=dict)
    refunds: dict[str, Answer] = field(default_factory=dict)
    grown: asyncio.Condition = field(default_factory=asyncio.Condition)

    async def wait_for(self, count: int) -> None:
        async with self.grown:
            await self.grown.wait_for(lambda: len(self.payments) >= count)

    async def keep(self, order_no: str, answer: Answer) -> None:
        async with self.grown:
            self.payments[order_no] = answer
            self.grown.notify_all()


class Installation:
    """PostgreSQL and the gateway of one home, to be killed and started again."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.gateway: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        database.start(self.settings)
        environment = {
            **os.environ,
            "HAODIAN_DATABASE_URL": database.url_of(self.settings),
            "HAODIAN_RULEBOOK": str(self.settings.rulebook),
            "HAODIAN_GATEWAY_PORT": str(self.settings.gateway_port),
        }
        command = [sys.executable, "-m", "haodian.gateway", "--home", str(self.settings.home)]
        with (self.settings.logs / "output.log").open("ab") as output:
            self.gateway = subprocess.Popen(command, env=environment, stdout=output, stderr=output)

    def kill(self) -> None:
        """Kill the gateway and every process of PostgreSQL, giving none of them a word."""
        assert self.gateway is not None
        for pid in (self.gateway.pid, *postgres.processes_in(self.settings.cluster)):
            os.kill(pid, signal.SIGKILL)
        self.gateway.wait()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.settings.gateway_port}"

    def stop(self) -> None:
        if self.gateway is not None:
            self.gateway.kill()
            self.gateway.wait()
        postgres.stop(postgres.cluster_of(self.settings.cluster))


@pytest.fixture
def installation() -> Iterator[Installation]:
    home = Path(tempfile.mkdtemp(prefix="haodian-kill-"))
    home.chmod(0o755)
    settings = read_settings({"HAODIAN_HOME": str(home), "HAODIAN_DEMO": "off", "HAODIAN_GATEWAY_PORT": "0"})
    made = Installation(replace(settings, gateway_port=free_port(host="127.0.0.1", wanted=0)))
    try:
        yield made
    finally:
        made.stop()
        shutil.rmtree(home, ignore_errors=True)


def _set_up(settings: Settings) -> access.ApiKey:
    prepare_home(settings)
    database.start(settings)
    bootstrap.prepare_database(settings)
    bootstrap.prepare_rulebook(settings)
    engine = connect(url=database.url_of(settings))
    sealer = read_sealer(settings)
    with transaction(engine) as connection:
        write_population(connection, world=world_of("0.002"), sealer=sealer)
        key = access.create_api_key(connection, merchant_id=None, sealer=sealer, now=clock.machine_now())
    engine.dispose()
    return key


def _order(number: int) -> dict[str, object]:
    return {
        "merchant_id": MERCHANTS[number % len(MERCHANTS)],
        "merchant_order_no": f"K-{number:04d}",
        "amount_fen": 1_000 + number,
        "channel": "WECHAT",
        "mode": "SCANNED",
        "payer_id": f"payer-{number}",
    }


async def _until_answered(send: AsyncIterator[Answer]) -> Answer:
    """Ask again, under the same numbers, until the gateway does or refuses it."""
    async for answer in send:
        if answer.status not in (0, 429, 503):
            return answer
        await asyncio.sleep(0.1)
    raise AssertionError("unreachable")


async def _asking(
    client: GatewayClient, method: str, target: str, content: dict[str, object]
) -> AsyncIterator[Answer]:
    while True:
        try:
            yield await client.send(method, target, content)
        except httpx.HTTPError:
            yield Answer(status=0, body={})


async def _sell(client: GatewayClient, shop: Shop, numbers: list[int]) -> None:
    for number in numbers:
        order = _order(number)
        order_no = str(order["merchant_order_no"])
        paid = await _until_answered(_asking(client, "POST", "/v1/payments", order))
        await shop.keep(order_no, paid)
        if number % REFUND_EVERY == 0 and paid.body.get("state") == "SUCCESS":
            shop.refunds[order_no] = await _refund(client, order, paid)


async def _refund(client: GatewayClient, order: dict[str, object], paid: Answer) -> Answer:
    target = f"/v1/payments/{paid.body['payment_id']}/refunds?merchant_id={order['merchant_id']}"
    refund = {"merchant_refund_no": f"R-{order['merchant_order_no']}", "amount_fen": 300}
    return await _until_answered(_asking(client, "POST", target, refund))


async def _flow(installation: Installation, key: access.ApiKey) -> Shop:
    shop = Shop()
    client = GatewayClient(
        base_url=installation.url, key_id=key.key_id, secret=key.secret.decode(), timeout_s=10
    )
    async with client:
        share = [list(range(sender, ORDERS, SENDERS)) for sender in range(SENDERS)]
        senders = asyncio.gather(*(_sell(client, shop, numbers) for numbers in share))
        for kill in range(1, KILLS + 1):
            await shop.wait_for(kill * ORDERS // (KILLS + 1))
            await asyncio.to_thread(installation.kill)
            await asyncio.to_thread(installation.start)
        await senders
        await asyncio.gather(*(_repeat(client, shop, order_no) for order_no in shop.payments))
    return shop


async def _repeat(client: GatewayClient, shop: Shop, order_no: str) -> None:
    """Ask everything of one order once more: the answers must be the first ones."""
    order, first = _order(int(order_no.removeprefix("K-"))), shop.payments[order_no]
    assert _same(first, await _until_answered(_asking(client, "POST", "/v1/payments", order)))
    if order_no in shop.refunds:
        assert _same(shop.refunds[order_no], await _refund(client, order, first))


def _same(first: Answer, again: Answer) -> bool:
    """Tell whether a repeated request got the same answer; what was open may have ended meanwhile."""
    is_open = first.body.get("state") in ("PAYING", "PROCESSING")
    # A refund may have followed the payment, and what was open may have ended.
    moving = {"refund_state", "refunded_fen"} | (ENDS_WITH if is_open else set())
    return {k: v for k, v in first.body.items() if k not in moving} == {
        k: v for k, v in again.body.items() if k not in moving
    }


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/self").exists(), reason="finds the processes of PostgreSQL in /proc")
async def test_sigkill_of_everything_loses_nothing_and_posts_nothing_twice(
    installation: Installation,
) -> None:
    key = _set_up(installation.settings)
    installation.start()
    shop = await _flow(installation, key)

    assert len(shop.payments) == ORDERS
    assert {answer.status for answer in (*shop.payments.values(), *shop.refunds.values())} == {200}
    succeeded = {no for no, answer in shop.payments.items() if answer.body["state"] == "SUCCESS"}
    assert len(succeeded) > ORDERS * 8 // 10
    assert shop.refunds
    engine = connect(url=database.url_of(installation.settings))
    with transaction(engine) as connection:
        rows = connection.execute(text("SELECT merchant_order_no, payment_id, state FROM payment")).all()
        posted = connection.execute(
            text("SELECT posting_id, count(*) FROM transfer WHERE code = 'PAYMENT' GROUP BY 1")
        )
        postings = {row[0]: row[1] for row in posted}
        proof = prove(connection)
    engine.dispose()
    found = {row.merchant_order_no: row for row in rows}
    assert len(rows) == len(found) == ORDERS
    assert {no: f"P{row.payment_id}" for no, row in found.items()} == {
        no: answer.body["payment_id"] for no, answer in shop.payments.items()
    }
    assert postings == {row.payment_id: 1 for row in rows if row.state == "SUCCESS"}
    assert succeeded <= {no for no, row in found.items() if row.state == "SUCCESS"}
    assert proof.passed, [check for check in proof.checks if not check.passed]
