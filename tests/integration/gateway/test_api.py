"""The payments API from outside: what a merchant's system sends and gets."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest
from sqlalchemy import text

from haodian import clock
from haodian.gateway.signing import NONCE, SIGNATURE, sign
from payments_core import access
from payments_core.database import transaction
from payments_core.ledger import prove

# Amounts by which the channel of conftest.py is told what to do; 5 000 × 0.38 % = 19.
SUCCEEDS, FAILS, SILENT = 5_000, 5_001, 5_002


def _order(number: str = "T-1", **changed: object) -> dict[str, object]:
    order = {
        "merchant_id": "M00003",
        "merchant_order_no": number,
        "amount_fen": 5_000,
        "channel": "WECHAT",
        "mode": "SCANNED",
        "payer_id": f"payer of {number}".replace(" ", "-"),
    }
    return {**order, **changed}


async def test_a_payment_is_taken_priced_and_found_again(gateway) -> None:
    async with gateway.client() as client:
        paid = await client.pay(_order(amount_fen=SUCCEEDS))
        assert (paid.status, paid.body["state"]) == (200, "SUCCESS")
        assert paid.body["fee_fen"] == 19
        payment_id = paid.body["payment_id"]
        assert (await client.payment(payment_id, merchant_id="M00003")).body == paid.body
        by_order = await client.payment_of_order(merchant_id="M00003", merchant_order_no="T-1")
        assert by_order.body == paid.body
    with transaction(gateway.engine) as connection:
        stored = connection.execute(text("SELECT payer_hash FROM payment")).scalar_one()
        assert prove(connection).passed
    assert len(stored) == 32
    assert "payer" not in stored


async def test_the_same_order_again_is_the_same_payment(gateway) -> None:
    async with gateway.client() as client:
        answers = await asyncio.gather(*(client.pay(_order(amount_fen=SUCCEEDS)) for _ in range(5)))
        assert {answer.status for answer in answers} == {200}
        assert len({answer.body["payment_id"] for answer in answers}) == 1
        changed = await client.pay(_order(amount_fen=4_999))
        assert (changed.status, changed.body["code"]) == (409, "IDEMPOTENCY_CONFLICT")
        assert changed.body["message"] != changed.body["message_en"]
    with transaction(gateway.engine) as connection:
        assert (
            connection.execute(text("SELECT count(*) FROM transfer WHERE code = 'PAYMENT'")).scalar_one() == 1
        )


async def test_a_channel_that_refuses_and_one_that_is_silent(gateway) -> None:
    async with gateway.client() as client:
        refused = await client.pay(_order("T-1", amount_fen=FAILS))
        silent = await client.pay(_order("T-2", amount_fen=SILENT))
    assert (refused.status, refused.body["state"]) == (200, "FAILED")
    assert refused.body["refused_code"]
    assert (silent.status, silent.body["state"], silent.body["fee_fen"]) == (200, "PAYING", None)


async def test_refunds_are_sent_listed_and_bounded(gateway) -> None:
    async with gateway.client() as client:
        paid = await client.pay(_order(amount_fen=SUCCEEDS))
        payment_id = paid.body["payment_id"]
        part = {"merchant_refund_no": "R-1", "amount_fen": 2_000, "reason": "少一份"}
        first = await client.refund(payment_id, part, merchant_id="M00003")
        again = await client.refund(payment_id, part, merchant_id="M00003")
        assert (first.status, first.body["state"]) == (200, "SUCCESS")
        assert again.body == first.body
        listed = await client.refunds(payment_id, merchant_id="M00003")
        assert listed.body == [first.body]
        more = {"merchant_refund_no": "R-2", "amount_fen": 3_001}
        refused = await client.refund(payment_id, more, merchant_id="M00003")
        assert (refused.status, refused.body["code"]) == (409, "REFUND_EXCEEDS")
        after = await client.payment(payment_id, merchant_id="M00003")
        assert (after.body["refund_state"], after.body["refunded_fen"]) == ("PARTIAL", 2_000)


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"amount_fen": 0}, "amount_fen"),
        ({"amount_fen": -5}, "amount_fen"),
        ({"amount_fen": "5000"}, "amount_fen"),
        ({"amount_fen": 50.5}, "amount_fen"),
        ({"amount_fen": True}, "amount_fen"),
        ({"settle_amount_fen": -1}, "settle_amount_fen"),
    ],
)
async def test_an_amount_that_is_no_fen_above_zero_is_refused(
    gateway, changed: dict[str, object], field: str
) -> None:
    async with gateway.client() as client:
        answer = await client.pay(_order(**changed))
    assert (answer.status, answer.body["code"]) == (422, "AMOUNT_INVALID")
    assert list(answer.body["fields"]["findings"]) == [field]


async def test_parts_beyond_the_whole_are_refused_with_the_same_code(gateway) -> None:
    async with gateway.client() as client:
        answer = await client.pay(_order(settle_amount_fen=5_001))
    assert (answer.status, answer.body["code"]) == (422, "AMOUNT_INVALID")


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"amount_fen": 0, "channel": "BITCOIN"}, "amount_fen"),
        ({"channel": "BITCOIN"}, "channel"),
        ({"merchant_order_no": "with space"}, "merchant_order_no"),
        ({"merchant_order_no": "x" * 65}, "merchant_order_no"),
        ({"payer_id": "\x00"}, "payer_id"),
        ({"surprise": 1}, "surprise"),
    ],
)
async def test_a_malformed_order_is_refused_by_field(gateway, changed: dict[str, object], field: str) -> None:
    async with gateway.client() as client:
        answer = await client.pay(_order(**changed))
    assert (answer.status, answer.body["code"]) == (422, "REQUEST_INVALID")
    assert field in answer.body["fields"]["findings"]


async def test_a_merchant_that_is_not_there_and_one_that_is_frozen(gateway) -> None:
    with transaction(gateway.engine) as connection:
        connection.execute(text("UPDATE merchant SET status = 'FROZEN' WHERE merchant_id = 'M00004'"))
    async with gateway.client() as client:
        unknown = await client.pay(_order(merchant_id="M99999"))
        frozen = await client.pay(_order(merchant_id="M00004"))
    assert (unknown.status, unknown.body["code"]) == (404, "MERCHANT_NOT_FOUND")
    assert (frozen.status, frozen.body["code"]) == (409, "MERCHANT_NOT_ACTIVE")


async def test_a_merchants_key_acts_for_that_merchant_only(gateway) -> None:
    async with gateway.client(gateway.merchant) as client:
        own = await client.pay(_order(amount_fen=SUCCEEDS))
        other = await client.pay(_order(merchant_id="M00004"))
        found = await client.send("GET", f"/v1/payments/{own.body['payment_id']}")
        nobody = await client.pay(_order(merchant_id="M99999"))
        foreign = await client.payment(own.body["payment_id"], merchant_id="M00004")
    assert own.status == found.status == 200
    # What lies outside the key's scope looks exactly like what is not there.
    for answer, asked in ((other, "M00004"), (nobody, "M99999"), (foreign, "M00004")):
        assert (answer.status, answer.body["code"]) == (404, "MERCHANT_NOT_FOUND")
        assert answer.body["fields"] == {"merchant_id": asked}
    async with gateway.client() as client:
        unsaid = await client.send("GET", f"/v1/payments/{own.body['payment_id']}")
    assert (unsaid.status, unsaid.body["code"]) == (422, "REQUEST_INVALID")


async def test_unsigned_forged_late_and_repeated_requests_are_refused(gateway) -> None:
    target, now = "/v1/payments/P1?merchant_id=M00003", clock.machine_now()
    key = gateway.platform

    def signed(**changed: object) -> dict[str, str]:
        asked = {
            "method": "GET",
            "target": target,
            "body": b"",
            "key_id": key.key_id,
            "secret": key.secret,
            "now": now,
        }
        return sign(**{**asked, **changed})

    once = signed()
    cases = [
        ({}, 401, "SIGNATURE_INVALID"),
        ({**signed(), SIGNATURE: "0" * 64}, 401, "SIGNATURE_INVALID"),
        (signed(secret=b"guessed"), 401, "SIGNATURE_INVALID"),
        (signed(key_id="hd_nobody"), 401, "API_KEY_UNKNOWN"),
        (signed(now=now - timedelta(minutes=6)), 401, "CLOCK_SKEW"),
        (once, 404, "PAYMENT_NOT_FOUND"),
        (once, 409, "NONCE_REUSED"),
        ({**signed(), NONCE: once[NONCE]}, 401, "SIGNATURE_INVALID"),
    ]
    async with gateway.plain() as http:
        for headers, status, code in cases:
            answer = await http.get(target, headers=headers)
            assert (answer.status_code, answer.json()["code"]) == (status, code)


async def test_one_nonce_sent_many_times_at_once_is_accepted_once(gateway) -> None:
    target = "/v1/payments/P1?merchant_id=M00003"
    key = gateway.platform
    headers = sign(
        method="GET", target=target, body=b"", key_id=key.key_id, secret=key.secret, now=clock.machine_now()
    )
    async with gateway.plain() as http:
        answers = await asyncio.gather(*(http.get(target, headers=headers) for _ in range(20)))
    codes = [answer.json()["code"] for answer in answers]
    assert codes.count("PAYMENT_NOT_FOUND") == 1
    assert codes.count("NONCE_REUSED") == 19


async def test_a_revoked_key_is_refused(gateway) -> None:
    with transaction(gateway.engine) as connection:
        access.revoke_api_key(connection, key_id=gateway.merchant.key_id, now=clock.machine_now())
    async with gateway.client(gateway.merchant) as client:
        answer = await client.pay(_order())
    assert (answer.status, answer.body["code"]) == (401, "API_KEY_UNKNOWN")


async def test_everything_else_is_answered_in_json_too(gateway) -> None:
    async with gateway.plain() as http:
        unknown = await http.get("/v1/nothing")
        wrong_method = await http.delete("/v1/payments")
        large = await http.post("/v1/payments", content=b"x" * 70_000)
        ready = await http.get("/readyz")
        described = (await http.get("/openapi.json")).json()
        metrics = (await http.get("/metrics")).text
    assert (unknown.status_code, unknown.json()["code"]) == (404, "NOT_FOUND")
    assert (wrong_method.status_code, wrong_method.json()["code"]) == (405, "METHOD_NOT_ALLOWED")
    assert (large.status_code, large.json()["code"]) == (413, "BODY_TOO_LARGE")
    assert ready.status_code == 200
    assert described["components"]["schemas"]["PaymentRequest"]["examples"][0]["amount_fen"] == 5000
    assert 'haodian_requests_total{method="GET",route="unknown",status="404"} 1' in metrics
    assert "haodian_commit_queue 0" in metrics
