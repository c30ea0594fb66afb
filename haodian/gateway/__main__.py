"""The gateway's process: `python -m haodian.gateway --home HOME`."""

from __future__ import annotations

import asyncio

from haodian import clock, process
from haodian.cashier import Cashier
from haodian.database import url_of
from haodian.gateway.app import build
from haodian.gateway.desk import Desk
from haodian.gateway.guard import Guard
from haodian.serving import server_of
from haodian.settings import Settings, read_sealer
from haodian.taking import gauges_of, running_committer
from payments_core.channels import Simulator
from payments_core.database import connect

CHANNEL_DELAY_MS = (20, 60)


def main() -> None:
    """Serve until SIGTERM."""
    settings = process.begin("gateway")
    asyncio.run(_serve(settings))


async def _serve(settings: Settings) -> None:
    engine = connect(url=url_of(settings), pool_size=10)
    sealer = read_sealer(settings)
    with clock.running_world_clock(engine) as world:
        async with running_committer(engine, settings=settings) as committer:
            cashier = Cashier(
                committer=committer, channel=Simulator(delay_ms=CHANNEL_DELAY_MS), now=world.now
            )
            desk = Desk(
                engine,
                committer=committer,
                cashier=cashier,
                sealer=sealer,
                now=world.now,
                gauges=lambda: gauges_of(committer),
            )
            guard = Guard(engine, sealer=sealer, now=clock.machine_now)
            app = build(desk=desk, guard=guard)
            await server_of(app, host=settings.host, port=settings.gateway_port).serve()
    engine.dispose()


if __name__ == "__main__":
    main()
