"""Read and check a whole rulebook at once; the only place that knows which file is what."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from engine.diagnostics import Diagnostic, Location, Severity
from engine.expressions import Vocabulary
from engine.rulebook.book import Context, Rulebook
from engine.rulebook.checks import check_rule_file
from engine.rulebook.crosschecks import check_floors, check_gaps, check_overlaps, check_versions
from engine.rulebook.documents import Document, load
from engine.rulebook.facts import (
    AGGREGATES_PATH,
    APPROVAL_PATH,
    FACTS_PATH,
    read_aggregates,
    read_approval,
    read_facts,
)
from engine.rulebook.fieldchecks import check_fields
from engine.rulebook.kinds import KINDS_FOLDER, SCHEMA_SUFFIX, Kind, read_kind
from engine.rulebook.rules import Rule, build_rule, compile_conditions
from engine.rulebook.schemas import nearest, parse_schema
from engine.rulebook.trials import Evaluator, run_tests
from engine.rulebook.wording import finding

RULES_FOLDER = "rules/"
_DECLARATIONS = (FACTS_PATH, AGGREGATES_PATH, APPROVAL_PATH)
_NO_EVALUATORS: Mapping[str, Evaluator] = {}


def check(
    *,
    files: Mapping[str, str],
    previous: Rulebook | None = None,
    earlier: Iterable[Rule] = (),
    evaluators: Mapping[str, Evaluator] = _NO_EVALUATORS,
    now: datetime | None = None,
) -> tuple[Rulebook | None, tuple[Diagnostic, ...]]:
    """Return the rulebook of `files` (path → text), None if any finding is an ERROR, and all findings.

    `previous` is the rulebook this one would follow, `earlier` the earlier versions that history holds.
    `evaluators` compute, by kind, what in-file tests expect and no shape answers. `now` refuses new versions
    that would start in the past. Files outside rules/ are not looked at.
    """
    context, findings = read_context(files)
    rules: list[Rule] = []
    for path in sorted(files):
        if _is_rule(path):
            rule, wrong = parse_rule(path=path, text=files[path], context=context)
            findings.extend(wrong)
            if rule is not None:
                rules.append(rule)
        elif _is_stray(path):
            findings.append(finding("FILE_UNEXPECTED", Location(file=path, line=1, column=1), path=path))
    findings.extend(_same_id(rules))
    rulebook = Rulebook(context=context, rules=rules, earlier=earlier)
    findings.extend(check_overlaps(rulebook))
    findings.extend(check_gaps(rulebook.with_earlier(previous.versions if previous else ())))
    findings.extend(check_floors(rulebook))
    if previous is not None:
        findings.extend(check_versions(rulebook, previous, now))
    for rule in rulebook.rules:
        findings.extend(run_tests(rule, vocabulary=context.vocabulary, evaluators=evaluators))
    ordered = in_order(findings)
    broken = any(one.severity == Severity.ERROR for one in ordered)
    return None if broken else rulebook, ordered


def check_file(
    *,
    path: str,
    text: str,
    files: Mapping[str, str],
    previous: Rulebook | None = None,
    evaluators: Mapping[str, Evaluator] = _NO_EVALUATORS,
    now: datetime | None = None,
) -> tuple[Diagnostic, ...]:
    """Return the findings of one edited file among the others; of a declaration, also what it breaks."""
    edited = {**files, path: text}
    _, findings = check(files=edited, previous=previous, evaluators=evaluators, now=now)
    if _is_rule(path):
        return tuple(one for one in findings if one.location.file == path)
    return findings


def parse_rule(
    *, path: str, text: str, context: Context, commit: str = ""
) -> tuple[Rule | None, tuple[Diagnostic, ...]]:
    """Return the rule in one file, None if it has an ERROR, and every finding that needs no other rule."""
    document, loaded = load(path=path, text=text)
    if document is None:
        return None, in_order(loaded)
    kind, unknown = _kind_of(document, context)
    if kind is None:
        return None, in_order((*loaded, *unknown))
    ill_formed = kind.schema.check(document)
    if not isinstance(document.value, dict):
        return None, in_order((*loaded, *ill_formed))
    conditions, wrong = compile_conditions(document, kind)
    least = kind.least.check(document)
    meaning = (*check_rule_file(document, kind), *check_fields(document, kind))
    findings = _first_causes(loaded, ill_formed, least, wrong, meaning)
    if any(one.severity == Severity.ERROR for one in findings):
        return None, findings
    return build_rule(document=document, kind=kind, conditions=conditions, commit=commit), findings


def read_context(files: Mapping[str, str]) -> tuple[Context, list[Diagnostic]]:
    """Return what rules are read against: as much of it as can be read, and the findings."""
    findings: list[Diagnostic] = []
    documents: dict[str, Document] = {}
    for path in (*_DECLARATIONS, *sorted(path for path in files if _is_kind(path))):
        if path not in files:
            findings.append(finding("FILE_MISSING", Location(file=path, line=1, column=1), path=path))
            continue
        document, wrong = load(path=path, text=files[path])
        findings.extend(wrong)
        if document is not None:
            documents[path] = document
    vocabulary = Vocabulary(facts={})
    aggregates: tuple[Any, ...] = ()
    approvals: Mapping[str, Any] = {}
    if FACTS_PATH in documents:
        facts, found = read_facts(documents[FACTS_PATH])
        findings.extend(found)
        vocabulary = Vocabulary.of(facts=facts)
    if AGGREGATES_PATH in documents:
        aggregates, made, found = read_aggregates(documents[AGGREGATES_PATH], vocabulary)
        findings.extend(found)
        vocabulary = Vocabulary.of(facts=(*vocabulary.facts.values(), *made))
    if APPROVAL_PATH in documents:
        approvals, found = read_approval(documents[APPROVAL_PATH])
        findings.extend(found)
    kinds = _kinds(files, documents, vocabulary, approvals, findings)
    context = Context(
        vocabulary=vocabulary,
        kinds=kinds,
        broken_kinds=frozenset(_kind_name(path) for path in files if _is_kind(path)) - kinds.keys(),
        aggregates=aggregates,
        approvals=approvals,
    )
    return context, findings


def in_order(findings: Iterable[Diagnostic]) -> tuple[Diagnostic, ...]:
    """Return the findings by file, line, column and code."""
    return tuple(
        sorted(
            findings, key=lambda one: (one.location.file, one.location.line, one.location.column, one.code)
        )
    )


def _first_causes(*stages: Iterable[Diagnostic]) -> tuple[Diagnostic, ...]:
    """Return the findings in order, without those at a place where an earlier stage has found the cause."""
    kept: list[Diagnostic] = []
    for stage in stages:
        places = {one.location for one in kept}
        kept.extend(one for one in stage if one.location not in places)
    return in_order(kept)


def _kinds(
    files: Mapping[str, str],
    documents: Mapping[str, Document],
    vocabulary: Vocabulary,
    approvals: Mapping[str, Any],
    findings: list[Diagnostic],
) -> dict[str, Kind]:
    schemas: dict[str, Mapping[str, Any]] = {}
    for path, text in files.items():
        if path.startswith(KINDS_FOLDER) and path.endswith(SCHEMA_SUFFIX):
            schema, wrong = parse_schema(path=path, text=text)
            findings.extend(wrong)
            if schema is not None:
                schemas[path.removeprefix(KINDS_FOLDER)] = schema
    kinds: dict[str, Kind] = {}
    for path, document in documents.items():
        schema_name = _kind_name(path) + SCHEMA_SUFFIX
        is_broken = KINDS_FOLDER + schema_name in files and schema_name not in schemas
        if _is_kind(path) and not is_broken:
            kind, found = read_kind(
                document=document, schemas=schemas, vocabulary=vocabulary, approvals=approvals
            )
            findings.extend(found)
            if kind is not None:
                kinds[kind.name] = kind
    return kinds


def _kind_of(document: Document, context: Context) -> tuple[Kind | None, tuple[Diagnostic, ...]]:
    """The file's `kind` decides; where it has none, its folder, so that the schema says what is missing.

    Rules of a broken kind get no finding of their own: the kind has it.
    """
    kinds = context.kinds
    folder = document.path.split("/")[1]
    declared = document.value.get("kind") if isinstance(document.value, dict) else None
    name = declared if isinstance(declared, str) else folder
    if name in kinds:
        return kinds[name], ()
    if name in context.broken_kinds:
        return None, ()
    close = nearest(name, kinds)
    hint = (f"是否想写 {close}？", f"did you mean {close}?") if close else None
    allowed = ", ".join(sorted(kinds)) or "—"
    place = document.location(("kind",) if declared else ())
    return None, (finding("KIND_UNKNOWN", place, length=len(name), hint=hint, kind=name, allowed=allowed),)


def _same_id(rules: Iterable[Rule]) -> Iterable[Diagnostic]:
    """Ids are unique over all kinds, so that an id alone names a rule."""
    seen: dict[str, Rule] = {}
    for rule in rules:
        if rule.id in seen:
            place = rule.document.location(("id",))
            yield finding("ID_DUPLICATE", place, id=rule.id, other=seen[rule.id].path)
        seen.setdefault(rule.id, rule)


def _is_kind(path: str) -> bool:
    return path.startswith(KINDS_FOLDER) and path.endswith(".yaml") and path.count("/") == 2


def _kind_name(path: str) -> str:
    return path.removeprefix(KINDS_FOLDER).removesuffix(".yaml")


def _is_rule(path: str) -> bool:
    return (
        path.startswith(RULES_FOLDER)
        and path.endswith(".yaml")
        and path.count("/") == 2
        and not _is_kind(path)
    )


def _is_stray(path: str) -> bool:
    """Whether a file under rules/ looks like a rule but stands where none is read."""
    known = (
        path in _DECLARATIONS or _is_kind(path) or (path.startswith(KINDS_FOLDER) and path.endswith(".json"))
    )
    return path.startswith(RULES_FOLDER) and path.endswith((".yaml", ".yml", ".json")) and not known
