"""What the payment path knows of merchants: their state, who serves them when, their devices. Pure values."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from itertools import pairwise
from typing import Generic, TypeVar

T = TypeVar("T")

ACTIVE = "ACTIVE"
OPENER, MAINTAINER = "opener", "maintainer"
_BEGINNING = datetime.min.replace(tzinfo=UTC)
_END = datetime.max.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class MerchantView:
    """A merchant as the directory holds it; `figures` are its daily facts without the prefix `merchant.`."""

    merchant_id: str
    name: str
    type: str
    mcc: str
    status: str
    city_id: str
    tags: tuple[str, ...]
    risk_grade: str
    owner_payer_hash: str
    activated_at: datetime
    figures: Mapping[str, int]

    @property
    def is_active(self) -> bool:
        """Whether the merchant may take payments."""
        return self.status == ACTIVE


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceView:
    """A device and the merchant it is bound to."""

    device_id: str
    merchant_id: str
    type: str
    status: str


@dataclass(frozen=True, slots=True, kw_only=True)
class BrokerView:
    """A broker's standing, and the hash under which channels know the broker as a payer ('' = not known)."""

    broker_id: str
    level: str
    status: str
    payer_hash: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Binding:
    """One dated binding row; `valid_to` None = open."""

    merchant_id: str
    broker_id: str
    store_id: str
    role: str
    slot: int
    weight_ppm: int
    valid_from: datetime | None
    valid_to: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)  # told apart by identity: a key made often
class Served:
    """Who serves a merchant at one instant, and where in the organisation: (broker id, weight ppm) by slot.

    `broker_id` is the servicing broker: the first maintainer, else the first opener, else '' (shared pool);
    `store_id` is the store of that binding, `broker_store_id` the one the broker then works in.
    """

    store_id: str = ""
    broker_id: str = ""
    opener: tuple[tuple[str, int], ...] = ()
    maintainer: tuple[tuple[str, int], ...] = ()
    city_id: str = ""
    district_id: str = ""
    broker_store_id: str = ""

    @property
    def opener_id(self) -> str:
        """The first opener, '' where there is none."""
        return self.opener[0][0] if self.opener else ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where a store lies in the organisation."""

    city_id: str
    district_id: str


class Dated(Generic[T]):
    """Values with half-open periods [from, to): which one holds at an instant. Periods do not overlap."""

    __slots__ = ("_ends", "_starts", "values")

    def __init__(self, periods: Iterable[tuple[datetime | None, datetime | None, T]]) -> None:
        """Take (from, to, value); None is an open end."""
        ordered = sorted(
            ((start or _BEGINNING, end or _END, value) for start, end, value in periods), key=_start
        )
        # In one zone: instants of two zones are compared by asking both for their offset.
        self._starts = [start.astimezone(UTC) for start, _, _ in ordered]
        self._ends = [end.astimezone(UTC) for _, end, _ in ordered]
        self.values = [value for _, _, value in ordered]

    @property
    def edges(self) -> frozenset[datetime]:
        """The instants at which the value may change."""
        return frozenset((*self._starts, *self._ends))

    def at(self, instant: datetime) -> T | None:
        """Return the value that holds at `instant`; None in a gap."""
        index = bisect_right(self._starts, instant) - 1
        return self.values[index] if index >= 0 and instant < self._ends[index] else None


def _start(period: tuple[datetime, datetime, object]) -> datetime:
    return period[0]


def served_over_time(bindings: Iterable[Binding]) -> Dated[Served]:
    """Return who serves one merchant over time, from all its binding rows."""
    rows = sorted(bindings, key=lambda b: (b.role, b.slot))
    edges = sorted({edge for b in rows for edge in (b.valid_from or _BEGINNING, b.valid_to or _END)})
    return Dated(
        (start, end, _served([b for b in rows if _covers(b, start)])) for start, end in pairwise(edges)
    )


def placed_over_time(
    served: Dated[Served], places: Mapping[str, Dated[Place]], stores: Mapping[str, Dated[str]]
) -> Dated[Served]:
    """Return who serves a merchant with the place of the store and the store of the broker at each time."""
    others = [places[one.store_id] for one in served.values if one.store_id in places]
    edges = served.edges.union(*(dated.edges for dated in others))
    edges = edges.union(*(stores[o.broker_id].edges for o in served.values if o.broker_id in stores))
    periods = []
    for start, end in pairwise(sorted(edges)):
        one = served.at(start)
        if one is not None:
            place = places[one.store_id].at(start) if one.store_id in places else None
            works_in = stores[one.broker_id].at(start) if one.broker_id in stores else None
            periods.append((start, end, _placed(one, place, works_in)))
    return Dated(periods)


def _placed(one: Served, place: Place | None, works_in: str | None) -> Served:
    return replace(
        one,
        city_id=place.city_id if place else "",
        district_id=place.district_id if place else "",
        broker_store_id=works_in or "",
    )


def _covers(binding: Binding, instant: datetime) -> bool:
    return (binding.valid_from or _BEGINNING) <= instant < (binding.valid_to or _END)


def _served(rows: list[Binding]) -> Served:
    opener = [b for b in rows if b.role == OPENER]
    maintainer = [b for b in rows if b.role == MAINTAINER]
    servicing = next(iter((*maintainer, *opener)), None)
    return Served(
        store_id="" if servicing is None else servicing.store_id,
        broker_id="" if servicing is None else servicing.broker_id,
        opener=tuple((b.broker_id, b.weight_ppm) for b in opener),
        maintainer=tuple((b.broker_id, b.weight_ppm) for b in maintainer),
    )
