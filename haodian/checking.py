"""`haodian check`: every rule and form of a folder or of the active release, all findings at once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from engine.diagnostics import Diagnostic, Severity
from engine.forms import load_form
from engine.releases import read_files
from engine.rulebook import Rulebook, check
from payments_core.fees import EVALUATORS

SUFFIXES = (".yaml", ".json")


class NothingToCheck(Exception):
    """The folder holds neither rules/ nor forms/."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """What was looked at and what was found, errors first."""

    files: Mapping[str, str]
    findings: Sequence[Diagnostic]

    def count(self, severity: Severity) -> int:
        """Return how many findings have `severity`."""
        return Counter(finding.severity for finding in self.findings)[severity]

    @property
    def is_good(self) -> bool:
        """Tell whether nothing found stops a release."""
        return self.count(Severity.ERROR) == 0


def read_folder(folder: Path) -> Mapping[str, str]:
    """Return the rule and form files of `folder` by their path in it. Raises NothingToCheck.

    A file that is no UTF-8 is read with replacement characters, which the rulebook's reader then refuses.
    """
    roots = [folder / name for name in ("rules", "forms") if (folder / name).is_dir()]
    paths = sorted(p for root in roots for p in root.rglob("*") if p.suffix in SUFFIXES and p.is_file())
    if not paths:
        raise NothingToCheck(str(folder))
    return {p.relative_to(folder).as_posix(): p.read_bytes().decode(errors="replace") for p in paths}


def read_commit(repository: Path, commit: str) -> Mapping[str, str]:
    """Return the rule and form files of a commit of the rulebook repository."""
    return dict(read_files(repository, commit))


def check_files(files: Mapping[str, str], *, proving: bool = False, on: date | None = None) -> Checked:
    """Check every rule, its in-file tests, and every form; prove the rules too if asked.

    `on` is the day on which what the rules accept is looked at; without it acceptances have no end.
    """
    rulebook, found = check(files=files, evaluators=EVALUATORS)
    findings = list(found)
    if proving and rulebook is not None:
        findings += _proved(rulebook, on)
    for path, text in sorted(files.items()):
        if path.startswith("forms/") and path.endswith(".yaml"):
            findings += load_form(path=path, text=text)[1]
    rank = list(Severity)
    ordered = sorted(set(findings), key=lambda f: (rank.index(f.severity), f.location, f.code))
    return Checked(files=files, findings=tuple(ordered))


def _proved(rulebook: Rulebook, on: date | None) -> tuple[Diagnostic, ...]:
    # Only whoever asks for proofs loads the solver.
    from engine.rulebook.prove import proof_findings, prove

    return proof_findings(rules=rulebook.rules, proofs=prove(rulebook=rulebook, on=on), on=on)
