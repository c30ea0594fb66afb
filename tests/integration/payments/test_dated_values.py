"""Rates that change on a day: a sale pays the rate of its day, its refund gets that rate back, shares too."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Engine

from bench._payments_world import build, rule_files, rulebook
from payments_core.payments import raised
from tests.integration.payments.conftest import Till

MIDNIGHT = datetime(2025, 4, 15, 16, 0, tzinfo=UTC)  # 2025-04-16 00:00 in Shanghai
BEFORE = MIDNIGHT - timedelta(seconds=10)
FEE, SHARE = "rules/merchant_fee/fee.community.std.yaml", "rules/profit_share/ps.beijing.default.yaml"


def by_date(before: str, after: str) -> str:
    return (
        f'[{{from: 2025-01-01, value: "{before}", reference: 决议一}},'
        f' {{from: 2025-04-16, value: "{after}", reference: 决议二}}]'
    )


@pytest.fixture
def till(engine: Engine) -> Iterator[Till]:
    """A till under rules whose fee and opener's share rise at midnight."""
    files = rule_files()
    old_fee, old_share = '{when: "true", rate: "0.0038"', 'role: opener, rate: "0.24"'
    assert old_fee in files[FEE]
    assert old_share in files[SHARE]
    changes = {
        FEE: files[FEE].replace(old_fee, f'{{when: "true", rate: {by_date("0.0038", "0.0060")}'),
        SHARE: files[SHARE].replace(old_share, f"role: opener, rate: {by_date('0.24', '0.30')}"),
    }
    world = build(engine, book=rulebook(changes))
    with world.committer() as committer:
        yield Till(world=world, committer=committer)


def sale(till: Till, paid_at: datetime) -> Any:
    accepted = till.accept(10_000, created_at=paid_at - timedelta(seconds=5))
    return raised(till.commit(till.capture_of(accepted, paid_at=paid_at), now=paid_at)[0]), accepted


def test_a_sale_pays_the_rate_of_its_day_and_its_refund_returns_it(till: Till) -> None:
    _, before = sale(till, BEFORE)
    _, after = sale(till, MIDNIGHT)
    # 10,000 × 0.38 % = 38; × 0.60 % = 60
    assert till.rows("SELECT fee_fen FROM payment ORDER BY paid_at") == [(38,), (60,)]
    # half of it is kept: 5,000 × 0.38 % = 19; × 0.60 % = 30
    later = MIDNIGHT + timedelta(days=1)
    assert till.refund(before, 5_000, now=later).fee_back_fen == 19
    assert till.refund(after, 5_000, now=later).fee_back_fen == 30


def test_the_shares_of_each_day_are_a_stream_of_their_own(till: Till) -> None:
    sale(till, BEFORE)
    sale(till, MIDNIGHT)
    rates = till.rows(
        "SELECT l.rate_ppm FROM payment p JOIN share_line l USING (merchant_id, stream_id)"
        " WHERE l.role = 'opener' ORDER BY p.paid_at"
    )
    assert rates == [(240_000,), (300_000,)]
    assert till.one("SELECT count(DISTINCT rule_version) FROM share_stream") == 1
