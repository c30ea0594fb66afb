"""The people and places of the demo world: a pure function of the scale.

Only this part is held in memory (some 20 MB at scale 1); payments are made a day at a time by `days`. Every
part draws from a generator of its own, so that a change to one leaves the others as they were.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from functools import lru_cache
from math import exp, log
from random import Random

from haodian.demo import names, plan
from haodian.demo.careers import Career, Membership, Service, career_of, service_over_time
from haodian.demo.plan import Size, size_of
from payments_core.calendar import SHANGHAI

SHOWCASE_BROKER, SHOWCASE_MERCHANT, SHOWCASE_SPEAKER = "B0001", "M00001", "SPK-000001"
SHOWCASE_MOVE = datetime(2025, 3, 16, tzinfo=SHANGHAI)
_CENTRE_E6 = (39_930_000, 116_400_000)
SILENT_SINCE = datetime(2025, 4, 3, 10, tzinfo=SHANGHAI)
"""The last honest merchant opens then, and nobody ever pays there."""
_DEVICE_PREFIX = {"QR_PLATE": "QRP", "SPEAKER": "SPK", "POS": "POS", "FACE": "FAC"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Node:
    """A node of the organisation; `parent_id` '' = the root."""

    node_id: str
    parent_id: str
    kind: str
    name: str
    manager_name: str
    target_gmv_month_fen: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Broker:
    """A broker with every store they worked in."""

    broker_id: str
    name: str
    level: str
    status: str
    joined_on: date
    phone: str
    serves: bool
    memberships: tuple[Membership, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Device:
    """A device of a merchant."""

    device_id: str
    type: str
    status: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Merchant:
    """A merchant; `fraud` is the ground truth ('' = honest), `weight` its size within its trade."""

    number: int
    merchant_id: str
    name: str
    type: str
    mcc: str
    address: str
    store_id: str
    store_no: int
    latitude_e6: int
    longitude_e6: int
    activated_at: datetime
    owner_payer_id: str
    fraud: str
    weight: float
    services: tuple[Service, ...]
    devices: tuple[Device, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """All of it."""

    scale: str
    size: Size
    nodes: tuple[Node, ...]
    brokers: tuple[Broker, ...]
    merchants: tuple[Merchant, ...]

    def ground_truth(self) -> dict[str, str]:
        """Return merchant → kind of fraud, for precision and recall."""
        return {m.merchant_id: m.fraud for m in self.merchants if m.fraud}


@lru_cache(maxsize=2)
def world_of(scale: str) -> World:
    """Return the world at `scale`, a decimal in (0, 1]."""
    size = size_of(scale)
    nodes = _nodes(size)
    brokers = _brokers(size)
    return World(scale=scale, size=size, nodes=nodes, brokers=brokers, merchants=_merchants(size, brokers))


def draws(*purpose: object) -> Random:
    """Return the generator of one part of the world."""
    return Random(":".join(str(p) for p in (plan.SEED, *purpose)))


def store_id(number: int) -> str:
    """Return the id of the `number`-th store, from 0."""
    return f"S{number + 1:03d}"


def _nodes(size: Size) -> tuple[Node, ...]:
    rng = draws("nodes")
    # A merchant turns over ¥2 000 a day: 20 million ÷ 10 000.
    target = size.merchants * 200_000 * 30

    def node(node_id: str, parent_id: str, kind: str, name: str, share: int) -> Node:
        return Node(
            node_id=node_id,
            parent_id=parent_id,
            kind=kind,
            name=name,
            manager_name=names.person(rng),
            target_gmv_month_fen=target // share,
        )

    found = [node("HQ", "", "HQ", "总部", 1), node(plan.CITY, "HQ", "CITY", "北京", 1)]
    for d, name in enumerate(plan.DISTRICTS[: size.districts]):
        district = f"D{d + 1:02d}"
        found.append(node(district, plan.CITY, "DISTRICT", name, size.districts))
        for s in range(size.stores_a_district):
            number = d * size.stores_a_district + s
            found.append(
                node(store_id(number), district, "STORE", names.store(s, district=name), size.stores)
            )
    return tuple(found)


def _brokers(size: Size) -> tuple[Broker, ...]:
    rng = draws("brokers")
    return tuple(_broker(rng, size, number) for number in range(size.stores * size.brokers_a_store))


def _broker(rng: Random, size: Size, number: int) -> Broker:
    broker_id, store = f"B{number + 1:04d}", number // size.brokers_a_store
    career = career_of(rng, store=store, stores=size.stores)
    name, level = names.person(rng), rng.choice(_LEVELS)
    if broker_id == SHOWCASE_BROKER:
        career = Career(moves=((SHOWCASE_MOVE, 1),), left_at=None)
        name, level = "王磊", "P3"
    return Broker(
        broker_id=broker_id,
        name=name,
        level=level,
        status="LEFT" if career.left_at else "ACTIVE",
        joined_on=date(2022, 1, 1) + timedelta(days=rng.randint(0, 1000)),
        phone=names.phone(rng),
        serves=number % size.brokers_a_store * 3 < size.brokers_a_store * 2,
        memberships=career.memberships(first=store, store_id=store_id),
    )


def _merchants(size: Size, brokers: tuple[Broker, ...]) -> tuple[Merchant, ...]:
    rng = draws("merchants")
    mccs = [t.mcc for t, count in zip(plan.TRADES, size.by_trade(), strict=True) for _ in range(count)]
    rng.shuffle(mccs)
    mccs[mccs.index("5812")], mccs[0] = mccs[0], "5812"
    opened = _opening_days(rng, size.merchants)
    frauds = _frauds(rng, size)
    devices = _devices(rng, size)
    silent = max(number for number in range(size.merchants) if number not in frauds)
    staff: dict[str, list[Broker]] = defaultdict(list)
    for broker in brokers:
        for worked_in in {m.store_id for m in broker.memberships}:
            staff[worked_in].append(broker)
    found = []
    for number, mcc in enumerate(mccs):
        store = number % size.stores
        kind = frauds.get(number, "")
        activated_at = SILENT_SINCE if number == silent else _activated(rng, opened[number], kind)
        team = staff[store_id(store)] if number else brokers[:1]
        services = service_over_time(
            rng, brokers=team, store_id=store_id(store), since=activated_at, follow=SHOWCASE_BROKER
        )
        made = _merchant(
            rng,
            size=size,
            number=number,
            mcc=mcc,
            fraud=kind,
            activated_at=activated_at,
            services=services,
            devices=tuple(devices[number]),
        )
        found.append(replace(made, weight=0.0) if number == silent else made)
    return tuple(found)


def _merchant(
    rng: Random,
    *,
    size: Size,
    number: int,
    mcc: str,
    fraud: str,
    activated_at: datetime,
    services: tuple[Service, ...],
    devices: tuple[Device, ...],
) -> Merchant:
    store = number % size.stores
    district = plan.DISTRICTS[store // size.stores_a_district]
    centre = draws("store", store)
    latitude, longitude = (c + centre.randint(-150_000, 150_000) for c in _CENTRE_E6)
    name, kind = names.shop(rng, mcc=mcc), rng.choice(_TYPES)
    if number == 0:
        name, kind = "老王饺子馆", "INDIVIDUAL"
    return Merchant(
        number=number,
        merchant_id=f"M{number + 1:05d}",
        name=name,
        type=kind,
        mcc=mcc,
        address=names.address(rng, district=district),
        store_id=store_id(store),
        store_no=store,
        # 0.0085° is 0.95 km north and 0.73 km east: within 1.2 km of the store.
        latitude_e6=latitude + rng.randint(-8_500, 8_500),
        longitude_e6=longitude + rng.randint(-8_500, 8_500),
        activated_at=activated_at,
        owner_payer_id=f"owner-{number + 1:05d}",
        fraud=fraud,
        # Who cashes out has no other customers to speak of.
        weight=0.02 if fraud == "CASH_OUT" else exp(rng.gauss(-0.18, 0.6)),
        services=services,
        devices=devices,
    )


def _opening_days(rng: Random, count: int) -> list[datetime]:
    """Return each merchant's first day: a fifth before growth begins, the others along a logistic curve."""
    early = count * plan.ACTIVE_AT_FIRST_PERCENT // 100
    before = (plan.GROWTH_FROM - plan.OPENED).days
    found = [plan.OPENED + timedelta(days=i * before // max(early, 1)) for i in range(early)]
    steep = 8.0
    low, high = 1 / (1 + exp(steep / 2)), 1 / (1 + exp(-steep / 2))
    for i in range(count - early):
        y = low + (high - low) * (i + 0.5) / (count - early)
        t = 0.5 + log(y / (1 - y)) / steep
        found.append(plan.GROWTH_FROM + timedelta(days=min(int(t * plan.GROWTH_DAYS), plan.GROWTH_DAYS - 1)))
    rest = found[1:]
    rng.shuffle(rest)
    return [
        datetime(d.year, d.month, d.day, 9, tzinfo=SHANGHAI) + timedelta(minutes=rng.randint(0, 480))
        for d in (found[0], *rest)
    ]


def _frauds(rng: Random, size: Size) -> dict[int, str]:
    """Return merchant number → kind of fraud; never the showcase merchant."""
    kinds = [kind for kind, count in size.fraud().items() for _ in range(count)]
    return dict(zip(rng.sample(range(1, size.merchants), len(kinds)), kinds, strict=True))


def _activated(rng: Random, opened: datetime, fraud: str) -> datetime:
    """Return when the merchant opened; two kinds of fraud need their day to lie in the demo's April."""
    if fraud == "NEW_SHOP_BURST":
        return datetime(2025, 4, 2 + rng.randint(0, 6), 10, tzinfo=SHANGHAI)
    if fraud == "REWARD_BRUSHING":  # its 29th day is what it is about
        return datetime(2025, 3, 4 + rng.randint(0, 10), 10, tzinfo=SHANGHAI)
    return opened


def _devices(rng: Random, size: Size) -> list[list[Device]]:
    """Deal the devices out: plates first, then each further type in turn, those without first."""
    dealt: list[list[Device]] = [[] for _ in range(size.merchants)]
    order = list(range(1, size.merchants))
    rng.shuffle(order)
    for kind, count in size.devices().items():
        turn = sorted(order, key=lambda m: len(dealt[m]))
        for i in range(count):
            # The showcase merchant gets the first of plates and speakers.
            owner = 0 if i == 0 and kind in ("QR_PLATE", "SPEAKER") else turn[(i - 1) % len(turn)]
            device_id = f"{_DEVICE_PREFIX[kind]}-{i + 1:06d}"
            status = "OFFLINE" if device_id == SHOWCASE_SPEAKER else "ACTIVE"
            dealt[owner].append(Device(device_id=device_id, type=kind, status=status))
    return dealt


_LEVELS = tuple(level for level, percent in plan.LEVELS for _ in range(percent))
_TYPES = tuple(kind for kind, percent in plan.TYPES for _ in range(percent))
