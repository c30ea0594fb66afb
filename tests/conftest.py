"""One PostgreSQL cluster a test run, one migrated template, one cloned database a test that asks for it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from sqlalchemy import Engine

from bench._databases import fresh_cluster, migrated_database
from haodian import postgres
from payments_core.database import connect
from tests.databases import TEMPLATE, copied_database, spare_the_disk


@pytest.fixture(scope="session")
def cluster() -> Iterator[postgres.Cluster]:
    """A PostgreSQL of our own, thrown away at the end."""
    with fresh_cluster(shared_buffers="128MB") as started:
        spare_the_disk(started)
        with migrated_database(started, name=TEMPLATE):
            pass  # the other databases are copies of it
        yield started


@pytest.fixture
def database_url(cluster: postgres.Cluster) -> Iterator[str]:
    """The address of a fresh, migrated, empty database."""
    with copied_database(cluster) as name:
        yield cluster.database_url(name)


@pytest.fixture
def engine(database_url: str) -> Iterator[Engine]:
    """An engine on a fresh, migrated, empty database."""
    made = connect(url=database_url)
    yield made
    made.dispose()
