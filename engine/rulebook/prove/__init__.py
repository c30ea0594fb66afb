"""Proofs about rules: what can never happen, what can, with a case to look at. docs/proofs.md lists them.

proofs = prove(rulebook=rulebook)
refuted = [proof for proof in proofs if proof.verdict == Verdict.REFUTED]
glance(rule=rule).refuted  # what can be told while somebody types

Imported where proofs are wanted and by nothing else: whoever only decides payments never loads the solver.
"""

from __future__ import annotations

from collections.abc import Callable

from engine.rulebook.book import Rulebook
from engine.rulebook.kinds import Kind
from engine.rulebook.prove.conditions import prove_conditions
from engine.rulebook.prove.glances import Glance, glance
from engine.rulebook.prove.model import Proof, Verdict
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
)


def prove(*, rulebook: Rulebook) -> tuple[Proof, ...]:
    """Return every proof about the rules of the files, by rule and place."""
    return tuple(
        proof
        for rule in rulebook.rules
        for stretch in rule.stretches
        for proof in prove_rule(rule=stretch, kind=rulebook.kinds[rule.kind])
    )


def prove_rule(*, rule: Rule, kind: Kind) -> tuple[Proof, ...]:
    """Return every proof about one rule, by place; of one place, the most basic first."""
    questions = Questions(rule=rule, kind=kind)
    proofs = [proof for family in _FAMILIES for proof in family(questions)]
    return tuple(sorted(proofs, key=lambda proof: proof.location))


__all__ = ["Glance", "Proof", "Verdict", "glance", "prove", "prove_rule"]
