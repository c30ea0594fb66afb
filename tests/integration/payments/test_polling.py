"""Asking channels again: unknown is a state, closing is close then query then close, late money goes back."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from bench._payments_world import rulebook
from payments_core.channels import MAGIC, Fate, Simulator
from payments_core.payments import Capture, State, find_payment, resolve_open, settle

NOW = datetime(2025, 4, 15, 2, 0, tzinfo=UTC)
CHANNEL = Simulator(magic=True)
AMOUNT_OF = {fate: amount for amount, fate in MAGIC.items()}


def view(till: Any) -> Any:
    payment_id = till.one("SELECT payment_id FROM payment")
    with till.world.engine.connect() as connection:
        return find_payment(connection, merchant_id="M00001", payment_id=payment_id)


async def charged(till: Any, fate: Fate) -> None:
    """Accept and charge an order that meets `fate`; the large amounts pass risk as plain scans."""
    till.world.activate(without_limits())
    till.accept(AMOUNT_OF[fate])
    order = view(till).channel_order
    await settle(till.committer, order=order, reply=await CHANNEL.charge(order), now=NOW)


def without_limits() -> Any:
    return rulebook({"rules/risk/risk.limits.yaml": UNLIMITED})


UNLIMITED = """
kind: risk
id: risk.limits
version: 1
title: test
owner: test
effective: {from: "2025-01-01T00:00:00+08:00", to: null}
spec:
  stage: pre_auth
  mode: enforce
  fail_mode: open
  rules:
    - {id: R301, label: test, when: "txn.amount_fen > 90000000", score: 100, decision: REJECT}
  score_bands: [{min: 60, decision: REVIEW}, {min: 100, decision: REJECT}]
"""


async def resolve(till: Any, *, after: timedelta) -> Any:
    return await resolve_open(till.world.engine, till.committer, CHANNEL, now=NOW + after)


async def test_an_answer_is_booked(till: Any) -> None:
    await charged(till, Fate.SUCCEEDS)
    assert view(till).state is State.SUCCESS


async def test_a_failure_is_recorded_with_its_reason(till: Any) -> None:
    await charged(till, Fate.FAILS)
    assert view(till).state is State.FAILED
    assert view(till).refused_code


async def test_an_unanswered_charge_is_asked_for_again(till: Any) -> None:
    await charged(till, Fate.SILENT_THEN_SUCCEEDS)
    assert view(till).state is State.PAYING
    resolved = await resolve(till, after=timedelta(seconds=10))
    assert (resolved.settled, resolved.waiting, view(till).state) == (1, 0, State.SUCCESS)


async def test_silence_waits_until_the_order_expires_and_is_then_closed(till: Any) -> None:
    await charged(till, Fate.SILENT_UNTIL_CLOSED)
    early = await resolve(till, after=timedelta(minutes=5))
    assert (early.waiting, view(till).state) == (1, State.PAYING)
    late = await resolve(till, after=timedelta(hours=2))
    assert (late.closed, view(till).state) == (1, State.CLOSED)


async def test_money_after_closing_goes_back(till: Any) -> None:
    await charged(till, Fate.SILENT_THEN_LATE)
    await resolve(till, after=timedelta(hours=2))
    assert view(till).state is State.CLOSED
    late_word = Capture(
        merchant_id="M00001",
        payment_id=view(till).payment_id,
        paid_at=NOW + timedelta(hours=2),
        channel_order_no="x",
    )
    (late,) = till.commit(late_word)
    assert late.auto_refund_id is not None
    resolved = await resolve(till, after=timedelta(hours=3))
    assert resolved.refunds == 1
    assert till.one("SELECT state FROM refund") == "SUCCESS"
    assert till.balance("MERCHANT_PAYABLE") == 0


async def test_refunds_are_asked_for_again_under_the_same_number(till: Any) -> None:
    await charged(till, Fate.REFUND_SILENT)
    paid = view(till)
    till.commit(till.refund_of(paid, 100))
    assert (await resolve(till, after=timedelta(minutes=1))).waiting == 1
    assert till.one("SELECT state FROM refund") == "PROCESSING"


async def test_a_refund_its_channel_refuses_frees_the_money(till: Any) -> None:
    await charged(till, Fate.REFUND_FAILS)
    till.commit(till.refund_of(view(till), 100))
    assert (await resolve(till, after=timedelta(minutes=1))).refunds == 1
    assert view(till).refunded_fen == 0
