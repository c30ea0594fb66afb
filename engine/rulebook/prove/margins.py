"""Of what is charged: that it is never less than what it costs, to the fen, for any amount."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

from engine.diagnostics import Location
from engine.expressions import Condition, Fact, condition_of
from engine.expressions.smt import Formula
from engine.expressions.smt_logic import both, either
from engine.expressions.tree import Constant, ListOf, Membership, NodeType, Read
from engine.rulebook.book import Rulebook
from engine.rulebook.claims import KindClaim
from engine.rulebook.crosschecks import may_meet
from engine.rulebook.prove.compare.charges import Charge, read_charge
from engine.rulebook.prove.model import Proof
from engine.rulebook.prove.questions import Case, Questions, Words, or_undecided
from engine.rulebook.prove.tables import decides
from engine.rulebook.prove.wording import yuan
from engine.rulebook.rules import Rule
from engine.rulebook.tables import Row, Table
from engine.rulebook.timelines import overlap

_WHOLE_PPM = 1_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class _Cost:
    """One row of a rule that costs, under the table it stands in."""

    rule: Rule
    table: Table
    row: Row
    charge: Charge


def prove_margins(rulebook: Rulebook, rule: Rule) -> tuple[Proof, ...]:
    """Return one proof for every row of `margin_not_negative`, beside the rules of `other` in force with it.

    `amount` is the fact that both charge; a rule that says `unless` is not asked.
    """
    kind = rulebook.kinds[rule.kind]
    asked = [one for one in kind.claims if one.claim == "margin_not_negative"]
    at = rule.document.location(("spec", "rows"))
    return tuple(
        proof
        for claim in asked
        if not rule.spec.get(claim.unless, False)
        for proof in or_undecided("MARGIN_NOT_NEGATIVE", at, partial(_margins, rulebook, rule, claim))
    )


def _margins(rulebook: Rulebook, rule: Rule, claim: KindClaim) -> tuple[Proof, ...]:
    costs = _costs(rulebook, rule, claim)
    table = rule.shape
    if not isinstance(table, Table) or not costs:
        return ()
    fees = [_charge(row, rule, claim) for row in table.rows]
    told = amount_told(rulebook.vocabulary.facts[claim.amount], [*fees, *(one.charge for one in costs)])
    trees = [*(one.row.condition.tree for one in costs), told.tree]
    questions = Questions(rule=rule, kind=rulebook.kinds[rule.kind], also=trees)
    return tuple(_row(questions, row, fee, costs, told) for row, fee in zip(table.rows, fees, strict=True))


def amount_told(amount: Fact, charges: Sequence[Charge]) -> Condition:
    """Return a condition that reads the amount at every value a person would look at first.

    Those are round amounts, the bounds of tiers, and where a cap begins to hold.
    """
    edges = {10**digits for digits in range(2, 8)}
    for charge in charges:
        rates = [rate_ppm for _, rate_ppm in charge.tiers if rate_ppm]
        edges |= {upto_fen for upto_fen, _ in charge.tiers if upto_fen is not None}
        edges |= {
            (limit * _WHOLE_PPM) // rate
            for limit in (charge.cap_fen, charge.min_fen)
            if limit
            for rate in rates
        }
    read = Read(fact=amount, type=NodeType.INT, offset=0)
    items = tuple(Constant(value=edge, type=NodeType.INT, offset=0) for edge in sorted(edges))
    listed = ListOf(items=items, type=NodeType.LIST_INT, offset=0)
    tree = Membership(item=read, collection=listed, offset=0)
    return condition_of(tree=tree, location=Location(file="", line=1, column=1))


def _costs(rulebook: Rulebook, rule: Rule, claim: KindClaim) -> list[_Cost]:
    own = [span for span in rulebook.spans(kind=rule.kind) if span.rule is rule]
    found: dict[int, Rule] = {}
    for span in rulebook.spans(kind=claim.other):
        if may_meet(rule, span.rule) and any(overlap(span, one) for one in own):
            found[id(span.rule)] = span.rule
    return [
        _Cost(rule=one, table=one.shape, row=row, charge=_charge(row, one, claim))
        for one in found.values()
        if isinstance(one.shape, Table)
        for row in one.shape.rows
    ]


def _charge(row: Row, rule: Rule, claim: KindClaim) -> Charge:
    return read_charge(row.outputs, rule.spec, basis=claim.amount)


def _row(questions: Questions, row: Row, fee: Charge, costs: Sequence[_Cost], told: Condition) -> Proof:
    table = questions.table
    doubtful = [one for one in costs if not _is_above(fee, one.charge)]
    (name,) = told.reads
    amount = questions.reading.facts[name]

    def when() -> Formula:
        reading, basis = questions.reading, questions.reading.number(amount)
        below = [
            both(decides(reading, one.table, one.row), fee.amount(basis) < one.charge.amount(basis))
            for one in doubtful
        ]
        return both(decides(reading, table, row), basis >= 0, either(*below))

    def lost(case: Case) -> _Cost | None:
        basis = case[name]
        if not isinstance(basis, int) or basis < 0 or table.decide(case) is not row:
            return None
        below = (one for one in doubtful if fee.amount(basis) < one.charge.amount(basis))
        return next((one for one in below if one.table.decide(case) is one.row), None)

    def words(case: Case | None) -> Words:
        cost = lost(case) if case is not None else None
        if case is None or cost is None:
            return {"row": row.row_no + 1}
        shown = {"fee": fee.amount(case[name]), "cost": cost.charge.amount(case[name])}
        amounts = {key: yuan(fen) for key, fen in shown.items()}
        return {"row": row.row_no + 1, "id": cost.rule.id, "line": cost.row.line, **amounts}

    return questions.never_happens(
        "MARGIN_NOT_NEGATIVE",
        at=questions.rule.document.location(("spec", "rows", row.row_no)),
        when=when,
        confirms=lambda case: lost(case) is not None,
        about=(told, *(one.row.condition for one in doubtful), *table.conditions[: row.row_no + 1]),
        words=words,
    )


def _is_above(fee: Charge, cost: Charge) -> bool:
    """Return whether plain rates settle it: a higher rate, rounded alike, is never less."""
    if fee.cap_fen is not None or cost.min_fen or fee.rounding != cost.rounding:
        return False
    return min(rate for _, rate in fee.tiers) >= max(rate for _, rate in cost.tiers)
