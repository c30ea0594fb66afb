"""What a broker can reach next: recorded facts of the month so far, and the least that is missing."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from engine.rulebook import Rulebook, check
from payments_core.database import transaction
from payments_core.targets import Target, broker_facts, next_targets
from tests.integration.reporting.conftest import MAY_1, NOW, World

ROOT = Path(__file__).parents[3]


@pytest.fixture(scope="module")
def rulebook() -> Rulebook:
    files = {path.relative_to(ROOT).as_posix(): path.read_text() for path in ROOT.glob("rules/**/*.*")}
    made, _ = check(files=files)
    assert made is not None
    return made


def test_the_recorded_facts_of_a_month(world: World) -> None:
    # M1 and M2 are B1's. April and today, which is not closed, do not count.
    world.fact("M1", date(2025, 4, 30), 999_00)
    world.fact("M1", MAY_1, 10_000_00, count=3, opened=True)
    world.fact("M1", date(2025, 5, 13), 500_00)
    world.fact("M2", date(2025, 5, 14), 700_00)
    with transaction(world.engine) as connection:
        known = broker_facts(connection, broker_id="B1", at=NOW)
    figures = {name.removeprefix("broker."): value for name, value in known.items()}
    assert (figures["city"], figures["district"], figures["store_id"]) == ("BJ", "D1", "S1")
    assert (figures["merchants_served"], figures["active_merchants"], figures["opened_mtd"]) == (2, 1, 1)
    assert figures["active_rate_ppm"] == 500_000  # 1 of 2
    assert figures["gmv_mtd_fen"] == 10_500_00  # 10,000 + 500
    assert figures["margin_mtd_fen"] == 52_50  # 1 % − 0.5 % of 10,500
    assert figures["share_mtd_fen"] == 21_00  # 0.2 %


def reached(rulebook: Rulebook, **known: int | str) -> dict[str, Target]:
    recorded = {f"broker.{name}": value for name, value in known.items()}
    return {one.label: one for one in next_targets(rulebook=rulebook, known=recorded, at=NOW)}


def test_the_next_level_and_the_incentive(rulebook: Rulebook) -> None:
    """P3 asks for 15 active merchants and 70 % of them; the volume award for five."""
    found = reached(rulebook, level="P2", status="ACTIVE", active_merchants=2, active_rate_ppm=500_000)
    level = found["P3 骨干"]
    assert [step.words("zh") for step in level.steps] == [
        "活跃商户数 2 → 15，还差 13",
        "商户活跃率 50 % → 70 %，还差 20 %",
    ]
    (award,) = (one for one in found.values() if one.rule.kind == "incentive")
    assert [step.words("en") for step in award.steps] == ["active merchants 2 → 5, 3 more"]


def test_what_is_not_recorded_is_asked_for_and_not_measured(rulebook: Rulebook) -> None:
    level = reached(rulebook, level="P3", status="ACTIVE", active_merchants=30)["P4 专家"]
    assert level.steps == ()
    assert [step.goal("zh") for step in level.required] == ["在级月数达到 3"]
    assert not level.is_reached


def test_what_is_reached_and_what_nobody_can_move(rulebook: Rulebook) -> None:
    (award,) = (
        one
        for one in reached(rulebook, level="P5", status="ACTIVE", active_merchants=5).values()
        if one.rule.kind == "incentive"
    )
    assert award.is_reached
    (award,) = (
        one
        for one in reached(rulebook, level="P5", status="LEFT", active_merchants=5).values()
        if one.rule.kind == "incentive"
    )
    assert award.out_of_reach
