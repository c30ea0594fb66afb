"""What is known of a change before people look at it: checks, tests, proofs, and what stands against it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from engine.diagnostics import Diagnostic, Severity
from engine.releases import Change, Release, check_commit, find_change
from engine.rulebook import Evaluator, Rule, coverage_of
from payments_core.calendar import business_date_of
from payments_core.rulebooks.errors import CheckFailed, ProofRefuted

if TYPE_CHECKING:
    from engine.rulebook.prove import Proof


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """A change and what was found; `release` is the rulebook as it would be, None where it does not check."""

    change: Change
    release: Release | None
    findings: tuple[Diagnostic, ...]
    proofs: tuple[Proof, ...]
    tests: int

    @property
    def errors(self) -> tuple[Diagnostic, ...]:
        """The findings that stop it."""
        return tuple(one for one in self.findings if one.severity is Severity.ERROR)

    @property
    def refuted(self) -> tuple[Proof, ...]:
        """The claims that stop it: refuted, and not accepted in the rule's file."""
        return tuple(proof for proof in self.proofs if str(proof.verdict) == "refuted")

    def refuse_unsound(self) -> None:
        """Raise CheckFailed or ProofRefuted where anything stops it."""
        if self.release is None:
            raise CheckFailed(diagnostics=self.errors)
        if self.refuted:
            raise ProofRefuted(proofs=self.refuted)

    def summary(self) -> Mapping[str, Any]:
        """Return the figures that a review and the merge commit keep."""
        verdicts = Counter(str(proof.verdict) for proof in self.proofs)
        severities = Counter(str(one.severity).lower() for one in self.findings)
        rules = len(self.release.rulebook.rules) if self.release is not None else 0
        return {
            "files": list(self.change.files),
            "checked": {"rules": rules, "errors": severities["error"], "warnings": severities["warning"]},
            "proofs": {name: verdicts[name] for name in ("proved", "refuted", "undecided", "accepted")},
            "tests": self.tests,
        }


def examine(*, repository: Path, draft: str, evaluators: Mapping[str, Evaluator], now: datetime) -> Evidence:
    """Check, test and prove the draft as it would be on main, were it activated at `now`.

    Raises what engine.releases raises where there is no change to look at.
    """
    change = find_change(path=repository, name=draft)
    release, findings = check_commit(
        path=repository, commit=change.merged, follows=change.released, evaluators=evaluators, now=now
    )
    if release is None:
        return Evidence(change=change, release=None, findings=findings, proofs=(), tests=0)
    changed = _changed_rules(change, release)
    return Evidence(
        change=change,
        release=release,
        findings=tuple(one for one in findings if one.location.file in change.after),
        proofs=_proofs(release, change, now),
        tests=sum(coverage_of(rule, vocabulary=release.rulebook.vocabulary).tests for rule in changed),
    )


def _changed_rules(change: Change, release: Release) -> tuple[Rule, ...]:
    """Return the changed rules; all of them where what rules are read against has changed."""
    paths = {rule.path for rule in release.rulebook.rules}
    declares = any(file.startswith("rules/") and file not in paths for file in change.after)
    return tuple(rule for rule in release.rulebook.rules if declares or rule.path in change.after)


def _proofs(release: Release, change: Change, now: datetime) -> tuple[Proof, ...]:
    # The solver is loaded by whoever asks for proofs, never by whoever takes payments.
    from engine.rulebook.prove import proofs_of

    return proofs_of(rulebook=release.rulebook, changed=change.files, on=business_date_of(now))
