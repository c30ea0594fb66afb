"""The simulated channel: a pure function of order, amount and seed."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest

from payments_core.channels import MAGIC, ChannelOrder, ChannelRefund, Fate, Outcome, Simulator

AT = datetime(2025, 4, 15, tzinfo=UTC)
AMOUNT_OF = {fate: amount for amount, fate in MAGIC.items()}


def order(number: int = 1, *, amount_fen: int = 5000) -> ChannelOrder:
    return ChannelOrder(
        order_no=number, merchant_id="M1", channel="WECHAT", amount_fen=amount_fen, created_at=AT
    )


def magic(fate: Fate) -> ChannelOrder:
    return order(amount_fen=AMOUNT_OF[fate])


def test_the_same_order_meets_the_same_fate_in_every_process() -> None:
    assert [Simulator().fate(order(n)) for n in range(500)] == [
        Simulator().fate(order(n)) for n in range(500)
    ]
    assert [Simulator(seed=1).charged(order(n)) for n in range(500)] != [
        Simulator(seed=2).charged(order(n)) for n in range(500)
    ]


def test_fates_are_drawn_at_the_stated_rates() -> None:
    drawn = Counter(Simulator().fate(order(n)) for n in range(50_000))
    assert 800 <= drawn[Fate.FAILS] <= 1_000  # 1.8 % of 50,000 = 900
    assert 60 <= drawn[Fate.SILENT_THEN_SUCCEEDS] <= 140  # 0.2 % = 100


async def test_an_unanswered_charge_is_resolved_by_asking_again() -> None:
    channel, asked = Simulator(magic=True), magic(Fate.SILENT_THEN_SUCCEEDS)
    assert (await channel.charge(asked)).outcome is Outcome.UNKNOWN
    assert (await channel.query(asked)).outcome is Outcome.SUCCESS


async def test_a_silent_order_can_be_closed_and_a_paid_one_cannot() -> None:
    channel = Simulator(magic=True)
    assert (await channel.close(magic(Fate.SILENT_UNTIL_CLOSED))).outcome is Outcome.CLOSED
    assert (await channel.close(magic(Fate.SUCCEEDS))).outcome is Outcome.SUCCESS


@pytest.mark.parametrize(
    ("fate", "outcome"),
    [
        (Fate.SUCCEEDS, Outcome.SUCCESS),
        (Fate.REFUND_FAILS, Outcome.FAILED),
        (Fate.REFUND_SILENT, Outcome.UNKNOWN),
    ],
)
async def test_refunds(fate: Fate, outcome: Outcome) -> None:
    refund = ChannelRefund(refund_no=9, order=magic(fate), amount_fen=100, requested_at=AT)
    assert (await Simulator(magic=True).refund(refund)).outcome is outcome


async def test_a_failure_names_its_reason() -> None:
    reply = await Simulator(magic=True).charge(magic(Fate.FAILS))
    assert reply.outcome is Outcome.FAILED
    assert reply.code


async def test_the_money_moves_when_the_delay_is_over() -> None:
    reply = await Simulator(magic=True, delay_ms=(3, 3)).charge(magic(Fate.SUCCEEDS))
    assert reply.at == AT + timedelta(milliseconds=3)
