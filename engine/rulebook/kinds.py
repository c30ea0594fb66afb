"""Kinds of rules, which are data: `rules/kinds/<kind>.yaml` says how a rule is read, its schema how written.

A new kind needs no code: its shape (table, scored, definition) how it decides, its namespaces what it reads.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from engine.diagnostics import Diagnostic, Location
from engine.expressions import FactType, Vocabulary
from engine.rulebook import own_schemas
from engine.rulebook.claims import KindClaim, read_claims, unknown_fact
from engine.rulebook.compared import Compared, read_compared, unknown_facts
from engine.rulebook.documents import Document
from engine.rulebook.schemas import SchemaFile, nearest
from engine.rulebook.wording import finding

KINDS_FOLDER = "rules/kinds/"
SCHEMA_SUFFIX = ".schema.json"
COMMON_SCOPE = ("city", "district", "store", "merchant", "mcc", "channel")


class ShapeName(StrEnum):
    """How rules of a kind decide."""

    TABLE = "table"
    SCORED = "scored"
    DEFINITION = "definition"


class HitPolicy(StrEnum):
    """What a table answers when several rows match, as DMN names it."""

    UNIQUE = "unique"
    ANY = "any"
    FIRST = "first"
    PRIORITY = "priority"
    RULE_ORDER = "rule_order"
    OUTPUT_ORDER = "output_order"
    COLLECT_SUM = "collect_sum"
    COLLECT_MIN = "collect_min"
    COLLECT_MAX = "collect_max"
    COLLECT_COUNT = "collect_count"
    COLLECT_LIST = "collect_list"


class Way(StrEnum):
    """The way in which a person can move a fact; a list gains texts."""

    UP = "up"
    DOWN = "down"
    GAIN = "gain"


_WAY_TYPES = {Way.UP: FactType.INT, Way.DOWN: FactType.INT, Way.GAIN: FactType.LIST_STRING}


@dataclass(frozen=True, slots=True, kw_only=True)
class Move:
    """That a fact can be moved by those whom a rule is about; `per_effort` of it count as one effort."""

    way: Way
    per_effort: int


@dataclass(frozen=True, slots=True, kw_only=True)
class KindCheck:
    """A check that a kind asks for by name; `at` and `against` are paths below spec, `*` is every item."""

    check: str
    at: tuple[tuple[str, ...], ...]
    against: tuple[str, ...]
    total: int
    other: str
    over: tuple[str, ...]
    amount: str
    unless: str


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Kind:
    """One kind. `vocabulary` holds the facts it may read; `order` ranks the values of `ranked_output`.

    `correctable` kinds may have versions that begin in the past: what was booked is then trued up.
    `in_use` is false while no feature reads its rules; until then nothing need supply their facts. `supplied`
    are the facts that its rules are given, where that is not all that anything supplies.
    `movable` are the facts that those whom a rule is about can move; `compared` says how its versions are
    compared. `schema` is the kind's own; `least` is what the shape needs, whatever that schema lets pass.
    """

    name: str
    title: str
    title_en: str
    shape: ShapeName
    applies_all: bool
    in_use: bool
    supplied: frozenset[str] | None
    namespaces: tuple[str, ...]
    approval: str
    scope: tuple[str, ...]
    hit_policy: HitPolicy
    complete: bool
    correctable: bool
    outputs: tuple[str, ...]
    ranked_output: str
    order: tuple[str, ...]
    conditions: tuple[tuple[str, ...], ...]
    checks: tuple[KindCheck, ...]
    claims: tuple[KindClaim, ...]
    movable: Mapping[str, Move]
    compared: Compared
    schema: SchemaFile
    least: SchemaFile
    vocabulary: Vocabulary
    path: str

    def supplies(self, fact: str) -> bool:
        """Return whether rules of this kind are given the fact; a kind not yet in use asks for nothing."""
        if not self.in_use:
            return True
        return self.vocabulary.facts[fact].supplied if self.supplied is None else fact in self.supplied


def read_kind(
    *,
    document: Document,
    schemas: Mapping[str, Mapping[str, Any]],
    vocabulary: Vocabulary,
    approvals: Mapping[str, object],
) -> tuple[Kind | None, tuple[Diagnostic, ...]]:
    """Return the kind that a file of rules/kinds declares; `schemas` are those beside it, by file name."""
    own = SchemaFile(path="engine/rulebook/own_schemas.py", schema=own_schemas.KIND, siblings={})
    findings = list(own.check(document))
    if findings:
        return None, tuple(findings)
    declared: Mapping[str, Any] = document.value
    name = declared["kind"]
    findings.extend(_declaration_findings(document, declared, vocabulary, approvals))
    schema_name = name + SCHEMA_SUFFIX
    if any(one.code == "PATH_MISMATCH" for one in findings):
        return None, tuple(findings)  # whose schema it wants is not known then
    if schema_name not in schemas:
        place = Location(file=document.path, line=1, column=1)
        findings.append(finding("FILE_MISSING", place, path=KINDS_FOLDER + schema_name))
        return None, tuple(findings)
    schema = SchemaFile(path=KINDS_FOLDER + schema_name, schema=schemas[schema_name], siblings=schemas)
    findings.extend(schema.findings)
    if findings:
        return None, tuple(findings)
    return _kind(document.path, declared, schema, vocabulary), ()


def _kind(path: str, declared: Mapping[str, Any], schema: SchemaFile, vocabulary: Vocabulary) -> Kind:
    priority = declared.get("priority", {})
    return Kind(
        name=declared["kind"],
        title=declared["title"]["zh"],
        title_en=declared["title"]["en"],
        shape=ShapeName(declared["shape"]),
        applies_all=declared.get("applies", "one") == "all",
        in_use=declared.get("in_use", True),
        supplied=frozenset(declared["supplied"]) if "supplied" in declared else None,
        namespaces=tuple(declared["namespaces"]),
        approval=declared["approval"],
        scope=tuple(declared.get("scope", COMMON_SCOPE)),
        hit_policy=HitPolicy(declared.get("hit_policy", "first")),
        complete=declared.get("complete", False),
        correctable=declared.get("correctable", False),
        outputs=tuple(declared.get("outputs", ())),
        ranked_output=priority.get("output", ""),
        order=tuple(priority.get("order", ())),
        conditions=tuple(tuple(text.split(".")) for text in declared.get("conditions", ())),
        checks=tuple(_kind_check(one) for one in declared.get("checks", ())),
        claims=read_claims(declared),
        movable={
            fact: Move(way=Way(move["way"]), per_effort=move["per_effort"])
            for fact, move in declared.get("movable", {}).items()
        },
        compared=read_compared(declared.get("compare", {}), vocabulary),
        schema=schema,
        least=SchemaFile(
            path="engine/rulebook/own_schemas.py",
            schema=own_schemas.rule_of(shape=declared["shape"], decisions=tuple(priority.get("order", ()))),
            siblings={},
        ),
        vocabulary=vocabulary.restricted(declared["namespaces"]),
        path=path,
    )


def _kind_check(declared: Mapping[str, Any]) -> KindCheck:
    return KindCheck(
        check=declared["check"],
        at=tuple(tuple(text.split(".")) for text in declared.get("at", ())),
        against=tuple(declared.get("against", "").split(".")),
        total=declared.get("total", 0),
        other=declared.get("other", ""),
        over=tuple(declared.get("over", ())),
        amount=declared.get("amount", ""),
        unless=declared.get("unless", ""),
    )


def _declaration_findings(
    document: Document, declared: Mapping[str, Any], vocabulary: Vocabulary, approvals: Mapping[str, object]
) -> list[Diagnostic]:
    """Return what the schema of kinds cannot see: names that must exist, parts that need each other."""
    findings = []
    expected = f"{KINDS_FOLDER}{declared['kind']}.yaml"
    if document.path != expected:
        findings.append(finding("PATH_MISMATCH", document.location(("kind",)), expected=expected))
    for index, namespace in enumerate(declared["namespaces"]):
        if namespace not in vocabulary.namespaces:
            close = nearest(namespace, vocabulary.namespaces)
            hint = (f"是否想写 {close}？", f"did you mean {close}?") if close else None
            place = document.location(("namespaces", index))
            findings.append(finding("KIND_INVALID", place, hint=hint, detail=f"namespaces: {namespace}?"))
    for name, move in declared.get("movable", {}).items():
        fact = vocabulary.facts.get(name)
        if fact is None or fact.type is not _WAY_TYPES[Way(move["way"])]:
            detail = f"movable: {name}, {move['way']}?"
            findings.append(finding("KIND_INVALID", document.location(("movable", name)), detail=detail))
    for path, name in unknown_facts(declared.get("compare", {}), vocabulary):
        place, detail = document.location(("compare", *path)), f"compare: {'.'.join(path)}: {name}?"
        findings.append(finding("KIND_INVALID", place, detail=detail))
    for index, name in enumerate(declared.get("supplied", ())):
        if name not in vocabulary.facts:
            place = document.location(("supplied", index))
            findings.append(finding("KIND_INVALID", place, detail=f"supplied: {name}?"))
    if declared["approval"] not in approvals:
        place, allowed = document.location(("approval",)), ", ".join(approvals)
        findings.append(finding("APPROVAL_UNKNOWN", place, approval=declared["approval"], allowed=allowed))
    unknown = unknown_fact(declared, vocabulary)
    if unknown is not None:
        place = document.location(("claims", unknown[0]))
        findings.append(finding("KIND_INVALID", place, detail=f"claims: {unknown[1]}?"))
    ranked = declared["shape"] == "scored" or declared.get("hit_policy") in ("priority", "output_order")
    if ranked and "priority" not in declared:
        detail = "priority: {output, order}"
        findings.append(finding("KIND_INVALID", document.location(("shape",)), detail=detail))
    return findings
