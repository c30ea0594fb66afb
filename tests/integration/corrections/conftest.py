"""A world that takes payments, and rules published later that begin before them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cache
from typing import Any

import pytest
from sqlalchemy import Engine, text

from bench._payments_world import World, build, rule_files, rulebook
from engine.rulebook import Rulebook
from payments_core.calendar import SHANGHAI
from payments_core.payments import AcceptRequest, Capture, Committer, RefundRequest, RefundResult, raised
from payments_core.settlement import DayResult, run_day

DAY1 = date(2025, 4, 15)
DAY2, DAY3, DAY4 = (DAY1 + timedelta(days=n) for n in (1, 2, 3))
FEE, COST = "rules/merchant_fee/fee.community.std.yaml", "rules/channel_cost/cost.channels.yaml"
SHARE = "rules/profit_share/ps.beijing.default.yaml"
MERCHANT = "M00001"


def at(day: date, hour: int = 10) -> datetime:
    """An hour of a business date."""
    return datetime(day.year, day.month, day.day, hour, tzinfo=SHANGHAI)


@cache
def corrected(path: str, *edits: tuple[str, str], version: int, since: str = "2025-04-01") -> str:
    """A rule file of the product as a correction: a later version from `since` on, edited, without tests."""
    written = rule_files()[path].split("\ntests:")[0] + "\n"
    head = written[written.index("version:") : written.index("\n", written.index("effective:"))]
    title = head.split("\n")[1:-1]
    begins = f'effective: {{from: "{since}T00:00:00+08:00", to: null}}'
    said = "correction: {reason: 录错费率, reference: 补充协议 2025-04}"
    written = written.replace(head, "\n".join([f"version: {version}", *title, begins, said]))
    for old, new in edits:
        assert old in written, old
        written = written.replace(old, new)
    return written


@dataclass(kw_only=True)
class Shop:
    """Sells, refunds, publishes corrections and runs days; all money is that of one merchant."""

    world: World
    committer: Committer
    book: Rulebook
    number: int = 0

    def sell(self, amount_fen: int, *, day: date = DAY1, hour: int = 10, **changes: Any) -> int:
        """Sell and capture; return the payment's id."""
        self.number += 1
        values = {"merchant_id": MERCHANT, "channel": "WECHAT", "mode": "SCANNED", **changes}
        order = AcceptRequest(
            merchant_order_no=f"o{self.number}", amount_fen=amount_fen, created_at=at(day, hour), **values
        )
        accepted: Any = self._do(order, at(day, hour))
        paid = Capture(
            merchant_id=order.merchant_id,
            payment_id=accepted.payment_id,
            paid_at=at(day, hour),
            channel_order_no=f"c{self.number}",
        )
        self._do(paid, at(day, hour))
        return int(accepted.payment_id)

    def refund(self, payment_id: int, amount_fen: int, *, day: date, hour: int = 12) -> None:
        """Reserve and book a refund."""
        self.number += 1
        asked = RefundRequest(
            merchant_id=MERCHANT,
            payment_id=payment_id,
            merchant_refund_no=f"r{self.number}",
            amount_fen=amount_fen,
            requested_at=at(day, hour),
        )
        reserved: Any = self._do(asked, at(day, hour))
        done = RefundResult(
            merchant_id=MERCHANT, refund_id=reserved.refund_id, succeeded=True, at=at(day, hour)
        )
        self._do(done, at(day, hour))

    def publish(self, texts: dict[str, str], *, now: datetime) -> int:
        """Bring rule files into force at `now`, the versions before them still known."""
        self.book = rulebook(texts).with_earlier(self.book.versions)
        number = self.world.activate(self.book)
        sql = "INSERT INTO activation (release_no, activated_at, activated_by) VALUES (:number, :now, 'ops')"
        with self.world.engine.begin() as connection:
            connection.execute(text(sql), {"number": number, "now": now})
        return number

    def run(self, day: date) -> DayResult:
        """Run a business day on the next one."""
        return run_day(
            self.world.engine,
            self.world.rulebooks,
            business_date=day,
            now=at(day + timedelta(days=1), 9),
        )

    def rows(self, sql: str, **values: Any) -> list[tuple[Any, ...]]:
        """Read."""
        with self.world.engine.connect() as connection:
            return [tuple(row) for row in connection.execute(text(sql), values)]

    def balance(self, account: str) -> int:
        """Credits less debits of the merchant's account, over all its parties."""
        sql = (
            "SELECT coalesce(sum(credits_posted - debits_posted), 0)::bigint FROM account"
            " WHERE merchant_id = :merchant AND account = :account"
        )
        return int(self.rows(sql, merchant=MERCHANT, account=account)[0][0])

    def shares(self) -> dict[str, int]:
        """What each party has been posted in all."""
        sql = "SELECT party_id, sum(delta_fen)::bigint FROM share_entry GROUP BY party_id ORDER BY party_id"
        return {str(party): int(fen) for party, fen in self.rows(sql)}

    def _do(self, item: Any, now: datetime) -> Any:
        return raised(self.committer.commit([item], now=now)[0])


@pytest.fixture
def shop(engine: Engine) -> Iterator[Shop]:
    """A shop under the product's rules: fee 0.38 %, cost 0.22 %, 24 % and 16 % of the margin."""
    world = build(engine)
    with world.committer() as committer:
        yield Shop(world=world, committer=committer, book=rulebook())
