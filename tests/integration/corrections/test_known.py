"""What did we believe on a day? The price of a payment, and how its page and the drill-downs tell it."""

from __future__ import annotations

from typing import Any

import pytest

from bench._payments_world import rulebook
from engine.rulebook.differences import rule_differences
from payments_core.corrections import get_known_price
from payments_core.database import Scope, scoped_transaction
from payments_core.payments.errors import PaymentNotFound
from payments_core.profit_share import get_trace
from payments_core.reporting.queries_payment import get_payment_detail
from tests.integration.corrections.conftest import (
    COST,
    DAY1,
    DAY2,
    DAY3,
    FEE,
    MERCHANT,
    SHARE,
    at,
    corrected,
)
from tests.integration.corrections.test_book import COSTLIER, DEARER, HALVES
from ui.pages.payment_parts import known

HQ = Scope(kind="all")


@pytest.fixture
def sold(shop: Any) -> int:
    """A sale whose fee and shares were corrected a day later, its cost two days later."""
    number = int(shop.sell(10_000))
    shop.run(DAY1)
    texts = {FEE: corrected(FEE, DEARER, version=5), SHARE: corrected(SHARE, HALVES, version=4)}
    shop.publish(texts, now=at(DAY2))
    shop.run(DAY2)
    shop.publish({**texts, COST: corrected(COST, COSTLIER, version=3)}, now=at(DAY3))
    shop.run(DAY3)
    return number


def test_the_price_is_told_as_it_was_known_on_each_day(shop: Any, sold: int) -> None:
    with scoped_transaction(shop.world.engine, scope=HQ) as connection:
        prices = [
            get_known_price(connection, merchant_id=MERCHANT, payment_id=sold, on=day)
            for day in (DAY1, DAY2, DAY3)
        ]
        with pytest.raises(PaymentNotFound):
            get_known_price(connection, merchant_id=MERCHANT, payment_id=1)
    assert [(one.fee_fen, one.cost_fen) for one in prices] == [(38, 22), (40, 22), (40, 25)]
    told = [
        (one.number, one.known_on, one.cause, one.fee_delta_fen, one.cost_delta_fen, one.margin_delta_fen)
        for one in prices[-1].entries
    ]
    assert told == [
        (0, DAY1, "SALE", 38, 22, 16),
        (1, DAY2, "RULE", 2, 0, 2),  # 18 in the new stream, 16 out of the old one
        (2, DAY3, "RULE", 0, 3, -3),
    ]
    reasons = [[(why.rule_id, why.version) for why in one.reasons] for one in prices[-1].entries]
    assert reasons == [[], [("fee.community.std", 5), ("ps.beijing.default", 4)], [("cost.channels", 3)]]
    why = prices[-1].entries[1].reasons[0]
    assert (why.reason, why.reference, why.known_at) == ("录错费率", "补充协议 2025-04", at(DAY2))


def test_the_page_shows_a_line_for_each_and_hides_the_margin_from_merchants(shop: Any, sold: int) -> None:
    with scoped_transaction(shop.world.engine, scope=HQ) as connection:
        detail = get_payment_detail(connection, payment_id=sold)
    whole, theirs = (str(known.pane(detail, sees_margin=sees)) for sees in (True, False))
    assert "录错费率" in whole
    assert "补充协议 2025-04" in whole
    assert "cost.channels v3" in whole
    assert "fee.community.std v5" in theirs
    assert "cost.channels" not in theirs
    assert {one.code for one in detail.transfers} >= {"FEE_CORRECTION", "COST_CORRECTION"}


def test_what_a_reviewer_reads_says_that_the_change_is_back_dated() -> None:
    old = rulebook()
    new = rulebook({FEE: corrected(FEE, DEARER, version=5, since="2025-02-01")})
    found = rule_differences(
        old=old.find(rule_id="fee.community.std"),
        new=new.find(rule_id="fee.community.std"),
        kind=old.kinds["merchant_fee"],
    )
    told = [one.words(language="zh") for one in found]
    assert "生效时间 · 自：2025-03-01 00:00 → 2025-02-01 00:00" in told
    assert "新增 回溯更正：原因 录错费率；依据 补充协议 2025-04" in told


def test_a_broker_comes_from_the_share_to_the_correction(shop: Any, sold: int) -> None:
    opener = Scope(kind="broker", id="B0001")
    with scoped_transaction(shop.world.engine, scope=opener) as connection:
        (key,) = connection.exec_driver_sql(
            "SELECT merchant_id, stream_id, line_no, business_date FROM share_entry"
            " WHERE business_date = '2025-04-17' AND party_id = 'B0001'"
        ).mappings()
        trace = get_trace(connection, **key)
    assert [(one.kind, one.payment_id, one.cost_fen, one.margin_fen) for one in trace.sources] == [
        ("correction", sold, 3, -3)
    ]
    assert sum(one.margin_fen for one in trace.sources) == trace.entry.margin_fen
