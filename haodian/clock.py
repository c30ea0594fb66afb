"""The only place that reads the clock of the machine.

Two clocks: the machine's, by which sessions, signatures and waits live, and the world's, by which business
happens. They are the same unless the database holds a demo anchor (`demo_clock`): then the world runs at
real pace from the anchor, and `advance_world` may jump it ahead, never back.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from sqlalchemy import Connection, Engine, insert, select, update
from sqlalchemy.exc import OperationalError

from payments_core.database import transaction
from payments_core.database.tables import demo_clock

REFRESH_S = 1.0


def machine_now() -> datetime:
    """Return the present instant in UTC."""
    return datetime.now(UTC)


class WorldClock:
    """The world's time for one process. `now` only adds, so it may be called on an event loop."""

    def __init__(self, engine: Engine) -> None:
        """Read the anchor of `engine`'s database once."""
        self._engine = engine
        self._ahead = timedelta(0)
        self.refresh()

    def now(self) -> datetime:
        """Return the world's present instant in UTC."""
        return machine_now() + self._ahead

    def refresh(self) -> None:
        """Read the anchor again; another process may have moved it."""
        with transaction(self._engine) as connection:
            self._ahead = _ahead(connection)


@contextmanager
def running_world_clock(engine: Engine) -> Iterator[WorldClock]:
    """Give a WorldClock that follows the anchor within a second, for as long as the block runs."""
    clock = WorldClock(engine)
    stopped = threading.Event()

    def follow() -> None:
        while not stopped.wait(REFRESH_S):
            try:
                clock.refresh()
            except OperationalError:
                continue  # the database is away: go on at the last known pace

    thread = threading.Thread(target=follow, name="world-clock", daemon=True)
    thread.start()
    try:
        yield clock
    finally:
        stopped.set()
        thread.join(timeout=5)


@dataclass(frozen=True, slots=True, kw_only=True)
class DemoWorld:
    """The demo world that lives in a database: how large it is, and the first day that was generated."""

    scale: str
    since: date


def find_world(connection: Connection) -> DemoWorld | None:
    """Return the demo world of the database, None where it runs on real time."""
    row = connection.execute(select(demo_clock)).one_or_none()
    return None if row is None else DemoWorld(scale=row.scale, since=row.since)


def open_world(connection: Connection, *, world: DemoWorld, world_at: datetime, real_at: datetime) -> None:
    """Anchor a demo world: it stands at `world_at` when the machine's clock stands at `real_at`."""
    values = {"real_at": real_at, "world_at": world_at, "scale": world.scale, "since": world.since}
    connection.execute(insert(demo_clock).values(values))


def advance_world(connection: Connection, *, world_at: datetime, real_at: datetime) -> datetime:
    """Let the demo world stand at `world_at` now, unless it stands later already; return its instant."""
    world_at = max(world_at, real_at + _ahead(connection))
    connection.execute(update(demo_clock).values(real_at=real_at, world_at=world_at))
    return world_at


def _ahead(connection: Connection) -> timedelta:
    row = connection.execute(select(demo_clock)).one_or_none()
    return row.world_at - row.real_at if row is not None else timedelta(0)
