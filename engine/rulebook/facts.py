"""`facts.yaml`, `aggregates.yaml` and `approval.yaml` → vocabulary, aggregates, approval chains."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from engine.diagnostics import Diagnostic
from engine.expressions import Condition, Fact, FactType, Vocabulary, compile_condition
from engine.expressions.vocabulary import INT_MAX, INT_MIN
from engine.rulebook import own_schemas
from engine.rulebook.documents import Document
from engine.rulebook.schemas import SchemaFile, nearest, shown
from engine.rulebook.wording import finding

FACTS_PATH = "rules/facts.yaml"
AGGREGATES_PATH = "rules/aggregates.yaml"
APPROVAL_PATH = "rules/approval.yaml"
WINDOW_MAX_DAYS = 90
"""Sliding windows are kept in memory by whoever serves them; longer figures are daily facts."""

_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400}
_AGGREGATE_UNIT = {"count": "cnt", "distinct": "cnt"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Aggregate:
    """A figure over the window `(t − window_s, t]` of items with the same key, the present item included."""

    name: str
    fact: str
    key: tuple[str, ...]
    fn: str
    field: str | None
    where: Condition | None
    window_s: int
    title: str
    title_en: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ApprovalChain:
    """Who may write, approve and publish rules of a kind: names of roles."""

    name: str
    title: str
    title_en: str
    write: tuple[str, ...]
    approve: tuple[str, ...]
    publish: tuple[str, ...]


def read_facts(document: Document) -> tuple[tuple[Fact, ...], tuple[Diagnostic, ...]]:
    """Return the facts declared in facts.yaml, leaving out those with findings."""
    findings = _schema_findings(own_schemas.FACTS, document)
    if findings:
        return (), findings
    facts: list[Fact] = []
    wrong: list[Diagnostic] = []
    for namespace, group in document.value["namespaces"].items():
        for name, declared in group["facts"].items():
            fact = _fact(f"{namespace}.{name}", {"supplied": group.get("supplied", True), **declared})
            if fact is None:
                pointer = ("namespaces", namespace, "facts", name, "default")
                place = document.location(pointer)
                value = shown(declared["default"])
                wrong.append(finding("FACT_DEFAULT", place, fact=f"{namespace}.{name}", value=value))
            else:
                facts.append(fact)
    return tuple(facts), tuple(wrong)


def read_aggregates(
    document: Document, vocabulary: Vocabulary
) -> tuple[tuple[Aggregate, ...], tuple[Fact, ...], tuple[Diagnostic, ...]]:
    """Return the aggregates, the facts they make, and the findings; they read facts of `vocabulary`."""
    findings = _schema_findings(own_schemas.AGGREGATES, document)
    if findings:
        return (), (), findings
    aggregates: list[Aggregate] = []
    facts: list[Fact] = []
    wrong: list[Diagnostic] = []
    for index, declared in enumerate(document.value["aggregates"]):
        made, problems = _aggregate(document, index, declared, vocabulary)
        wrong.extend(problems)
        if made is None:
            continue
        if any(other.name == made.name for other in aggregates):
            place = document.location(("aggregates", index, "name"))
            wrong.append(finding("ID_DUPLICATE", place, id=made.name, other=document.path))
            continue
        source = vocabulary.facts.get(made.field or "")
        unit = _AGGREGATE_UNIT.get(made.fn) or (source.unit if source else "")
        aggregates.append(made)
        facts.append(
            Fact(
                name=made.fact,
                type=FactType.INT,
                unit=unit,
                default=0,
                min=_least(made, source),
                title=made.title,
                title_en=made.title_en,
            )
        )
    return tuple(aggregates), tuple(facts), tuple(wrong)


def _least(made: Aggregate, field: Fact | None) -> int:
    """A count is never negative, and neither is a sum or a maximum of what never is."""
    return 0 if field is None or field.type != FactType.INT or field.min >= 0 else INT_MIN


def read_approval(document: Document) -> tuple[Mapping[str, ApprovalChain], tuple[Diagnostic, ...]]:
    """Return the approval chains by name."""
    findings = _schema_findings(own_schemas.APPROVAL, document)
    if findings:
        return {}, findings
    chains = {
        name: ApprovalChain(
            name=name,
            title=chain["title"]["zh"],
            title_en=chain["title"]["en"],
            write=tuple(chain["write"]),
            approve=tuple(chain["approve"]),
            publish=tuple(chain["publish"]),
        )
        for name, chain in document.value["chains"].items()
    }
    return chains, ()


def fact_findings(
    *, document: Document, pointer: tuple[str | int, ...], name: str, vocabulary: Vocabulary, kind: str
) -> tuple[Diagnostic, ...]:
    """Return what is wrong with naming the fact `name` at `pointer`, outside a condition."""
    if name in vocabulary.facts:
        return ()
    place, length = document.text_location(pointer), len(name)
    if name in vocabulary.withheld:
        allowed = ", ".join(vocabulary.namespaces)
        return (finding("FACT_WITHHELD", place, length=length, kind=kind, fact=name, allowed=allowed),)
    close = nearest(name, vocabulary.facts)
    zh, en = (
        (f"是否想写 {close}？", f"did you mean {close}?")
        if close
        else ("见 rules/facts.yaml", "see rules/facts.yaml")
    )
    return (finding("FACT_UNKNOWN", place, length=length, fact=name, nearest=zh, nearest_en=en),)


def _schema_findings(schema: Mapping[str, Any], document: Document) -> tuple[Diagnostic, ...]:
    return SchemaFile(path="engine/rulebook/own_schemas.py", schema=schema, siblings={}).check(document)


def _fact(name: str, declared: Mapping[str, Any]) -> Fact | None:
    default: Any = declared["default"]
    values = tuple(declared.get("values", ()))
    try:
        if declared["type"] == FactType.TIMESTAMP:
            default = datetime.fromisoformat(str(default))
        if isinstance(default, list):
            default = tuple(default)
        return Fact(
            name=name,
            type=FactType(declared["type"]),
            unit=declared.get("unit", ""),
            default=default,
            values=values,
            min=declared.get("min", INT_MIN),
            max=declared.get("max", INT_MAX),
            title=declared["zh"],
            title_en=declared["en"],
            supplied=declared.get("supplied", True),
        )
    except ValueError:
        return None


def _aggregate(
    document: Document, index: int, declared: Mapping[str, Any], vocabulary: Vocabulary
) -> tuple[Aggregate | None, tuple[Diagnostic, ...]]:
    at = ("aggregates", index)
    wrong: list[Diagnostic] = []
    for number, name in enumerate(declared["key"]):
        wrong.extend(
            fact_findings(
                document=document,
                pointer=(*at, "key", number),
                name=name,
                vocabulary=vocabulary,
                kind="aggregate",
            )
        )
    wrong.extend(_field_findings(document, index, declared, vocabulary))
    window_s = int(declared["window"][:-1]) * _SECONDS[declared["window"][-1]]
    if window_s > WINDOW_MAX_DAYS * 86400:
        place = document.location((*at, "window"))
        wrong.append(finding("WINDOW_MAX", place, window=declared["window"], limit=WINDOW_MAX_DAYS))
    where = None
    if "where" in declared:
        where, problems = compile_condition(
            source=declared["where"], vocabulary=vocabulary, location=document.text_location((*at, "where"))
        )
        wrong.extend(problems)
    if wrong:
        return None, tuple(wrong)
    made = Aggregate(
        name=declared["name"],
        fact=f"{document.value['namespace']}.{declared['name']}",
        key=tuple(declared["key"]),
        fn=declared["fn"],
        field=declared.get("field"),
        where=where,
        window_s=window_s,
        title=declared["zh"],
        title_en=declared["en"],
    )
    return made, ()


def _field_findings(
    document: Document, index: int, declared: Mapping[str, Any], vocabulary: Vocabulary
) -> tuple[Diagnostic, ...]:
    fn, field, name = declared["fn"], declared.get("field"), declared["name"]
    pointer = ("aggregates", index, "field")
    if (field is None) != (fn == "count"):
        zh, en = ("不该有 field", "takes no field") if field else ("缺少 field", "needs a field")
        return (
            finding("AGGREGATE_FIELD", document.location(pointer), name=name, fn=fn, detail=zh, detail_en=en),
        )
    if field is None:
        return ()
    if field not in vocabulary.facts:
        return fact_findings(
            document=document, pointer=pointer, name=field, vocabulary=vocabulary, kind="aggregate"
        )
    expected = FactType.STRING if fn == "distinct" else FactType.INT
    if vocabulary.facts[field].type != expected:
        place = document.location(pointer)
        return (
            finding(
                "AGGREGATE_FIELD",
                place,
                name=name,
                fn=fn,
                detail=f"的 field {field} 类型不对",
                detail_en=f"field {field} has the wrong type",
            ),
        )
    return ()
