"""What every process that commits payments needs: the compiled rulebooks, the committer, the channel."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import Engine

from engine.releases import ssh_signer
from haodian.settings import Settings
from payments_core.channels import ChannelAdapter, Simulator
from payments_core.fees import EVALUATORS
from payments_core.payments import Committer
from payments_core.rulebooks import ActiveRulebook, Desk

# As slow as the real ones on a good day.
CHANNEL_DELAY_MS = (20, 60)
# Requests and their answers die young and hold no cycles; looking at everything for them is rarely worth it.
COLLECT_AFTER = (100_000, 50, 100)


def releases_of(engine: Engine, *, settings: Settings) -> ActiveRulebook:
    """Return the releases of this installation, compiled on first use and kept."""
    return ActiveRulebook(settings.rulebook, engine)


def desk_of(settings: Settings) -> Desk:
    """Return what publishing works with: the repository, the evaluators, the signing key if there is one."""
    sign = ssh_signer(settings.signing_key) if settings.signing_key is not None else None
    return Desk(repository=settings.rulebook, evaluators=EVALUATORS, sign=sign)


def channel_of(settings: Settings) -> ChannelAdapter:
    """Return the channel this installation charges: the simulator, until a contract names another."""
    return Simulator(delay_ms=CHANNEL_DELAY_MS)


def settle_memory() -> None:
    """Set the garbage collector for a process that takes payments: what is loaded by now stays."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(*COLLECT_AFTER)


@contextmanager
def running_committer(engine: Engine, *, settings: Settings) -> Iterator[Committer]:
    """Give a committer; what waits at the end is committed before it closes."""
    with Committer(engine=engine, rulebooks=releases_of(engine, settings=settings)) as committer:
        yield committer
