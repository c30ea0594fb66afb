"""What is claimed of a rule beside others: read from the whole rulebook, told of one rule."""

from __future__ import annotations

from engine.rulebook.book import Rulebook
from engine.rulebook.kinds import Kind
from engine.rulebook.prove.model import Proof
from engine.rulebook.prove.periods import prove_periods
from engine.rulebook.rules import Rule


def prove_between(rulebook: Rulebook, rule: Rule) -> tuple[Proof, ...]:
    """Return every proof about one rule beside others."""
    return prove_periods(rulebook, rule)


def read_between(kind: Kind) -> frozenset[str]:
    """Return the kinds whose rules are read to prove a rule of this one."""
    return frozenset() if kind.applies_all else frozenset({kind.name})
