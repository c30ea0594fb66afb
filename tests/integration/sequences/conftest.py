"""A street of merchants whose payments, refunds and devices are followed by a few sequence rules."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

import pytest
from sqlalchemy import Engine, text

from bench._payments_world import World, build, rulebook
from engine.rulebook import Rulebook
from engine.sequences import Refusal, microseconds, plans
from payments_core.database import transaction
from payments_core.payments import AcceptRequest, Capture, Committer, RefundRequest, RefundResult, raised
from payments_core.sequences import FACTS, Feed, Follower
from tests.sequence_reading import Advance, Reading

NOON = datetime(2025, 4, 15, 4, 0, tzinfo=UTC)  # 12:00 in Shanghai
Found = set[tuple[str, int, tuple[str, ...]]]


def rule(rule_id: str, pattern: str, *, key: str = "txn.payer_id, merchant.id", **changes: Any) -> str:
    """The text of a sequence rule over payments of at most 1 yuan (`small`) and of more (`large`)."""
    said = {"version": 1, "start": "2025-01-01T00:00:00+08:00", "lateness": "1m", **changes}
    steps = {
        "small": "event.type == 'PAYMENT_CAPTURED' && txn.amount_fen <= 100",
        "large": "event.type == 'PAYMENT_CAPTURED' && txn.amount_fen > 100",
    }
    used = "".join(f'    {name}: "{step}"\n' for name, step in steps.items() if name in pattern)
    return (
        f"kind: sequence\nid: {rule_id}\nversion: {said['version']}\ntitle: 试\nowner: 风控\n"
        f'effective: {{from: "{said["start"]}", to: null}}\nspec:\n  key: [{key}]\n  steps:\n{used}'
        f"  pattern: {{{pattern}}}\n  lateness: {said['lateness']}\n  outcome: {{label: 试, severity: LOW}}\n"
    )


RULES: Mapping[str, str] = {
    "rules/sequence/seq.then.yaml": rule("seq.then", "first: small, then: large, within: 10m"),
    "rules/sequence/seq.without.yaml": rule("seq.without", "first: small, without: large, within: 5m"),
    "rules/sequence/seq.times.yaml": rule("seq.times", "first: large, times: 3, within: 20m"),
}


@dataclass(kw_only=True)
class Street:
    """Takes payments at one committer and follows them."""

    world: World
    committer: Committer
    refused: list[Refusal] = field(default_factory=list)
    numbers: Iterator[int] = field(default_factory=lambda: count(1))

    @property
    def engine(self) -> Engine:
        return self.world.engine

    def pay(self, amount_fen: int, *, at: datetime, payer: str = "p1", merchant: int = 1) -> int:
        """Accept an order at `at` and capture it at once, committed at that instant."""
        accepted = self.accept(amount_fen, at=at, payer=payer, merchant=merchant)
        self.capture(accepted, paid_at=at, now=at)
        return int(accepted.payment_id)

    def accept(self, amount_fen: int, *, at: datetime, payer: str = "p1", merchant: int = 1) -> Any:
        request = AcceptRequest(
            merchant_id=f"M{merchant:05d}",
            merchant_order_no=f"o{next(self.numbers)}",
            amount_fen=amount_fen,
            channel="WECHAT",
            mode="SCANNED",
            payer_id=payer,
            created_at=at,
        )
        return raised(self.committer.commit([request], now=at)[0])

    def capture(self, accepted: Any, *, paid_at: datetime, now: datetime) -> None:
        raised(self.committer.commit([self.capture_of(accepted, paid_at=paid_at)], now=now)[0])

    def capture_of(self, accepted: Any, *, paid_at: datetime) -> Capture:
        return Capture(
            merchant_id=accepted.merchant_id,
            payment_id=accepted.payment_id,
            paid_at=paid_at,
            channel_order_no=f"42{accepted.payment_id}",
        )

    def refund(self, payment_id: int, amount_fen: int, *, at: datetime, merchant: int = 1) -> None:
        request = RefundRequest(
            merchant_id=f"M{merchant:05d}",
            payment_id=payment_id,
            merchant_refund_no=f"r{next(self.numbers)}",
            amount_fen=amount_fen,
            requested_at=at,
        )
        asked: Any = raised(self.committer.commit([request], now=at)[0])
        result = RefundResult(merchant_id=asked.merchant_id, refund_id=asked.refund_id, succeeded=True, at=at)
        raised(self.committer.commit([result], now=at)[0])

    def follower(self, *, page_rows: int = 2_000, engine: Engine | None = None) -> Follower:
        return Follower(
            engine=engine or self.engine,
            rulebooks=self.world.rulebooks,
            report=self.refused.append,
            page_rows=page_rows,
        )

    def follow(self, *, now: datetime, follower: Follower | None = None) -> None:
        """Follow until everything is read."""
        made = follower or self.follower()
        while made.step(now=now).is_behind:
            pass
        if follower is None:
            made.close()

    def rows(self, sql: str, **values: Any) -> list[Any]:
        with transaction(self.engine) as connection:
            return list(connection.execute(text(sql), values))

    def written(self) -> Found:
        """The matches in the table; each only once, or this fails."""
        rows = self.rows("SELECT rule_id, version, events FROM sequence_match")
        found = {(row.rule_id, row.version, tuple(row.events)) for row in rows}
        assert len(found) == len(rows)
        return found


def by_hand(engine: Engine, book: Rulebook) -> Found:
    """What the contract says of everything the outbox holds, up to the lane's present time."""
    with transaction(engine) as connection:
        lane = connection.execute(text("SELECT commit_no, seen_at FROM lane")).one()
        feed = Feed(vocabulary=book.vocabulary, reads=FACTS)
        events = feed.page(connection, after=0, through=lane.commit_no, limit=10**6).events
    found: Found = set()
    for plan in plans(book):
        reading = Reading(plan)
        for event in [*events, Advance(microseconds(lane.seen_at))]:
            reading.step(event)
        found |= {(plan.rule_id, plan.version, ids) for ids, _ in reading.matches()}
    return found


def after(**passed: float) -> datetime:
    """Noon, and so much later."""
    return NOON + timedelta(**passed)


@pytest.fixture(scope="session")
def book() -> Rulebook:
    return rulebook(RULES)


@pytest.fixture
def street(engine: Engine, book: Rulebook) -> Iterator[Street]:
    world = build(engine, merchants=3, book=book)
    with world.committer() as committer:
        yield Street(world=world, committer=committer)
