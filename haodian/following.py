"""Following the active release: a process compiles it when it is told, not at its next batch or page.

What a process decides by is still read with each batch and each page; following only means that it is ready
by then, and that it can say which release it has. One that cannot be loaded is logged, and the one before
stays: it was compiled and needs neither the repository nor the database any more.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
import structlog
from sqlalchemy import Engine
from sqlalchemy.exc import OperationalError

from engine.releases import ReleaseError
from haodian.database import url_of
from haodian.settings import Settings
from haodian.taking import releases_of
from payments_core.database import transaction
from payments_core.rulebooks import CHANNEL, ActiveRulebook, active

ASKED_EVERY_S, PAUSE_S = 0.5, 1.0

log = structlog.get_logger(__name__)


class ReleaseFollower:
    """Keeps the active release compiled; `release_no` is the newest that is, None before the first."""

    def __init__(self, engine: Engine, *, rulebooks: ActiveRulebook, url: str) -> None:
        """Compile into `rulebooks`, listen at `url`; nothing is done before `run`."""
        self.release_no: int | None = None
        self._engine, self._rulebooks, self._url = engine, rulebooks, url
        self._refused_no: int | None = None
        self._stopped = threading.Event()

    def run(self) -> None:
        """Follow until stopped; where the database is away, begin again."""
        while not self._stopped.is_set():
            try:
                with psycopg.connect(self._url, autocommit=True) as listening:
                    listening.execute(f"LISTEN {CHANNEL}")
                    while not self._stopped.is_set():
                        self.catch_up()
                        for _ in listening.notifies(timeout=ASKED_EVERY_S, stop_after=1):
                            pass
            except (OperationalError, psycopg.OperationalError):
                self._stopped.wait(PAUSE_S)

    def stop(self) -> None:
        """Let `run` end within a moment."""
        self._stopped.set()

    def catch_up(self) -> None:
        """Compile the active release if it is another than the one at hand."""
        with transaction(self._engine) as connection:
            found = active(connection)
        if found is None or found[0] in (self.release_no, self._refused_no):
            return
        number, commit = found
        try:
            self._rulebooks.get(commit)
        except ReleaseError as refusal:
            self._refused_no = number
            log.error("release_not_loaded", release_no=number, stays=self.release_no, code=refusal.code)
            return
        self.release_no, self._refused_no = number, None
        log.info("release_ready", release_no=number)


@contextmanager
def following(engine: Engine, *, settings: Settings) -> Iterator[ReleaseFollower]:
    """Give a follower that runs in a thread of its own until the end of the block."""
    rulebooks = releases_of(engine, settings=settings)
    follower = ReleaseFollower(engine, rulebooks=rulebooks, url=url_of(settings))
    thread = threading.Thread(target=follower.run, name="following", daemon=True)
    thread.start()
    try:
        yield follower
    finally:
        follower.stop()
        thread.join()
