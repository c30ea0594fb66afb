"""The state machine and the requests, without a database."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import product
from typing import Any

import pytest

from payments_core.payments import AcceptRequest, PaymentIllegalTransition, RefundState, State, refund_state
from payments_core.payments.errors import (
    AmountInvalid,
    PaymentNotRefundable,
    RefundExceeds,
    RefundWindow,
    RequestInvalid,
)
from payments_core.payments.model import RefundRequest, ensure_refundable, ensure_transition, first_id_at

AT = datetime(2025, 4, 15, 2, 0, tzinfo=UTC)
LEGAL = {
    ("INIT", "PAYING"),
    ("INIT", "FAILED"),
    ("PAYING", "SUCCESS"),
    ("PAYING", "FAILED"),
    ("PAYING", "CLOSED"),
    ("PAYING", "REVOKED"),
    ("CLOSED", "SUCCESS"),
    ("REVOKED", "SUCCESS"),
}


@pytest.mark.parametrize(("before", "after"), list(product(State, State)))
def test_only_declared_steps_are_taken(before: State, after: State) -> None:
    if (before, after) in LEGAL:
        ensure_transition(before=before, after=after)
        return
    with pytest.raises(PaymentIllegalTransition) as refused:
        ensure_transition(before=before, after=after)
    assert refused.value.code == "PAYMENT_ILLEGAL_TRANSITION"


@pytest.mark.parametrize(("refunded_fen", "state"), [(0, "NONE"), (1, "PARTIAL"), (500, "FULL")])
def test_the_refund_state_is_derived(refunded_fen: int, state: str) -> None:
    assert refund_state(settle_amount_fen=500, refunded_fen=refunded_fen) is RefundState(state)


def request(**changes: Any) -> AcceptRequest:
    values: dict[str, Any] = {
        "merchant_id": "M1",
        "merchant_order_no": "o-1",
        "amount_fen": 5000,
        "channel": "WECHAT",
        "mode": "SCANNED",
        "created_at": AT,
    }
    return AcceptRequest(**{**values, **changes})


@pytest.mark.parametrize(
    "changes",
    [
        {"amount_fen": 0},
        {"amount_fen": -1},
        {"amount_fen": 50.0},
        {"amount_fen": True},
        {"amount_fen": 10**12},
        {"settle_amount_fen": 5001},
        {"settle_amount_fen": 0},
        {"settle_amount_fen": 4000, "buyer_paid_fen": 4001},
    ],
)
def test_amounts_that_make_no_sense(changes: dict[str, Any]) -> None:
    with pytest.raises(AmountInvalid) as refused:
        request(**changes).validate()
    assert refused.value.code == "AMOUNT_INVALID"


@pytest.mark.parametrize(
    "changes",
    [
        {"channel": "PAYPAL"},
        {"mode": "TELEPATHY"},
        {"card_type": "GOLD"},
        {"merchant_order_no": ""},
        {"merchant_order_no": "a\tb"},
        {"merchant_order_no": "x" * 65},
        {"payer_id": "p\\N"},
        {"bank_code": "B\n"},
        {"created_at": datetime(2025, 4, 15)},
        {"expires_after_s": 0},
        {"device_distance_m": -2},
    ],
)
def test_fields_that_have_no_known_value(changes: dict[str, Any]) -> None:
    with pytest.raises(RequestInvalid) as refused:
        request(**changes).validate()
    assert refused.value.code == "REQUEST_INVALID"


def test_settle_and_buyer_amounts_default_to_the_whole() -> None:
    assert (request().settle_amount_fen, request().buyer_paid_fen) == (5000, 5000)
    assert request(settle_amount_fen=4500).buyer_paid_fen == 4500


def test_the_body_is_what_is_paid_and_not_when() -> None:
    assert request().body_hash == request(created_at=AT + timedelta(seconds=3)).body_hash
    assert request().body_hash != request(amount_fen=5001).body_hash


def refundable(**changes: Any) -> None:
    values: dict[str, Any] = {
        "state": State.SUCCESS,
        "paid_at": AT,
        "settle_amount_fen": 1000,
        "refunded_fen": 400,
        "refund_count": 1,
        "amount_fen": 600,
        "requested_at": AT + timedelta(days=365),
    }
    ensure_refundable(**{**values, **changes})


def test_what_remains_can_be_refunded_on_the_last_day() -> None:
    refundable()


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"amount_fen": 601}, "REFUND_EXCEEDS"),
        ({"refund_count": 50, "amount_fen": 1}, "REFUND_WINDOW"),
        ({"requested_at": AT + timedelta(days=365, seconds=1)}, "REFUND_WINDOW"),
        ({"state": State.PAYING}, "PAYMENT_NOT_REFUNDABLE"),
    ],
)
def test_refunds_that_are_refused(changes: dict[str, Any], code: str) -> None:
    with pytest.raises((RefundExceeds, RefundWindow, PaymentNotRefundable)) as refused:
        refundable(**changes)
    assert refused.value.code == code


@pytest.mark.parametrize("changes", [{"amount_fen": 0}, {"amount_fen": 1.5}])
def test_a_refund_of_no_money_is_refused(changes: dict[str, Any]) -> None:
    values: dict[str, Any] = {
        "merchant_id": "M1",
        "payment_id": 1,
        "merchant_refund_no": "r",
        "amount_fen": 1,
        "requested_at": AT,
    }
    with pytest.raises(AmountInvalid):
        RefundRequest(**{**values, **changes}).validate()


def test_ids_say_when() -> None:
    assert first_id_at(AT.replace(microsecond=123_456)) == 250415_100000_123_0000
