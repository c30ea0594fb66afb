"""What a backtest says of money is what the product would have booked."""

from __future__ import annotations

import pytest

from bench._payments_world import rulebook
from payments_core import backtest
from payments_core.backtest import Period
from tests.integration.backtest.conftest import DAYS, Past, booked, shared, under
from tests.integration.backtest.drafts import DRAFTS


@pytest.mark.parametrize("name", DRAFTS)
def test_a_backtest_is_what_the_product_would_have_booked(past: Past, databases, name: str) -> None:
    draft = rulebook(DRAFTS[name])
    run_no = past.run(draft)
    other = under(draft, past, databases())

    for dimension, column in (("merchant", "merchant_id"), ("broker", "broker_id"), ("store", "store_id")):
        totals = past.read(backtest.list_totals, run_no=run_no, dimension=dimension)
        for world, side in ((past, "released"), (other, "draft")):
            money = {
                t.member: (t.payments, getattr(t, side).fee_fen, getattr(t, side).cost_fen) for t in totals
            }
            assert money == world.read(booked, column=column), (dimension, side)
    parties = past.read(backtest.list_totals, run_no=run_no, dimension="party")
    for world, side in ((past, "released"), (other, "draft")):
        got = {t.member: getattr(t, side).shared_fen for t in parties}
        assert {k: v for k, v in got.items() if v} == {k: v for k, v in world.read(shared).items() if v}, side
    whole = past.read(backtest.get_total, run_no=run_no)
    assert (whole.payments, whole.unread) == (270, 0)
    assert whole.refunds > 20
    assert whole.draft != whole.released


@pytest.mark.parametrize("name", ["rows", "shares"])
def test_a_period_goes_on_from_where_the_days_before_it_left_the_streams(
    past: Past, databases, name: str
) -> None:
    """Sales of the day before keep their price, their refunds too; running totals go on."""
    period, draft = Period(first=DAYS[1], last=DAYS[2]), rulebook(DRAFTS[name])
    run_no = past.run(draft, period=period)
    other = under(draft, past, databases(), period=period)
    totals = past.read(backtest.list_totals, run_no=run_no, dimension="merchant")
    parties = past.read(backtest.list_totals, run_no=run_no, dimension="party")
    for world, side in ((past, "released"), (other, "draft")):
        money = {t.member: (t.payments, getattr(t, side).fee_fen, getattr(t, side).cost_fen) for t in totals}
        assert money == world.read(booked, column="merchant_id", first=DAYS[1]), side
        got = {t.member: getattr(t, side).shared_fen for t in parties}
        wanted = world.read(shared, first=DAYS[1])
        assert {k: v for k, v in got.items() if v} == {k: v for k, v in wanted.items() if v}, side


def test_the_released_rules_against_themselves_change_nothing_and_equal_the_ledger(past: Past) -> None:
    run_no = past.run(past.book)
    for dimension in ("all", "day", "city", "district", "store", "broker", "merchant", "party"):
        totals = past.read(backtest.list_totals, run_no=run_no, dimension=dimension)
        assert totals
        assert all(t.released == t.draft and not t.unread for t in totals), dimension
    whole = past.read(backtest.get_total, run_no=run_no).draft
    ledger = dict(past.rows("SELECT account, sum(credits_posted - debits_posted) FROM account GROUP BY 1"))
    assert whole.shared_fen > 0
    assert whole.fee_fen == ledger["FEE_INCOME"]
    assert whole.cost_fen == -ledger["CHANNEL_COST"]
    assert whole.shared_fen == -ledger["SHARE_EXPENSE"]
    assert past.read(backtest.list_coverage, run_no=run_no) == ()


@pytest.mark.parametrize("dimension", ["day", "city", "district", "store", "broker", "merchant"])
def test_the_members_of_a_dimension_add_up_to_the_whole(past: Past, dimension: str) -> None:
    run_no = past.run(rulebook(DRAFTS["all"]))
    whole = past.read(backtest.get_total, run_no=run_no)
    totals = past.read(backtest.list_totals, run_no=run_no, dimension=dimension)
    for name in ("payments", "payment_fen", "refunds", "refund_fen", "unread", "unread_fen"):
        assert sum(getattr(t, name) for t in totals) == getattr(whole, name)
    for side in ("released", "draft"):
        for name in ("fee_fen", "cost_fen", "opener_fen", "maintainer_fen", "store_fen", "platform_fen"):
            assert sum(getattr(getattr(t, side), name) for t in totals) == getattr(getattr(whole, side), name)
