"""Refunds: reserved before the channel is asked, never more than was paid, cumulative in fee and margin."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from payments_core.payments import (
    IdempotencyConflict,
    PaymentNotFound,
    PaymentNotRefundable,
    RefundAccepted,
    RefundExceeds,
    RefundNotFound,
    RefundResult,
    RefundState,
    RefundWindow,
    find_payment,
    list_refunds,
)

NOW = datetime(2025, 4, 15, 2, 0, tzinfo=UTC)


def test_partial_refunds_give_back_the_difference_of_the_cumulative_fee(till: Any) -> None:
    paid = till.pay(12_850)  # W5: fee 49, cost 28, margin 21
    first = till.refund(paid, 3_000, now=NOW + timedelta(days=1))
    second = till.refund(paid, 9_850, now=NOW + timedelta(days=2))
    assert (first.fee_back_fen, first.cost_back_fen) == (12, 6)
    assert (second.fee_back_fen, second.cost_back_fen) == (37, 22)
    deltas = till.rows("SELECT eligible_margin_delta_fen FROM refund ORDER BY refund_id")
    assert deltas == [(-6,), (-15,)]
    for account in ("MERCHANT_PAYABLE", "FEE_INCOME", "CHANNEL_COST", "CHANNEL_CLEARING"):
        assert till.balance(account) == 0
    with till.world.engine.connect() as connection:
        view = find_payment(connection, merchant_id="M00001", payment_id=paid.payment_id)
        listed = list_refunds(connection, merchant_id="M00001", payment_id=paid.payment_id)
    assert view.refund_state is RefundState.FULL
    assert [r.amount_fen for r in listed] == [3_000, 9_850]


def test_a_refund_stays_in_the_stream_and_store_of_its_sale(till: Any) -> None:
    paid = till.pay(12_850)
    till.refund(paid, 3_000)
    same = (
        "SELECT p.stream_id = r.stream_id AND p.store_id = r.store_id"
        " FROM refund r JOIN payment p USING (payment_id)"
    )
    assert till.one(same) is True


def test_the_money_is_reserved_before_the_channel_is_asked(till: Any) -> None:
    paid = till.pay(5000)
    (reserved,) = till.commit(till.refund_of(paid, 3000))
    assert (reserved.state, till.one("SELECT refunded_fen FROM payment")) == ("PROCESSING", 3000)
    (refused,) = till.commit(till.refund_of(paid, 2001))
    assert isinstance(refused, RefundExceeds)
    assert refused.fields["remaining_fen"] == 2000


def test_a_refund_that_its_channel_refuses_frees_the_money(till: Any) -> None:
    paid = till.pay(5000)
    (reserved,) = till.commit(till.refund_of(paid, 5000))
    (failed,) = till.commit(till.result_of(reserved, succeeded=False))
    assert failed.state == "FAILED"
    assert till.one("SELECT refunded_fen, refund_count FROM payment") == (0, 0)
    assert till.refund(paid, 5000).state == "SUCCESS"


def test_two_refunds_in_one_batch_never_exceed(till: Any) -> None:
    paid = till.pay(10_000)
    first, second = till.commit(till.refund_of(paid, 6000), till.refund_of(paid, 6000))
    assert isinstance(first, RefundAccepted)
    assert isinstance(second, RefundExceeds)


def test_refunds_of_two_processes_at_once_never_exceed(till: Any) -> None:
    paid = till.pay(10_000)
    requests = [till.refund_of(paid, 6000) for _ in range(8)]
    committers = [till.world.committer() for _ in requests[:4]]

    def ask(number: int) -> Any:
        return committers[number % 4].commit([requests[number]], now=NOW)[0]

    with ThreadPoolExecutor(max_workers=4) as pool:
        answers = list(pool.map(ask, range(8)))
    assert sum(isinstance(a, RefundAccepted) for a in answers) == 1
    assert sum(isinstance(a, RefundExceeds) for a in answers) == 7
    assert till.one("SELECT refunded_fen FROM payment") == 6000


def test_the_database_itself_refuses_more_than_was_paid(till: Any) -> None:
    till.pay(5000)
    with pytest.raises(Exception, match="refunded_within_paid"), till.world.engine.begin() as connection:
        connection.exec_driver_sql("UPDATE payment SET refunded_fen = 5001")


class TestIdempotency:
    def test_the_same_refund_gets_the_same_answer(self, till: Any) -> None:
        request = till.refund_of(till.pay(5000), 1000)
        first, twin = till.commit(request, request)
        (again,) = till.commit(request)
        assert twin.refund_id == again.refund_id == first.refund_id
        assert (first.replayed, twin.replayed, again.replayed) == (False, True, True)
        assert till.one("SELECT refunded_fen FROM payment") == 1000

    def test_another_amount_is_a_conflict(self, till: Any) -> None:
        paid = till.pay(5000)
        request = till.refund_of(paid, 1000)
        other = till.refund_of(paid, 1001, merchant_refund_no=request.merchant_refund_no)
        assert isinstance(till.commit(request, other)[1], IdempotencyConflict)
        assert isinstance(till.commit(other)[0], IdempotencyConflict)

    def test_a_result_that_comes_twice_is_booked_once(self, till: Any) -> None:
        (reserved,) = till.commit(till.refund_of(till.pay(5000), 1000))
        first, twin = till.commit(till.result_of(reserved), till.result_of(reserved))
        (late,) = till.commit(till.result_of(reserved, succeeded=False))
        assert (twin.replayed, twin.fee_back_fen) == (True, first.fee_back_fen)
        assert (late.state, late.replayed) == ("SUCCESS", True)


class TestRefused:
    def test_after_fifty_refunds(self, till: Any) -> None:
        paid = till.pay(5000)
        answers = till.commit(*(till.refund_of(paid, 1) for _ in range(51)))
        assert all(isinstance(a, RefundAccepted) for a in answers[:50])
        assert isinstance(answers[50], RefundWindow)

    def test_after_a_year(self, till: Any) -> None:
        paid = till.pay(5000)
        late = till.refund_of(paid, 1, requested_at=NOW + timedelta(days=365, seconds=1))
        assert isinstance(till.commit(late)[0], RefundWindow)

    def test_before_the_money_is_there(self, till: Any) -> None:
        assert isinstance(till.commit(till.refund_of(till.accept(), 1))[0], PaymentNotRefundable)

    def test_of_another_merchants_payment(self, till: Any) -> None:
        foreign = till.refund_of(till.pay(), 1, merchant_id="M00002")
        assert isinstance(till.commit(foreign)[0], PaymentNotFound)

    def test_a_result_for_no_refund(self, till: Any) -> None:
        nothing = RefundResult(merchant_id="M00001", refund_id=9, succeeded=True, at=NOW)
        assert isinstance(till.commit(nothing)[0], RefundNotFound)


def test_a_refund_of_held_money_lowers_the_hold(till: Any) -> None:
    answers = till.commit(*(till.order(40_000, payer_id="p1") for _ in range(5)))
    till.commit(*(till.capture_of(a) for a in answers))
    till.refund(answers[4], 10_000)
    assert till.one("SELECT hold_fen FROM risk_case") == 29_886  # 39,848 − (10,000 − 38)


def test_velocity_counts_refunds_in_every_process(till: Any) -> None:
    for _ in range(2):
        till.refund(till.pay(), 100)
    till.accept()
    with till.world.committer() as other:
        other.commit([till.order()], now=NOW)
    counted = till.rows(
        "SELECT risk_facts(payment)->>'agg.merchant_refund_cnt_1d' FROM payment"
        " ORDER BY payment_id DESC LIMIT 2"
    )
    assert counted == [("2",), ("2",)]
