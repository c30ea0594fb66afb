"""The in-memory directory that the payment path reads: merchants, who serves them, devices, brokers, places.

Every change to these bumps `lane.directory_no` in its own transaction and stamps the changed rows with the
new number. A batch learns the number with its first statement and catches up before it decides anything, so
nothing is stale inside a batch and no process needs to be told. Merchants, figures and devices are caught up
by number; brokers, memberships and places, being few, are read again whole.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from datetime import date, datetime

from sqlalchemy import Connection

from payments_core.calendar import business_date_of, day_bounds
from payments_core.merchants import queries
from payments_core.merchants.model import (
    BrokerView,
    Dated,
    DeviceView,
    MerchantView,
    Place,
    Served,
    placed_over_time,
    served_over_time,
)

_DAYS_KEPT = 64
_UNSERVED = Served()


class Directory:
    """What is known at `directory_no`; -1 = nothing yet."""

    def __init__(self) -> None:
        """Begin empty; `catch_up` fills it."""
        self.directory_no = -1
        self._merchants: dict[str, MerchantView] = {}
        self._bindings: dict[str, Dated[Served]] = {}
        self._served: dict[str, Dated[Served]] = {}  # the bindings with their places, made when asked for
        self._devices: dict[str, DeviceView] = {}
        self._brokers: Mapping[str, BrokerView] = {}
        self._broker_payers: frozenset[str] = frozenset()
        self._memberships: Mapping[str, Dated[str]] = {}
        self._places: Mapping[str, Dated[Place]] = {}
        self._active: dict[date, Counter[str]] = {}  # store → active merchants, by business date

    def catch_up(self, connection: Connection, directory_no: int) -> bool:
        """Read what changed up to `directory_no`; return whether anything was behind.

        Call it while holding the lane's row: what the number stands for is then committed.
        """
        if directory_no == self.directory_no:
            return False
        known, first = self.directory_no, self.directory_no < 0
        changed = queries.list_merchants_after(connection, directory_no=known)
        ids = [m.merchant_id for m in changed]
        if changed:
            bindings = queries.list_bindings(connection, merchants=None if first else ids)
            for view in changed:
                self._merchants[view.merchant_id] = view
                self._bindings[view.merchant_id] = served_over_time(bindings.get(view.merchant_id, ()))
        for device in queries.list_devices_after(connection, directory_no=known):
            self._devices[device.device_id] = device
        self._brokers = queries.list_brokers(connection)
        self._broker_payers = frozenset(b.payer_hash for b in self._brokers.values() if b.payer_hash)
        self._memberships = queries.list_memberships(connection)
        self._places = queries.list_places(connection)
        self._served.clear()
        self._active.clear()
        self.directory_no = directory_no
        return True

    def merchant(self, merchant_id: str) -> MerchantView | None:
        """Return the merchant, None where there is none."""
        return self._merchants.get(merchant_id)

    def binding(self, merchant_id: str, at: datetime) -> Served:
        """Return who served the merchant at `at`, the same object as long as nothing of it changes."""
        dated = self._served.get(merchant_id)
        if dated is None:
            dated = self._served[merchant_id] = self._placed(merchant_id)
        return dated.at(at) or _UNSERVED

    def device(self, device_id: str) -> DeviceView | None:
        """Return the device, None where there is none."""
        return self._devices.get(device_id)

    def broker(self, broker_id: str) -> BrokerView | None:
        """Return the broker, None where there is none."""
        return self._brokers.get(broker_id)

    def is_broker(self, payer_id: str) -> bool:
        """Tell whether a payer is one of our brokers."""
        return payer_id in self._broker_payers

    def store_active_merchants(self, store_id: str, at: datetime) -> int:
        """Return how many ACTIVE merchants the store served when the business date of `at` began."""
        day = business_date_of(at)
        found = self._active.get(day)
        if found is None:
            if len(self._active) >= _DAYS_KEPT:
                self._active.clear()
            start, _ = day_bounds(day)
            active = (m.merchant_id for m in self._merchants.values() if m.is_active)
            served = (self._bindings[m].at(start) for m in active if m in self._bindings)
            found = self._active[day] = Counter(one.store_id for one in served if one is not None)
        return found[store_id]

    def _placed(self, merchant_id: str) -> Dated[Served]:
        bindings = self._bindings.get(merchant_id) or Dated[Served](())
        return placed_over_time(bindings, self._places, self._memberships)
