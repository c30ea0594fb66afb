"""A gateway in this process, on a database with a few merchants, an active rulebook and the simulator."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest
from sqlalchemy import Engine
from starlette.types import ASGIApp

from haodian import bootstrap, clock, postgres
from haodian.demo.population import write_population
from haodian.demo.world import world_of
from haodian.gateway.app import build
from haodian.gateway.client import GatewayClient
from haodian.gateway.desk import Desk
from haodian.gateway.guard import Guard
from haodian.settings import Settings, prepare_home, read_sealer, read_settings
from haodian.taking import running_committer
from payments_core import access
from payments_core.channels import ChannelOrder, Fate, Simulator
from payments_core.database import connect, transaction
from tests.databases import TEMPLATE, copied_engine

BASE = "http://gateway"
FAILS_FEN, SILENT_FEN = 5_001, 5_002
STOCKED = "haodian_gateway_template"


class Scripted(Simulator):
    """Channels that do what the amount says, and charge everything else."""

    def fate(self, order: ChannelOrder) -> Fate:
        fates = {FAILS_FEN: Fate.FAILS, SILENT_FEN: Fate.SILENT_THEN_SUCCEEDS}
        return fates.get(order.amount_fen, Fate.SUCCEEDS)


@dataclass(frozen=True, slots=True, kw_only=True)
class Gateway:
    """The application, its database, and keys: one of the platform, one of merchant M00003."""

    app: ASGIApp
    engine: Engine
    platform: access.ApiKey
    merchant: access.ApiKey

    def client(self, key: access.ApiKey | None = None) -> GatewayClient:
        key = key or self.platform
        transport = httpx.ASGITransport(self.app, raise_app_exceptions=False)
        return GatewayClient(
            base_url=BASE, key_id=key.key_id, secret=key.secret.decode(), transport=transport
        )

    def plain(self) -> httpx.AsyncClient:
        """A client that does not sign."""
        return httpx.AsyncClient(base_url=BASE, transport=httpx.ASGITransport(self.app))


@pytest.fixture(scope="session")
def stocked(cluster: postgres.Cluster, tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """Settings whose database is a template: people, merchants and an active release, no payment."""
    home: Path = tmp_path_factory.mktemp("gateway-home")
    url = postgres.ensure_database(cluster, STOCKED, template=TEMPLATE)
    settings = read_settings({"HAODIAN_HOME": str(home), "HAODIAN_DATABASE_URL": url, "HAODIAN_DEMO": "off"})
    prepare_home(settings)
    bootstrap.prepare_rulebook(settings)
    engine = connect(url=url)
    with transaction(engine) as connection:
        write_population(connection, world=world_of("0.002"), sealer=read_sealer(settings))
    engine.dispose()
    return settings


@pytest.fixture
def gateway(stocked: Settings, cluster: postgres.Cluster) -> Iterator[Gateway]:
    """A gateway on a fresh copy of the stocked database."""
    with copied_engine(cluster, template=STOCKED) as engine:
        sealer = read_sealer(stocked)
        with transaction(engine) as connection:
            now = clock.machine_now()
            platform = access.create_api_key(connection, merchant_id=None, sealer=sealer, now=now)
            merchant = access.create_api_key(connection, merchant_id="M00003", sealer=sealer, now=now)
        with running_committer(engine, settings=stocked) as committer:
            desk = Desk(
                engine,
                committer=committer,
                channel=Scripted(),
                sealer=sealer,
                now=clock.machine_now,
            )
            app = build(desk=desk, guard=Guard(engine, sealer=sealer, now=clock.machine_now))
            yield Gateway(app=app, engine=engine, platform=platform, merchant=merchant)
