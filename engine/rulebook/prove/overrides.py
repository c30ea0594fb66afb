"""Of rules for a narrower scope: that they only tighten what the wider one says."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from engine.expressions.smt import Formula
from engine.expressions.smt_logic import both, either
from engine.rulebook.book import Rulebook
from engine.rulebook.checks import rate_of
from engine.rulebook.claims import KindClaim, Path
from engine.rulebook.crosschecks import may_meet
from engine.rulebook.prove.model import Proof, Verdict
from engine.rulebook.prove.questions import Case, Questions, Words
from engine.rulebook.prove.tables import decides
from engine.rulebook.prove.wording import known_proof
from engine.rulebook.rules import Rule, matches
from engine.rulebook.tables import Row, Table
from engine.rulebook.timelines import overlap

_ROWS = "rows"


def prove_overrides(rulebook: Rulebook, rule: Rule) -> tuple[Proof, ...]:
    """Return one proof for every path of `overrides_tighten` and every wider rule that this one precedes.

    `direction` is where tighter lies: `up` or `down`. Of tables those rows are compared that decide one case.
    """
    kind = rulebook.kinds[rule.kind]
    asked = [one for one in kind.claims if one.claim == "overrides_tighten"]
    return tuple(
        proof
        for claim in asked
        for wider in _wider(rulebook, rule)
        for path in claim.at
        for proof in _tightens(rulebook, rule, wider, claim, path)
    )


def _wider(rulebook: Rulebook, rule: Rule) -> Iterator[Rule]:
    spans = rulebook.spans(kind=rule.kind)
    own = [span for span in spans if span.rule is rule]
    for other in spans:
        is_wider = len(other.rule.scope) < len(rule.scope) and may_meet(rule, other.rule)
        if is_wider and any(overlap(one, other) for one in own):
            yield other.rule


def _tightens(rulebook: Rulebook, rule: Rule, wider: Rule, claim: KindClaim, path: Path) -> Iterator[Proof]:
    if path[0] == _ROWS and isinstance(rule.shape, Table) and isinstance(wider.shape, Table):
        yield _of_rows(rulebook, rule, wider, claim, path[-1])
        return
    own, others = _value(rule, path), _value(wider, path)
    if own is None or others is None:
        return
    proved = not _looser(own, others, claim.direction)
    verdict = Verdict.PROVED if proved else Verdict.REFUTED
    at = rule.document.location(("spec", *path))
    yield known_proof("OVERRIDE_TIGHTENS", verdict, at, _words(own, others, wider, claim))


def _of_rows(rulebook: Rulebook, rule: Rule, wider: Rule, claim: KindClaim, output: str) -> Proof:
    table, other = rule.shape, wider.shape
    if not isinstance(table, Table) or not isinstance(other, Table):
        raise TypeError("both are tables")
    pairs = [
        (one, two)
        for one in table.rows
        for two in other.rows
        if _looser(_number(one.outputs.get(output)), _number(two.outputs.get(output)), claim.direction)
    ]
    trees = [row.condition.tree for row in other.rows]
    questions = Questions(rule=rule, kind=rulebook.kinds[rule.kind], also=trees)

    def when() -> Formula:
        reading = questions.reading
        return either(*(both(decides(reading, table, a), decides(reading, other, b)) for a, b in pairs))

    def decided(case: Case) -> tuple[Row, Row]:
        return table.decide(case), other.decide(case)

    def words(case: Case | None) -> Words:
        one, two = decided(case) if case is not None else (table.rows[0], other.rows[0])
        return _words(one.outputs.get(output, ""), two.outputs.get(output, ""), wider, claim)

    return questions.never_happens(
        "OVERRIDE_TIGHTENS",
        at=rule.document.location(("spec", _ROWS)),
        when=when,
        confirms=lambda case: decided(case) in pairs,
        about=(*table.conditions, *other.conditions),
        words=words,
    )


def _looser(own: Any, wider: Any, direction: str) -> bool:
    if own is None or wider is None:
        return False
    return bool(own < wider) if direction == "up" else bool(own > wider)


def _value(rule: Rule, path: Path) -> Any:
    return _number(next((value for _, value in matches(rule.spec, path)), None))


def _number(value: Any) -> int | Decimal | None:
    return value if isinstance(value, int) else rate_of(value)


def _words(own: Any, others: Any, wider: Rule, claim: KindClaim) -> Words:
    least = claim.direction == "up"
    return {
        "own": own,
        "wider": others,
        "id": wider.id,
        "sign": "≥" if least else "≤",
    }
