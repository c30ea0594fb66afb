"""The database of this installation: the one the settings name, or the embedded one, started on demand."""

from __future__ import annotations

from haodian import postgres
from haodian.settings import Settings

DATABASE = "haodian"


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
