"""Of when rules are in force: that it is never undecided which of two applies."""

from __future__ import annotations

from engine.rulebook.book import Rulebook
from engine.rulebook.crosschecks import equally_specific
from engine.rulebook.prove.model import Proof, Verdict
from engine.rulebook.prove.wording import known_proof
from engine.rulebook.rules import Rule
from engine.rulebook.timelines import overlap


def prove_periods(rulebook: Rulebook, rule: Rule) -> tuple[Proof, ...]:
    """Return that no other rule of the kind, equally specific, is in force with this one.

    Not asked of kinds of which all rules apply. Nothing need be searched: two periods share an
    instant if they share the later start.
    """
    kind = rulebook.kinds[rule.kind]
    if kind.applies_all:
        return ()
    spans = rulebook.spans(kind=rule.kind)
    at = rule.document.location(("effective", "from"))
    for one in (span for span in spans if span.rule is rule):
        for other in spans:
            is_rival = other.rule.id != rule.id and equally_specific(one.rule, other.rule)
            if is_rival and other.start <= one.start and overlap(one, other):
                words = {"id": other.rule.id, "file": other.rule.path, "since": one.start.isoformat()}
                return (known_proof("PERIODS_APART", Verdict.REFUTED, at, words),)
    return (known_proof("PERIODS_APART", Verdict.PROVED, at, {}),)
