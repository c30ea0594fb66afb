"""Which row of a candidate table meets a payment, as SQL: a number, or why there is none.

What was booked is evidence. A payment says by which row of which version it was priced; so of that version's
conditions those above the row were false and the row's own was true, when it mattered. A candidate row whose
condition is one of them needs no evaluation: an edit of rates alone evaluates nothing, and a condition on
something that is not kept, such as the tags of a merchant, is known all the same.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from engine.expressions import Condition
from engine.rulebook import Row, Rule, Table
from payments_core.backtest.facts import PaymentFacts
from payments_core.errors import InvariantBroken

NOT_EVALUATED, NO_ROW = -1, -2
"""The codes of payments for which a condition cannot be read, and for which no rule or no row is there."""

Choice = tuple[tuple[int, Condition | None], ...]
"""What is left to find out: (code, condition) in order; a row without a condition holds for certain."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Coded:
    """A row of a candidate rule with its code, the place in the list of all such rows."""

    code: int
    rule: Rule
    row: Row


def coded_rows(rules: Sequence[Rule]) -> tuple[Coded, ...]:
    """Return every row of the rules in order, numbered from 0."""
    rows = [(rule, row) for rule in rules for row in table_of(rule).rows]
    return tuple(Coded(code=code, rule=rule, row=row) for code, (rule, row) in enumerate(rows))


def table_of(rule: Rule) -> Table:
    """Return the rule's table."""
    if not isinstance(rule.shape, Table):
        raise InvariantBroken(f"{rule.kind} {rule.id} is not a table")
    return rule.shape


class RowChoice:
    """The SQL that chooses rows of one kind of table."""

    def __init__(
        self,
        *,
        rules: Sequence[Rule],
        booked: Mapping[int, Row],
        conditions: Mapping[int, Sequence[Condition]],
        complete: bool,
    ) -> None:
        """Choose among `rules`. `booked` is the row behind a rule reference, `conditions` its version's.

        `complete` says that every reference there is is among them.
        """
        self.rows = coded_rows(rules)
        self._rules = tuple(rules)
        self._booked = booked
        self._conditions = conditions
        self._complete = complete

    def text(self, *, rule_no: str, ref_no: str, facts: PaymentFacts) -> str:
        """Return the code for a payment that the draft's rule `rule_no` prices (from 1; 0 is none)."""
        arms = [
            f"WHEN {number} THEN {self._of_rule(rule, ref_no, facts)}"
            for number, rule in enumerate(self._rules, start=1)
        ]
        return f"CASE {rule_no} {' '.join(arms)} ELSE {NO_ROW} END" if arms else str(NO_ROW)

    def _choices(self, rule: Rule) -> dict[Choice, list[int]]:
        """Return what is left to find out, with the references of the payments it is left for."""
        rows = [one for one in self.rows if one.rule is rule]
        found: dict[Choice, list[int]] = defaultdict(list)
        for ref_no, booked in self._booked.items():
            found[_left(rows, _evidence(booked, self._conditions[ref_no]))].append(ref_no)
        return found

    def _of_rule(self, rule: Rule, ref_no: str, facts: PaymentFacts) -> str:
        rows = [one for one in self.rows if one.rule is rule]
        nothing = _left(rows, lambda _: None)
        settled, arms, others = {}, [], not self._complete
        for choice, refs in self._choices(rule).items():
            if choice and choice[0][1] is None:
                settled.update(dict.fromkeys(refs, choice[0][0]))
            elif choice == nothing:
                others = True
            else:
                arms.append(f"WHEN {ref_no} IN ({', '.join(map(str, refs))}) THEN {_chosen(choice, facts)}")
        otherwise = _chosen(nothing, facts) if others else str(NOT_EVALUATED)
        return _looked_up(
            settled, ref_no, f"CASE {' '.join(arms)} ELSE {otherwise} END" if arms else otherwise
        )


def _left(rows: Sequence[Coded], evidence: Callable[[Condition], bool | None]) -> Choice:
    """Return the rows that may yet be the first to match, up to one that does for certain."""
    left: list[tuple[int, Condition | None]] = []
    for one in rows:
        known = True if one.row.condition.source.strip() == "true" else evidence(one.row.condition)
        if known is False:
            continue
        left.append((one.code, None if known else one.row.condition))
        if known:
            break
    return tuple(left)


def _evidence(booked: Row, conditions: Sequence[Condition]) -> Callable[[Condition], bool | None]:
    """Return what is known of conditions of a payment that the row `booked` was the first to match."""
    false = {condition.tree for condition in conditions[: booked.row_no]}
    true = booked.condition.tree

    def known(condition: Condition) -> bool | None:
        if condition.tree in false:
            return False
        return True if condition.tree == true else None

    return known


def _looked_up(settled: Mapping[int, int], ref_no: str, otherwise: str) -> str:
    """Return the code from the reference alone, where that says it."""
    if not settled:
        return otherwise
    low, high = min(settled), max(settled)
    if len(settled) == high - low + 1:
        codes = ",".join(str(settled[number]) for number in range(low, high + 1))
        found = f"(CAST('{{{codes}}}' AS int[]))[{ref_no} - {low - 1}]"  # NULL outside
    else:
        arms = " ".join(f"WHEN {number} THEN {code}" for number, code in settled.items())
        found = f"CASE {ref_no} {arms} END"
    return f"coalesce({found}, {otherwise})"


def _chosen(choice: Choice, facts: PaymentFacts) -> str:
    """Return the code of the first row that matches; a condition that cannot be read ends the search."""
    text, arms = str(NO_ROW), list[str]()
    for code, condition in reversed(choice):
        written = "true" if condition is None else facts.condition(condition)
        if condition is None or facts.is_certain(condition):
            arms.insert(0, f"WHEN {written} THEN {code}")
            continue
        text, arms = _searched(arms, text), []
        text = f"CASE {written} WHEN true THEN {code} WHEN false THEN {text} ELSE {NOT_EVALUATED} END"
    return _searched(arms, text)


def _searched(arms: Sequence[str], otherwise: str) -> str:
    return f"CASE {' '.join(arms)} ELSE {otherwise} END" if arms else otherwise
