"""The whole console over HTTP, on a database of its own; built once, because NiceGUI is one a process."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest
from fastapi import FastAPI

from haodian import postgres
from payments_core import access
from payments_core.access import Grant, Role
from payments_core.database import Scope, transaction
from tests.databases import copied_engine
from ui.app import build
from ui.services import Services

NOW = datetime(2025, 5, 14, 3, 42, tzinfo=UTC)
PASSWORD = "correct horse battery"


@pytest.fixture(scope="session")
def services(cluster: postgres.Cluster) -> Iterator[Services]:
    """Services with a hand-driven clock and three people."""
    with copied_engine(cluster) as engine:
        people = {
            "ops": [Grant(role=Role.HQ_OPS, scope=Scope(kind="all"))],
            "broker": [Grant(role=Role.BROKER, scope=Scope(kind="broker", id="B1"))],
            "two": [Grant(role=role, scope=Scope(kind="all")) for role in (Role.HQ_OPS, Role.AUDITOR)],
        }
        with transaction(engine) as connection:
            password_hash = access.hash_password(PASSWORD)
            for login, grants in people.items():
                access.create_user(
                    connection, login=login, name=login, password_hash=password_hash, grants=grants
                )
        yield Services(
            engine=engine,
            rulebooks=None,
            repository=Path(),
            now=lambda: NOW,
            machine_now=lambda: NOW,
            sealer=None,
        )


@pytest.fixture(scope="session")
def console(services: Services) -> FastAPI:
    """The application with every page registered."""
    return build(services)


@pytest.fixture
def browser(console: FastAPI) -> httpx.AsyncClient:
    """A client with cookies, as a browser has them."""
    return httpx.AsyncClient(transport=httpx.ASGITransport(console), base_url="http://console.test")
