"""One version of one rule, compiled, and how it is made of a document of a known kind."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from engine.diagnostics import Diagnostic
from engine.expressions import Condition, compile_condition
from engine.rulebook.dated import DatedValue, Stretch
from engine.rulebook.definitions import Definition
from engine.rulebook.documents import Document, Pointer
from engine.rulebook.explanation import RuleRef
from engine.rulebook.grid import CELLS, compile_grid
from engine.rulebook.kinds import Kind, ShapeName
from engine.rulebook.schemas import shown
from engine.rulebook.scores import Band, Scored, ScoredRule
from engine.rulebook.tables import Row, Table
from engine.rulebook.wording import finding

Shape = Table | Scored | Definition
_ROWS: tuple[str, ...] = ("rows", "*", "when")
_RULES: tuple[str, ...] = ("rules", "*", "when")


@dataclass(frozen=True, slots=True, kw_only=True)
class Correction:
    """Why a version begins in the past, and what says so."""

    reason: str
    reference: str


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Rule:
    """One version of a rule; `spec` is its policy as plain values; effective `[from, to)`.

    `scope` maps a key such as `city` to the values it is for; empty means everywhere. `commit` is where the
    text was read, "" when it is not from a commit. Where values are dated, the rule itself is how it reads
    at its start, `later` is how it reads from each later date on, and `written` the spec as in the file.
    """

    kind: str
    id: str
    version: int
    title: str
    owner: str
    effective_from: datetime
    effective_to: datetime | None
    scope: Mapping[str, tuple[str, ...]]
    spec: Mapping[str, Any]
    path: str
    text: str
    commit: str
    shape: Shape
    document: Document
    written: Mapping[str, Any]
    correction: Correction | None = None
    dated: tuple[DatedValue, ...] = ()
    later: tuple[Rule, ...] = ()

    @property
    def stretches(self) -> tuple[Rule, ...]:
        """Return the version once for each stretch over which no value of it changes; mostly only itself."""
        return (self, *self.later)

    def at(self, instant: datetime) -> Rule:
        """Return how this version reads at `instant`; before its start, as at its start."""
        begun = [one for one in self.later if one.effective_from <= instant]
        return begun[-1] if begun else self

    def of_commit(self, commit: str) -> Rule:
        """Return the same rule as read in another commit."""
        later = tuple(replace(one, commit=commit) for one in self.later)
        return replace(self, commit=commit, later=later)

    @property
    def ref(self) -> RuleRef:
        """Return which version of which rule this is."""
        return RuleRef(kind=self.kind, id=self.id, version=self.version, path=self.path)

    @property
    def conditions(self) -> Mapping[Pointer, Condition]:
        """Return every condition by its pointer below `spec`."""
        if isinstance(self.shape, Definition):
            return self.shape.conditions
        name = "rows" if isinstance(self.shape, Table) else "rules"
        written = self.spec[name]
        return {
            (name, number, CELLS if CELLS in written[number] else "when"): one
            for number, one in enumerate(self.shape.conditions)
        }

    def line_of(self, pointer: Pointer) -> int:
        """Return the line of a pointer into the whole file, such as ("spec", "shares", 0, "rate")."""
        return self.document.mark(pointer).line

    def meaning(self) -> tuple[Any, ...]:
        """Return what may not change once published: everything but the title, the owner and the tests."""
        when = (self.effective_from, self.effective_to, self.correction)
        return (self.kind, self.id, *when, dict(self.scope), self.written)


def matches(value: Any, pattern: tuple[str, ...], at: Pointer = ()) -> Iterator[tuple[Pointer, Any]]:
    """Yield every pointer below `value` that fits the pattern (`*`: each item), with what is there."""
    if not pattern:
        yield at, value
        return
    head, rest = pattern[0], pattern[1:]
    if head == "*":
        items = (
            enumerate(value) if isinstance(value, list) else value.items() if isinstance(value, dict) else ()
        )
        for key, item in items:
            yield from matches(item, rest, (*at, key))
    elif isinstance(value, dict) and head in value:
        yield from matches(value[head], rest, (*at, head))


def compile_conditions(
    document: Document, kind: Kind
) -> tuple[dict[Pointer, Condition], tuple[Diagnostic, ...]]:
    """Return the conditions of a rule file by their pointer below spec, and every finding in them."""
    spec = document.value.get("spec")
    built_in = {ShapeName.TABLE: (_ROWS,), ShapeName.SCORED: (_RULES,), ShapeName.DEFINITION: ()}[kind.shape]
    conditions: dict[Pointer, Condition] = {}
    findings: list[Diagnostic] = []
    if kind.shape == ShapeName.TABLE:
        conditions, wrong = compile_grid(document, kind)
        findings.extend(wrong)
        for pointer, one in conditions.items():
            findings.extend(_not_supplied(document, pointer, one, kind))
    for pattern in (*built_in, *kind.conditions):
        for pointer, source in matches(spec, pattern):
            if not isinstance(source, str):
                continue
            condition, wrong = compile_condition(
                source=source, vocabulary=kind.vocabulary, location=document.text_location(("spec", *pointer))
            )
            findings.extend(wrong)
            if condition is not None:
                conditions[pointer] = condition
                findings.extend(_not_supplied(document, pointer, condition, kind))
    return conditions, tuple(findings)


def _not_supplied(
    document: Document, pointer: Pointer, condition: Condition, kind: Kind
) -> Iterator[Diagnostic]:
    """Warn of facts that nothing gathers yet: the condition would always see their defaults."""
    facts = kind.vocabulary.facts
    for name in sorted(condition.reads):
        if not kind.supplies(name):
            place = document.text_location(("spec", *pointer))
            yield finding("FACT_NOT_SUPPLIED", place, fact=name, default=shown(facts[name].default))


def build_rule(
    *,
    document: Document,
    stretches: tuple[Stretch, ...],
    kind: Kind,
    conditions: Mapping[Pointer, Condition],
    commit: str,
) -> Rule:
    """Return the rule of a document that has no findings, cut into `stretches`."""
    first, *later = (_rule(document, one, kind, conditions, commit) for one in stretches)
    return replace(first, later=tuple(later)) if later else first


def _rule(
    written: Document, stretch: Stretch, kind: Kind, conditions: Mapping[Pointer, Condition], commit: str
) -> Rule:
    document = stretch.document
    value: Mapping[str, Any] = document.value
    ref = RuleRef(kind=kind.name, id=value["id"], version=value["version"], path=document.path)
    effective = value["effective"]
    return Rule(
        kind=kind.name,
        id=value["id"],
        version=value["version"],
        title=value["title"],
        owner=value["owner"],
        effective_from=stretch.start or datetime.fromisoformat(effective["from"]),
        effective_to=datetime.fromisoformat(effective["to"]) if effective.get("to") else None,
        scope={key: tuple(values) for key, values in value.get("scope", {}).items()},
        spec=value["spec"],
        path=document.path,
        text=document.text,
        commit=commit,
        shape=_shape(ref, stretch, kind, conditions),
        document=document,
        written=written.value["spec"],
        correction=Correction(**value["correction"]) if "correction" in value else None,
        dated=stretch.dated,
    )


def _shape(ref: RuleRef, stretch: Stretch, kind: Kind, conditions: Mapping[Pointer, Condition]) -> Shape:
    document = stretch.document
    spec: Mapping[str, Any] = document.value["spec"]
    if kind.shape == ShapeName.TABLE:
        rows = tuple(
            Row(
                row_no=number,
                line=document.mark(("spec", "rows", number)).line,
                outputs={key: item for key, item in row.items() if key not in ("when", CELLS)},
                condition=conditions["rows", number, CELLS if CELLS in row else "when"],
                dated=tuple(one for one in stretch.dated if one.at[:2] == ("rows", number)),
            )
            for number, row in enumerate(spec["rows"])
        )
        return Table(
            ref=ref,
            rows=rows,
            hit_policy=kind.hit_policy,
            vocabulary=kind.vocabulary,
            ranked_output=kind.ranked_output,
            order=kind.order,
        )
    if kind.shape == ShapeName.SCORED:
        return _scored(ref, document, kind, conditions)
    lines = {pointer: document.mark(("spec", *pointer)).line for pointer in conditions}
    return Definition(
        ref=ref, conditions=conditions, lines=lines, vocabulary=kind.vocabulary, dated=stretch.dated
    )


def _scored(ref: RuleRef, document: Document, kind: Kind, conditions: Mapping[Pointer, Condition]) -> Scored:
    spec: Mapping[str, Any] = document.value["spec"]
    rules = tuple(
        ScoredRule(
            id=rule["id"],
            label=rule["label"],
            line=document.mark(("spec", "rules", number)).line,
            score=rule.get("score", 0),
            decision=rule.get("decision", ""),
            condition=conditions["rules", number, "when"],
        )
        for number, rule in enumerate(spec["rules"])
    )
    bands = tuple(
        Band(
            min=band["min"],
            decision=band["decision"],
            line=document.mark(("spec", "score_bands", number)).line,
        )
        for number, band in enumerate(spec.get("score_bands", ()))
    )
    return Scored(ref=ref, rules=rules, bands=bands, order=kind.order, vocabulary=kind.vocabulary)
