"""The correlator's process: `python -m haodian.correlator --home HOME`.

It follows the outbox with the rules of kind `sequence` and writes what they find. It holds nothing that the
database does not: killed at any instant, the next one replays and goes on exactly there.
"""

from __future__ import annotations

import asyncio
import threading
from collections import Counter

import psycopg
import structlog
from fastapi import FastAPI
from fastapi.responses import PlainTextResponse
from sqlalchemy import Engine
from sqlalchemy.exc import OperationalError

from engine.sequences import Refusal
from haodian import clock, process
from haodian.clock import WorldClock
from haodian.database import url_of
from haodian.serving import server_of
from haodian.settings import Settings
from haodian.taking import releases_of
from payments_core.database import connect
from payments_core.rulebooks import CHANNEL
from payments_core.sequences import Follower, ReaderOvertaken

POLL_S, PAUSE_S = 0.5, 1.0

log = structlog.get_logger(__name__)


class Correlator:
    """Takes one step after the other until stopped; counts what the steps did."""

    def __init__(self, engine: Engine, *, settings: Settings, world: WorldClock) -> None:
        """Begin with nothing; the first step replays."""
        self._world = world
        self._url = url_of(settings)
        self._stopped = threading.Event()
        self._follower = Follower(
            engine=engine, rulebooks=releases_of(engine, settings=settings), report=self._refused
        )
        self.done: Counter[str] = Counter()
        self.refused: Counter[tuple[str, str]] = Counter()

    @property
    def release_no(self) -> int | None:
        """The release whose rules it follows; None before the first."""
        return self._follower.release_no

    def run(self) -> None:
        """Follow until stopped. Where the database is away it begins again; a bug ends the process."""
        while not self._stopped.is_set():
            try:
                with psycopg.connect(self._url, autocommit=True) as listening:
                    listening.execute(f"LISTEN {CHANNEL}")
                    while not self._stopped.is_set():
                        self._step(listening)
            except (OperationalError, psycopg.OperationalError, ReaderOvertaken) as error:
                log.warning("correlator_begins_again", error=type(error).__name__)
                self.done["restarts"] += 1
                self._stopped.wait(PAUSE_S)
        self._follower.close()

    def stop(self) -> None:
        """Let `run` end after the step it is at."""
        self._stopped.set()

    def _step(self, listening: psycopg.Connection) -> None:
        """Take a step; where it read everything, wait for an activation or a moment."""
        before = self._follower.release_no
        step = self._follower.step(now=self._world.now())
        self.done["events"] += step.events
        self.done["matches"] += step.matches
        if self._follower.release_no != before:
            log.info("sequences_of_release", release_no=self._follower.release_no)
        if step.matches:
            log.info("sequences_found", matches=step.matches)
        if not step.is_behind:
            for _ in listening.notifies(timeout=POLL_S, stop_after=1):
                pass

    def _refused(self, refusal: Refusal) -> None:
        self.refused[refusal.rule_id, refusal.code] += 1
        log.info(
            "event_not_taken",
            rule=refusal.rule_id,
            event_id=refusal.event_id,
            code=refusal.code,
            detail=refusal.detail,
        )


def health_app(correlator: Correlator) -> FastAPI:
    """Return the correlator's /healthz and /metrics."""
    app = FastAPI(docs_url=None, redoc_url=None, openapi_url=None)

    @app.get("/healthz")
    async def healthz() -> dict[str, str | int | None]:
        return {"status": "ok", "release_no": correlator.release_no}

    @app.get("/metrics", response_class=PlainTextResponse)
    async def metrics() -> str:
        lines = []
        for name in ("events", "matches", "restarts"):
            lines += [f"# TYPE haodian_sequence_{name}_total counter"]
            lines += [f"haodian_sequence_{name}_total {correlator.done[name]}"]
        lines += ["# TYPE haodian_sequence_refusals_total counter"]
        lines += [
            f'haodian_sequence_refusals_total{{rule="{rule}",code="{code}"}} {n}'
            for (rule, code), n in sorted(correlator.refused.items())
        ]
        return "\n".join(lines) + "\n"

    return app


async def serve(settings: Settings) -> None:
    """Correlate until SIGTERM."""
    engine = connect(url=url_of(settings), pool_size=3)
    with clock.running_world_clock(engine) as world:
        correlator = Correlator(engine, settings=settings, world=world)
        server = server_of(health_app(correlator), host=settings.host, port=settings.correlator_port)
        working = asyncio.create_task(asyncio.to_thread(correlator.run))
        serving = asyncio.create_task(server.serve())
        await asyncio.wait({working, serving}, return_when=asyncio.FIRST_COMPLETED)
        server.should_exit = True
        correlator.stop()
        await serving
        await working
    engine.dispose()


def main() -> None:
    """Correlate until SIGTERM."""
    asyncio.run(serve(process.begin("correlator")))


if __name__ == "__main__":
    main()
