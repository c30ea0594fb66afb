"""Levels of the organisation, and what a node looks like at one instant."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum


class Kind(StrEnum):
    """The levels, from the top."""

    HQ = "HQ"
    CITY = "CITY"
    DISTRICT = "DISTRICT"
    STORE = "STORE"


PARENT_OF = {Kind.CITY: Kind.HQ, Kind.DISTRICT: Kind.CITY, Kind.STORE: Kind.DISTRICT}


class BrokerStatus(StrEnum):
    """Whether a broker may serve."""

    ACTIVE = "ACTIVE"
    LEFT = "LEFT"
    FROZEN = "FROZEN"


@dataclass(frozen=True, slots=True, kw_only=True)
class Node:
    """A node as organised at one instant; `path` is `HQ/BJ/D01/S001`."""

    node_id: str
    kind: Kind
    name: str
    manager_name: str
    path: str
    city_id: str | None
    district_id: str | None
    store_id: str | None
    opened_on: date
    target_gmv_month_fen: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Broker:
    """A broker and the store they work at; None where they work at none."""

    broker_id: str
    name: str
    level: str
    status: BrokerStatus
    joined_on: date
    store_id: str | None
    since: datetime | None
