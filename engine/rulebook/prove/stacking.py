"""Of campaigns: that what several give to one payment stays within a total."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from engine.expressions import Condition
from engine.expressions.smt import Formula
from engine.expressions.smt_logic import both, either
from engine.rulebook.book import Rulebook
from engine.rulebook.claims import KindClaim
from engine.rulebook.crosschecks import may_meet
from engine.rulebook.documents import Pointer
from engine.rulebook.prove.model import Proof
from engine.rulebook.prove.questions import Case, Questions, Words
from engine.rulebook.prove.wording import yuan
from engine.rulebook.rules import Rule, matches
from engine.rulebook.timelines import overlap


def prove_stacking(rulebook: Rulebook, rule: Rule) -> tuple[Proof, ...]:
    """Return one proof for `stacking_within`: no other rule in force gives the same payment too much on top.

    Rules of one exclusive group (`group`) never apply together.
    """
    kind = rulebook.kinds[rule.kind]
    asked = [one for one in kind.claims if one.claim == "stacking_within"]
    return tuple(proof for claim in asked if (proof := _within(rulebook, rule, claim)) is not None)


def _within(rulebook: Rulebook, rule: Rule, claim: KindClaim) -> Proof | None:
    kind, (path,) = rulebook.kinds[rule.kind], claim.at
    own_fen, own = _at(rule, path), _condition(rule, claim)
    if own_fen is None or own is None:
        return None
    partners: dict[str, tuple[int, Condition]] = {}
    for other in _beside(rulebook, rule, claim):
        fen, condition = _at(other, path), _condition(other, claim)
        if fen is not None and condition is not None and own_fen + fen > claim.total_fen:
            partners[other.id] = fen, condition
    conditions = [condition for _, condition in partners.values()]
    questions = Questions(rule=rule, kind=kind, also=[one.tree for one in conditions])
    reading = questions.reading

    def when() -> Formula:
        return both(reading.holds(own.tree), either(*(reading.holds(one.tree) for one in conditions)))

    def met(case: Case) -> Mapping[str, int]:
        return {name: fen for name, (fen, one) in partners.items() if one.evaluate(case)}

    def words(case: Case | None) -> Words:
        found = met(case) if case is not None else {}
        other = next(iter(found), "")
        total_fen = own_fen + found.get(other, 0)
        return {"id": other, "total": yuan(total_fen), "limit": yuan(claim.total_fen)}

    return questions.never_happens(
        "STACKING_WITHIN_TOTAL",
        at=rule.document.location(("spec", *path)),
        when=when,
        confirms=lambda case: own.evaluate(case) and bool(met(case)),
        about=(own, *conditions),
        words=words,
    )


def _beside(rulebook: Rulebook, rule: Rule, claim: KindClaim) -> list[Rule]:
    """Return the rules that can be in force for one case together with this one."""
    spans = rulebook.spans(kind=rule.kind)
    own = [span for span in spans if span.rule is rule]
    found = []
    for other in (span for span in spans if span.rule.id != rule.id):
        group = _at(rule, claim.group)
        is_exclusive = group is not None and group == _at(other.rule, claim.group)
        meets = any(overlap(one, other) for one in own) and may_meet(rule, other.rule)
        if meets and not is_exclusive:
            found.append(other.rule)
    return found


def _condition(rule: Rule, claim: KindClaim) -> Condition | None:
    pointer: Pointer = claim.when
    return rule.conditions.get(pointer)


def _at(rule: Rule, path: tuple[str, ...]) -> Any:
    return next((value for _, value in matches(rule.spec, path)), None) if path else None
