"""What is wrong between rules: overlaps in time, versions out of order, rates below those of another kind."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime, timedelta
from decimal import Decimal
from functools import cache
from typing import Any

from engine.diagnostics import Diagnostic
from engine.expressions import Condition, EvaluationError, Fact, Value, Vocabulary
from engine.expressions.vocabulary import INT_MAX
from engine.rulebook.book import Rulebook
from engine.rulebook.boxes import Boxes
from engine.rulebook.checks import items, rate_of
from engine.rulebook.kinds import KindCheck
from engine.rulebook.rules import Rule
from engine.rulebook.tables import Row, Table
from engine.rulebook.timelines import Span, overlap
from engine.rulebook.wording import finding

Case = Mapping[str, Value]

CORRECTION_DAYS = 366
"""How far back a correction may begin: a year, and the day that a leap year adds."""


def check_overlaps(rulebook: Rulebook) -> Iterator[Diagnostic]:
    """Yield every pair of rules of which it would be undecided which applies."""
    for kind in rulebook.kinds.values():
        if kind.applies_all:
            continue
        for one, other in itertools.combinations(rulebook.spans(kind=kind.name), 2):
            later, former = (other, one) if other.start >= one.start else (one, other)
            if (
                one.rule.id != other.rule.id
                and overlap(one, other)
                and equally_specific(one.rule, other.rule)
            ):
                place = later.rule.document.location(("effective", "from"))
                yield finding(
                    "EFFECTIVE_OVERLAP",
                    place,
                    other=former.rule.path,
                    line=former.rule.line_of(("effective", "from")),
                    id=former.rule.id,
                )


def equally_specific(one: Rule, other: Rule) -> bool:
    """Return whether two rules may be for one case, neither more than the other."""
    if len(one.scope) != len(other.scope):
        return False
    shared = one.scope.keys() & other.scope.keys()
    return all(set(one.scope[key]) & set(other.scope[key]) for key in shared)


def check_gaps(rulebook: Rulebook) -> Iterator[Diagnostic]:
    """Yield from when on a kind that must always have an answer has none, once its first rule has begun."""
    for kind in rulebook.kinds.values():
        if kind.complete:
            spans = [span for span in rulebook.spans(kind=kind.name) if not span.rule.scope]
            for span in spans:
                if span.end is not None and not any(_in_force(other, span.end) for other in spans):
                    yield _gap(rulebook, kind.name, span.rule, span.end, spans)


def _in_force(span: Span, instant: datetime) -> bool:
    return span.start <= instant and (span.end is None or instant < span.end)


def _gap(rulebook: Rulebook, kind: str, before: Rule, start: datetime, spans: Iterable[Span]) -> Diagnostic:
    later = [span for span in spans if span.start > start and rulebook.is_of_files(span.rule)]
    after = min(later, key=lambda span: span.start, default=None)
    place = before.document.location(("effective", "to"))
    if after is not None and not rulebook.is_of_files(before):
        place = after.rule.document.location(("effective", "from"))
    until = after.start.isoformat() if after else "∞"
    return finding("EFFECTIVE_GAP", place, kind=kind, from_=start.isoformat(), until=until)


def check_versions(rulebook: Rulebook, previous: Rulebook, now: datetime | None) -> Iterator[Diagnostic]:
    """Yield what a change may not do to the rules before it; `now` also refuses past starts.

    A correction may begin when its predecessor did or earlier: it stands in its place from there on.
    """
    before = {(rule.kind, rule.id): rule for rule in previous.rules}
    published = {(rule.kind, rule.id, rule.version): rule for rule in previous.versions}
    for rule in rulebook.rules:
        same = published.get((rule.kind, rule.id, rule.version))
        if same is not None:
            if same.meaning() != rule.meaning():
                place = rule.document.location(("version",))
                latest = before.get((rule.kind, rule.id), same)
                yield finding(
                    "VERSION_IMMUTABLE", place, id=rule.id, version=rule.version, next=latest.version + 1
                )
            continue
        former = before.get((rule.kind, rule.id))
        if former is not None:
            yield from _follows(rule, former)
        if now is not None:
            yield from _begins(rule, now)


def _begins(rule: Rule, now: datetime) -> Iterator[Diagnostic]:
    """A version begins in the future, or says that it corrects the past, and not too long ago."""
    place, corrects = rule.document.location(("effective", "from")), rule.correction is not None
    start, today = rule.effective_from.isoformat(), now.isoformat(timespec="seconds")
    earliest = now - timedelta(days=CORRECTION_DAYS)
    if not corrects and rule.effective_from < now:
        yield finding("EFFECTIVE_PAST", place, from_=start, now=today)
    elif corrects and rule.effective_from >= now:
        named = rule.document.key_location(("correction",))
        yield finding("CORRECTION_NOT_PAST", named, length=10, from_=start, now=today)
    elif corrects and rule.effective_from < earliest:
        first = earliest.isoformat(timespec="seconds")
        yield finding("CORRECTION_TOO_OLD", place, from_=start, earliest=first, days=CORRECTION_DAYS)


def _follows(rule: Rule, former: Rule) -> Iterator[Diagnostic]:
    if rule.version < former.version:
        zh = f"version {rule.version} 小于已发布的 {former.version}"
        en = f"version {rule.version} is below the published {former.version}"
        yield finding("VERSION_ORDER", rule.document.location(("version",)), detail=zh, detail_en=en)
    elif rule.effective_from <= former.effective_from and rule.correction is None:
        start = former.effective_from.isoformat()
        zh = f"effective.from 没有晚于第 {former.version} 版的 {start}"
        en = f"effective.from is not later than version {former.version}'s {start}"
        yield finding("VERSION_ORDER", rule.document.location(("effective", "from")), detail=zh, detail_en=en)


def check_floors(rulebook: Rulebook) -> Iterator[Diagnostic]:
    """Yield every row whose rate can be below the cheapest row of the kind it must not undercut.

    Conservative: enumerates the values of the facts the kind names; every other clause may be true or false.
    """
    for kind in rulebook.kinds.values():
        for check in kind.checks:
            if check.check != "rate_not_below":
                continue
            for span in rulebook.spans(kind=kind.name):
                if not span.rule.spec.get(check.unless, False) and rulebook.is_of_files(span.rule):
                    yield from _undercut(rulebook, span, check)


def _undercut(rulebook: Rulebook, span: Span, check: KindCheck) -> Iterator[Diagnostic]:
    floors = [
        other
        for other in rulebook.spans(kind=check.other)
        if overlap(span, other) and may_meet(span.rule, other.rule) and isinstance(other.rule.shape, Table)
    ]
    reported: set[tuple[int, str]] = set()
    amount = rulebook.vocabulary.facts.get(check.amount)
    largest = cache(lambda row: _largest(row, amount))
    for case in _cases(rulebook.vocabulary, check.over):
        for floor in floors:
            costs = _possible_rows(floor.rule.shape, case)
            for row in _possible_rows(span.rule.shape, case):
                found = _below(span.rule, row, floor.rule, costs, case, largest, check.unless)
                for what, diagnostic in found:
                    if (row.row_no, what) not in reported:
                        reported.add((row.row_no, what))
                        yield diagnostic


def may_meet(one: Rule, other: Rule) -> bool:
    """Return whether some case fits the scopes of both rules."""
    return all(set(one.scope[key]) & set(other.scope[key]) for key in one.scope.keys() & other.scope.keys())


def _cases(vocabulary: Vocabulary, names: tuple[str, ...]) -> Iterator[Case]:
    known = [name for name in names if name in vocabulary.facts]
    for values in itertools.product(*(vocabulary.facts[name].values for name in known)):
        yield dict(zip(known, values, strict=True))


def _possible_rows(shape: Any, case: Case) -> tuple[Row, ...]:
    """Return the rows that could be the first to match in this case."""
    possible = []
    for row in shape.rows if isinstance(shape, Table) else ():
        verdict = _known(row.condition, case)
        if verdict is not False:
            possible.append(row)
        if verdict is True:
            break
    return tuple(possible)


def _known(condition: Condition, case: Case) -> bool | None:
    """Return what the case alone says: False if one clause fails, True if all hold, None if others decide."""
    known = True
    for clause in condition.clauses():
        if not clause.reads <= case.keys():
            known = False
            continue
        try:
            if not clause.evaluate(case):
                return False
        except EvaluationError:
            known = False
    return True if known else None


def _below(
    rule: Rule,
    row: Row,
    floor: Rule,
    costs: tuple[Row, ...],
    case: Case,
    largest: Callable[[Row], int],
    unless: str,
) -> Iterator[tuple[str, Diagnostic]]:
    rate = _lowest_rate(row)
    priced = [(found, cost) for cost in costs if (found := _lowest_rate(cost)) is not None]
    if rate is None or not priced:
        return
    cheapest, cost = min(priced, key=lambda pair: pair[0])
    when = ", ".join(f"{name} = {value}" for name, value in case.items())

    def below(what: str, this: object, that: object) -> tuple[str, Diagnostic]:
        place = rule.document.location(("spec", "rows", row.row_no, what))
        return what, finding(
            "NEGATIVE_MARGIN",
            place,
            what=what,
            this=this,
            that=that,
            other=floor.path,
            line=cost.line,
            when=when,
            unless=unless,
        )

    if rate < cheapest:
        yield below("rate", rate, cheapest)
    cap, cost_cap = row.outputs.get("cap_fen"), cost.outputs.get("cap_fen")
    if isinstance(cap, int) and (cost_cap is None or cap < cost_cap) and cheapest * largest(row) > cap:
        yield below("cap_fen", cap, cost_cap if cost_cap is not None else "∞")


def _largest(row: Row, amount: Fact | None) -> int:
    """Return the largest amount that the clauses of a row let it be for, as far as intervals tell."""
    if amount is None:
        return INT_MAX
    known = (box for box in Boxes([clause.tree for clause in row.condition.clauses()]).boxes if box)
    ends = [max((end for _, end in box.get((amount.name, None), ())), default=amount.max) for box in known]
    return min([amount.max, *ends])


def _lowest_rate(row: Row) -> Decimal | None:
    tiers = row.outputs.get("tiers", {})
    written = [row.outputs.get("rate"), *(tier.get("rate") for tier in items(tiers.get("rows")))]
    return min((rate for text in written if (rate := rate_of(text)) is not None), default=None)
