"""W1's sale of ¥128.50 to the part of a fen, through the product's own committer and rules."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import Engine

from bench._payments_world import World, build
from payments_core.calendar import business_date_of
from payments_core.database import Scope, scoped_transaction, transaction
from payments_core.payments import AcceptRequest, Capture, RefundRequest, RefundResult, raised
from payments_core.payments.errors import PaymentNotFound
from payments_core.profit_share import post_shares
from payments_core.reporting.queries_payment import PaymentDetail, get_payment_detail
from ui.pages.payment_parts import ledger, money, risk

NOW = datetime(2025, 4, 15, 4, 7, tzinfo=UTC)  # 12:07 in Shanghai
ALL = Scope(kind="all")
W1 = (5_000, 1_280, 12_850, 600, 99_999)


@pytest.fixture
def world(engine: Engine) -> World:
    return build(engine)


@pytest.fixture
def sale(world: World) -> Iterator[int]:
    """W1 at M00001, shares of the day posted; the number of the sale of ¥128.50."""
    with world.committer() as committer:
        accepted = [
            raised(one)
            for one in committer.commit(
                [
                    AcceptRequest(
                        merchant_id="M00001",
                        merchant_order_no=f"w1-{amount_fen}",
                        amount_fen=amount_fen,
                        channel="WECHAT",
                        mode="SCANNED",
                        created_at=NOW,
                    )
                    for amount_fen in W1
                ],
                now=NOW,
            )
        ]
        captures = [
            Capture(
                merchant_id="M00001", payment_id=one.payment_id, paid_at=NOW, channel_order_no=f"42{number}"
            )
            for number, one in enumerate(accepted)
        ]
        for one in committer.commit(captures, now=NOW):
            raised(one)
        with transaction(world.engine) as connection:
            post_shares(connection, business_date=business_date_of(NOW), release_no=1, now=NOW)
        yield accepted[2].payment_id


def read(engine: Engine, payment_id: int, scope: Scope = ALL) -> PaymentDetail:
    with scoped_transaction(engine, scope=scope) as connection:
        return get_payment_detail(connection, payment_id=payment_id)


def steps(world: World, detail: PaymentDetail) -> tuple[money.Step, ...]:
    release = world.rulebooks.get(detail.payment.release_no)
    return money.steps(
        detail,
        fee=money.pricing_of(release, detail.fee_rule, at=detail.payment.paid_at),
        cost=money.pricing_of(release, detail.cost_rule, at=detail.payment.paid_at),
        knows_all=True,
    )


def test_each_figure_of_the_waterfall_and_its_rule_line(world: World, sale: int) -> None:
    detail = read(world.engine, sale)
    found = steps(world, detail)
    book = world.rulebooks.get(detail.payment.release_no).rulebook
    share = book.find(rule_id="ps.beijing.default")
    fee, cost = book.find(rule_id="fee.community.std"), book.find(rule_id="cost.channels")
    # 12850 × 0.38 % = 48.83 → 49; × 0.22 % = 28.27 → 28; margin 21; 24 % = 5.04, 16 % = 3.36, rest 12.6
    assert [step.amount for step in found] == [
        49_000_000,
        -28_000_000,
        21_000_000,
        5_040_000,
        3_360_000,
        12_600_000,
    ]
    assert "¥0.4883 → ¥0.49" in found[0].formula
    assert "¥0.2827 → ¥0.28" in found[1].formula
    assert [(step.rule.rule_id, step.rule.version, step.rule.line) for step in found if step.rule] == [
        (fee.id, fee.version, fee.line_of(("spec", "rows", 3))),
        (cost.id, cost.version, cost.line_of(("spec", "rows", 2))),
        (share.id, share.version, share.line_of(("spec", "shares", 0))),
        (share.id, share.version, share.line_of(("spec", "shares", 1))),
    ]
    assert sum(step.amount for step in found[3:]) == found[2].amount


def test_shares_are_cumulated_over_the_day(world: World, sale: int) -> None:
    # margins 8 + 2 + 21 + 1 + 160 = 192; 40 % = 76.8 → 77
    (pool,) = read(world.engine, sale).pools
    assert (pool.party_kind, pool.margin_fen, pool.cum_margin_fen, pool.delta_fen, pool.cum_fen) == (
        "broker",
        192,
        192,
        77,
        77,
    )


def test_the_ledger_shows_the_payments_legs_and_the_days_shares(world: World, sale: int) -> None:
    legs = read(world.engine, sale).transfers
    own = [(one.code, one.amount_fen) for one in legs if not one.is_daily]
    assert own == [("PAYMENT", 12_850), ("FEE", 49), ("COST", 28)]
    assert sum(one.amount_fen for one in legs if one.is_daily) == 77


def test_risk_computed_again_says_what_was_recorded(world: World, sale: int) -> None:
    detail = read(world.engine, sale)
    release = world.rulebooks.get(detail.payment.release_no)
    found = risk.grounds(release, detail)
    assert found
    assert all(one.explanation is not None for one in found)
    assert risk.fired(found) == frozenset(detail.payment.risk_hits)


def test_what_has_not_come_is_not_zero(world: World) -> None:
    with world.committer() as committer:
        order = AcceptRequest(
            merchant_id="M00001",
            merchant_order_no="open",
            amount_fen=5_000,
            channel="WECHAT",
            mode="SCANNED",
            created_at=NOW,
        )
        payment_id = raised(committer.commit([order], now=NOW)[0]).payment_id
    detail = read(world.engine, payment_id)
    assert (detail.payment.fee_fen, detail.payment.cost_fen, detail.settlement) == (None, None, None)
    assert (detail.shares, detail.pools, detail.transfers, detail.payouts) == ((), (), (), ())
    assert steps(world, detail) == ()


def test_refunds_come_with_their_legs(world: World, sale: int) -> None:
    later = NOW + timedelta(hours=1)
    with world.committer() as committer:
        asked = RefundRequest(
            merchant_id="M00001",
            payment_id=sale,
            merchant_refund_no="r1",
            amount_fen=3_000,
            requested_at=later,
        )
        reserved = raised(committer.commit([asked], now=later)[0])
        done = RefundResult(
            merchant_id="M00001",
            refund_id=reserved.refund_id,
            succeeded=True,
            at=later,
        )
        raised(committer.commit([done], now=later)[0])
    detail = read(world.engine, sale)
    # fee left on 9850 is 37, cost 22: back 12 and 6
    assert [(one.amount_fen, one.fee_back_fen, one.cost_back_fen) for one in detail.refunds] == [
        (3_000, 12, 6)
    ]
    assert [one.amount_fen for one in detail.transfers if one.code.endswith("BACK")] == [12, 6]


def test_out_of_scope_is_not_found(world: World, sale: int) -> None:
    assert read(world.engine, sale, Scope(kind="merchant", id="M00001")).payment.payment_id == sale
    for scope in (Scope(kind="merchant", id="M00002"), Scope(kind="store", id="S002")):
        with pytest.raises(PaymentNotFound):
            read(world.engine, sale, scope)
    with pytest.raises(PaymentNotFound):
        read(world.engine, 2504151207000000000 + 9_999)


def test_a_broker_reads_own_lines_and_no_other_partys(world: World, sale: int) -> None:
    detail = read(world.engine, sale, Scope(kind="broker", id="B0001"))
    assert {part.party_id for part in detail.shares} == {"B0001"}


def test_readers_see_the_legs_that_are_their_business(world: World, sale: int) -> None:
    from payments_core.access import Person, Role

    legs = read(world.engine, sale).transfers

    def codes(role: Role, scope: Scope) -> list[str]:
        person = Person(user_id=1, login="x", name="x", role=role, scope=scope, language="zh")
        return [one.code for one in ledger.visible(person, legs)]

    assert codes(Role.MERCHANT, Scope(kind="merchant", id="M00001")) == ["PAYMENT", "FEE"]
    assert codes(Role.BROKER, Scope(kind="broker", id="B0001")).count("SHARE") == 1
    assert codes(Role.AUDITOR, ALL).count("SHARE") == 2
