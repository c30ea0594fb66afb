"""What every process that commits payments needs: the compiled rulebooks, the committer, the channel."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import Engine

from engine.releases import Release
from haodian.settings import Settings
from payments_core.channels import ChannelAdapter, Simulator
from payments_core.database import transaction
from payments_core.payments import Committer
from payments_core.rulebooks import ActiveRulebook, ReleaseUnknown

# As slow as the real ones on a good day.
CHANNEL_DELAY_MS = (20, 60)


class Releases:
    """The compiled releases of this installation; a number not met before is looked up in the database."""

    def __init__(self, engine: Engine, *, rulebook: ActiveRulebook) -> None:
        self._engine, self._rulebook = engine, rulebook

    def get(self, release: int | str, /) -> Release:
        """Return a release by its number or commit. Raises ReleaseUnknown."""
        try:
            return self._rulebook.get(release)
        except ReleaseUnknown:
            with transaction(self._engine) as connection:
                return self._rulebook.get(release, connection=connection)


def releases_of(engine: Engine, *, settings: Settings) -> Releases:
    """Return the releases of this installation, compiled on first use and kept."""
    return Releases(engine, rulebook=ActiveRulebook(settings.rulebook))


def channel_of(settings: Settings) -> ChannelAdapter:
    """Return the channel this installation charges: the simulator, until a contract names another."""
    return Simulator(delay_ms=CHANNEL_DELAY_MS)


@contextmanager
def running_committer(engine: Engine, *, settings: Settings) -> Iterator[Committer]:
    """Give a committer; what waits at the end is committed before it closes."""
    with Committer(engine=engine, rulebooks=releases_of(engine, settings=settings)) as committer:
        yield committer
