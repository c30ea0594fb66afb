"""The clock of a demo world."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

from sqlalchemy import Engine

from haodian.clock import DemoWorld, WorldClock, advance_world, find_world, machine_now, open_world
from payments_core.database import transaction

OPENING = datetime(2025, 4, 15, 0, 0, tzinfo=UTC)
WORLD = DemoWorld(scale="0.02", since=date(2025, 4, 1))


def test_without_an_anchor_the_world_runs_on_real_time(engine: Engine) -> None:
    before = machine_now()
    assert before <= WorldClock(engine).now() <= machine_now()
    with transaction(engine) as connection:
        assert find_world(connection) is None


def test_a_world_runs_at_real_pace_from_its_anchor(engine: Engine) -> None:
    started = machine_now()
    with transaction(engine) as connection:
        open_world(connection, world=WORLD, world_at=OPENING, real_at=started)
        assert find_world(connection) == WORLD
    world = WorldClock(engine)
    before = machine_now()
    assert before - started <= world.now() - OPENING <= machine_now() - started


def test_a_world_jumps_ahead_and_never_back(engine: Engine) -> None:
    real = machine_now()
    next_day = OPENING + timedelta(days=1)
    with transaction(engine) as connection:
        open_world(connection, world=WORLD, world_at=OPENING, real_at=real)
    world = WorldClock(engine)
    with transaction(engine) as connection:
        assert advance_world(connection, world_at=next_day, real_at=real) == next_day
        assert advance_world(connection, world_at=OPENING, real_at=real) == next_day
    world.refresh()
    assert world.now() >= next_day
