"""What a backtest computes anew, prepared once for all its days: stretches, rules, rows, prices."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, select

from engine.expressions import Condition
from engine.rulebook import Definition, Row, Rule, Rulebook
from engine.rulebook.errors import RuleNotFound
from payments_core.backtest.facts import FactSets, PaymentFacts
from payments_core.backtest.model import Question, same
from payments_core.backtest.rows import RowChoice, table_of
from payments_core.backtest.stretches import MONEY, Shop, Stretch, shops, stretches
from payments_core.errors import InvariantBroken
from payments_core.fees import COST_KIND, FEE_KIND, Pricing, parse_pricing, rounding_of
from payments_core.payments.in_force import SHARE_KIND
from payments_core.payments.tables import fact_set
from payments_core.profit_share.tables import share_stream
from payments_core.rulebooks.tables import rule_ref

Booked = Mapping[int, tuple[Rule, Row]]
"""The rule and row behind each rule reference of one kind that the released rulebook knows."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Priced:
    """One kind of price: the draft's rules by number from 1, which row applies, what rows charge.

    `pricings` are those of the draft's rows by code, then of the booked rows: `booked_codes` by reference.
    """

    rules: tuple[Rule, ...]
    choice: RowChoice
    pricings: tuple[Pricing, ...]
    booked_codes: Mapping[int, int]

    def number(self, rule: Rule | None) -> int:
        """Return a rule's number, 0 for none."""
        return 0 if rule is None else _place(self.rules, rule)


@dataclass(frozen=True, slots=True, kw_only=True)
class Shared:
    """The share rules that meet some payment anew, by number from 1.

    `proven` are those whose exclusions can be told from what was booked: all rules that booked a stream say
    the same of them.
    """

    rules: tuple[Rule, ...]
    proven: frozenset[int]

    def number(self, rule: Rule | None) -> int:
        """Return a rule's number, 0 for none."""
        return 0 if rule is None else _place(self.rules, rule)


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """Everything the statements of a day are made from."""

    question: Question
    proposed: Rulebook
    shops: tuple[Shop, ...]
    stretches: tuple[Stretch, ...]
    kinds: frozenset[str]
    fee: Priced
    cost: Priced
    share: Shared
    sets: FactSets

    @property
    def merchants(self) -> tuple[str, ...] | None:
        """The merchants of the scope, None where it is everyone."""
        return tuple(shop.merchant_id for shop in self.shops) if self.question.scope else None

    def differs(self, kind: str) -> bool:
        """Return whether some payment meets another rule of a kind."""
        return kind in self.kinds

    @property
    def shared_stretches(self) -> tuple[Stretch, ...] | None:
        """The stretches of one merchant where all merchants have the same and none depends on people."""
        if any(stretch.by_people for stretch in self.stretches):
            return None
        each: dict[str, list[tuple[datetime, datetime, int]]] = {shop.merchant_id: [] for shop in self.shops}
        for one in self.stretches:
            # Stretches of one scope hold the very same pairs.
            each[one.merchant_id].append((one.start, one.end, id(one.pairs)))
        first, *others = each.values() or [[]]
        if any(other != first for other in others):
            return None
        return self.stretches[: len(first)]

    def facts(self, *, at: str) -> PaymentFacts:
        """Return the facts of payments `p` with merchant `m` and stretch `s`, paid at `at`."""
        return PaymentFacts(facts=self.proposed.vocabulary.facts, at=at, sets=self.sets, placed=True)


def prepare(connection: Connection, question: Question) -> Plan:
    """Return the plan of a question."""
    found = shops(connection, question)
    cut = stretches(found, question)
    return Plan(
        question=question,
        proposed=question.proposed,
        shops=found,
        stretches=cut,
        kinds=frozenset(kind for kind in MONEY if any(stretch.differs(kind) for stretch in cut)),
        fee=_priced(connection, question, cut, FEE_KIND),
        cost=_priced(connection, question, cut, COST_KIND),
        share=_shared(connection, question, cut),
        sets={row.fact_set_no: tuple(row.names) for row in connection.execute(select(fact_set))},
    )


def share_conditions(rule: Rule) -> Mapping[tuple[str | int, ...], Condition]:
    """Return the conditions of a share rule by their pointer."""
    if not isinstance(rule.shape, Definition):
        raise InvariantBroken(f"{rule.kind} {rule.id} is not a definition")
    return rule.shape.conditions


def line_conditions(rule: Rule) -> tuple[tuple[tuple[str | int, ...], Condition], ...]:
    """Return the conditions on which the lines of a stream depend, in order."""
    return tuple(
        (at, one) for at, one in sorted(share_conditions(rule).items(), key=str) if at != ("eligible",)
    )


def _priced(connection: Connection, question: Question, cut: Sequence[Stretch], kind: str) -> Priced:
    rules = _distinct(stretch.pairs[kind][1] for stretch in cut if stretch.differs(kind))
    booked, complete = _booked(connection, question.released, kind)
    choice = RowChoice(
        rules=rules,
        booked={ref_no: row for ref_no, (_, row) in booked.items()},
        conditions={ref_no: table_of(rule).conditions for ref_no, (rule, _) in booked.items()},
        complete=complete,
    )
    ours = [(one.rule, one.row) for one in choice.rows]
    # A row with values by date has a price for each; what was booked by one is not priced again in parts.
    codes = {
        ref_no: len(ours) + number
        for number, (ref_no, (rule, _)) in enumerate(booked.items())
        if not rule.later
    }
    pricings = [
        parse_pricing(row.outputs, rounding=rounding_of(rule.spec)) for rule, row in (*ours, *booked.values())
    ]
    return Priced(rules=rules, choice=choice, pricings=tuple(pricings), booked_codes=codes)


def _booked(connection: Connection, book: Rulebook, kind: str) -> tuple[Booked, bool]:
    """Return the rows behind the references, and whether none is left out: rewritten or lost since."""
    found, count = {}, 0
    for ref in connection.execute(select(rule_ref).where(rule_ref.c.kind == kind).order_by("ref_no")):
        count += 1
        try:
            rule = book.find(rule_id=ref.rule_id, version=ref.version)
        except RuleNotFound:
            continue
        rows = table_of(rule).rows
        if ref.row_no < len(rows):
            found[ref.ref_no] = (rule, rows[ref.row_no])
    return found, len(found) == count


def _shared(connection: Connection, question: Question, cut: Sequence[Stretch]) -> Shared:
    rules = _distinct(stretch.pairs[SHARE_KIND][1] for stretch in cut)
    known = select(share_stream.c.rule_id, share_stream.c.rule_version).distinct()
    conditions: set[object] = set()
    for row in connection.execute(known):
        try:
            rule = question.released.find(rule_id=row.rule_id, version=row.rule_version)
        except RuleNotFound:
            conditions.add(None)
        else:
            conditions.add(_eligible(rule))
    proven = {number for number, rule in enumerate(rules, start=1) if conditions <= {_eligible(rule)}}
    return Shared(rules=rules, proven=frozenset(proven))


def _eligible(rule: Rule) -> object:
    condition = share_conditions(rule).get(("eligible",))
    return None if condition is None else condition.tree


def _distinct(rules: Iterable[Rule | None]) -> tuple[Rule, ...]:
    found: list[Rule] = []
    for rule in rules:
        if rule is not None and not any(same(rule, other) for other in found):
            found.append(rule)
    return tuple(found)


def _place(rules: Sequence[Rule], rule: Rule) -> int:
    return next(number for number, other in enumerate(rules, start=1) if same(rule, other))
