"""For whom, from when to when, the draft's rules differ from the released ones: found once, in Python.

The product's own timelines say which rules are in force for a scope, its dated organisation who serves a
merchant; a stretch is where none of it changes and at least one rule differs. Payments outside all stretches
keep what was booked. In SQL a payment finds its stretch by its merchant and the instant it was paid.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property, partial
from itertools import pairwise

from sqlalchemy import Connection, select

from engine.rulebook import Rule, Rulebook
from payments_core.backtest.facts import PLACE_FACTS
from payments_core.backtest.model import Question, same
from payments_core.calendar import day_bounds
from payments_core.fees import COST_KIND, FEE_KIND
from payments_core.merchants import queries
from payments_core.merchants.model import Dated, Served, placed_over_time, served_over_time
from payments_core.merchants.tables import merchant
from payments_core.payments.in_force import SHARE_KIND
from payments_core.payments.model import REFUND_DAYS

MONEY = (FEE_KIND, COST_KIND, SHARE_KIND)
_UNSERVED = Served()
Pair = tuple[Rule | None, Rule | None]
"""The rule in force as released, and as proposed."""


@dataclass(frozen=True, kw_only=True)
class Shop:
    """A merchant as far as rules are looked up by it."""

    merchant_id: str
    scope: Mapping[str, str]
    serving: Callable[[], Dated[Served]]

    @cached_property
    def served(self) -> Dated[Served]:
        """Who serves it over time: put together when it first matters, which for most rules it never does."""
        return self.serving()

    def served_at(self, instant: datetime) -> Served:
        """Return who serves it at `instant`."""
        return self.served.at(instant) or _UNSERVED


@dataclass(frozen=True, slots=True, kw_only=True)
class Stretch:
    """A merchant's time `[start, end)` under one set of rules; `pairs` by kind.

    `by_people` says whether it matters who serves the merchant; without, nobody does as far as this goes.
    """

    merchant_id: str
    start: datetime
    end: datetime
    served: Served
    pairs: Mapping[str, Pair]
    by_people: bool

    def differs(self, kind: str) -> bool:
        """Return whether the rules of a kind decide otherwise here."""
        return not same(*self.pairs[kind])


def shops(connection: Connection, question: Question) -> tuple[Shop, ...]:
    """Return the merchants of the question's scope, by id."""
    columns = (merchant.c.merchant_id, merchant.c.city_id, merchant.c.mcc, merchant.c.type)
    bindings = queries.list_bindings(connection, merchants=None)
    places, stores = queries.list_places(connection), queries.list_memberships(connection)

    def serving(merchant_id: str) -> Dated[Served]:
        return placed_over_time(served_over_time(bindings.get(merchant_id, ())), places, stores)

    found = []
    for row in connection.execute(select(*columns).order_by(merchant.c.merchant_id)):
        scope = {"city": row.city_id, "merchant": row.merchant_id, "mcc": row.mcc, "type": row.type}
        shop = Shop(merchant_id=row.merchant_id, scope=scope, serving=partial(serving, row.merchant_id))
        if _is_meant(shop, question):
            found.append(shop)
    return tuple(found)


def stretches(shops: Sequence[Shop], question: Question) -> tuple[Stretch, ...]:
    """Return every stretch of the shops, as far back as a refund of the period may reach."""
    looked_up = _Differences(question)
    begin = question.period.since - timedelta(days=REFUND_DAYS + 1)
    end = day_bounds(question.period.last)[1]
    return tuple(stretch for shop in shops for stretch in _of_shop(shop, looked_up, begin, end))


def _of_shop(shop: Shop, looked_up: _Differences, begin: datetime, end: datetime) -> Iterator[Stretch]:
    if not looked_up.by_place:
        yield from _served_pieces(shop, looked_up.find(shop.scope, begin, end))
        return
    edges = sorted({begin, end, *(edge for edge in shop.served.edges if begin < edge < end)})
    for start, stop in pairwise(edges):
        served = shop.served_at(start)
        scope = {**shop.scope, "store": served.store_id, "district": served.district_id}
        yield from _served_pieces(shop, looked_up.find(scope, start, stop))


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """A time in which rules differ; `by_people` where it matters who serves the merchant."""

    start: datetime
    end: datetime
    pairs: Mapping[str, Pair]
    by_people: bool


def _served_pieces(shop: Shop, differences: Sequence[Difference]) -> Iterator[Stretch]:
    for one in differences:
        changes = shop.served.edges if one.by_people else ()
        edges = sorted({one.start, one.end, *(edge for edge in changes if one.start < edge < one.end)})
        for start, end in pairwise(edges):
            served = shop.served_at(start) if one.by_people else _UNSERVED
            yield Stretch(
                merchant_id=shop.merchant_id,
                start=start,
                end=end,
                served=served,
                pairs=one.pairs,
                by_people=one.by_people,
            )


def _by_people(pairs: Mapping[str, Pair]) -> bool:
    if not same(*pairs[SHARE_KIND]):
        return True
    rules = [new for old, new in pairs.values() if new is not None and not same(old, new)]
    eligible = pairs[SHARE_KIND][1]
    read = {name for rule in rules for one in rule.conditions.values() for name in one.reads}
    read |= eligible.conditions[("eligible",)].reads if eligible is not None else frozenset()
    return bool(read & PLACE_FACTS)


class _Differences:
    """Where two rulebooks differ, by scope; kept, since most merchants share theirs with many."""

    def __init__(self, question: Question) -> None:
        self._books: tuple[Rulebook, Rulebook] = (question.released, question.proposed)
        rules = [rule for book in self._books for rule in book.versions if rule.kind in MONEY]
        self._named = {
            key: frozenset(value for rule in rules for value in rule.scope.get(key, ()))
            for key in sorted({key for rule in rules for key in rule.scope})
        }
        self.by_place = bool({"store", "district"} & self._named.keys())
        self._kept: dict[tuple[object, ...], tuple[Difference, ...]] = {}

    def find(self, scope: Mapping[str, str], begin: datetime, end: datetime) -> tuple[Difference, ...]:
        """Return where in [begin, end) a rule for `scope` differs, in order."""
        told = {key: value for key, named in self._named.items() if (value := scope.get(key)) in named}
        key = (begin, end, *told.items())
        if key not in self._kept:
            self._kept[key] = tuple(self._find(told, begin, end))
        return self._kept[key]

    def _find(self, scope: Mapping[str, str], begin: datetime, end: datetime) -> Iterator[Difference]:
        lines = {kind: tuple(book.timeline(kind=kind, scope=scope) for book in self._books) for kind in MONEY}
        instant = begin
        while instant < end:
            stop = min(end, *(line.stretch(instant)[1] for pair in lines.values() for line in pair))
            pairs: dict[str, Pair] = {
                kind: (next(iter(old.all_at(instant)), None), next(iter(new.all_at(instant)), None))
                for kind, (old, new) in lines.items()
            }
            if not all(same(*pair) for pair in pairs.values()):
                yield Difference(start=instant, end=stop, pairs=pairs, by_people=_by_people(pairs))
            instant = stop


def _is_meant(shop: Shop, question: Question) -> bool:
    """Whether the scope names the merchant, at some time of the period."""
    if not question.scope:
        return True
    start, end = question.period.since, day_bounds(question.period.last)[1]
    instants = {start, *(edge for edge in shop.served.edges if start < edge < end)}
    seen = [shop.served_at(instant) for instant in instants]
    for key, value in question.scope.items():
        if key in shop.scope:
            meant = shop.scope[key] == value
        else:
            meant = any(value == {"store": s.store_id, "district": s.district_id}.get(key) for s in seen)
        if not meant:
            return False
    return True
