"""Rules that name other rules: what a kind asks for with the check `rule_named`.

checks:
  - {check: rule_named, at: [outcome.task], against: task}
"""

from __future__ import annotations

from collections.abc import Iterator

from engine.diagnostics import Diagnostic
from engine.rulebook.book import Rulebook
from engine.rulebook.kinds import KindCheck
from engine.rulebook.rules import Rule, matches
from engine.rulebook.schemas import nearest
from engine.rulebook.wording import finding


def check_references(rulebook: Rulebook) -> Iterator[Diagnostic]:
    """Yield every name of a rule that this release does not have."""
    for rule in rulebook.rules:
        for check in rulebook.kinds[rule.kind].checks:
            if check.check == "rule_named":
                yield from _unknown(rulebook, rule, check)


def _unknown(rulebook: Rulebook, rule: Rule, check: KindCheck) -> Iterator[Diagnostic]:
    (kind,) = check.against
    known = sorted({other.id for other in rulebook.rules if other.kind == kind})
    for pattern in check.at:
        for pointer, name in matches(rule.spec, pattern):
            if isinstance(name, str) and name not in known:
                close = nearest(name, known)
                hint = (f"是否想写 {close}？", f"did you mean {close}?") if close else None
                place = rule.document.location(("spec", *pointer))
                allowed = ", ".join(known) or "—"
                yield finding(
                    "NAME_UNKNOWN", place, length=len(name), hint=hint, name=name, where=kind, allowed=allowed
                )
