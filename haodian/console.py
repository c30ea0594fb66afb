"""The console's process: `python -m haodian.console --home HOME`. One worker, never more.

A page and its socket must meet the same process, and pages live in its memory. The console never takes
payments: a slow page must not cost a merchant a sale.
"""

from __future__ import annotations

import asyncio

from fastapi import FastAPI
from sqlalchemy import Engine

from haodian import clock, process
from haodian.bootstrap import DEMO_LOGINS
from haodian.database import url_of
from haodian.following import ReleaseFollower, following
from haodian.serving import server_of
from haodian.settings import Settings, read_sealer
from haodian.taking import desk_of, releases_of
from payments_core.database import connect, transaction
from ui.app import build
from ui.services import ConsoleSettings, Services


def main() -> None:
    """Serve until SIGTERM."""
    asyncio.run(_serve(process.begin("console")))


async def _serve(settings: Settings) -> None:
    engine = connect(url=url_of(settings), pool_size=10)
    with clock.running_world_clock(engine) as world, following(engine, settings=settings) as follower:
        services = Services(
            engine=engine,
            rulebooks=releases_of(engine, settings=settings),
            repository=settings.rulebook,
            now=world.now,
            machine_now=clock.machine_now,
            sealer=read_sealer(settings),
            sign=desk_of(settings).sign,
            settings=ConsoleSettings(
                allowed_origins=settings.origins,
                secure_cookie=settings.secure_cookie,
                demo_logins=_demo_logins(engine),
            ),
        )
        app = build(services, api=_with_health(follower))
        await server_of(app, host=settings.host, port=settings.console_port).serve()
    engine.dispose()


def _demo_logins(engine: Engine) -> tuple[tuple[str, str, str], ...]:
    with transaction(engine) as connection:
        return DEMO_LOGINS if clock.find_world(connection) is not None else ()


def _with_health(follower: ReleaseFollower) -> FastAPI:
    api = FastAPI(docs_url=None, redoc_url=None, openapi_url=None)

    @api.get("/healthz")
    async def healthz() -> dict[str, str | int | None]:
        return {"status": "ok", "release_no": follower.release_no}

    return api


if __name__ == "__main__":
    main()
