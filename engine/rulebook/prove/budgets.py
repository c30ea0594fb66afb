"""Of budgets: that each covers what its rule may cost, and that what is set aside covers them together."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from engine.rulebook.book import Rulebook
from engine.rulebook.claims import KindClaim, Path
from engine.rulebook.prove.model import Proof, Verdict
from engine.rulebook.prove.questions import Questions
from engine.rulebook.prove.wording import known_proof, yuan
from engine.rulebook.rules import Rule, matches
from engine.rulebook.timelines import Span


def prove_cover(questions: Questions) -> tuple[Proof, ...]:
    """Return one proof for every amount of `budget_covers`: `at`, taken `times`, is within `against`."""
    asked = [one for one in questions.kind.claims if one.claim == "budget_covers"]
    return tuple(proof for claim in asked for proof in _cover(questions, claim))


def _cover(questions: Questions, claim: KindClaim) -> Iterator[Proof]:
    rule = questions.rule
    times, budget_fen = _number(rule, claim.times), _number(rule, claim.against)
    for pattern in claim.at:
        amount_fen = _number(rule, pattern)
        if amount_fen is not None and budget_fen is not None:
            cost_fen = amount_fen * (1 if times is None else times)
            words = {"cost": yuan(cost_fen), "budget": yuan(budget_fen)}
            at = rule.document.location(("spec", *pattern))
            covered = cost_fen <= budget_fen
            yield questions.known("BUDGET_COVERS", at=at, witness=None, proved=covered, words=words)


def prove_funds(rulebook: Rulebook, rule: Rule) -> tuple[Proof, ...]:
    """Return one proof for `budget_funded`: budgets (`at`) of rules in force are within their fund.

    The fund is the number at `against` of the rule of the kind `other` in force; without any, no proof.
    """
    asked = [one for one in rulebook.kinds[rule.kind].claims if one.claim == "budget_funded"]
    return tuple(proof for claim in asked for proof in _funds(rulebook, rule, claim))


def _funds(rulebook: Rulebook, rule: Rule, claim: KindClaim) -> Iterator[Proof]:
    spans = rulebook.spans(kind=rule.kind)
    funds = [
        span for span in rulebook.spans(kind=claim.other) if _number(span.rule, claim.against) is not None
    ]
    (path,) = claim.at
    if _number(rule, path) is None:
        return
    at = rule.document.location(("spec", *path))
    proved = None
    for own in (span for span in spans if span.rule is rule):
        for instant in _starts(own, [*spans, *funds]):
            for fund in (span for span in funds if _is_in_force(span, instant)):
                drawing = [span.rule for span in spans if _is_in_force(span, instant)]
                total_fen = sum(_number(one, path) or 0 for one in drawing)
                fund_fen = _number(fund.rule, claim.against) or 0
                words = {
                    "total": yuan(total_fen),
                    "fund": yuan(fund_fen),
                    "since": instant.isoformat(),
                    "rules": ", ".join(one.id for one in drawing),
                    "id": fund.rule.id,
                }
                if total_fen > fund_fen:
                    yield known_proof("BUDGET_FUNDED", Verdict.REFUTED, at, words)
                    return
                proved = known_proof("BUDGET_FUNDED", Verdict.PROVED, at, words)
    if proved is not None:
        yield proved


def _starts(own: Span, others: list[Span]) -> list[datetime]:
    """Return the instants within a span at which what is in force changes."""
    return sorted({one.start for one in others if _is_in_force(own, one.start)} | {own.start})


def _is_in_force(span: Span, instant: datetime) -> bool:
    return span.start <= instant and (span.end is None or instant < span.end)


def _number(rule: Rule, path: Path) -> int | None:
    found: list[Any] = [value for _, value in matches(rule.spec, path)] if path else []
    return found[0] if found and isinstance(found[0], int) else None
