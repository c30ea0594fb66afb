"""The only place that reads the clock of the machine.

Two clocks: the machine's, by which sessions, signatures and waits live, and the world's, by which business
happens. They are the same unless the database holds a demo anchor (`demo_clock`): then the world runs at
real pace from the anchor, and `advance_world` may jump it ahead, never back.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

from sqlalchemy import Connection, Engine, select
from sqlalchemy.dialects.postgresql import insert
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


def advance_world(connection: Connection, *, world_at: datetime, real_at: datetime | None = None) -> datetime:
    """Let the world stand at `world_at` now, anchoring it where needed; never move it back.

    Returns the world's instant afterwards.
    """
    real_at = real_at or machine_now()
    if connection.execute(select(demo_clock.c.clock_no)).one_or_none() is not None:
        world_at = max(world_at, real_at + _ahead(connection))
    values = {"real_at": real_at, "world_at": world_at}
    connection.execute(
        insert(demo_clock)
        .values(clock_no=0, **values)
        .on_conflict_do_update(index_elements=["clock_no"], set_=values)
    )
    return world_at


def _ahead(connection: Connection) -> timedelta:
    row = connection.execute(select(demo_clock)).one_or_none()
    return row.world_at - row.real_at if row is not None else timedelta(0)
