"""A world that takes payments, a committer in it, and short words for what tests do with them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import count
from typing import Any

import pytest
from sqlalchemy import Engine, text

from bench._payments_world import World, build
from payments_core.payments import (
    Accepted,
    AcceptRequest,
    Capture,
    Committer,
    RefundAccepted,
    RefundRequest,
    RefundResult,
    raised,
)

NOW = datetime(2025, 4, 15, 2, 0, tzinfo=UTC)  # 10:00 in Shanghai


@dataclass(kw_only=True)
class Till:
    """Takes payments at one committer, at NOW unless told otherwise."""

    world: World
    committer: Committer
    numbers: Any = field(default_factory=lambda: count(1))

    def order(self, amount_fen: int = 5000, **changes: Any) -> AcceptRequest:
        values: dict[str, Any] = {
            "merchant_id": "M00001",
            "merchant_order_no": f"o{next(self.numbers)}",
            "amount_fen": amount_fen,
            "channel": "WECHAT",
            "mode": "SCANNED",
            "created_at": NOW,
        }
        return AcceptRequest(**{**values, **changes})

    def commit(self, *items: Any, now: datetime = NOW) -> list[Any]:
        return self.committer.commit(items, now=now)

    def accept(self, amount_fen: int = 5000, **changes: Any) -> Accepted:
        return raised(self.commit(self.order(amount_fen, **changes))[0])

    def capture_of(self, accepted: Accepted, *, paid_at: datetime = NOW) -> Capture:
        return Capture(
            merchant_id=accepted.merchant_id,
            payment_id=accepted.payment_id,
            paid_at=paid_at,
            channel_order_no=f"4200{accepted.payment_id}",
        )

    def pay(self, amount_fen: int = 5000, **changes: Any) -> Accepted:
        """Accept and capture."""
        accepted = self.accept(amount_fen, **changes)
        raised(self.commit(self.capture_of(accepted))[0])
        return accepted

    def refund_of(self, paid: Accepted, amount_fen: int, **changes: Any) -> RefundRequest:
        values: dict[str, Any] = {
            "merchant_id": paid.merchant_id,
            "payment_id": paid.payment_id,
            "merchant_refund_no": f"r{next(self.numbers)}",
            "amount_fen": amount_fen,
            "requested_at": NOW,
        }
        return RefundRequest(**{**values, **changes})

    def result_of(
        self, refund: RefundAccepted, *, succeeded: bool = True, at: datetime = NOW
    ) -> RefundResult:
        return RefundResult(
            merchant_id=refund.merchant_id, refund_id=refund.refund_id, succeeded=succeeded, at=at
        )

    def refund(self, paid: Accepted, amount_fen: int, *, now: datetime = NOW) -> Any:
        """Reserve and book."""
        reserved = raised(self.commit(self.refund_of(paid, amount_fen, requested_at=now), now=now)[0])
        return raised(self.commit(self.result_of(reserved, at=now), now=now)[0])

    def rows(self, sql: str, **values: Any) -> list[tuple[Any, ...]]:
        with self.world.engine.connect() as connection:
            return [tuple(row) for row in connection.execute(text(sql), values)]

    def one(self, sql: str, **values: Any) -> Any:
        (row,) = self.rows(sql, **values)
        return row[0] if len(row) == 1 else row

    def balance(self, account: str, merchant_id: str = "M00001") -> int:
        """Credits less debits."""
        sql = (
            "SELECT coalesce(sum(credits_posted - debits_posted), 0)::bigint FROM account"
            " WHERE merchant_id = :m AND account = :a"
        )
        return int(self.one(sql, m=merchant_id, a=account))


@pytest.fixture
def world(engine: Engine) -> World:
    """Twenty merchants and the product's rules."""
    return build(engine)


@pytest.fixture
def till(world: World) -> Iterator[Till]:
    """A till at a committer of its own."""
    with world.committer() as committer:
        yield Till(world=world, committer=committer)
