"""A small past under the product's rules: twenty merchants, three business days, every channel, refunds.

The same past can be lived under other rules, in another database: what a backtest says must be what that one
has booked.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from random import Random

import pytest
from sqlalchemy import Connection, Engine, text

from bench._payments_world import World, build, rulebook
from engine.rulebook import Rulebook
from haodian import postgres
from payments_core import backtest
from payments_core.backtest import Period, Question, as_if_in_force
from payments_core.calendar import day_bounds
from payments_core.database import transaction
from payments_core.payments import (
    Accepted,
    AcceptRequest,
    Capture,
    Committer,
    Refunded,
    RefundRequest,
    RefundResult,
    State,
)
from payments_core.settlement import run_day
from tests.databases import TEMPLATE, copied_engine

DAYS = tuple(date(2025, 4, day) for day in (14, 15, 16))
PERIOD = Period(first=DAYS[0], last=DAYS[-1])
NOW = datetime(2025, 4, 18, tzinfo=UTC)
_CHANNELS = ("WECHAT", "ALIPAY", "UNIONPAY_QR", "BANKCARD")
_numbers = itertools.count(1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Past:
    """A world with three settled days."""

    world: World
    book: Rulebook

    @property
    def engine(self) -> Engine:
        return self.world.engine

    def question(self, draft: Rulebook, *, scope: Mapping[str, str] | None = None, period: Period = PERIOD):
        drafted = draft.with_earlier(self.book.versions)
        return Question(released=self.book, draft=drafted, period=period, scope=scope or {})

    def ask(self, question: Question) -> int:
        with transaction(self.engine) as connection:
            return backtest.ask(
                connection,
                title="draft",
                released_commit="a" * 40,
                draft_commit="b" * 40,
                period=question.period,
                scope=question.scope,
                asked_by="ops",
                now=NOW,
            )

    def run(self, draft: Rulebook, **choices) -> int:
        """Ask and run; return the run's number."""
        question = self.question(draft, **choices)
        run_no = self.ask(question)
        assert (
            backtest.run(self.engine, run_no=run_no, question=question, clock=lambda: NOW)
            is backtest.State.DONE
        )
        return run_no

    def read(self, query: Callable, **values):
        with transaction(self.engine) as connection:
            return query(connection, **values)

    def rows(self, sql: str, **values) -> list[tuple]:
        with self.engine.connect() as connection:
            return [tuple(row) for row in connection.execute(text(sql), values)]


def lived(engine: Engine, book: Rulebook, *, payments: int = 90, days: tuple[date, ...] = DAYS) -> Past:
    """Live the days: the same payments and refunds whatever the rules."""
    world = build(engine, book=book)
    with engine.begin() as connection:
        tag = "UPDATE merchant SET tags = '{WHOLESALE}' WHERE merchant_id = 'M00003'"
        connection.execute(text(tag))
    rng, paid = Random(7), []
    with world.committer() as committer:
        for day in days:
            paid += _pay(committer, [_order(rng, day) for _ in range(payments)])
            for _ in range(payments // 6):
                _refund(committer, rng, paid, day)
            run_day(engine, world.rulebooks, business_date=day, now=day_bounds(day)[1])
    return Past(world=world, book=book)


def _order(rng: Random, day: date) -> AcceptRequest:
    channel = rng.choice(_CHANNELS)
    amount = rng.choice((1, 3, 131, 999, 5000, 99_999, 100_000, 100_001, 650_000)) + rng.randrange(40)
    return AcceptRequest(
        merchant_id=f"M{rng.randint(1, 20):05d}",
        merchant_order_no=f"o{next(_numbers)}",
        amount_fen=amount,
        channel=channel,
        card_type=rng.choice(("DEBIT", "CREDIT")) if channel == "BANKCARD" else "NONE",
        mode="SCANNED",
        payer_id=f"p{rng.randint(1, 900)}",
        created_at=day_bounds(day)[0] + timedelta(hours=8, seconds=rng.randrange(40_000)),
    )


def _pay(committer: Committer, orders: list[AcceptRequest]) -> list[tuple[AcceptRequest, Accepted]]:
    orders = sorted(orders, key=lambda order: order.created_at)
    accepted = committer.commit(orders, now=orders[-1].created_at)
    captures = [
        Capture(
            merchant_id=order.merchant_id,
            payment_id=answer.payment_id,
            paid_at=order.created_at,
            channel_order_no=f"c{answer.payment_id}",
        )
        for order, answer in zip(orders, accepted, strict=True)
        if answer.state is State.PAYING
    ]
    committer.commit(captures, now=orders[-1].created_at)
    return list(zip(orders, accepted, strict=True))


def _refund(committer, rng: Random, paid: list, day: date) -> None:
    request, accepted = rng.choice(paid)
    at = day_bounds(day)[0] + timedelta(hours=22)
    amount = rng.choice((request.amount_fen, max(1, request.amount_fen // 3)))
    asked = RefundRequest(
        merchant_id=request.merchant_id,
        payment_id=accepted.payment_id,
        merchant_refund_no=f"r{next(_numbers)}",
        amount_fen=amount,
        requested_at=at,
    )
    (reserved,) = committer.commit([asked], now=at)
    if isinstance(reserved, Exception):
        return  # nothing of it is left
    result = RefundResult(
        merchant_id=request.merchant_id, refund_id=reserved.refund_id, succeeded=True, at=at
    )
    (done,) = committer.commit([result], now=at)
    assert isinstance(done, Refunded)


@pytest.fixture(scope="module")
def databases(cluster: postgres.Cluster) -> Iterator[Callable[..., Engine]]:
    """Fresh migrated databases that live as long as the module."""
    with ExitStack() as made:

        def fresh(template: str = TEMPLATE) -> Engine:
            return made.enter_context(copied_engine(cluster, template=template))

        yield fresh


@pytest.fixture(scope="module")
def past(databases: Callable[..., Engine]) -> Past:
    """The three days under the product's rules."""
    return lived(databases(), rulebook())


def under(draft: Rulebook, past: Past, engine: Engine, *, period: Period = PERIOD) -> Past:
    """The same days as they would have been under the draft, from the period's first day on."""
    drafted = draft.with_earlier(past.book.versions)
    book = as_if_in_force(released=past.book, draft=drafted, since=period.since)
    return lived(engine, book)


def booked(connection: Connection, *, column: str, first: date = DAYS[0]) -> dict[str, tuple[int, ...]]:
    """What the books say by merchant, broker or store of the payments since a day: count, fee, cost."""
    since = "state = 'SUCCESS' AND business_date >= :first"
    sql = f"""SELECT {column}, sum(n), sum(fee), sum(cost) FROM (
      SELECT {column}, 1 AS n, fee_fen AS fee, cost_fen AS cost FROM payment WHERE {since}
      UNION ALL SELECT {column}, 0, -fee_back_fen, -cost_back_fen FROM refund WHERE {since}) b
    GROUP BY 1"""
    return {row[0]: tuple(map(int, row[1:])) for row in connection.execute(text(sql), {"first": first})}


def shared(connection: Connection, *, first: date = DAYS[0]) -> dict[str, int]:
    """What the books paid to each party since a day."""
    sql = """SELECT party_kind || ':' || party_id, sum(delta_fen) FROM share_entry
      WHERE business_date >= :first GROUP BY 1"""
    return {row[0]: int(row[1]) for row in connection.execute(text(sql), {"first": first})}
