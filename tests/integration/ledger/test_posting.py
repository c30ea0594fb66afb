"""What the ledger refuses, what it proves, and balances under concurrent batches."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest
from sqlalchemy import Connection, Engine, text
from sqlalchemy.exc import IntegrityError

from payments_core.database import transaction
from payments_core.errors import InvariantBroken
from payments_core.ledger import (
    Account,
    Code,
    Leg,
    PendingNotFound,
    PendingResolved,
    Phase,
    ResolutionExceeds,
    get_balance,
    list_legs,
    list_totals,
    payment_legs,
    post,
    prove,
    refund_legs,
    resolve,
)
from tests.builders import DAY1, MERCHANT, NOW, build_bare_merchants, pay

COMMON = {"business_date": DAY1, "posted_at": NOW, "release_no": 1}
PAYMENT = payment_legs(
    merchant_id=MERCHANT, payment_id=7, settle_amount_fen=5000, fee_fen=19, cost_fen=11, **COMMON
)
HOLD = Leg(
    merchant_id=MERCHANT,
    posting_id=300,
    leg=1,
    debit_account=Account.MERCHANT_PAYABLE,
    credit_account=Account.MERCHANT_HELD,
    amount_fen=1000,
    code=Code.HOLD,
    phase=Phase.PENDING,
    **COMMON,
)
RESOLVE = {
    "merchant_id": MERCHANT,
    "pending_posting_id": 300,
    "pending_leg": 1,
    "posting_id": 300,
    "leg": 2,
    **COMMON,
}


@pytest.fixture
def connection(engine: Engine) -> Iterator[Connection]:
    with engine.connect() as connection:
        yield connection
        connection.rollback()


def test_a_payment_has_three_legs_and_a_refund_mirrors_them(connection: Connection) -> None:
    post(connection, PAYMENT)
    assert list_legs(connection, merchant_id=MERCHANT, posting_id=7) == PAYMENT
    back = refund_legs(
        merchant_id=MERCHANT, refund_id=8, amount_fen=5000, fee_back_fen=19, cost_back_fen=11, **COMMON
    )
    post(connection, back)
    assert {b.credit_fen for b in list_totals(connection)} == {0}


def test_zero_amounts_make_no_leg() -> None:
    free = payment_legs(
        merchant_id=MERCHANT, payment_id=7, settle_amount_fen=100, fee_fen=0, cost_fen=1, **COMMON
    )
    assert [(leg.leg, leg.code) for leg in free] == [(1, Code.PAYMENT), (3, Code.COST)]


@pytest.mark.parametrize(
    "wrong",
    [
        replace(PAYMENT[0], amount_fen=0),
        replace(PAYMENT[0], leg=2),
        replace(PAYMENT[1], credit_account=Account.CHANNEL_COST),
        replace(HOLD, credit_account=Account.MERCHANT_PAYABLE),
        replace(HOLD, phase=Phase.VOID),
    ],
)
def test_a_leg_that_breaks_its_shape_saves_nothing(connection: Connection, wrong: Leg) -> None:
    with pytest.raises(InvariantBroken):
        post(connection, (*PAYMENT[2:], wrong))
    assert connection.execute(text("SELECT count(*) FROM transfer")).scalar_one() == 0


def test_no_event_is_posted_twice(connection: Connection) -> None:
    with pytest.raises(InvariantBroken):
        post(connection, (*PAYMENT, *PAYMENT))
    post(connection, PAYMENT)
    with pytest.raises(Exception, match="pk_transfer"):
        post(connection, PAYMENT)


@pytest.mark.parametrize(
    "statement", ["UPDATE transfer SET amount_fen = 1", "DELETE FROM transfer", "TRUNCATE transfer CASCADE"]
)
def test_transfers_are_append_only(connection: Connection, statement: str) -> None:
    post(connection, PAYMENT)
    with pytest.raises(IntegrityError, match="append-only"):
        connection.execute(text(statement))


def test_a_pending_transfer_is_resolved_once(connection: Connection) -> None:
    post(connection, (HOLD,))
    held = get_balance(connection, merchant_id=MERCHANT, account=Account.MERCHANT_PAYABLE)
    assert (held.credit_fen, held.available_fen) == (0, -1000)
    with pytest.raises(ResolutionExceeds):
        resolve(connection, phase=Phase.POST, amount_fen=1001, **RESOLVE)
    resolve(connection, phase=Phase.POST, amount_fen=400, **RESOLVE)
    after = get_balance(connection, merchant_id=MERCHANT, account=Account.MERCHANT_HELD)
    assert (after.credit_fen, after.credits_pending_fen) == (400, 0)
    with pytest.raises(PendingResolved):
        resolve(connection, phase=Phase.VOID, **{**RESOLVE, "leg": 3})
    with pytest.raises(PendingNotFound):
        resolve(connection, phase=Phase.VOID, **{**RESOLVE, "pending_posting_id": 301})


def test_the_database_refuses_a_resolution_that_does_not_match(connection: Connection) -> None:
    post(connection, (HOLD,))
    other = replace(HOLD, leg=2, phase=Phase.POST, pending_posting_id=300, pending_leg=1)
    with pytest.raises(Exception, match="must match its pending"):
        post(connection, (replace(other, credit_account=Account.PAYOUT_CLEARING),))


def test_the_proof_finds_a_payment_without_its_legs(connection: Connection) -> None:
    build_bare_merchants(connection, [MERCHANT])
    paid = pay(connection, amount_fen=5000, fee_fen=19, cost_fen=11)
    assert prove(connection).passed
    connection.execute(text("UPDATE payment SET fee_fen = 20"))
    checks = {check.name: check for check in prove(connection).checks}
    broken = checks["payments_have_their_legs"]
    assert (broken.examined, broken.wrong) == (3, 1)
    assert broken.offenders == (f"{MERCHANT} {paid.payment_id} FEE: 20 ≠ 19",)


def test_batches_over_the_same_accounts_wait_and_never_deadlock(engine: Engine) -> None:
    merchants = [f"M{n:05d}" for n in range(40)]

    def work(worker: int) -> None:
        order = merchants if worker % 2 else merchants[::-1]
        for batch in range(10):
            posting_id = worker * 1000 + batch
            legs = [
                leg
                for merchant_id in order
                for leg in payment_legs(
                    merchant_id=merchant_id,
                    payment_id=posting_id,
                    settle_amount_fen=100,
                    fee_fen=1,
                    cost_fen=1,
                    **COMMON,
                )
            ]
            with transaction(engine) as connection:
                post(connection, legs)

    with ThreadPoolExecutor(max_workers=4) as pool:
        list(pool.map(work, range(1, 5)))
    with transaction(engine) as connection:
        checks = {check.name: check for check in prove(connection).checks}
        assert checks["balances_are_sums_of_transfers"].passed
        payable = get_balance(connection, merchant_id=merchants[0], account=Account.MERCHANT_PAYABLE)
        assert payable.credit_fen == 4 * 10 * 99
