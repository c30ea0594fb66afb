"""Facts of one payment, only those that the rules read.

A reader is built once for a set of fact names. What does not change from payment to payment (defaults, the
merchant, its store and broker) is made once per merchant and day and copied; what the request says is one
`attrgetter`; the few derived facts have a function each. Nothing is looked up by name per payment.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import date, datetime, timedelta
from operator import attrgetter
from typing import Any

from engine.expressions import Vocabulary
from payments_core.calendar import SHANGHAI
from payments_core.merchants.directory import Directory
from payments_core.merchants.model import MerchantView, Served
from payments_core.payments.model import AcceptRequest

Facts = dict[str, Any]
Derived = Callable[[AcceptRequest, MerchantView, datetime], Any]

ROUND_FEN = 10_000
_REQUEST: Mapping[str, str] = {
    "txn.channel": "channel",
    "txn.mode": "mode",
    "txn.amount_fen": "amount_fen",
    "txn.settle_amount_fen": "settle_amount_fen",
    "txn.buyer_paid_fen": "buyer_paid_fen",
    "txn.card_type": "card_type",
    "txn.bank_code": "bank_code",
    "txn.payer_id": "payer_id",
    "txn.device_distance_m": "device_distance_m",
    "device.sn": "device_id",
}
# `local` is the instant the payment is decided (created_at) or priced (paid_at), in Shanghai.
_DERIVED: Mapping[str, Derived] = {
    "txn.discount_fen": lambda r, m, local: r.amount_fen - r.buyer_paid_fen,
    "txn.is_round_amount": lambda r, m, local: r.amount_fen % ROUND_FEN == 0,
    "txn.payer_is_owner": lambda r, m, local: r.payer_id != "" and r.payer_id == m.owner_payer_hash,
    "txn.paid_at": lambda r, m, local: local,
    "txn.date_cst": lambda r, m, local: local.date().isoformat(),
    "txn.hour_cst": lambda r, m, local: local.hour,
    "txn.weekday_cst": lambda r, m, local: local.isoweekday(),
    "txn.minute_of_day_cst": lambda r, m, local: local.hour * 60 + local.minute,
    "now.ts": lambda r, m, local: local,
    "now.date_cst": lambda r, m, local: local.date().isoformat(),
    "now.hour_cst": lambda r, m, local: local.hour,
    "now.weekday_cst": lambda r, m, local: local.isoweekday(),
    "now.day_of_month": lambda r, m, local: local.day,
}
_MERCHANT: Mapping[str, Callable[[MerchantView], Any]] = {
    "merchant.id": attrgetter("merchant_id"),
    "merchant.type": attrgetter("type"),
    "merchant.mcc": attrgetter("mcc"),
    "merchant.status": attrgetter("status"),
    "merchant.city": attrgetter("city_id"),
    "merchant.tags": attrgetter("tags"),
    "merchant.risk_grade": attrgetter("risk_grade"),
    "city.id": attrgetter("city_id"),
}
_DEVICE: Mapping[str, str] = {
    "device.type": "type",
    "device.status": "status",
    "device.merchant_id": "merchant_id",
}


class FactReader:
    """Reads the facts named in `reads`; every fact that nothing supplies has its default."""

    def __init__(self, *, vocabulary: Vocabulary, reads: Iterable[str], directory: Directory) -> None:
        """Prepare to read; unknown names are refused when rules are checked, so there are none here."""
        self.names = tuple(sorted(frozenset(reads)))
        self._directory = directory
        self._defaults: Facts = {name: vocabulary.facts[name].default for name in self.names}
        request = [name for name in self._defaults if name in _REQUEST]
        self._request_names = tuple(request)
        getter = attrgetter(*(_REQUEST[name] for name in request), "amount_fen", "amount_fen")
        self._request_values: Callable[[AcceptRequest], tuple[Any, ...]] = getter
        derived: dict[str, Derived] = dict(_DERIVED)
        derived["txn.payer_is_broker"] = lambda r, m, local: directory.is_broker(r.payer_id)
        self._derived = tuple((name, derived[name]) for name in self._defaults if name in derived)
        self._device = tuple((name, _DEVICE[name]) for name in self._defaults if name in _DEVICE)
        self._base: dict[tuple[str, date], tuple[Served, Facts]] = {}
        self._base_no = -1

    def read(self, request: AcceptRequest, view: MerchantView, served: Served, at: datetime) -> Facts:
        """Return a fresh dict of the facts of `request` at `at`, in the order of `names`."""
        local = at.astimezone(SHANGHAI)
        facts = self._base_of(view, served, local).copy()
        # The getter is given two more names than needed, so that it always returns a tuple; zip drops them.
        facts.update(zip(self._request_names, self._request_values(request), strict=False))
        for name, derive in self._derived:
            facts[name] = derive(request, view, local)
        if self._device and request.device_id:
            device = self._directory.device(request.device_id)
            for name, attribute in self._device:
                if device is not None:
                    facts[name] = getattr(device, attribute)
        return facts

    def _base_of(self, view: MerchantView, served: Served, local: datetime) -> Facts:
        if self._base_no != self._directory.directory_no:
            self._base.clear()
            self._base_no = self._directory.directory_no
        key = (view.merchant_id, local.date())
        found = self._base.get(key)
        if found is not None and found[0] is served:
            return found[1]
        if len(self._base) > 100_000:
            self._base.clear()
        facts = self._merchant_facts(view, served, local)
        self._base[key] = (served, facts)
        return facts

    def _merchant_facts(self, view: MerchantView, served: Served, local: datetime) -> Facts:
        broker = self._directory.broker(served.broker_id)
        facts = self._defaults.copy()
        known: Facts = {f"merchant.{name}": value for name, value in view.figures.items()}
        known |= {name: get(view) for name, get in _MERCHANT.items()}
        known |= {
            "merchant.district": served.district_id,
            "merchant.store_id": served.store_id,
            "merchant.broker_id": served.broker_id,
            "merchant.days_since_active": days_between(view.activated_at, local),
            "store.id": served.store_id,
            "district.id": served.district_id,
            "broker.id": served.broker_id,
            "broker.store_id": served.broker_store_id,
        }
        if broker is not None:
            known |= {"broker.level": broker.level, "broker.status": broker.status}
        if "store.active_merchants" in facts:
            known["store.active_merchants"] = self._directory.store_active_merchants(served.store_id, local)
        facts.update((name, value) for name, value in known.items() if name in facts)
        return facts


def days_between(start: datetime, local: datetime) -> int:
    """Return the whole business dates from `start` to `local`, not below 0."""
    return max((local.date() - start.astimezone(SHANGHAI).date()) // timedelta(days=1), 0)
