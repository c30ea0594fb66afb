"""Where brokers worked, and who therefore served which merchant when."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random
from typing import TYPE_CHECKING, NamedTuple

from payments_core.calendar import SHANGHAI

if TYPE_CHECKING:
    from haodian.demo.world import Broker

MOVES_PERCENT_A_MONTH, LEAVES_PERCENT_A_MONTH = 2, 1
BEGINNING = datetime(2024, 11, 1, tzinfo=SHANGHAI)
_MONTHS = tuple(datetime(y, m, 1, tzinfo=SHANGHAI) for y, m in ((2024, 12), (2025, 1), (2025, 2), (2025, 3)))
_ZIPF = 0.7


class Membership(NamedTuple):
    """Work in one store, [since, until); None = still."""

    store_id: str
    since: datetime
    until: datetime | None


class Service(NamedTuple):
    """A broker serving a merchant from a store, in both roles, [since, until)."""

    broker_id: str
    store_id: str
    since: datetime
    until: datetime | None
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Career:
    """The moves of a broker (when, to which store by number), and when they left."""

    moves: tuple[tuple[datetime, int], ...]
    left_at: datetime | None

    def memberships(self, *, first: int, store_id: Callable[[int], str]) -> tuple[Membership, ...]:
        """Return the stores one after the other."""
        starts = [(BEGINNING, first), *self.moves]
        ends = [*(at for at, _ in self.moves), self.left_at]
        return tuple(Membership(store_id(s), at, end) for (at, s), end in zip(starts, ends, strict=True))


def career_of(rng: Random, *, store: int, stores: int) -> Career:
    """Draw a career: each month 2 % move to the next store of another number, 1 % leave."""
    moves: list[tuple[datetime, int]] = []
    for month in _MONTHS:
        at = month + timedelta(days=rng.randint(0, 27))
        drawn = rng.randint(1, 100)
        if drawn <= LEAVES_PERCENT_A_MONTH:
            return Career(moves=tuple(moves), left_at=at)
        if drawn <= LEAVES_PERCENT_A_MONTH + MOVES_PERCENT_A_MONTH:
            here = moves[-1][1] if moves else store
            moves.append((at, (here + rng.randint(1, stores - 1)) % stores))
    return Career(moves=tuple(moves), left_at=None)


def service_over_time(
    rng: Random, *, brokers: Sequence[Broker], store_id: str, since: datetime, follow: str
) -> tuple[Service, ...]:
    """Return who served a merchant of a store: a Zipf choice of `brokers`, all who ever worked there, and a
    successor when one goes.

    A merchant stays with its store (STAY_WITH_STORE); the merchants of the broker `follow` go along. With
    nobody to succeed the merchant falls to the shared pool.
    """
    found: list[Service] = []
    at, reason = since, "开户"
    while True:
        team = _team(brokers, store_id, at)
        if not team:
            return tuple(found)
        broker = rng.choices(team, [(n + 1) ** -_ZIPF for n in range(len(team))])[0]
        ends = next(m.until for m in broker.memberships if m.store_id == store_id and _holds(m, at))
        found.append(Service(broker.broker_id, store_id, at, ends, reason))
        if ends is None:
            return tuple(found)
        if broker.broker_id == follow:
            later = next(m for m in broker.memberships if m.since == ends)
            found.append(Service(broker.broker_id, later.store_id, ends, None, "跟随经纪人换店"))
            return tuple(found)
        at, reason = ends, "经纪人离店，门店接手"


def _team(brokers: Sequence[Broker], store_id: str, at: datetime) -> list[Broker]:
    """Return the brokers who serve merchants from the store at `at`, the busiest first."""
    return [
        b
        for b in brokers
        if b.serves and any(m.store_id == store_id and _holds(m, at) for m in b.memberships)
    ]


def _holds(membership: Membership, at: datetime) -> bool:
    return membership.since <= at and (membership.until is None or at < membership.until)
