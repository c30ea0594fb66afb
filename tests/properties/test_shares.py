"""The daily share in SQL against an independent reading of the same rule in fractions."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from fractions import Fraction
from itertools import pairwise
from math import floor

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection, Engine, text

from payments_core.ledger import Account, list_totals
from payments_core.profit_share import Line, Stream, post_shares
from tests.builders import DAY1, MERCHANT, NOW, build_bare_merchants, give_back, open_streams, pay, stream

MODES = ("HALF_UP", "HALF_EVEN", "DOWN")
SLOW = settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
margins = st.integers(-50_000, 50_000)


@contextmanager
def world(engine: Engine) -> Iterator[Connection]:
    """A world of its own for each example, forgotten afterwards."""
    with engine.connect() as connection:
        build_bare_merchants(connection, [MERCHANT])
        yield connection
        connection.rollback()


@st.composite
def streams(draw: st.DrawFn) -> Stream:
    """One to four broker lines and perhaps a store, within the whole."""
    rates = draw(st.lists(st.integers(1, 240_000), min_size=1, max_size=4))
    lines = [
        Line(pool_no=1, party_kind="broker", party_id=f"B{n}", role="opener", rate_ppm=rate, rule_line=n)
        for n, rate in enumerate(rates)
    ]
    if draw(st.booleans()):
        rate = draw(st.integers(1, 40_000))
        lines.append(
            Line(pool_no=2, party_kind="store", party_id="S1", role="store", rate_ppm=rate, rule_line=9)
        )
    return replace(stream(), lines=tuple(lines), rounding=draw(st.sampled_from(MODES)))


def rounded(exact: Fraction, mode: str) -> int:
    """Round a fraction as the rule says, by comparing with the two neighbours."""
    size = abs(exact)
    down = floor(size)
    gap = size - down
    if mode == "HALF_UP":
        up = gap >= Fraction(1, 2)
    elif mode == "HALF_EVEN":
        up = gap > Fraction(1, 2) or (gap == Fraction(1, 2) and down % 2 == 1)
    else:
        up = False
    return (down + up) * (1 if exact >= 0 else -1)


def expected(joined: Stream, cum_margin: int) -> list[int]:
    """What each line must have been paid in all, given the cumulative margin."""
    shares: dict[int, int] = {}
    for pool_no in {line.pool_no for line in joined.lines}:
        members = [(n, line.rate_ppm) for n, line in enumerate(joined.lines) if line.pool_no == pool_no]
        whole = sum(rate for _, rate in members)
        pool = rounded(Fraction(cum_margin * whole, 1_000_000), joined.rounding)
        exact = {n: Fraction(abs(pool) * rate, whole) for n, rate in members}
        given_out = {n: floor(part) for n, part in exact.items()}
        by_remainder = sorted(exact, key=lambda n: (floor(exact[n]) - exact[n], n))
        for n in by_remainder[: abs(pool) - sum(given_out.values())]:
            given_out[n] += 1
        shares |= {n: part if pool >= 0 else -part for n, part in given_out.items()}
    return [shares[n] for n in range(len(joined.lines))]


def paid_so_far(connection: Connection) -> list[int]:
    return list(connection.execute(text("SELECT cum_fen FROM share_line ORDER BY line_no")).scalars())


def sell(connection: Connection, joined: Stream, margin_fen: int, day_no: int) -> None:
    day = DAY1 + timedelta(days=day_no)
    pay(connection, amount_fen=1, fee_fen=0, cost_fen=0, margin_fen=margin_fen, in_stream=joined, day=day)


@SLOW
@given(joined=streams(), days=st.lists(st.lists(margins, min_size=1, max_size=3), min_size=1, max_size=4))
def test_sql_and_fractions_agree_on_every_day(
    engine: Engine, joined: Stream, days: Sequence[Sequence[int]]
) -> None:
    with world(engine) as connection:
        cum_margin = shared = 0
        for day_no, sales in enumerate(days):
            for margin_fen in sales:
                sell(connection, joined, margin_fen, day_no)
            cum_margin += sum(sales)
            day = DAY1 + timedelta(days=day_no)
            posted = post_shares(connection, business_date=day, release_no=1, now=NOW)
            assert posted.margin_fen == sum(sales)
            assert posted.broker_fen + posted.store_fen + posted.platform_fen == posted.margin_fen
            assert paid_so_far(connection) == expected(joined, cum_margin)
            shared += posted.broker_fen + posted.store_fen
            assert post_shares(connection, business_date=day, release_no=1, now=NOW).entries == 0
        totals = {b.account: b.credit_fen for b in list_totals(connection)}
        assert totals.get(Account.PARTY_PAYABLE, 0) == shared
        assert sum(totals.values()) == 0


@SLOW
@given(fee=st.integers(1, 5_000), cost=st.integers(0, 4_000), cuts=st.lists(st.integers(1, 60), max_size=6))
def test_any_partition_of_a_full_refund_leaves_no_share(
    engine: Engine, fee: int, cost: int, cuts: Sequence[int]
) -> None:
    cost = min(cost, fee)
    with world(engine) as connection:
        joined = stream()
        open_streams(connection, streams=(joined,))
        sold = pay(connection, amount_fen=100_000, fee_fen=fee, cost_fen=cost, in_stream=joined)
        post_shares(connection, business_date=DAY1, release_no=1, now=NOW)
        for day_no, (fee_back, cost_back) in enumerate(
            zip(parts(fee, cuts), parts(cost, cuts), strict=True), start=1
        ):
            day = DAY1 + timedelta(days=day_no)
            give_back(connection, sold, amount_fen=1, fee_back_fen=fee_back, cost_back_fen=cost_back, day=day)
            post_shares(connection, business_date=day, release_no=1, now=NOW)
        assert paid_so_far(connection) == [0] * len(joined.lines)
        totals = {b.account: b.credit_fen for b in list_totals(connection)}
        assert totals.get(Account.PARTY_PAYABLE, 0) == totals.get(Account.FEE_INCOME, 0) == 0


def parts(total: int, cuts: Sequence[int]) -> list[int]:
    """`total` in len(cuts) + 1 parts, by differences of rounded-down running sums, as fees come back."""
    whole = sum(cuts) + 1
    marks = [total * sum(cuts[:n]) // whole for n in range(len(cuts) + 1)] + [total]
    return [b - a for a, b in pairwise(marks)]
