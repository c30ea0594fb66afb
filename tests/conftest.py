"""One PostgreSQL cluster a test run, one migrated template, one cloned database a test that asks for it."""

from __future__ import annotations

import itertools
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import Engine

from haodian import postgres
from haodian.migrate import migrate
from payments_core.database import connect

TEMPLATE = "haodian_template"
_numbers = itertools.count(1)


@pytest.fixture(scope="session")
def cluster() -> Iterator[postgres.Cluster]:
    """A PostgreSQL of our own, thrown away at the end."""
    folder = Path(tempfile.mkdtemp(prefix="haodian-test-"))
    folder.chmod(0o755)
    started = postgres.start(folder / "pg", shared_buffers="128MB")
    url = postgres.ensure_database(started, TEMPLATE)
    engine = connect(url=url)
    migrate(engine)
    engine.dispose()
    yield started
    postgres.stop(started)
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def database_url(cluster: postgres.Cluster) -> Iterator[str]:
    """The address of a fresh, migrated, empty database."""
    name = f"test_{os.getpid()}_{next(_numbers)}"
    yield postgres.ensure_database(cluster, name, template=TEMPLATE)
    with psycopg.connect(cluster.url, autocommit=True) as connection:
        connection.execute(f'DROP DATABASE "{name}" WITH (FORCE)')  # type: ignore[arg-type]


@pytest.fixture
def engine(database_url: str) -> Iterator[Engine]:
    """An engine on a fresh, migrated, empty database."""
    made = connect(url=database_url)
    yield made
    made.dispose()
