"""Which risk rules decide a day's payments, released and proposed: one set for most merchants."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from itertools import pairwise

from engine.rulebook import Rule, Rulebook, Scored
from payments_core.backtest.model import same
from payments_core.backtest.plan import Plan
from payments_core.backtest.stretches import Shop
from payments_core.calendar import day_bounds
from payments_core.errors import InvariantBroken
from payments_core.risk import RISK_KIND

Rules = tuple[Rule, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class RiskSet:
    """The rule files that decide together, as released and as proposed."""

    released: Rules
    proposed: Rules


@dataclass(frozen=True, slots=True, kw_only=True)
class RiskStretch:
    """Part of a day in which a merchant's payments meet the set with the number `set_no`, from 1."""

    merchant_id: str
    start: datetime
    end: datetime
    set_no: int


def risk_sets(plan: Plan, day: date) -> tuple[tuple[RiskSet, ...], tuple[RiskStretch, ...]]:
    """Return the sets that differ on a day, and for whom; payments of nobody else are decided otherwise."""
    if _are_alike(plan):
        return (), ()
    looked_up = _Sets(plan)
    start, end = day_bounds(day)
    stretches = tuple(one for shop in plan.shops for one in looked_up.of_shop(shop, start, end))
    return tuple(looked_up.sets), stretches


def scored_of(rule: Rule) -> Scored:
    """Return the rule's scores."""
    if not isinstance(rule.shape, Scored):
        raise InvariantBroken(f"{rule.kind} {rule.id} is not scored")
    return rule.shape


def _are_alike(plan: Plan) -> bool:
    """Whether the draft leaves all risk rules as they are, which most drafts do: then nobody is asked."""
    old, new = (book.spans(kind=RISK_KIND) for book in (plan.question.released, plan.proposed))
    return len(old) == len(new) and all(
        (one.start, one.end, one.rule.scope) == (other.start, other.end, other.rule.scope)
        and same(one.rule, other.rule)
        for one, other in zip(old, new, strict=True)
    )


class _Sets:
    def __init__(self, plan: Plan) -> None:
        self._books: tuple[Rulebook, Rulebook] = (plan.question.released, plan.proposed)
        rules = [rule for book in self._books for rule in book.versions if rule.kind == RISK_KIND]
        self._named = {
            key: frozenset(value for rule in rules for value in rule.scope.get(key, ()))
            for key in sorted({key for rule in rules for key in rule.scope})
        }
        self._kept: dict[tuple[object, ...], tuple[tuple[datetime, datetime, int], ...]] = {}
        self.sets: list[RiskSet] = []

    def of_shop(self, shop: Shop, start: datetime, end: datetime) -> Iterator[RiskStretch]:
        by_place = bool({"store", "district"} & self._named.keys())
        changes = shop.served.edges if by_place else ()
        for one, other in pairwise(sorted({start, end, *(edge for edge in changes if start < edge < end)})):
            served = shop.served_at(one)
            whole = {**shop.scope, "store": served.store_id, "district": served.district_id}
            scope = {key: whole[key] for key, named in self._named.items() if whole.get(key) in named}
            for begin, stop, set_no in self._pieces(scope, one, other):
                yield RiskStretch(merchant_id=shop.merchant_id, start=begin, end=stop, set_no=set_no)

    def _pieces(
        self, scope: Mapping[str, str], start: datetime, end: datetime
    ) -> tuple[tuple[datetime, datetime, int], ...]:
        key = (start, end, *scope.items())
        if key not in self._kept:
            self._kept[key] = tuple(self._find(scope, start, end))
        return self._kept[key]

    def _find(
        self, scope: Mapping[str, str], start: datetime, end: datetime
    ) -> Iterator[tuple[datetime, datetime, int]]:
        lines = [book.timeline(kind=RISK_KIND, scope=scope) for book in self._books]
        while start < end:
            stop = min(end, *(line.stretch(start)[1] for line in lines))
            old, new = (tuple(r for r in line.all_at(start) if _decides(r)) for line in lines)
            if len(old) != len(new) or not all(map(same, old, new)):
                yield start, stop, self._number(RiskSet(released=old, proposed=new))
            start = stop

    def _number(self, wanted: RiskSet) -> int:
        if wanted not in self.sets:
            self.sets.append(wanted)
        return self.sets.index(wanted) + 1


def _decides(rule: Rule) -> bool:
    """Daily rules look at merchants at the end of a day, not at payments."""
    return bool(rule.spec.get("stage") != "daily")
