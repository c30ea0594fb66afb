"""Who uses what: every place of the rulebook that names a fact, a rule or a value, and what hangs on it.

Every YAML file of the release is searched for the name as a whole word, so nothing is missed: conditions,
grids, tests, aggregates, kinds, forms.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

from engine.releases import Release
from engine.rulebook import Kind, Rule

Sort = Literal["rule", "aggregate", "kind", "fact", "approval", "form"]
MOST_NAME = 80
_FILES: tuple[tuple[str, Sort], ...] = (
    ("rules/facts.yaml", "fact"),
    ("rules/aggregates.yaml", "aggregate"),
    ("rules/approval.yaml", "approval"),
    ("rules/kinds/", "kind"),
    ("forms/", "form"),
    ("rules/", "rule"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """One line that names it; `part` says which part of a rule the line is in, `is_test` that of a test."""

    line: int
    text: str
    part: str
    is_test: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Use:
    """One file that names it, with its lines; `rule` is None for declarations and forms."""

    sort: Sort
    path: str
    rule: Rule | None
    places: tuple[Place, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Impact:
    """What a fact or a rule is made of and what hangs on it, one step after the other.

    `sources` are the facts it is computed from, `facts` it itself or those a rule reads, `rules` those that
    read it, `kinds` theirs, `dependants` the kinds whose checks compare with these.
    """

    sources: tuple[str, ...]
    facts: tuple[str, ...]
    rules: tuple[Rule, ...]
    kinds: tuple[Kind, ...]
    dependants: tuple[Kind, ...]


def find(release: Release, name: str) -> tuple[Use, ...]:
    """Return every file of the release that names `name`, rules first."""
    if not name or len(name) > MOST_NAME:
        return ()
    whole = re.compile(rf"(?<![\w.]){re.escape(name)}(?![\w]|\.[a-z_])")
    rules = {rule.path: rule for rule in release.rulebook.rules}
    found = [
        Use(sort=sort, path=path, rule=rules.get(path), places=places)
        for path, text in sorted(release.files.items())
        if path.endswith(".yaml") and (places := tuple(_places(text, whole, rules.get(path))))
        for sort in (_sort_of(path),)
    ]
    return tuple(sorted(found, key=lambda use: (use.sort != "rule", use.path)))


def impact_of_fact(release: Release, name: str) -> Impact:
    """Return what the fact is computed from and who reads it, directly or through an aggregate."""
    book = release.rulebook
    derived = [one.fact for one in book.aggregates if name in _read_by(release, one.fact)]
    readers = [rule for rule in book.rules if reads(rule) & {name, *derived}]
    return _impact(release, sources=_read_by(release, name), facts=(name, *derived), rules=readers)


def impact_of_rule(release: Release, rule: Rule) -> Impact:
    """Return what the rule reads and what hangs on it."""
    facts = sorted(reads(rule))
    sources = tuple(sorted({source for fact in facts for source in _read_by(release, fact)} - set(facts)))
    return _impact(release, sources=sources, facts=tuple(facts), rules=[rule])


def reads(rule: Rule) -> frozenset[str]:
    """Return the facts that the conditions of a rule read."""
    return frozenset(name for condition in rule.conditions.values() for name in condition.reads)


def _impact(
    release: Release, *, sources: tuple[str, ...], facts: tuple[str, ...], rules: Iterable[Rule]
) -> Impact:
    kinds: Mapping[str, Kind] = release.rulebook.kinds
    listed = tuple(rules)
    own = {rule.kind for rule in listed}
    beside = [
        kind
        for kind in kinds.values()
        if kind.name not in own and any(check.other in own for check in kind.checks)
    ]
    return Impact(
        sources=sources,
        facts=facts,
        rules=listed,
        kinds=tuple(kinds[name] for name in sorted(own)),
        dependants=tuple(sorted(beside, key=lambda kind: kind.name)),
    )


def _read_by(release: Release, fact: str) -> tuple[str, ...]:
    """Return what an aggregate is computed from; nothing for a fact that is gathered."""
    for one in release.rulebook.aggregates:
        if one.fact == fact:
            where = one.where.reads if one.where is not None else ()
            return tuple(sorted({*one.key, *([one.field] if one.field else ()), *where}))
    return ()


def _places(text: str, whole: re.Pattern[str], rule: Rule | None) -> Iterator[Place]:
    for number, line in enumerate(text.split("\n"), start=1):
        if whole.search(line) and not line.lstrip().startswith("#"):
            part = _part_at(rule, number) if rule is not None else ""
            yield Place(line=number, text=line.strip(), part=part, is_test=part.startswith("tests"))


def _part_at(rule: Rule, line: int) -> str:
    """Return the path of the outermost named part that begins at or before a line: `spec.rows.2`."""
    best: tuple[int, str] = (0, "")
    for pointer, mark in rule.document.marks.items():
        if 0 < len(pointer) <= 3 and best[0] <= mark.line <= line:
            best = (mark.line, ".".join(map(str, pointer)))
    return best[1]


def _sort_of(path: str) -> Sort:
    return next(sort for start, sort in _FILES if path.startswith(start))
