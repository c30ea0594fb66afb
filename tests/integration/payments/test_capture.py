"""Captures: price, ledger, stream, business date; words that come twice, late or wrong."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import pytest

from payments_core.database.lane import bump_directory
from payments_core.payments import (
    Capture,
    Failure,
    PaymentIllegalTransition,
    PaymentNotFound,
    PriceMissing,
    State,
    find_payment,
)

NOW = datetime(2025, 4, 15, 2, 0, tzinfo=UTC)


def test_a_capture_books_price_legs_stream_and_message(till: Any) -> None:
    paid = till.pay(5000)
    with till.world.engine.connect() as connection:
        view = find_payment(connection, merchant_id="M00001", payment_id=paid.payment_id)
    assert (view.state, view.fee_fen, view.cost_fen, view.eligible_margin_fen) == (State.SUCCESS, 19, 11, 8)
    assert view.business_date == date(2025, 4, 15)
    legs = till.rows("SELECT leg, debit_account, credit_account, amount_fen, code FROM transfer ORDER BY leg")
    assert legs == [
        (1, "CHANNEL_CLEARING", "MERCHANT_PAYABLE", 5000, "PAYMENT"),
        (2, "MERCHANT_PAYABLE", "FEE_INCOME", 19, "FEE"),
        (3, "CHANNEL_COST", "CHANNEL_CLEARING", 11, "COST"),
    ]
    assert till.balance("MERCHANT_PAYABLE") == 4981
    assert till.rows("SELECT party_id, role, rate_ppm FROM share_line ORDER BY line_no") == [
        ("B0001", "opener", 240_000),
        ("B0011", "maintainer", 160_000),
    ]
    assert till.one("SELECT topic FROM outbox") == "payment.succeeded"


def test_the_row_that_priced_is_named(till: Any) -> None:
    till.pay(5000)
    named = till.rows("SELECT kind, rule_id, version, row_no FROM rule_ref ORDER BY kind")
    assert named == [("channel_cost", "cost.channels", 2, 2), ("merchant_fee", "fee.community.std", 4, 3)]


def test_a_word_that_comes_twice_is_answered_alike_and_booked_once(till: Any) -> None:
    accepted = till.accept()
    capture = till.capture_of(accepted)
    first, twin = till.commit(capture, capture)
    (again,) = till.commit(capture)
    with till.world.committer() as other:
        (elsewhere,) = other.commit([capture], now=NOW)
    for answer in (twin, again, elsewhere):
        assert (answer.state, answer.fee_fen, answer.replayed) == (State.SUCCESS, first.fee_fen, True)
    assert till.one("SELECT count(*) FROM transfer") == 3


def test_another_process_can_capture(till: Any) -> None:
    accepted = till.accept(12_850)
    with till.world.committer() as other:
        (settled,) = other.commit([till.capture_of(accepted)], now=NOW)
    assert (settled.fee_fen, settled.cost_fen) == (49, 28)


def test_a_capture_of_nothing_is_not_found_and_fails_no_neighbour(till: Any) -> None:
    accepted = till.accept()
    nothing = Capture(merchant_id="M00001", payment_id=1, paid_at=NOW, channel_order_no="x")
    foreign = Capture(merchant_id="M00002", payment_id=accepted.payment_id, paid_at=NOW, channel_order_no="x")
    missing, settled = till.commit(nothing, till.capture_of(accepted))
    (hidden,) = till.commit(foreign)
    assert isinstance(missing, PaymentNotFound)
    assert isinstance(hidden, PaymentNotFound)
    assert settled.state is State.SUCCESS


def test_a_payment_that_no_rule_prices_stays_open(till: Any) -> None:
    accepted = till.accept()
    long_ago = datetime(2020, 1, 1, tzinfo=UTC)
    (refused,) = till.commit(till.capture_of(accepted, paid_at=long_ago))
    assert isinstance(refused, PriceMissing)
    assert refused.code == "PRICE_MISSING"
    assert till.one("SELECT state FROM payment") == "PAYING"
    (settled,) = till.commit(till.capture_of(accepted))
    assert settled.state is State.SUCCESS


class TestClosedDays:
    @pytest.fixture(autouse=True)
    def _closed(self, till: Any) -> None:
        with till.world.engine.begin() as connection:
            connection.exec_driver_sql(
                "INSERT INTO business_day (business_date, state)"
                " VALUES ('2025-04-14', 'CLOSED'), ('2025-04-15', 'SETTLED')"
            )

    def test_money_of_a_closed_day_is_booked_to_the_next_open_one(self, till: Any) -> None:
        paid = till.pay()
        booked = till.one("SELECT business_date::text FROM payment")
        refunded = till.refund(paid, 1000)
        assert booked == "2025-04-16"
        assert refunded.business_date == date(2025, 4, 16)

    def test_the_price_is_that_of_the_moment_it_was_paid(self, till: Any) -> None:
        accepted = till.accept(10_000)
        (settled,) = till.commit(till.capture_of(accepted))
        assert settled.fee_fen == 38


class TestEndsWithoutMoney:
    def failure(self, accepted: Any, state: State = State.FAILED) -> Failure:
        return Failure(
            merchant_id="M00001", payment_id=accepted.payment_id, state=state, code="BALANCE_SHORT"
        )

    @pytest.mark.parametrize("state", [State.FAILED, State.CLOSED, State.REVOKED])
    def test_it_ends_once(self, till: Any, state: State) -> None:
        accepted = till.accept()
        first, again = (
            till.commit(self.failure(accepted, state))[0],
            till.commit(self.failure(accepted, state))[0],
        )
        assert (first.state, first.replayed, again.replayed) == (state, False, True)
        assert till.one("SELECT state, refused_code FROM payment") == (state, "BALANCE_SHORT")
        assert till.one("SELECT count(*) FROM transfer") == 0

    def test_success_does_not_fail_afterwards(self, till: Any) -> None:
        (refused,) = till.commit(self.failure(till.pay()))
        assert isinstance(refused, PaymentIllegalTransition)

    def test_failure_does_not_succeed_afterwards(self, till: Any) -> None:
        accepted = till.accept()
        till.commit(self.failure(accepted))
        (refused,) = till.commit(till.capture_of(accepted))
        assert isinstance(refused, PaymentIllegalTransition)
        assert till.one("SELECT count(*) FROM transfer") == 0

    def test_an_unknown_payment_is_not_found(self, till: Any) -> None:
        unknown = Failure(merchant_id="M00001", payment_id=7, state=State.FAILED)
        assert isinstance(till.commit(unknown)[0], PaymentNotFound)

    @pytest.mark.parametrize("state", [State.CLOSED, State.REVOKED])
    def test_a_late_success_is_booked_and_sent_back(self, till: Any, state: State) -> None:
        accepted = till.accept()
        till.commit(self.failure(accepted, state))
        (late,) = till.commit(till.capture_of(accepted))
        assert (late.state, late.auto_refund_id is not None) == (State.SUCCESS, True)
        refund = till.one("SELECT refund_id, state, amount_fen FROM refund")
        assert refund == (late.auto_refund_id, "PROCESSING", 5000)
        topics = till.rows("SELECT topic FROM outbox ORDER BY topic")
        assert ("refund.requested",) in topics
        (again,) = till.commit(till.capture_of(accepted))
        assert again.replayed
        assert till.one("SELECT count(*) FROM refund") == 1


def test_what_a_broker_pays_is_shared_with_nobody(till: Any) -> None:
    with till.world.engine.begin() as connection:
        connection.exec_driver_sql("UPDATE broker SET payer_hash = 'b11' WHERE broker_id = 'B0011'")
        bump_directory(connection)
    margins = []
    for payer in ("b11", "somebody", ""):
        paid = till.pay(5000, payer_id=payer)
        with till.world.engine.connect() as connection:
            view = find_payment(connection, merchant_id="M00001", payment_id=paid.payment_id)
        margins.append(view.eligible_margin_fen)
    assert margins == [0, 8, 8]
