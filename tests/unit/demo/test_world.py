"""The demo world as a pure function of its scale."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from collections import Counter
from datetime import date, timedelta
from itertools import pairwise

import pytest

from haodian.demo import plan
from haodian.demo.days import generate_day, ordinary_by_trade
from haodian.demo.events import PayEvent, RefundEvent
from haodian.demo.world import world_of
from payments_core.calendar import SHANGHAI

SMALL = "0.02"
DAY = date(2025, 4, 9)


def fingerprint() -> str:
    """A hash over the whole small world and two of its days."""
    digest = hashlib.sha256(repr(world_of(SMALL)).encode())
    for day in (DAY, date(2025, 3, 11)):
        for event in generate_day(day, scale=SMALL, since=date(2025, 4, 1)):
            digest.update(repr(event).encode())
    return digest.hexdigest()


def test_the_mix_adds_up_exactly() -> None:
    assert sum(t.merchants for t in plan.TRADES) == 10_000
    assert sum(t.merchants * t.payments for t in plan.TRADES) == 400_000
    assert sum(t.merchants * t.payments * t.ticket_fen for t in plan.TRADES) == 2_000_000_000  # ¥20 000 000
    assert sum(plan.HOUR_WEIGHTS) == 10_000
    assert sum(plan.WEEKDAY_PERCENT) == 700  # mean 1
    for mix in (plan.CHANNELS, plan.MODES, plan.BANKS, plan.LEVELS, plan.TYPES):
        assert sum(percent for _, percent in mix) == 100


def test_a_mean_day_of_the_full_world_has_its_400_000_payments() -> None:
    full = plan.size_of("1")
    week = [date(2025, 4, 14) + timedelta(days=d) for d in range(7)]

    counts = [plan.planned_payments(day=d, size=full, active=full.merchants) for d in week]

    assert counts[0] == 384_000  # Monday: 400 000 × 0.96
    assert sum(counts) == 7 * 400_000
    by_trade = plan.planned_by_trade(day=week[0], payments=400_000)
    assert by_trade == tuple(t.merchants * t.payments for t in plan.TRADES)


def test_the_full_world_has_the_planned_people_and_places() -> None:
    world = world_of("1")

    assert Counter(n.kind for n in world.nodes) == {"HQ": 1, "CITY": 1, "DISTRICT": 20, "STORE": 200}
    assert [n.name for n in world.nodes if n.kind == "DISTRICT"] == list(plan.DISTRICTS)
    assert len(world.brokers) == 1_200
    assert sum(b.serves for b in world.brokers) == 800
    assert Counter(m.mcc for m in world.merchants) == {t.mcc: t.merchants for t in plan.TRADES}
    assert Counter(m.store_id for m in world.merchants).most_common()[-1][1] == 50  # in every store
    assert Counter(d.type for m in world.merchants for d in m.devices) == plan.DEVICES
    assert Counter(world.ground_truth().values()) == plan.FRAUD


@pytest.mark.parametrize(
    ("scale", "districts", "stores", "brokers", "merchants", "payments"),
    [("0.02", 5, 20, 60, 200, 8_000), ("0.001", 5, 20, 60, 20, 400), ("0.25", 10, 50, 150, 2_500, 100_000)],
)
def test_a_small_world_keeps_its_shape(
    scale: str, districts: int, stores: int, brokers: int, merchants: int, payments: int
) -> None:
    size = plan.size_of(scale)
    world = world_of(scale)

    assert (size.districts, size.stores, size.payments_a_day) == (districts, stores, payments)
    assert (len(world.brokers), len(world.merchants)) == (brokers, merchants)
    assert set(world.ground_truth().values()) == set(plan.FRAUD)  # every kind of fraud


@pytest.mark.parametrize("scale", ["0", "1.5", "-0.1"])
def test_a_scale_outside_its_range_is_refused(scale: str) -> None:
    with pytest.raises(ValueError, match="scale"):
        plan.size_of(scale)


def test_merchants_grow_from_a_fifth_to_all_in_150_days() -> None:
    opened = sorted(m.activated_at.astimezone(SHANGHAI).date() for m in world_of("1").merchants)

    assert 1_990 <= sum(d < date(2024, 11, 16) for d in opened) <= 2_010
    assert opened[-1] == date(2025, 4, 14)


def test_the_same_scale_is_the_same_world_in_any_process() -> None:
    code = "import sys; sys.path.insert(0, sys.argv[1]); import test_world; print(test_world.fingerprint())"
    env = dict(os.environ, PYTHONHASHSEED="7")
    done = subprocess.run(
        [sys.executable, "-c", code, os.path.dirname(__file__)],
        capture_output=True,
        text=True,
        check=True,
        env=env,
    )

    assert done.stdout.strip() == fingerprint()


def test_the_showcase_records() -> None:
    world = world_of(SMALL)
    broker, merchant = world.brokers[0], world.merchants[0]

    assert (broker.broker_id, broker.name) == ("B0001", "王磊")
    assert [(m.store_id, m.since.date().isoformat()) for m in broker.memberships] == [
        ("S001", "2024-11-01"),
        ("S002", "2025-03-16"),
    ]
    assert (merchant.merchant_id, merchant.name, merchant.mcc) == ("M00001", "老王饺子馆", "5812")
    assert [(s.broker_id, s.store_id) for s in merchant.services] == [("B0001", "S001"), ("B0001", "S002")]
    assert [(d.device_id, d.status) for d in merchant.devices] == [
        ("QRP-000001", "ACTIVE"),
        ("SPK-000001", "OFFLINE"),
    ]


def test_the_showcase_days_hold_nothing_but_w1_and_w5() -> None:
    events = [e for d in (11, 12, 13) for e in generate_day(date(2025, 3, d), scale=SMALL)]

    assert [e.amount_fen for e in events] == [5_000, 1_280, 12_850, 600, 99_999, 3_000, 9_850]
    sold = next(e for e in events if e.amount_fen == 12_850)
    assert {(e.merchant_id, e.order_no) for e in events if isinstance(e, RefundEvent)} == {
        ("M00001", sold.order_no)
    }


def test_a_day_has_as_many_ordinary_payments_as_planned_and_rises_in_time() -> None:
    events = list(generate_day(DAY, scale=SMALL))
    honest = [e for e in events if isinstance(e, PayEvent) and not e.label]

    assert len(honest) == sum(ordinary_by_trade(DAY, scale=SMALL))
    mcc = {m.merchant_id: m.mcc for m in world_of(SMALL).merchants}
    by_trade = Counter(mcc[e.merchant_id] for e in honest)
    assert tuple(by_trade[t.mcc] for t in plan.TRADES) == ordinary_by_trade(DAY, scale=SMALL)
    assert all(a.at <= b.at for a, b in pairwise(events))
    assert {e.at.astimezone(SHANGHAI).date() for e in events} == {DAY}
    orders = [(e.merchant_id, e.order_no) for e in events if isinstance(e, PayEvent)]
    assert len(orders) == len(set(orders))


def test_the_hours_follow_their_weights() -> None:
    honest = Counter(
        e.at.hour for e in generate_day(DAY, scale=SMALL) if isinstance(e, PayEvent) and not e.label
    )
    total = sum(honest.values())

    for hour, weight in enumerate(plan.HOUR_WEIGHTS):
        assert abs(honest[hour] - total * weight / 10_000) <= 2 * len(plan.TRADES), hour


def test_refunds_point_to_earlier_sales_of_generated_days() -> None:
    since = date(2025, 4, 1)
    sold: dict[tuple[str, str], int] = {}
    refunded: Counter[tuple[str, str]] = Counter()
    late = 0
    for day in (since + timedelta(days=d) for d in range(14)):
        for event in generate_day(day, scale=SMALL, since=since):
            if isinstance(event, PayEvent):
                sold[event.merchant_id, event.order_no] = event.amount_fen
            else:
                late += event.order_no[1:7] != f"{day:%y%m%d}"
                refunded[event.merchant_id, event.order_no] += event.amount_fen

    assert all(amount <= sold[key] for key, amount in refunded.items())
    assert 0.003 < len(refunded) / len(sold) < 0.008  # 0.6 % less those still to come
    assert late > 0


def test_every_kind_of_fraud_is_labelled_with_its_merchant() -> None:
    truth = world_of(SMALL).ground_truth()
    seen = set()
    for day in (date(2025, 4, 1) + timedelta(days=d) for d in range(14)):
        for event in generate_day(day, scale=SMALL):
            if isinstance(event, PayEvent) and event.label:
                assert truth[event.merchant_id] == event.label
                seen.add(event.label)

    assert seen == set(plan.FRAUD)


def test_nobody_is_served_by_two_brokers_at_once() -> None:
    for merchant in world_of("1").merchants:
        for before, after in zip(merchant.services, merchant.services[1:], strict=False):
            assert before.until == after.since
        assert merchant.services[0].since >= merchant.activated_at - timedelta(0)
