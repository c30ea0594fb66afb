"""The `tests` inside rule files: facts in, expected outcome out, run whenever the rulebook is checked.

Expectations that the shape itself answers (outputs; decision, score, hits; conditions) are compared here.
What needs the arithmetic of money comes from evaluators that the caller supplies, by kind.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from typing import Any

from engine.diagnostics import Diagnostic
from engine.expressions import EvaluationError, FactType, Value, Vocabulary
from engine.rulebook.dated import instant_of
from engine.rulebook.definitions import dotted
from engine.rulebook.errors import RulebookError
from engine.rulebook.facts import fact_findings
from engine.rulebook.rules import Rule
from engine.rulebook.schemas import shown
from engine.rulebook.scores import Scored
from engine.rulebook.tables import Table
from engine.rulebook.wording import finding

_TYPE_WORDS = {
    FactType.INT: ("整数", "a whole number"),
    FactType.BOOL: ("true 或 false", "true or false"),
    FactType.STRING: ("文字", "text"),
    FactType.LIST_STRING: ("文字列表", "a list of texts"),
    FactType.TIMESTAMP: ("带时区的时间", "a time with its offset"),
}

Evaluator = Callable[[Rule, Mapping[str, Value]], Mapping[str, Any]]


def run_tests(
    rule: Rule, *, vocabulary: Vocabulary, evaluators: Mapping[str, Evaluator]
) -> Iterator[Diagnostic]:
    """Yield a finding for every test of the rule that fails, cannot run, or was not evaluated."""
    for index, test in enumerate(items_of(rule)):
        facts, wrong = facts_of_test(rule, index, vocabulary)
        if wrong:
            yield from wrong
            continue
        name = test.get("name", f"#{index + 1}")
        try:
            actual = _actual(rule_of(rule, test), facts, test["expect"], evaluators)
        except (RulebookError, EvaluationError) as error:
            place = rule.document.location(("tests", index))
            yield finding("TEST_ERROR", place, test=name, detail=f"{type(error).__name__}: {error}")
            continue
        yield from _compare(rule, index, name, actual, is_complete=rule.kind in evaluators)


def rule_of(rule: Rule, test: Mapping[str, Any]) -> Rule:
    """Return the rule as it reads at the test's `at`; without one, at the rule's start."""
    instant = instant_of(test.get("at"))
    return rule if instant is None else rule.at(instant)


def items_of(rule: Rule) -> list[Mapping[str, Any]]:
    """Return the tests written in the rule's file."""
    tests: list[Mapping[str, Any]] = rule.document.value.get("tests", [])
    return tests


def facts_of_test(
    rule: Rule, index: int, vocabulary: Vocabulary
) -> tuple[dict[str, Value], list[Diagnostic]]:
    """Return every fact as the rule's test number `index` gives it, and what is wrong with those it gives."""
    given: Mapping[str, Any] = items_of(rule)[index].get("facts", {})
    facts = vocabulary.conform({})
    wrong: list[Diagnostic] = []
    for name, value in given.items():
        pointer = ("tests", index, "facts", name)
        place = rule.document.key_location(pointer)
        fact = vocabulary.facts.get(name)
        if fact is None:
            for found in fact_findings(
                document=rule.document, pointer=pointer, name=name, vocabulary=vocabulary, kind=rule.kind
            ):
                wrong.append(_moved(found, place))
            continue
        try:
            read = datetime.fromisoformat(value) if fact.type == FactType.TIMESTAMP else value
            facts[name] = vocabulary.conform({name: read})[name]
        except (EvaluationError, ValueError, TypeError):
            allowed = " / ".join(fact.values) or fact.bounds
            zh, en = (words + (f" ({allowed})" if allowed else "") for words in _TYPE_WORDS[fact.type])
            wrong.append(
                finding(
                    "FACT_TYPE",
                    rule.document.location(pointer),
                    fact=name,
                    expected=zh,
                    expected_en=en,
                    value=shown(value),
                )
            )
    return facts, wrong


def _moved(found: Diagnostic, place: Any) -> Diagnostic:
    return Diagnostic(
        code=found.code,
        severity=found.severity,
        location=place,
        message=found.message,
        hint=found.hint,
        length=found.length,
        message_en=found.message_en,
        hint_en=found.hint_en,
    )


def _actual(
    rule: Rule, facts: Mapping[str, Value], expected: Mapping[str, Any], evaluators: Mapping[str, Evaluator]
) -> dict[str, Any]:
    shape = rule.shape
    if isinstance(shape, Table):
        rows = shape.decide_all(facts)
        actual = {"row": rows[0].row_no, "rows": [row.row_no for row in rows], **rows[0].outputs}
    elif isinstance(shape, Scored):
        verdict = shape.decide(facts)
        hits = [hit.id for hit in verdict.hits]
        actual = {"decision": verdict.decision, "score": verdict.score, "hits": hits}
    else:
        actual = {dotted(at): one.evaluate(facts) for at, one in shape.conditions.items()}
    if rule.kind in evaluators and not expected.keys() <= actual.keys():
        actual |= evaluators[rule.kind](rule, facts)
    return actual


def _compare(
    rule: Rule, index: int, name: str, actual: Mapping[str, Any], *, is_complete: bool
) -> Iterator[Diagnostic]:
    for field, value in items_of(rule)[index]["expect"].items():
        place = rule.document.key_location(("tests", index, "expect", field))
        found = actual.get(field)
        if field not in actual and not is_complete:
            yield finding("TEST_NOT_EVALUATED", place, length=len(field), test=name, field=field)
        elif field not in actual or found != value or isinstance(found, bool) != isinstance(value, bool):
            expected, got = shown(value), shown(found) if field in actual else "—"
            yield finding(
                "TEST_FAILED", place, length=len(field), test=name, field=field, expected=expected, actual=got
            )
