"""Read and check a whole rulebook at once, or one edited file among the others."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime

from engine.diagnostics import Diagnostic, Location, Severity
from engine.rulebook.book import Context, Rulebook
from engine.rulebook.checks import check_rule_file
from engine.rulebook.contexts import is_rule, is_stray, read_context
from engine.rulebook.crosschecks import check_floors, check_gaps, check_overlaps, check_versions
from engine.rulebook.dated import stretches
from engine.rulebook.documents import Document, load
from engine.rulebook.fieldchecks import check_fields
from engine.rulebook.file_tests import Evaluator, run_tests
from engine.rulebook.invariants import check_invariants
from engine.rulebook.kinds import Kind
from engine.rulebook.references import check_references
from engine.rulebook.rollouts import check_rollouts
from engine.rulebook.rules import Rule, build_rule, compile_conditions
from engine.rulebook.schemas import nearest
from engine.rulebook.wording import finding

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
    rules, wrong = _read_rules(files, context)
    rulebook = Rulebook(context=context, rules=rules, earlier=earlier)
    findings.extend((*wrong, *_strays(files), *_between(rules, rulebook, previous, now)))
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
    if not is_rule(path):
        return check(files=edited, previous=previous, evaluators=evaluators, now=now)[1]
    context, _ = read_context(edited)
    rules, findings = _read_rules(edited, context)
    rulebook = Rulebook(context=context, rules=rules)
    findings.extend(_between(rules, rulebook, previous, now))
    for rule in rules:
        if rule.path == path:
            findings.extend(run_tests(rule, vocabulary=context.vocabulary, evaluators=evaluators))
    return in_order(one for one in findings if one.location.file == path)


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
    cut, misdated = stretches(document)
    conditions, wrong = compile_conditions(cut[0].document, kind)
    stages = [loaded, _not_correctable(document, kind, context), ill_formed, misdated]
    for stretch in cut:
        least = kind.least.check(stretch.document)
        meaning = (
            *check_rule_file(stretch.document, kind),
            *check_fields(stretch.document, kind),
            *check_invariants(stretch.document, kind),
        )
        stages += [least, wrong, meaning]
    findings = _first_causes(*stages)
    if any(one.severity == Severity.ERROR for one in findings):
        return None, findings
    rule = build_rule(document=document, stretches=cut, kind=kind, conditions=conditions, commit=commit)
    return rule, findings


def _not_correctable(document: Document, kind: Kind, context: Context) -> tuple[Diagnostic, ...]:
    """Say which kinds may begin in the past, where a rule of another does."""
    if "correction" not in document.value or kind.correctable:
        return ()
    allowed = ", ".join(sorted(name for name, one in context.kinds.items() if one.correctable)) or "—"
    place = document.key_location(("correction",))
    return (finding("CORRECTION_KIND", place, length=10, kind=kind.name, allowed=allowed),)


def _read_rules(files: Mapping[str, str], context: Context) -> tuple[list[Rule], list[Diagnostic]]:
    """Return the rules of the files by path, and what is wrong within each.

    The context keeps what was read last of each file: while one is edited, the others are not read again.
    """
    rules: list[Rule] = []
    findings: list[Diagnostic] = []
    for path in sorted(filter(is_rule, files)):
        kept = context.last_read.get(path)
        if kept is None or kept[0] != files[path]:
            kept = files[path], *parse_rule(path=path, text=files[path], context=context)
            context.last_read[path] = kept
        _, rule, wrong = kept
        findings.extend(wrong)
        if rule is not None:
            rules.append(rule)
    return rules, findings


def _strays(files: Mapping[str, str]) -> Iterator[Diagnostic]:
    for path in filter(is_stray, files):
        yield finding("FILE_UNEXPECTED", Location(file=path, line=1, column=1), path=path)


def _between(
    rules: Iterable[Rule], rulebook: Rulebook, previous: Rulebook | None, now: datetime | None
) -> Iterator[Diagnostic]:
    """Yield what is wrong between rules that are each right; `rules` are those of `rulebook` by path."""
    yield from _same_id(rules)
    yield from check_references(rulebook)
    yield from check_overlaps(rulebook)
    yield from check_rollouts(rulebook)
    yield from check_gaps(rulebook.with_earlier(previous.versions if previous else ()))
    yield from check_floors(rulebook)
    if previous is not None:
        yield from check_versions(rulebook, previous, now)


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
