"""Compile one CEL text into a Condition, or say everything that is wrong with it.

The text is parsed and type-checked by the official implementation, held to our subset, then rebuilt as our
own tree. Many conditions evaluated together are best compiled into one function: `compile_all` (every one
that is true), `compile_first_match` (the first).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from engine.diagnostics import Diagnostic, Language, Location
from engine.expressions import official
from engine.expressions.closure_sets import closure_of_all, closure_of_first
from engine.expressions.closures import Evaluate, Facts, closure
from engine.expressions.complaints import report_unchecked, report_unparsed
from engine.expressions.decoded import TooDeep
from engine.expressions.printer import cel_text
from engine.expressions.report import Report
from engine.expressions.subset import LENGTH_LIMIT, check_subset, report_cost
from engine.expressions.tree import AllOf, Node, reads
from engine.expressions.typed import build, check_types
from engine.expressions.vocabulary import Vocabulary
from engine.expressions.words import words

# The official parser cuts its messages at NUL and cannot take lone surrogates.
_UNPRINTABLE = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff]")


@dataclass(frozen=True, slots=True, kw_only=True)
class Clause:
    """One top-level `&&` part of a condition, to say which of them was not met."""

    tree: Node
    reads: frozenset[str]
    evaluate: Evaluate = field(compare=False, repr=False)

    def words(self, *, language: Language) -> str:
        """Return the clause in words."""
        return words(tree=self.tree, language=language)


@dataclass(frozen=True, slots=True, kw_only=True)
class Condition:
    """A checked condition. `evaluate(facts)` answers True or False, or raises EvaluationError; never else."""

    source: str
    location: Location
    tree: Node
    reads: frozenset[str]
    evaluate: Evaluate = field(compare=False, repr=False)

    def words(self, *, language: Language) -> str:
        """Return the condition in words."""
        return words(tree=self.tree, language=language)

    def clauses(self) -> tuple[Clause, ...]:
        """Return the top-level `&&` parts in source order; without any `&&`, the whole as one clause."""
        parts = self.tree.parts if isinstance(self.tree, AllOf) else (self.tree,)
        return tuple(Clause(tree=part, reads=reads(part), evaluate=closure(part)) for part in parts)


def compile_condition(
    *, source: str, vocabulary: Vocabulary, location: Location
) -> tuple[Condition | None, tuple[Diagnostic, ...]]:
    """Return the condition, or None and every finding.

    `location` is the place of the text's first character. Codes: CEL_SYNTAX, FACT_UNKNOWN, FACT_WITHHELD,
    TYPE_MISMATCH, NOT_BOOLEAN, ENUM_UNKNOWN, FLOAT_REFUSED, DYN_REFUSED, COST_REFUSED, TIMESTAMP_INVALID,
    UNSUPPORTED.
    """
    report = Report(source=source, location=location)
    try:
        tree = _tree(source, vocabulary, report)
    except TooDeep:
        report_cost(report, (0, len(source)), "嵌套太深", "nested too deep")
        tree = None
    if tree is None:
        return None, report.diagnostics()
    condition = Condition(
        source=source, location=location, tree=tree, reads=reads(tree), evaluate=closure(tree)
    )
    return condition, ()


def condition_of(*, tree: Node, location: Location) -> Condition:
    """Return the condition of a tree that was made, not written; its text is made from the tree."""
    return Condition(
        source=cel_text(tree), location=location, tree=tree, reads=reads(tree), evaluate=closure(tree)
    )


def compile_all(conditions: Sequence[Condition]) -> Callable[[Facts], tuple[int, ...]]:
    """Return one function giving the indices of the conditions that are true, ascending.

    It raises EvaluationError, with `index`, if any condition does. Every fact they read must be given.
    """
    return closure_of_all(tuple(condition.tree for condition in conditions))


def compile_first_match(conditions: Sequence[Condition]) -> Callable[[Facts], int | None]:
    """Return one function giving the index of the first condition that is true, None if none is.

    It raises EvaluationError, with `index`, if a condition before the first true one does. Every fact any of
    them reads must be given.
    """
    return closure_of_first(tuple(condition.tree for condition in conditions))


def _tree(source: str, vocabulary: Vocabulary, report: Report) -> Node | None:
    """Return the typed tree, None once something is reported."""
    _check_text(source, report)
    if report.diagnostics():
        return None
    try:
        parsed = official.parse(source=source, vocabulary=vocabulary)
    except official.Refused as refused:
        report_unparsed(complaints=refused.complaints, report=report)
        return None
    # Not on the checked tree: there `has(txn.x)` has become a plain `txn.x`.
    check_subset(tree=parsed, vocabulary=vocabulary, report=report)
    try:
        checked = official.check(source=source, vocabulary=vocabulary)
    except official.Refused as refused:
        report_unchecked(complaints=refused.complaints, tree=parsed, vocabulary=vocabulary, report=report)
        return None
    if not report.diagnostics():
        check_types(tree=checked, report=report)
    return None if report.diagnostics() else build(tree=checked, vocabulary=vocabulary)


def _check_text(source: str, report: Report) -> None:
    """Report a text that need not be parsed to be refused."""
    unprintable = _UNPRINTABLE.search(source)
    if not source.strip():
        hints = {"hint_zh": "总是成立写 true", "hint_en": "for always, write true"}
        report.add("CEL_SYNTAX", (0, 1), "条件是空的", "the condition is empty", **hints)
    elif unprintable:
        span = unprintable.start(), 1
        report.add("CEL_SYNTAX", span, "不可用的控制字符", "control characters are not allowed")
    elif len(source) > LENGTH_LIMIT:
        zh = f"{len(source)} 字，上限 {LENGTH_LIMIT}"
        report_cost(report, (0, 1), zh, f"{len(source)} characters of {LENGTH_LIMIT}")
