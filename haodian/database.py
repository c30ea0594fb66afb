"""The database of this installation: the one the settings name, or the embedded one, started on demand."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import Engine

from haodian import postgres
from haodian.migrate import migrate
from haodian.settings import Settings
from payments_core.database import connect

DATABASE = "haodian"


@contextmanager
def running_engine(settings: Settings, *, pool_size: int = 5) -> Iterator[Engine]:
    """Give an engine on the migrated database; an embedded server that was not running is stopped again."""
    started = None
    if settings.database_url is None:
        if not is_up(settings):
            started = start(settings)
        url = postgres.ensure_database(postgres.cluster_of(settings.cluster), DATABASE)
    else:
        url = settings.database_url
    engine = connect(url=url, pool_size=pool_size)
    try:
        migrate(engine)
        yield engine
    finally:
        engine.dispose()
        if started is not None:
            postgres.stop(started)


def start(settings: Settings) -> postgres.Cluster:
    """Start the embedded server where it does not answer."""
    return postgres.start(settings.cluster)


def is_up(settings: Settings) -> bool:
    """Tell whether the embedded server answers."""
    return postgres.is_answering(postgres.cluster_of(settings.cluster))


def url_of(settings: Settings) -> str:
    """Return the database's address; the embedded server must be running."""
    if settings.database_url is not None:
        return settings.database_url
    return postgres.ensure_database(postgres.cluster_of(settings.cluster), DATABASE)
