"""Which conditions of a rule its in-file tests reach: a row or rule no test ever fires is not tested."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from engine.expressions import Condition, EvaluationError, Value, Vocabulary
from engine.rulebook.documents import Pointer
from engine.rulebook.errors import RulebookError
from engine.rulebook.file_tests import facts_of_test, items_of, rule_of
from engine.rulebook.rules import Rule
from engine.rulebook.scores import Scored
from engine.rulebook.tables import Table


@dataclass(frozen=True, slots=True, kw_only=True)
class Reached:
    """One condition: by how many tests it decided (a row), fired (a rule), was true (a definition)."""

    pointer: Pointer
    line: int
    times: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Coverage:
    """The tests of one rule and the conditions they reach."""

    rule: Rule
    tests: int
    reached: tuple[Reached, ...]

    @property
    def missed(self) -> tuple[Reached, ...]:
        """The conditions that no test reaches."""
        return tuple(one for one in self.reached if not one.times)


def coverage_of(rule: Rule, *, vocabulary: Vocabulary) -> Coverage:
    """Return what the tests in the rule's file reach; a test that cannot be read reaches nothing."""
    times: Counter[Pointer] = Counter()
    tests = items_of(rule)
    for index, test in enumerate(tests):
        facts, wrong = facts_of_test(rule, index, vocabulary)
        if not wrong:
            times.update(_reached(rule_of(rule, test), facts))
    reached = tuple(
        Reached(pointer=at, line=rule.line_of(("spec", *at)), times=times[at]) for at in rule.conditions
    )
    return Coverage(rule=rule, tests=len(tests), reached=reached)


def _reached(rule: Rule, facts: dict[str, Value]) -> tuple[Pointer, ...]:
    pointers = tuple(rule.conditions)
    try:
        if isinstance(rule.shape, Table):
            return tuple(pointers[row.row_no] for row in rule.shape.decide_all(facts))
        if isinstance(rule.shape, Scored):
            hits = rule.shape.decide(facts).hits
            return tuple(pointers[rule.shape.rules.index(hit)] for hit in hits)
    except (RulebookError, EvaluationError):
        return ()
    return tuple(at for at, one in rule.conditions.items() if _holds(one, facts))


def _holds(condition: Condition, facts: dict[str, Value]) -> bool:
    try:
        return condition.evaluate(facts)
    except EvaluationError:
        return False
