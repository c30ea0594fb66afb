"""C01 over HTTP: every refusal with its code and nothing written; the database away; our own bug."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest
from sqlalchemy import text

from haodian import clock
from haodian.gateway.app import build
from haodian.gateway.desk import Desk
from haodian.gateway.guard import Guard
from payments_core.channels import Simulator
from payments_core.database import connect, transaction
from payments_core.payments import Committer
from tests.integration.gateway.conftest import Gateway

OWN, OTHER = "M00003", "M00004"


def _order(number: str = "T-1", **changed: object) -> dict[str, object]:
    order = {"merchant_id": OWN, "merchant_order_no": number, "amount_fen": 5_000, "channel": "WECHAT"}
    return {**order, "mode": "SCANNED", **changed}


def _count(gateway: Gateway, table: str) -> int:
    with transaction(gateway.engine) as connection:
        return int(connection.execute(text(f"SELECT count(*) FROM {table}")).scalar_one())


async def test_a_device_of_another_merchant(gateway: Gateway) -> None:
    with transaction(gateway.engine) as connection:
        mine = "SELECT device_id FROM device WHERE merchant_id = :m ORDER BY device_id LIMIT 1"
        device_id = connection.execute(text(mine), {"m": OTHER}).scalar_one()
    async with gateway.client() as client:
        answers = [await client.pay(_order(device_id=one)) for one in (device_id, "SPK-NOWHERE")]
    for answer in answers:
        assert (answer.status, answer.body["code"]) == (409, "DEVICE_BINDING_MISMATCH")
    assert _count(gateway, "payment") == 0


async def test_the_fifty_first_refund(gateway: Gateway) -> None:
    async with gateway.client() as client:
        payment_id = (await client.pay(_order())).body["payment_id"]
        parts = [{"merchant_refund_no": f"R-{n}", "amount_fen": 1} for n in range(51)]
        answers = await asyncio.gather(
            *(client.refund(payment_id, part, merchant_id=OWN) for part in parts[:50])
        )
        last = await client.refund(payment_id, parts[50], merchant_id=OWN)
    assert {answer.status for answer in answers} == {200}
    assert (last.status, last.body["code"]) == (422, "REFUND_WINDOW")
    assert _count(gateway, "refund") == 50


async def test_a_refund_after_a_year(gateway: Gateway) -> None:
    async with gateway.client() as client:
        payment_id = (await client.pay(_order())).body["payment_id"]
        with transaction(gateway.engine) as connection:
            long_ago = {"at": clock.machine_now() - timedelta(days=365, seconds=1)}
            connection.execute(text("UPDATE payment SET paid_at = :at"), long_ago)
        part = {"merchant_refund_no": "R-1", "amount_fen": 1}
        answer = await client.refund(payment_id, part, merchant_id=OWN)
    assert (answer.status, answer.body["code"]) == (422, "REFUND_WINDOW")
    assert _count(gateway, "refund") == 0


@pytest.mark.parametrize("amount_fen", [0, -1, 1.5, "1"])
async def test_a_refund_of_no_amount(gateway: Gateway, amount_fen: object) -> None:
    async with gateway.client() as client:
        payment_id = (await client.pay(_order())).body["payment_id"]
        part = {"merchant_refund_no": "R-1", "amount_fen": amount_fen}
        answer = await client.refund(payment_id, part, merchant_id=OWN)
    assert (answer.status, answer.body["code"]) == (422, "AMOUNT_INVALID")
    assert _count(gateway, "refund") == 0


async def test_the_same_refund_number_with_another_amount(gateway: Gateway) -> None:
    async with gateway.client() as client:
        payment_id = (await client.pay(_order())).body["payment_id"]
        answers = [
            await client.refund(payment_id, {"merchant_refund_no": "R-1", "amount_fen": fen}, merchant_id=OWN)
            for fen in (1, 2)
        ]
    assert [answer.status for answer in answers] == [200, 409]
    assert answers[1].body["code"] == "IDEMPOTENCY_CONFLICT"
    assert _count(gateway, "refund") == 1


async def test_a_body_that_is_no_json(gateway: Gateway) -> None:
    async with gateway.client() as client:
        answer = await client.send("POST", "/v1/payments")
    assert (answer.status, answer.body["code"]) == (422, "REQUEST_INVALID")


async def test_a_database_that_is_away_asks_to_try_again(gateway: Gateway) -> None:
    away = connect(url="postgresql://nobody@127.0.0.1:1/none")
    guard = Guard(away, sealer=None, now=clock.machine_now)
    committer = Committer(engine=away, rulebooks=None)
    desk = Desk(away, committer=committer, channel=Simulator(), sealer=None, now=clock.machine_now)
    without = Gateway(
        app=build(desk=desk, guard=guard), engine=away, platform=gateway.platform, merchant=gateway.merchant
    )
    async with without.client() as client, without.plain() as http:
        answer = await client.pay(_order())
        ready = await http.get("/readyz")
    assert (answer.status, answer.body["code"]) == (503, "STORE_UNAVAILABLE")
    assert ready.status_code == 503
    away.dispose()


async def test_our_own_bug_is_told_without_its_trace(gateway: Gateway) -> None:
    class Broken(Desk):
        """Fails as nobody expects."""

        async def payment(self, payment_id: int, *, merchant_id: str) -> object:
            raise ZeroDivisionError("secret figure 4711")

    engine = gateway.engine
    desk = Broken(engine, committer=None, channel=Simulator(), sealer=None, now=clock.machine_now)

    class Trusting(Guard):
        """Takes everybody for the platform."""

        async def caller_of(self, request: object) -> object:
            return gateway.platform

    guard = Trusting(engine, sealer=None, now=clock.machine_now)
    broken = Gateway(
        app=build(desk=desk, guard=guard),
        engine=engine,
        platform=gateway.platform,
        merchant=gateway.merchant,
    )
    async with broken.client() as client:
        answer = await client.payment("P1", merchant_id=OWN)
    assert (answer.status, answer.body["code"]) == (500, "INTERNAL")
    assert "4711" not in str(answer.body)
    assert "Traceback" not in str(answer.body)
