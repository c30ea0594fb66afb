"""Whatever happens to payments, in whatever order and however often it is said, the books stay right."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import count, pairwise
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text

from bench._payments_world import World, build
from haodian import postgres
from payments_core.payments import (
    Accepted,
    AcceptRequest,
    Capture,
    Failure,
    RefundAccepted,
    RefundRequest,
    RefundResult,
    State,
)
from tests.databases import copied_engine

START = datetime(2025, 4, 15, 2, 0, tzinfo=UTC)
_stories = count(1)

PROOF = """
SELECT
  (SELECT coalesce(sum(debits_posted - credits_posted), 0) FROM account) AS unbalanced,
  (SELECT count(*) FROM account a WHERE
     debits_posted <> (SELECT coalesce(sum(amount_fen), 0) FROM transfer t
       WHERE t.merchant_id = a.merchant_id AND t.debit_account = a.account AND t.debit_party = a.party)
     OR credits_posted <> (SELECT coalesce(sum(amount_fen), 0) FROM transfer t
       WHERE t.merchant_id = a.merchant_id AND t.credit_account = a.account AND t.credit_party = a.party))
    AS drifted,
  (SELECT count(*) FROM payment WHERE (state = 'SUCCESS') <> EXISTS (SELECT 1 FROM transfer t
     WHERE t.merchant_id = payment.merchant_id AND t.posting_id = payment_id AND t.code = 'PAYMENT'))
    AS unbooked,
  (SELECT count(*) FROM refund WHERE (state = 'SUCCESS') <> EXISTS (SELECT 1 FROM transfer t
     WHERE t.merchant_id = refund.merchant_id AND t.posting_id = refund_id AND t.code = 'REFUND'))
    AS unreturned,
  (SELECT count(*) FROM payment p WHERE refunded_fen <> (SELECT coalesce(sum(amount_fen), 0) FROM refund r
     WHERE r.merchant_id = p.merchant_id AND r.payment_id = p.payment_id AND r.state <> 'FAILED'))
    AS unreserved,
  (SELECT count(*) FROM payment p JOIN LATERAL (SELECT coalesce(sum(amount_fen), 0) AS back_fen,
       coalesce(sum(fee_back_fen), 0) AS fee_fen, coalesce(sum(cost_back_fen), 0) AS cost_fen,
       coalesce(sum(eligible_margin_delta_fen), 0) AS margin_fen FROM refund r
     WHERE r.merchant_id = p.merchant_id AND r.payment_id = p.payment_id AND r.state = 'SUCCESS') r ON true
     WHERE p.state = 'SUCCESS' AND r.back_fen = p.settle_amount_fen
       AND (r.fee_fen, r.cost_fen, r.margin_fen) <> (p.fee_fen, p.cost_fen, -p.eligible_margin_fen))
    AS unreturned_fee
"""


@dataclass(frozen=True, slots=True)
class Step:
    """One thing that happens: to which payment, with how much, and whether it is said twice."""

    kind: str
    which: int
    amount_fen: int
    twice: bool


STEPS = st.builds(
    Step,
    kind=st.sampled_from(["pay", "pay", "capture", "fail", "close", "refund", "refund", "result", "refuse"]),
    which=st.integers(0, 3),
    amount_fen=st.integers(1, 30_000),
    twice=st.booleans(),
)


@pytest.fixture(scope="module")
def world(cluster: postgres.Cluster) -> Iterator[World]:
    """One database for all stories: each story has orders and a merchant of its own turn."""
    with copied_engine(cluster) as engine:
        yield build(engine, merchants=5)


class Story:
    """Plays steps against two committers in turn and remembers what there is to act on."""

    def __init__(self, world: World) -> None:
        self.number = next(_stories)
        self.merchant_id = f"M{self.number % 5 + 1:05d}"
        self.committers = (world.committer(), world.committer())
        self.said = 0
        self.done: list[Any] = []  # what was not refused: told again, it must add nothing
        self.payments: list[int] = []
        self.refunds: list[int] = []
        self.clock = START + timedelta(minutes=self.number)

    def play(self, steps: list[Step], *, group: int) -> None:
        items: list[Any] = []
        for step in steps:
            item = self.item(step)
            if item is not None:
                items += [item, item] if step.twice else [item]
            if len(items) >= group:
                self.say(items)
                items = []
        self.say(items)

    def say(self, items: list[Any]) -> None:
        self.said += len(items)
        answers = self.committers[self.said % 2].commit(items, now=self.clock)
        self.done += [i for i, a in zip(items, answers, strict=True) if not isinstance(a, Exception)]
        for answer in answers:
            if isinstance(answer, Accepted) and not answer.replayed:
                self.payments.append(answer.payment_id)
            if isinstance(answer, RefundAccepted) and not answer.replayed:
                self.refunds.append(answer.refund_id)

    def item(self, step: Step) -> Any:
        self.clock += timedelta(seconds=1)
        if step.kind == "pay":
            return AcceptRequest(
                merchant_id=self.merchant_id,
                merchant_order_no=f"s{self.number}-{self.said}",
                amount_fen=step.amount_fen,
                channel="WECHAT",
                mode="SCANNED",
                created_at=self.clock,
            )
        if step.kind in ("result", "refuse"):
            if not self.refunds:
                return None
            refund_id = self.refunds[step.which % len(self.refunds)]
            return RefundResult(
                merchant_id=self.merchant_id,
                refund_id=refund_id,
                succeeded=step.kind == "result",
                at=self.clock,
            )
        return self.item_of_payment(step) if self.payments else None

    def item_of_payment(self, step: Step) -> Any:
        payment_id = self.payments[step.which % len(self.payments)]
        if step.kind == "capture":
            return Capture(
                merchant_id=self.merchant_id, payment_id=payment_id, paid_at=self.clock, channel_order_no="x"
            )
        if step.kind == "refund":
            return RefundRequest(
                merchant_id=self.merchant_id,
                payment_id=payment_id,
                merchant_refund_no=f"s{self.number}-{self.said}",
                amount_fen=step.amount_fen,
                requested_at=self.clock,
            )
        state = State.FAILED if step.kind == "fail" else State.CLOSED
        return Failure(merchant_id=self.merchant_id, payment_id=payment_id, state=state)


def proof(world: World) -> dict[str, int]:
    with world.engine.connect() as connection:
        return {name: int(value) for name, value in connection.execute(text(PROOF)).one()._mapping.items()}


def counts(world: World) -> tuple[int, ...]:
    sql = (
        "SELECT (SELECT count(*) FROM payment), (SELECT count(*) FROM refund),"
        " (SELECT count(*) FROM transfer), (SELECT count(*) FROM outbox),"
        " (SELECT coalesce(sum(debits_posted), 0) FROM account)::bigint,"
        " (SELECT coalesce(sum(refunded_fen), 0) FROM payment)::bigint"
    )
    with world.engine.connect() as connection:
        return tuple(connection.execute(text(sql)).one())


SETTINGS = settings(
    max_examples=15,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


@SETTINGS
@given(steps=st.lists(STEPS, min_size=4, max_size=40), group=st.integers(1, 8))
def test_any_story_leaves_the_books_right_and_told_again_adds_nothing(
    world: World, steps: list[Step], group: int
) -> None:
    story = Story(world)
    story.play(steps, group=group)
    assert set(proof(world).values()) == {0}, proof(world)
    before = counts(world)
    with world.committer() as restarted:
        restarted.commit(story.done, now=story.clock)
    for item in tuple(reversed(story.done)):
        story.say([item])
    assert counts(world) == before
    assert set(proof(world).values()) == {0}, proof(world)


@SETTINGS
@given(
    amount_fen=st.integers(1, 3_000_000),
    cuts=st.lists(st.integers(1, 2_999_999), max_size=6),
    channel=st.sampled_from(["WECHAT", "UNIONPAY_QR", "BANKCARD"]),
)
def test_any_partition_of_a_full_refund_leaves_nothing(
    world: World, amount_fen: int, cuts: list[int], channel: str
) -> None:
    number = next(_stories)
    at = START + timedelta(minutes=number)
    order = AcceptRequest(
        merchant_id="M00001",
        merchant_order_no=f"cut-{number}",
        amount_fen=amount_fen,
        channel=channel,
        mode="SCANNED",
        created_at=at,
    )
    edges = sorted({0, amount_fen, *(cut % amount_fen for cut in cuts)})
    with world.committer() as committer:
        (accepted,) = committer.commit([order], now=at)
        paid = Capture(merchant_id="M00001", payment_id=accepted.payment_id, paid_at=at, channel_order_no="x")
        (sold,) = committer.commit([paid], now=at)
        back = [0, 0]
        for low, high in pairwise(edges):
            request = RefundRequest(
                merchant_id="M00001",
                payment_id=accepted.payment_id,
                merchant_refund_no=f"cut-{number}-{low}",
                amount_fen=high - low,
                requested_at=at,
            )
            (reserved,) = committer.commit([request], now=at)
            result = RefundResult(merchant_id="M00001", refund_id=reserved.refund_id, succeeded=True, at=at)
            (gone,) = committer.commit([result], now=at)
            back[0] += gone.fee_back_fen
            back[1] += gone.cost_back_fen
    assert back == [sold.fee_fen, sold.cost_fen]
    assert set(proof(world).values()) == {0}
