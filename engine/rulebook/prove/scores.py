"""Of scored rules: that their scores can add up to what each band asks for."""

from __future__ import annotations

from engine.expressions.smt import Formula
from engine.expressions.smt_logic import both, chosen, negated
from engine.rulebook.prove.model import Proof
from engine.rulebook.prove.questions import Questions
from engine.rulebook.scores import Band, Scored


def prove_scores(questions: Questions) -> tuple[Proof, ...]:
    """Return the proof of every band; none for another shape."""
    scored = questions.rule.shape
    if not isinstance(scored, Scored):
        return ()
    return tuple(_reachable(questions, scored, number, band) for number, band in enumerate(scored.bands))


def _reachable(questions: Questions, scored: Scored, number: int, band: Band) -> Proof:
    reading = questions.reading

    def when() -> Formula:
        # An error in any rule makes no verdict at all.
        sound = (negated(reading.fails(rule.condition.tree)) for rule in scored.rules)
        scores = (chosen(reading.holds(rule.condition.tree), rule.score, 0) for rule in scored.rules)
        return both(sum(scores) >= band.min, *sound)

    return questions.can_happen(
        "BAND_REACHABLE",
        at=questions.rule.document.location(("spec", "score_bands", number, "min")),
        when=when,
        confirms=lambda facts: scored.decide(facts).score >= band.min,
        about=scored.conditions,
        words={"min": band.min, "most": sum(max(rule.score, 0) for rule in scored.rules)},
    )
