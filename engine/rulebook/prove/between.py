"""What is claimed of a rule beside others: read from the whole rulebook, told of one rule."""

from __future__ import annotations

from collections.abc import Callable

from engine.rulebook.book import Rulebook
from engine.rulebook.kinds import Kind
from engine.rulebook.prove.budgets import prove_funds
from engine.rulebook.prove.margins import prove_margins
from engine.rulebook.prove.model import Proof
from engine.rulebook.prove.overrides import prove_overrides
from engine.rulebook.prove.periods import prove_periods
from engine.rulebook.prove.stacking import prove_stacking
from engine.rulebook.rules import Rule

_FAMILIES: tuple[Callable[[Rulebook, Rule], tuple[Proof, ...]], ...] = (
    prove_periods,
    prove_margins,
    prove_overrides,
    prove_stacking,
    prove_funds,
)
_OF_ITS_KIND = ("overrides_tighten", "stacking_within", "budget_funded")


def prove_between(rulebook: Rulebook, rule: Rule) -> tuple[Proof, ...]:
    """Return every proof about one rule beside others, by place."""
    proofs = [proof for family in _FAMILIES for proof in family(rulebook, rule)]
    return tuple(sorted(proofs, key=lambda proof: proof.location))


def read_between(kind: Kind) -> frozenset[str]:
    """Return the kinds whose rules are read to prove a rule of this one."""
    others = {claim.other for claim in kind.claims if claim.other}
    reads_its_own = not kind.applies_all or any(claim.claim in _OF_ITS_KIND for claim in kind.claims)
    return frozenset(others | ({kind.name} if reads_its_own else set()))
