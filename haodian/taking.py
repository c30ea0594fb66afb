"""What every process that commits payments needs: the compiled rulebooks, the committer, the channel."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import Engine

from haodian.settings import Settings
from payments_core.channels import ChannelAdapter, Simulator
from payments_core.payments import Committer
from payments_core.rulebooks import ActiveRulebook

# As slow as the real ones on a good day.
CHANNEL_DELAY_MS = (20, 60)


def releases_of(engine: Engine, *, settings: Settings) -> ActiveRulebook:
    """Return the releases of this installation, compiled on first use and kept."""
    return ActiveRulebook(settings.rulebook, engine)


def channel_of(settings: Settings) -> ChannelAdapter:
    """Return the channel this installation charges: the simulator, until a contract names another."""
    return Simulator(delay_ms=CHANNEL_DELAY_MS)


@contextmanager
def running_committer(engine: Engine, *, settings: Settings) -> Iterator[Committer]:
    """Give a committer; what waits at the end is committed before it closes."""
    with Committer(engine=engine, rulebooks=releases_of(engine, settings=settings)) as committer:
        yield committer
