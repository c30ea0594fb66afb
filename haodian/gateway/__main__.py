"""The gateway's process: `python -m haodian.gateway --home HOME`."""

from __future__ import annotations

import asyncio

from haodian import clock, process
from haodian.database import url_of
from haodian.following import following
from haodian.gateway.app import build
from haodian.gateway.desk import Desk
from haodian.gateway.guard import Guard
from haodian.serving import server_of
from haodian.settings import Settings, read_sealer
from haodian.taking import channel_of, running_committer, settle_memory
from payments_core.database import connect


def main() -> None:
    """Serve until SIGTERM."""
    asyncio.run(_serve(process.begin("gateway")))


async def _serve(settings: Settings) -> None:
    engine = connect(url=url_of(settings), pool_size=10)
    sealer = read_sealer(settings)
    with (
        clock.running_world_clock(engine) as world,
        running_committer(engine, settings=settings) as committer,
        following(engine, settings=settings) as follower,
    ):
        desk = Desk(engine, committer=committer, channel=channel_of(settings), sealer=sealer, now=world.now)
        guard = Guard(engine, sealer=sealer, now=clock.machine_now)
        app = build(desk=desk, guard=guard, release_no=lambda: follower.release_no)
        settle_memory()
        await server_of(app, host=settings.host, port=settings.gateway_port).serve()
    engine.dispose()


if __name__ == "__main__":
    main()
