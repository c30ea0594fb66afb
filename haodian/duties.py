"""What is done later or again, as tasks of the queue.

Every duty can be run twice or be cut off anywhere: it reads what is left to do and does that. The outbox is
not emptied here, because no subscriber can be registered yet.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import date

import procrastinate
import structlog
from sqlalchemy import Engine
from sqlalchemy.exc import DBAPIError

from engine.releases import ReleaseError
from haodian import backtesting, clock
from haodian.clock import WorldClock
from haodian.days import confirm_payouts, day_to_close
from haodian.settings import Settings
from haodian.taking import channel_of, desk_of, releases_of
from payments_core import access, backtest, payments, rulebooks, settlement
from payments_core.database import transaction
from payments_core.payments import Committer

log = structlog.get_logger(__name__)


class Duties:
    """What the worker does, each as one call that may be repeated."""

    def __init__(
        self, engine: Engine, *, settings: Settings, world: WorldClock, committer: Committer
    ) -> None:
        self._engine, self._world, self._committer = engine, world, committer
        self._channel = channel_of(settings)
        self._releases = releases_of(engine, settings=settings)
        self._desk, self._remote = desk_of(settings), settings.rulebook_remote
        self.done: dict[str, int] = {}

    async def resolve(self) -> None:
        """Ask the channels about payments and refunds that stayed open."""
        now = self._world.now()
        result = await payments.resolve_open(self._engine, self._committer, self._channel, now=now)
        if result.settled or result.closed or result.refunds:
            log.info("open_items_ended", settled=result.settled, closed=result.closed, refunds=result.refunds)

    async def purge(self) -> None:
        """Forget nonces and sessions that can no longer be used."""

        def run() -> None:
            with transaction(self._engine) as connection:
                access.purge_nonces(connection, now=clock.machine_now())
                access.purge_sessions(connection, now=clock.machine_now())

        await asyncio.to_thread(run)

    async def close_days(self) -> None:
        """Close and settle every business day that ended more than two hours ago, oldest first."""
        await asyncio.to_thread(self._close_days)

    async def ask_bank(self) -> None:
        """Ask the bank about payouts that are due."""
        answered = await asyncio.to_thread(confirm_payouts, self._engine, now=self._world.now())
        if answered:
            log.info("payouts_answered", count=answered)

    async def activate_due(self) -> None:
        """Publish the reviews whose planned moment has come."""
        done = await asyncio.to_thread(
            rulebooks.activate_due, self._engine, desk=self._desk, now=self._world.now()
        )
        for one in done:
            log.info("planned_activation", review=one.review_no, release=one.release_no, refusal=one.refusal)

    async def mirror(self) -> None:
        """Tag what was released, and send it to the remote if there is one."""
        remote = await asyncio.to_thread(
            rulebooks.mirror,
            self._engine,
            repository=self._desk.repository,
            remote=self._remote,
            sign=self._desk.sign,
            now=self._world.now(),
        )
        if remote is not None and remote.state != "LEVEL":
            log.warning("remote_behind", state=remote.state, told=remote.told)

    async def backtest(self) -> None:
        """Run the backtests that wait, and those that a worker who was killed left behind."""
        await asyncio.to_thread(self._backtest)

    def _backtest(self) -> None:
        with transaction(self._engine) as connection:
            unfinished = backtest.list_unfinished(connection)
        for run_no in unfinished:
            try:
                state = backtesting.run(
                    self._engine, self._releases.path, run_no=run_no, clock=self._world.now
                )
            except (ReleaseError, DBAPIError) as error:  # noted in its row; the others are not held up
                log.error("backtest_failed", run_no=run_no, error=str(error))
            else:
                log.info("backtest_ended", run_no=run_no, state=state)

    def _close_days(self) -> None:
        while (day := self._day_to_close()) is not None:
            settlement.run_day(self._engine, self._releases, business_date=day, now=self._world.now())
            log.info("day_settled", business_date=day.isoformat())

    def _day_to_close(self) -> date | None:
        with transaction(self._engine) as connection:
            return day_to_close(connection, now=self._world.now())


def tasks_of(duties: Duties, *, url: str) -> procrastinate.App:
    """Return the queue with the duties as periodic tasks."""
    app = procrastinate.App(connector=procrastinate.PsycopgConnector(conninfo=url, min_size=1, max_size=4))

    def every(cron: str, name: str, duty: Callable[[], Awaitable[None]]) -> None:
        async def run(timestamp: int) -> None:
            await duty()
            duties.done[name] = duties.done.get(name, 0) + 1

        # The queueing lock keeps one waiting run at most: a slow one is not followed by a crowd.
        app.periodic(cron=cron)(app.task(run, name=name, queueing_lock=name, pass_context=False))

    # The sixth field is seconds.
    every("* * * * * */5", "resolve_open", duties.resolve)
    every("* * * * * */10", "close_days", duties.close_days)
    every("* * * * * */5", "activate_due", duties.activate_due)
    every("* * * * * */10", "mirror", duties.mirror)
    every("* * * * * */30", "ask_bank", duties.ask_bank)
    every("* * * * * */5", "backtest", duties.backtest)
    every("17 * * * *", "purge", duties.purge)
    return app
