"""Whatever is posted, reserved, posted in part or voided: the books balance and balances are sums."""

from __future__ import annotations

from collections.abc import Sequence

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine

from payments_core.ledger import Account, Code, Leg, Phase, list_balances, post, prove, resolve
from tests.builders import DAY1, NOW

ACCOUNTS = (Account.MERCHANT_PAYABLE, Account.MERCHANT_HELD, Account.PAYOUT_CLEARING)
pairs = st.permutations(ACCOUNTS).map(lambda order: (order[0], order[1]))
moves = st.tuples(
    st.sampled_from(("M1", "M2")),
    pairs,
    st.integers(1, 10_000),
    st.sampled_from(("post", "reserve", "part", "void")),
)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(batches=st.lists(st.lists(moves, min_size=1, max_size=5), min_size=1, max_size=4))
def test_books_balance_after_any_moves(engine: Engine, batches: Sequence[Sequence[tuple]]) -> None:
    posted = reserved = 0
    with engine.connect() as connection:
        for batch_no, batch in enumerate(batches, start=1):
            legs = [leg(move, batch_no * 100 + n) for n, move in enumerate(batch)]
            post(connection, legs)
            for one, (_, _, amount_fen, how) in zip(legs, batch, strict=True):
                posted += amount_fen if how == "post" else 0
                reserved += amount_fen if how == "reserve" else 0
                if how in ("part", "void"):
                    posted += finish(connection, one, how)
        balances = [b for m in ("M1", "M2") for b in list_balances(connection, merchant_id=m)]
        assert sum(b.debits_posted_fen for b in balances) == posted
        assert sum(b.credits_posted_fen for b in balances) == posted
        assert sum(b.debits_pending_fen for b in balances) == reserved
        assert sum(b.credits_pending_fen for b in balances) == reserved
        checks = {check.name: check for check in prove(connection).checks}
        assert checks["debits_equal_credits"].passed
        assert checks["balances_are_sums_of_transfers"].passed
        connection.rollback()


def leg(move: tuple, posting_id: int) -> Leg:
    merchant_id, (debit, credit), amount_fen, how = move
    return Leg(
        merchant_id=merchant_id,
        posting_id=posting_id,
        leg=1,
        debit_account=debit,
        credit_account=credit,
        amount_fen=amount_fen,
        code=Code.HOLD,
        phase=Phase.POSTED if how == "post" else Phase.PENDING,
        business_date=DAY1,
        posted_at=NOW,
        release_no=1,
    )


def finish(connection, one: Leg, how: str) -> int:
    """Void the pending leg, or post half of it; return what was posted."""
    part = (one.amount_fen + 1) // 2
    resolve(
        connection,
        merchant_id=one.merchant_id,
        pending_posting_id=one.posting_id,
        pending_leg=1,
        phase=Phase.VOID if how == "void" else Phase.POST,
        posting_id=one.posting_id,
        leg=2,
        amount_fen=None if how == "void" else part,
        business_date=DAY1,
        posted_at=NOW,
        release_no=1,
    )
    return 0 if how == "void" else part
