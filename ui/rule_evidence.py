"""What is known of a rule's present text beyond its findings: proofs, and which rows its tests reach.

No NiceGUI here, and no solver until somebody asks for a proof. Both take a while: call them in a thread.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import TYPE_CHECKING

from engine.releases import Release
from engine.rulebook import Coverage, Rule, Rulebook, coverage_of

if TYPE_CHECKING:
    from engine.rulebook.prove import Proof

_ORDER = ("refuted", "undecided", "accepted", "proved")


def proofs(release: Release, rule: Rule, *, on: date) -> tuple[Proof, ...]:
    """Return every proof about `rule` as it stands in the text, those for people to look at first."""
    from engine.rulebook.prove import proofs_of

    others = [one for one in release.rulebook.rules if one.path != rule.path]
    rulebook = Rulebook(context=release.rulebook.context, rules=[*others, rule])
    found = proofs_of(rulebook=rulebook, changed={rule.path}, on=on)
    own = [proof for proof in found if proof.location.file == rule.path]
    return tuple(sorted(own, key=lambda proof: (_ORDER.index(str(proof.verdict)), proof.location)))


def count(found: Sequence[Proof]) -> dict[str, int]:
    """Return how many proofs have each verdict, the gravest first."""
    return {verdict: sum(str(proof.verdict) == verdict for proof in found) for verdict in _ORDER}


def coverage(release: Release, rule: Rule) -> Coverage:
    """Return what the tests in the rule's text reach."""
    return coverage_of(rule, vocabulary=release.rulebook.vocabulary)
