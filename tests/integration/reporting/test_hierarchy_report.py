"""The hierarchy report: a node is the sum of its children, in every scope, on both bases."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from payments_core import reporting
from payments_core.database import Scope, scoped_transaction
from payments_core.reporting import Basis, Figures, NodeNotFound, Period, RangeInvalid, Report
from tests.integration.reporting.conftest import MERCHANTS, NOW, World

APRIL = Period(first=date(2025, 4, 1), last=date(2025, 4, 30))
ALL = Scope(kind="all")


def _report(
    world: World, node_id: str, *, scope: Scope = ALL, period: Period = APRIL, basis: Basis = Basis.THEN
) -> Report:
    with scoped_transaction(world.engine, scope=scope) as connection:
        return reporting.hierarchy_report(
            connection, node_id=node_id, scope=scope, period=period, now=NOW, basis=basis
        )


@pytest.fixture
def april(world: World) -> World:
    """M1 ¥100, M2 ¥200 … M6 ¥600 on the 10th; M1 another ¥50 on the 11th; March: ¥10 each."""
    for number, (merchant_id, _) in enumerate(MERCHANTS, 1):
        world.fact(merchant_id, date(2025, 4, 10), number * 10_000, count=number, opened=merchant_id == "M3")
        world.fact(merchant_id, date(2025, 3, 10), 1_000)
    world.fact("M1", date(2025, 4, 11), 5_000)
    return world


# Children of each node, biggest first, in yuan: M1 150, M2 200, M3 300, M4 400, M5 500, M6 600.
EXPECTED = {
    "HQ": [("BJ", 155_000), ("SH", 60_000)],  # 150+200+300+400+500 · 600
    "BJ": [("D1", 105_000), ("D2", 50_000)],  # 150+200+300+400 · 500
    "D1": [("S1", 65_000), ("S2", 40_000)],  # 150+200+300 · 400
    "S1": [("B1", 35_000), ("B2", 30_000)],  # 150+200 · 300
    "B1": [("M2", 20_000), ("M1", 15_000)],
}


@pytest.mark.parametrize("basis", list(Basis))
@pytest.mark.parametrize("node_id", list(EXPECTED))
def test_every_node_is_the_sum_of_its_children(april: World, node_id: str, basis: Basis) -> None:
    report = _report(april, node_id, basis=basis)
    assert [(child.node.id, child.figures.payment_fen) for child in report.children] == EXPECTED[node_id]
    assert report.totals == sum((child.figures for child in report.children), Figures())
    assert report.before == sum((child.before for child in report.children), Figures())


def test_a_node_has_the_same_figures_as_the_row_its_parent_shows(april: World) -> None:
    for parent, children in EXPECTED.items():
        rows = {child.node.id: child.figures for child in _report(april, parent).children}
        for node_id, _ in children:
            own = _report(april, node_id).totals
            shared = (
                "payment_fen",
                "payment_count",
                "active_merchants",
                "fee_fen",
                "broker_share_fen",
                "opened",
            )
            assert [getattr(own, f) for f in shared] == [getattr(rows[node_id], f) for f in shared]


def test_a_merchant_served_by_two_brokers_is_active_once(april: World) -> None:
    april.fact("M1", date(2025, 4, 20), 1_000, broker_id="B3")  # S1 → S2 within D1
    report = _report(april, "D1")
    assert [(child.node.id, child.figures.active_merchants) for child in report.children] == [
        ("S1", 2),
        ("S2", 2),
    ]
    assert report.totals.active_merchants == 4  # M1 (now at S2), M2, M3, M4


def test_then_keeps_history_where_it_was_and_now_moves_it(april: World) -> None:
    april.move("M1", to="B3", on=date(2025, 5, 1))
    then, now = _report(april, "D1"), _report(april, "D1", basis=Basis.NOW)
    assert {c.node.id: c.figures.payment_fen for c in then.children} == {"S1": 65_000, "S2": 40_000}
    assert {c.node.id: c.figures.payment_fen for c in now.children} == {
        "S1": 50_000,
        "S2": 55_000,
    }  # 150 moved
    assert then.totals.payment_fen == now.totals.payment_fen == then.other_basis_fen


# scope → what it may open with the volume seen there, and what must look as if it did not exist.
SCOPES = {
    Scope(kind="all"): ({"HQ": 215_000, "BJ": 155_000, "SH": 60_000, "B1": 35_000, "M1": 15_000}, "nothing"),
    Scope(kind="city", id="BJ"): (
        {"BJ": 155_000, "D1": 105_000, "S1": 65_000, "M1": 15_000},
        "HQ SH D3 S4 B5 M6",
    ),
    Scope(kind="city", id="SH"): ({"SH": 60_000, "S4": 60_000, "M6": 60_000}, "HQ BJ D1 S1 B1 M1"),
    Scope(kind="district", id="D1"): ({"D1": 105_000, "S2": 40_000, "B3": 40_000}, "HQ BJ D2 S3 B4 M5"),
    Scope(kind="store", id="S1"): ({"S1": 65_000, "B2": 30_000, "M3": 30_000}, "HQ BJ D1 S2 B3 M4"),
    Scope(kind="broker", id="B1"): ({"B1": 35_000, "M1": 15_000}, "HQ BJ D1 S1 B2 M3"),
    Scope(kind="merchant", id="M1"): ({"M1": 15_000}, "HQ BJ D1 S1 B1 M2"),
}


@pytest.mark.parametrize("scope", list(SCOPES), ids=lambda scope: f"{scope.kind} {scope.id}")
def test_a_reader_sees_only_what_lies_below_him(april: World, scope: Scope) -> None:
    visible, hidden = SCOPES[scope]
    for node_id, expected in visible.items():
        assert _report(april, node_id, scope=scope).totals.payment_fen == expected
    for node_id in hidden.split():
        with pytest.raises(NodeNotFound):
            _report(april, node_id, scope=scope)


def test_a_rank_is_told_only_where_the_siblings_are_in_scope(april: World) -> None:
    assert _report(april, "S2").rank == (2, 2)
    assert _report(april, "S2", scope=Scope(kind="store", id="S2")).rank is None


def test_crumbs_begin_at_the_readers_own_node(april: World) -> None:
    above = _report(april, "M1", scope=Scope(kind="district", id="D1")).place.above
    assert [node.id for node in above] == ["D1", "S1", "B1"]


def test_a_period_without_facts_is_empty_not_zero(april: World) -> None:
    report = _report(april, "HQ", period=Period(first=date(2025, 6, 1), last=date(2025, 6, 30)))
    assert report.is_empty
    assert report.newest_day == date(2025, 4, 11)
    assert all(point.payment_fen is None for point in report.days)


@pytest.mark.parametrize(
    ("first", "last"),
    [(date(2025, 4, 2), date(2025, 4, 1)), (date(2024, 1, 1), date(2024, 1, 1) + timedelta(days=400))],
)
def test_a_reversed_or_endless_range_is_refused(first: date, last: date) -> None:
    with pytest.raises(RangeInvalid) as refused:
        Period(first=first, last=last)
    assert refused.value.code == "RANGE_INVALID"


def test_four_hundred_days_are_allowed() -> None:
    assert Period(first=date(2024, 1, 1), last=date(2024, 1, 1) + timedelta(days=399)).days == 400


@pytest.mark.parametrize(
    ("first", "last", "expected"),
    [
        (date(2025, 4, 1), date(2025, 4, 30), 60_000),  # two stores, ¥300 each, whole month
        (date(2025, 4, 1), date(2025, 4, 15), 30_000),  # half of it
        (date(2025, 4, 16), date(2025, 5, 31), 90_000),  # 15/30 + 31/31
    ],
)
def test_a_target_counts_by_the_days_of_the_period(
    april: World, first: date, last: date, expected: int
) -> None:
    assert _report(april, "D1", period=Period(first=first, last=last)).target_fen == expected


def test_the_days_stand_beside_the_same_weekday_four_weeks_before(april: World) -> None:
    april.fact("M1", date(2025, 3, 13), 700)  # Thursday; 2025-04-10 is the Thursday four weeks later
    point = next(p for p in _report(april, "HQ").days if p.on == date(2025, 4, 10))
    assert (point.payment_fen, point.compared_fen) == (210_000, 700)


def test_weeks_of_a_child_end_with_the_period(april: World) -> None:
    trend = next(c for c in _report(april, "HQ").children if c.node.id == "SH").trend
    # the first of eight weeks begins on 03-06: 03-10 is in week 1, 04-10 (35 days later) in week 6
    assert trend == (1_000, 0, 0, 0, 0, 60_000, 0, 0)


def test_every_metric_is_defined_in_both_languages() -> None:
    for metric in reporting.METRICS.values():
        assert all((metric.title, metric.title_en, metric.definition, metric.definition_en))
