"""What a backtest asks and how its answer is told: pure values.

The question: had the draft been in force from the first day of the period, what would its payments have
brought? So a version that the draft brings and that would begin later begins on that first day; everything
else is as it was. Only where the draft's rule differs from the released one is anything computed anew.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from enum import StrEnum
from functools import cached_property
from hashlib import blake2b
from typing import Any

from engine.rulebook import Rule, Rulebook
from payments_core.backtest.errors import PeriodInvalid
from payments_core.calendar import day_bounds
from payments_core.fees import COST_KIND, FEE_KIND
from payments_core.payments.in_force import SHARE_KIND
from payments_core.risk import RISK_KIND

DAYS_LIMIT = 400
TASK_KIND = "task"
KINDS = (FEE_KIND, COST_KIND, SHARE_KIND, RISK_KIND, TASK_KIND)
"""The kinds a backtest computes; a draft's other rules make no difference to it."""
SCOPES = ("city", "district", "store", "merchant")
EVERYWHERE: Mapping[str, str] = {}
_COMPUTES = 1
"""Raised when days computed before can no longer be used: the arithmetic of this package has changed."""


class State(StrEnum):
    """How far a backtest is."""

    QUEUED = "QUEUED"
    RUNNING = "RUNNING"
    DONE = "DONE"
    CANCELLED = "CANCELLED"
    FAILED = "FAILED"


@dataclass(frozen=True, slots=True, kw_only=True)
class Period:
    """Business dates, both included."""

    first: date
    last: date

    def __post_init__(self) -> None:
        if not 0 <= (self.last - self.first).days < DAYS_LIMIT:
            raise PeriodInvalid(first=self.first.isoformat(), last=self.last.isoformat())

    @property
    def since(self) -> datetime:
        """The first instant."""
        return day_bounds(self.first)[0]

    @property
    def days(self) -> tuple[date, ...]:
        """Every date in order."""
        return tuple(self.first + timedelta(days=n) for n in range((self.last - self.first).days + 1))


@dataclass(frozen=True, kw_only=True)
class Question:
    """Two rulebooks, what is released and what is proposed, over a period, for the merchants of a scope.

    A scope names merchants: those that are served there at some time of the period. All their payments count,
    so that no share stream is cut in two.
    """

    released: Rulebook
    draft: Rulebook
    period: Period
    scope: Mapping[str, str] = field(default_factory=dict)

    @cached_property
    def proposed(self) -> Rulebook:
        """The draft as if it had been in force from the first day."""
        return as_if_in_force(released=self.released, draft=self.draft, since=self.period.since)

    @cached_property
    def digest(self) -> bytes:
        """What a day's result depends on, beside the day: two equal digests have equal days."""
        read = [self.period.first.isoformat(), sorted(self.scope.items()), _COMPUTES]
        books = [[_meaning(rule) for rule in _computed(book)] for book in (self.released, self.proposed)]
        text = json.dumps([read, books], ensure_ascii=False, sort_keys=True, default=str)
        return blake2b(text.encode(), digest_size=16).digest()


def as_if_in_force(*, released: Rulebook, draft: Rulebook, since: datetime) -> Rulebook:
    """Return the draft with the versions that it brings in force from `since`, where they begin later.

    An end is kept: a version that ends before `since` never was in force.
    """
    known = {_key(rule): rule.meaning() for rule in released.versions}

    def begun(rule: Rule) -> Rule:
        brought = known.get(_key(rule)) != rule.meaning()
        ended = rule.effective_to is not None and rule.effective_to <= since
        return (
            replace(rule, effective_from=since)
            if brought and not ended and rule.effective_from > since
            else rule
        )

    return Rulebook(context=draft.context, rules=map(begun, draft.rules), earlier=map(begun, draft.versions))


def changed_rules(question: Question) -> tuple[tuple[Rule | None, Rule | None], ...]:
    """Return each rule that the draft changes, brings or deletes: (released, proposed), by kind and id."""
    before = {(rule.kind, rule.id): rule for rule in question.released.rules if rule.kind in KINDS}
    after = {(rule.kind, rule.id): rule for rule in question.draft.rules if rule.kind in KINDS}
    pairs = ((before.get(key), after.get(key)) for key in sorted({*before, *after}))
    return tuple((one, other) for one, other in pairs if not same(one, other))


def is_computed(files: Iterable[str]) -> bool:
    """Return whether a backtest computes all that a change of `files` does to money."""
    folders = tuple(f"rules/{kind}/" for kind in KINDS)
    return all(file.startswith(folders) for file in files)


def same(one: Rule | None, other: Rule | None) -> bool:
    """Return whether two rules decide alike: title, owner and tests aside, and wherever they begin."""
    if one is None or other is None:
        return one is other
    return one is other or (_key(one), one.spec) == (_key(other), other.spec)


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """How far a run is; `reused` of the days done were computed before."""

    days_done: int
    days_total: int
    payments_done: int
    reused: int


def _computed(book: Rulebook) -> Iterator[Rule]:
    return (rule for rule in book.versions if rule.kind in KINDS)


def _meaning(rule: Rule) -> tuple[Any, ...]:
    return (*rule.meaning(), rule.version)


def _key(rule: Rule) -> tuple[str, str, int]:
    return rule.kind, rule.id, rule.version
