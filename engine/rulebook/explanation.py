"""Why a rule decided as it did: every row or rule, which of its clauses held, and the facts they read."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from engine.diagnostics import Language
from engine.expressions import Condition, EvaluationError, Value, Vocabulary, format_value
from engine.rulebook.dated import DatedValue

Reason = Literal["fired", "unmet", "superseded", "error"]
"""Superseded: its condition holds, but the hit policy preferred another row."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleRef:
    """Which version of which rule; `str` gives `id@version`."""

    kind: str
    id: str
    version: int
    path: str

    def __str__(self) -> str:
        return f"{self.id}@{self.version}"


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownClause:
    """One `&&` part of a condition: its words, whether it held (None: no answer), the values it read."""

    words: str
    met: bool | None
    value: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One row or scored rule and why it did or did not fire."""

    id: str
    label: str
    line: int
    fired: bool
    reason: Reason
    words: str
    clauses: tuple[ShownClause, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """A decision with its grounds. `facts` are those the rule reads, with the values it saw.
    `dated` are the values of the outcome that are what they are because of the date, each with its reason.

    `error` says why there is no decision: no row matches, rows contradict, a condition has no answer.
    """

    rule: RuleRef
    decision: str
    outputs: Mapping[str, Any]
    error: str
    entries: tuple[Entry, ...]
    facts: Mapping[str, Value]
    dated: tuple[DatedValue, ...] = ()


def entry(
    *,
    id: str,
    label: str,
    line: int,
    condition: Condition,
    facts: Mapping[str, Value],
    fired: bool,
    vocabulary: Vocabulary,
    language: Language,
) -> Entry:
    """Return the entry of one condition under `facts`."""
    clauses = []
    for clause in condition.clauses():
        met = _holds(clause.evaluate, facts)
        read = (_shown(name, facts, vocabulary, language) for name in sorted(clause.reads))
        value = ("；" if language == "zh" else "; ").join(read)
        clauses.append(ShownClause(words=clause.words(language=language), met=met, value=value))
    reason: Reason = "fired"
    if not fired:
        holds = _holds(condition.evaluate, facts)
        reason = "error" if holds is None else "superseded" if holds else "unmet"
    return Entry(
        id=id,
        label=label,
        line=line,
        fired=fired,
        reason=reason,
        words=condition.words(language=language),
        clauses=tuple(clauses),
    )


def facts_read(conditions: Iterable[Condition], facts: Mapping[str, Value]) -> dict[str, Value]:
    """Return the facts that these conditions read, in order of name."""
    names = sorted({name for condition in conditions for name in condition.reads})
    return {name: facts[name] for name in names if name in facts}


def _shown(name: str, facts: Mapping[str, Value], vocabulary: Vocabulary, language: Language) -> str:
    """Return a fact with its value: `付款金额 ¥50.00`."""
    fact = vocabulary.facts[name]
    title = fact.title if language == "zh" else fact.title_en
    if name not in facts:
        return f"{title} —"
    return f"{title} {format_value(value=facts[name], unit=fact.unit, language=language)}"


def _holds(evaluate: Callable[[Mapping[str, Value]], bool], facts: Mapping[str, Value]) -> bool | None:
    try:
        return evaluate(facts)
    except EvaluationError:
        return None
