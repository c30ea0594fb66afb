"""Of the parts of a whole: that they are never more than it, whichever of their conditions hold together."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from engine.expressions import Condition, format_value
from engine.expressions.smt import Formula
from engine.expressions.smt_logic import both, chosen, negated
from engine.rulebook.checks import rate_of
from engine.rulebook.documents import Pointer
from engine.rulebook.kinds import KindCheck
from engine.rulebook.prove.model import Proof
from engine.rulebook.prove.questions import Case, Questions, Words
from engine.rulebook.rules import matches

_WHOLE_PPM = 1_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class _Part:
    """One share; without a condition of its own it always counts."""

    pointer: Pointer
    rate_ppm: int
    condition: Condition | None


def prove_shares(questions: Questions) -> tuple[Proof, ...]:
    """Return one proof for every `sum_at_most_one` that the kind asks for."""
    asked = [check for check in questions.kind.checks if check.check == "sum_at_most_one"]
    found = [tuple(_parts(questions, check)) for check in asked]
    return tuple(_within(questions, parts) for parts in found if parts)


def _parts(questions: Questions, check: KindCheck) -> Iterator[_Part]:
    for pattern in check.at:
        for pointer, value in matches(questions.rule.spec, pattern):
            rate = rate_of(value)
            if rate is not None:
                condition = questions.conditions.get((*pointer[:-1], "when"))
                yield _Part(pointer=pointer, rate_ppm=int(rate * _WHOLE_PPM), condition=condition)


def _within(questions: Questions, parts: tuple[_Part, ...]) -> Proof:
    reading = questions.reading
    conditions = [part.condition for part in parts if part.condition is not None]

    def when() -> Formula:
        # An error in a condition shares nothing out.
        sound = (negated(reading.fails(condition.tree)) for condition in conditions)
        rates = (
            chosen(reading.holds(part.condition.tree), part.rate_ppm, 0) if part.condition else part.rate_ppm
            for part in parts
        )
        return both(sum(rates) > _WHOLE_PPM, *sound)

    def words(case: Case | None) -> Words:
        total_ppm = _total_ppm(parts, case) if case is not None else 0
        return {"total": format_value(value=total_ppm, unit="ppm", language="zh")}

    return questions.never_happens(
        "SHARES_WITHIN_WHOLE",
        at=questions.rule.document.location(("spec", *parts[-1].pointer)),
        when=when,
        confirms=lambda facts: _total_ppm(parts, facts) > _WHOLE_PPM,
        about=conditions,
        words=words,
    )


def _total_ppm(parts: tuple[_Part, ...], facts: Case) -> int:
    return sum(part.rate_ppm for part in parts if part.condition is None or part.condition.evaluate(facts))
