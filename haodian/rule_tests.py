"""`haodian test`: the tests inside rule files, and which rows and rules they reach."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from engine.diagnostics import Diagnostic, Severity
from engine.rulebook import Coverage, check, coverage_of
from payments_core.fees import EVALUATORS

_OF_TESTS = frozenset({"TEST_FAILED", "TEST_ERROR", "TEST_NOT_EVALUATED"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """The coverage of every rule, and what stands in the way: failed tests, or files that are broken."""

    files: Mapping[str, str]
    coverages: Sequence[Coverage]
    findings: Sequence[Diagnostic]

    @property
    def is_good(self) -> bool:
        """Tell whether every test passed."""
        return not any(finding.severity is Severity.ERROR for finding in self.findings)


def run(files: Mapping[str, str]) -> Outcome:
    """Run the tests of every rule. Where a file is broken there is nothing to run, only what is wrong."""
    rulebook, findings = check(files=files, evaluators=EVALUATORS)
    if rulebook is None:
        stopping = [finding for finding in findings if finding.severity is Severity.ERROR]
        return Outcome(files=files, coverages=(), findings=stopping)
    coverages = [coverage_of(rule, vocabulary=rulebook.vocabulary) for rule in rulebook.rules]
    told = [finding for finding in findings if finding.code in _OF_TESTS]
    return Outcome(files=files, coverages=coverages, findings=told)


def as_text(report: Outcome) -> str:
    """Return a line a rule, what no test reaches by line, what failed, and the sums."""
    lines = [_line(one) for one in sorted(report.coverages, key=lambda one: one.rule.path)]
    shown = [finding.render(report.files.get(finding.location.file)) for finding in report.findings]
    tests = sum(one.tests for one in report.coverages)
    conditions = [reached for one in report.coverages for reached in one.reached]
    hit = sum(1 for reached in conditions if reached.times)
    failed = sum(1 for finding in report.findings if finding.severity is Severity.ERROR)
    closing = (
        f"{tests} 个测试，{failed} 处不符；条件 {hit}/{len(conditions)} 被测到"
        f" · {tests} tests, {failed} wrong; {hit} of {len(conditions)} conditions reached"
    )
    return "\n".join([*lines, *shown, closing])


def _line(one: Coverage) -> str:
    hit = len(one.reached) - len(one.missed)
    missed = ", ".join(str(reached.line) for reached in one.missed)
    unseen = f"  未测到的行 lines never reached: {missed}" if missed else ""
    return f"{one.rule.path}  {one.tests} tests  {hit}/{len(one.reached)}{unseen}"
