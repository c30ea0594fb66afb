"""Of a ladder: that every level can be risen to by somebody who keeps the one below."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from engine.expressions import Condition
from engine.expressions.smt_logic import both
from engine.rulebook.claims import KindClaim
from engine.rulebook.documents import Pointer
from engine.rulebook.prove.model import Proof
from engine.rulebook.prove.questions import Questions
from engine.rulebook.rules import matches


def prove_levels(questions: Questions) -> tuple[Proof, ...]:
    """Return one proof for every level that the kind's `levels_reachable` names.

    `at` are the conditions to rise, `against` those to stay: of the level below, and of the level itself.
    """
    asked = [one for one in questions.kind.claims if one.claim == "levels_reachable"]
    return tuple(
        _reachable(questions, claim, pointer)
        for claim in asked
        for pattern in claim.at
        for pointer, _ in matches(questions.rule.spec, pattern)
    )


def _reachable(questions: Questions, claim: KindClaim, pointer: Pointer) -> Proof:
    number = next(part for part in pointer if isinstance(part, int))
    kept = [questions.conditions.get(_at(claim.against, one)) for one in (number - 1, number)]
    rises = questions.conditions[pointer]
    about: list[Condition] = [rises, *(one for one in kept if one is not None)]
    level: Mapping[str, Any] = questions.rule.spec[str(pointer[0])][number]
    return questions.can_happen(
        "LEVEL_REACHABLE",
        at=rises.location,
        when=lambda: both(*(questions.reading.holds(one.tree) for one in about)),
        confirms=lambda facts: all(one.evaluate(facts) for one in about),
        about=about,
        words={"level": level.get("label", level.get("id", number + 1))},
    )


def _at(pattern: tuple[str, ...], number: int) -> Pointer:
    return tuple(number if part == "*" else part for part in pattern)
