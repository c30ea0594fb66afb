"""Of every condition: that it can hold, and that it can be false."""

from __future__ import annotations

from engine.expressions import Condition
from engine.rulebook.prove.model import Proof
from engine.rulebook.prove.questions import Questions


def prove_conditions(questions: Questions) -> tuple[Proof, ...]:
    """Return both proofs of every condition; `true` by itself is meant to hold always."""
    proofs: list[Proof] = []
    for number, condition in enumerate(questions.conditions.values()):
        if condition.source.strip() != "true":
            proofs += [_can_hold(questions, number, condition), _can_miss(questions, number, condition)]
    return tuple(proofs)


def _can_hold(questions: Questions, number: int, condition: Condition) -> Proof:
    return questions.can_happen(
        "CONDITION_CAN_HOLD",
        at=condition.location,
        when=lambda: questions.reading.holds(condition.tree),
        confirms=condition.evaluate,
        about=(condition,),
        words=_said(condition),
        boxed=lambda: questions.sweep.example(number),
    )


def _can_miss(questions: Questions, number: int, condition: Condition) -> Proof:
    return questions.can_happen(
        "CONDITION_CAN_MISS",
        at=condition.location,
        when=lambda: questions.reading.misses(condition.tree),
        confirms=lambda facts: not condition.evaluate(facts),
        about=(condition,),
        words=_said(condition),
        boxed=lambda: questions.sweep.counterexample(number),
    )


def _said(condition: Condition) -> dict[str, str]:
    return {"said": condition.words(language="zh"), "said_en": condition.words(language="en")}
