"""Proofs about rules: what can never happen, what can, with a case to look at. docs/proofs.md lists them.

proofs = prove(rulebook=rulebook)
refuted = [proof for proof in proofs if proof.verdict == Verdict.REFUTED]
glance(rule=rule).refuted  # what can be told while somebody types

Imported where proofs are wanted and by nothing else: whoever only decides payments never loads the solver.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from datetime import date

from engine.rulebook.book import Rulebook
from engine.rulebook.kinds import Kind
from engine.rulebook.prove.acceptances import entry_for, judged, proof_findings
from engine.rulebook.prove.between import prove_between, read_between
from engine.rulebook.prove.budgets import prove_cover
from engine.rulebook.prove.conditions import prove_conditions
from engine.rulebook.prove.glances import Glance, glance
from engine.rulebook.prove.invariants import prove_invariants
from engine.rulebook.prove.levels import prove_levels
from engine.rulebook.prove.model import Proof, Verdict
from engine.rulebook.prove.payouts import prove_payouts
from engine.rulebook.prove.questions import Questions
from engine.rulebook.prove.scores import prove_scores
from engine.rulebook.prove.shares import prove_shares
from engine.rulebook.prove.tables import prove_table
from engine.rulebook.prove.tiers import prove_tiers
from engine.rulebook.rules import Rule

_FAMILIES: tuple[Callable[[Questions], tuple[Proof, ...]], ...] = (
    prove_conditions,
    prove_table,
    prove_scores,
    prove_shares,
    prove_tiers,
    prove_levels,
    prove_cover,
    prove_payouts,
    prove_invariants,
)


def prove(*, rulebook: Rulebook, on: date | None = None) -> tuple[Proof, ...]:
    """Return every proof about the rules of the files, by rule and place.

    `on` is the day on which acceptances are looked at; without it they count whatever their date.
    """
    return _proofs(rulebook, rulebook.rules, on)


def proofs_of(*, rulebook: Rulebook, changed: Collection[str], on: date | None = None) -> tuple[Proof, ...]:
    """Return the proofs about the rules in the files `changed` and about those that depend on them.

    A declaration among them (facts, aggregates, a kind) changes every rule.
    """
    paths = {rule.path for rule in rulebook.rules}
    declares = any(path.startswith("rules/") and path not in paths for path in changed)
    kinds = {rule.kind for rule in rulebook.rules if rule.path in changed}
    asked = tuple(
        rule
        for rule in rulebook.rules
        if declares or rule.path in changed or kinds & read_between(rulebook.kinds[rule.kind])
    )
    return _proofs(rulebook, asked, on)


def prove_rule(*, rule: Rule, kind: Kind, on: date | None = None) -> tuple[Proof, ...]:
    """Return every proof about one rule by itself, by place; of one place, the most basic first."""
    questions = Questions(rule=rule, kind=kind)
    proofs = [proof for family in _FAMILIES for proof in family(questions)]
    return judged(rule, sorted(proofs, key=lambda proof: proof.location), on=on)


def _proofs(rulebook: Rulebook, rules: Collection[Rule], on: date | None) -> tuple[Proof, ...]:
    return tuple(
        proof
        for rule in rules
        for stretch in rule.stretches
        for proof in (
            *prove_rule(rule=stretch, kind=rulebook.kinds[rule.kind], on=on),
            *judged(stretch, prove_between(rulebook, stretch), on=on),
        )
    )


__all__ = [
    "Glance",
    "Proof",
    "Verdict",
    "entry_for",
    "glance",
    "proof_findings",
    "proofs_of",
    "prove",
    "prove_rule",
]
