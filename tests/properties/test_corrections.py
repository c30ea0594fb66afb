"""What is booked after corrections is what would have been booked, had the rule been known from the start."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack
from datetime import date, datetime, timedelta
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bench._payments_world import build, rulebook
from haodian import postgres
from payments_core.calendar import SHANGHAI
from payments_core.corrections.model import Back, Booked, SalePrice, added, known, true_up
from payments_core.fees import Pricing, eligible_margin_fen
from payments_core.money import Rounding
from tests.databases import copied_engine
from tests.integration.corrections.conftest import (
    COST,
    DAY1,
    DAY2,
    DAY3,
    DAY4,
    FEE,
    SHARE,
    Shop,
    at,
    corrected,
)

PAID_AT = datetime(2025, 4, 15, 10, tzinfo=SHANGHAI)
SALE_FEN = 100_000

pricings = st.builds(
    Pricing,
    rate_ppm=st.integers(0, 10_000),
    min_fen=st.integers(0, 30),
    cap_fen=st.none() | st.integers(30, 600),
    rounding=st.sampled_from(list(Rounding)),
)


@st.composite
def prices(draw: st.DrawFn) -> SalePrice:
    """A price of the sale: fee, cost, a share rule that excludes it or not, and one of three streams."""
    fee, cost = draw(pricings), draw(pricings)
    fee_fen, cost_fen = fee.amount_fen(SALE_FEN), cost.amount_fen(SALE_FEN)
    shared_fen = eligible_margin_fen(fee_fen=fee_fen, cost_fen=cost_fen)
    stream_id = draw(st.sampled_from([None, 1, 2, 3]))
    return SalePrice(
        fee=fee,
        cost=cost,
        fee_fen=fee_fen,
        cost_fen=cost_fen,
        margin_fen=shared_fen if draw(st.booleans()) else 0,
        stream_id=stream_id,
        reversal_days=draw(st.sampled_from([None, 2])) if stream_id is not None else None,
    )


def refund_of(price: SalePrice, before: Sequence[Back], back: Back) -> tuple[int, int, int]:
    """What a refund gives back of fee, cost and margin: what the price of the sale falls by."""
    was = known(price=price, settle_fen=SALE_FEN, paid_at=PAID_AT, backs=before)
    now = known(price=price, settle_fen=SALE_FEN, paid_at=PAID_AT, backs=[*before, back])
    return was.fee_fen - now.fee_fen, was.cost_fen - now.cost_fen, now.margin_fen - was.margin_fen


@settings(max_examples=300, deadline=None)
@given(
    first=prices(),
    days=st.lists(st.tuples(st.integers(0, 40_000), st.none() | prices()), min_size=1, max_size=5),
)
def test_books_hold_what_is_known_after_every_day(
    first: SalePrice, days: list[tuple[int, SalePrice | None]]
) -> None:
    """Each day a refund at the price of the sale, and perhaps another price; then the day's true-ups."""
    price, backs = first, list[Back]()
    books = Booked(
        fee_fen=first.fee_fen, cost_fen=first.cost_fen, margins={first.stream_id: first.margin_fen}
    )
    corrections = 0
    for number, (amount_fen, repriced) in enumerate(days):
        left_fen = SALE_FEN - sum(back.amount_fen for back in backs)
        if 0 < amount_fen <= left_fen:
            back = Back(amount_fen=amount_fen, requested_at=PAID_AT + timedelta(days=number))
            fee_fen, cost_fen, margin_fen = refund_of(first, backs, back)
            backs.append(back)
            margins = dict(books.margins)
            margins[first.stream_id] = margins.get(first.stream_id, 0) + margin_fen
            books = Booked(
                fee_fen=books.fee_fen - fee_fen, cost_fen=books.cost_fen - cost_fen, margins=margins
            )
        for wanted in (price if corrections else None, repriced):
            if wanted is not None:
                net = known(price=wanted, settle_fen=SALE_FEN, paid_at=PAID_AT, backs=backs)
                entry = true_up(net=net, stream_id=wanted.stream_id, booked=books)
                books = added(books, entry, stream_id=wanted.stream_id)
                again = true_up(net=net, stream_id=wanted.stream_id, booked=books)
                assert again.is_nothing
                price, corrections = wanted, corrections + 1
        had = known(price=price, settle_fen=SALE_FEN, paid_at=PAID_AT, backs=backs)
        assert (books.fee_fen, books.cost_fen) == (had.fee_fen, had.cost_fen)
        shared = {stream: fen for stream, fen in books.margins.items() if stream is not None and fen}
        wanted_margin = had.margin_fen if price.stream_id is not None else 0
        assert shared == ({price.stream_id: wanted_margin} if wanted_margin else {})


EDITS = {
    FEE: (('rate: "0.0038", label: 标准', 'rate: "0.0041", label: 标准'), 5),
    COST: (('rate: "0.0022", label: 扫码', 'rate: "0.0019", label: 扫码'), 3),
    SHARE: (('role: maintainer, rate: "0.16"', 'role: maintainer, rate: "0.21"'), 4),
}
stories = st.lists(
    st.tuples(
        st.integers(1, 60_000),
        st.lists(st.tuples(st.sampled_from([DAY1, DAY2, DAY3, DAY4]), st.integers(1, 40_000)), max_size=3),
    ),
    min_size=1,
    max_size=6,
)


def play(
    cluster: postgres.Cluster, sales: Any, texts: dict[str, str], *, published: datetime
) -> tuple[dict[str, int], dict[str, int]]:
    """Play the sales of the first day and their refunds; return the balances and what each party has."""
    with ExitStack() as opened:
        engine = opened.enter_context(copied_engine(cluster))
        world = build(engine, merchants=1)
        committer = opened.enter_context(world.committer())
        shop = Shop(world=world, committer=committer, book=rulebook())
        early = published <= at(DAY1, 9)
        if early:
            shop.publish(texts, now=published)
        paid = [(shop.sell(amount_fen), amount_fen, refunds) for amount_fen, refunds in sales]
        for day in (DAY1, DAY2, DAY3, DAY4):
            if day == DAY2 and not early:
                shop.publish(texts, now=published)
            _refund(shop, paid, day)
            shop.run(day)
        names = ("MERCHANT_PAYABLE", "PAYOUT_CLEARING", "FEE_INCOME", "CHANNEL_COST", "SHARE_EXPENSE")
        found = {name: shop.balance(name) for name in names}
        return found, {party: fen for party, fen in shop.shares().items() if fen}


def _refund(shop: Shop, paid: list[tuple[int, int, Any]], day: date) -> None:
    for number, amount_fen, refunds in paid:
        left_fen = amount_fen
        for on, back_fen in sorted(refunds):
            if back_fen <= left_fen:
                left_fen -= back_fen
                if on == day:
                    shop.refund(number, back_fen, day=day)


@settings(max_examples=2, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(sales=stories, paths=st.sets(st.sampled_from([FEE, COST, SHARE]), min_size=1))
def test_a_rule_known_late_books_what_it_would_have_booked_from_the_start(
    cluster: postgres.Cluster, sales: Any, paths: set[str]
) -> None:
    texts = {path: corrected(path, EDITS[path][0], version=EDITS[path][1]) for path in paths}
    from_the_start = play(cluster, sales, texts, published=at(DAY1, 1))
    corrected_later = play(cluster, sales, texts, published=at(DAY2, 1))
    assert corrected_later[0] == from_the_start[0]
    assert corrected_later[1] == from_the_start[1]
