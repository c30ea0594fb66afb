"""What the books tell of the conditions of a past payment, without reading them.

The row that priced a payment was the first whose condition held; the lines of its share stream are those that
were granted; a margin that was shared was eligible. Where a later version asks the same, the answer is known,
whatever has become of the merchant's tags since.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from engine.rulebook import Row, Rule, Table

PRICED = frozenset({"txn.fee_fen", "txn.cost_fen", "txn.margin_fen", "txn.fee_ppm"})
"""Facts that are the price itself: a condition on one says something new about another price."""

Facts = dict[str, Any]
Version = tuple[str, int]
"""A rule's id and version."""


class Unknown(Exception):
    """A condition reads what was not kept, or no row answers: the payment stays as it is booked."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A row of one version of a rule."""

    rule_id: str
    version: int
    row_no: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """How a sale is priced in the books; `share` is the rule of its stream, `granted` the lines in it.

    `release_no` is the release that priced it so.
    """

    release_no: int
    fee: Line
    cost: Line
    share: Version | None
    granted: frozenset[int]
    fee_fen: int
    cost_fen: int
    margin_fen: int
    stream_id: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Fixed:
    """A condition of which the books tell the outcome."""

    holds: bool

    def evaluate(self, _facts: Mapping[str, Any]) -> bool:
        return self.holds


class Witnessed:
    """A share rule of which some conditions are known without reading them."""

    def __init__(self, *, rule: Rule, known: Mapping[tuple[str | int, ...], bool]) -> None:
        self.id, self.version, self.spec, self.line_of = rule.id, rule.version, rule.spec, rule.line_of
        fixed = {pointer: _Fixed(holds=holds) for pointer, holds in known.items()}
        self.conditions: Mapping[Any, Any] = {**rule.conditions, **fixed}

    @property
    def shape(self) -> Witnessed:
        """What share rules call the holder of their conditions."""
        return self


def choose(rule: Rule, booked: tuple[Rule, Row], facts: Facts) -> Row:
    """Return the first row of `rule` that holds for a payment that the row `booked` priced."""
    was, priced = booked
    false = {row.condition.tree for row in table_of(was).rows[: priced.row_no]}
    for row in table_of(rule).rows:
        tree = row.condition.tree
        if tree not in false and (tree == priced.condition.tree or row.condition.evaluate(facts)):
            return row
    raise Unknown(f"no row of {rule.id} v{rule.version} holds")


def share_evidence(
    rule: Rule, booked: Rule | None, standing: Standing
) -> Mapping[tuple[str | int, ...], bool]:
    """Return what the books tell of the conditions of `rule`, where it asks what the booked rule asked."""
    if booked is None:
        return {}
    outcome = {pointer: _outcome(pointer, booked, standing) for pointer in booked.conditions}
    told = {
        condition.tree: holds
        for pointer, condition in booked.conditions.items()
        if (holds := outcome[pointer]) is not None and not condition.reads & PRICED
    }
    return {
        pointer: told[condition.tree]
        for pointer, condition in rule.conditions.items()
        if condition.tree in told
    }


def _outcome(pointer: tuple[str | int, ...], booked: Rule, standing: Standing) -> bool | None:
    if pointer == ("eligible",):
        if standing.margin_fen:
            return True
        return False if standing.fee_fen > standing.cost_fen else None
    return booked.line_of(("spec", *pointer[:-1])) in standing.granted


def table_of(rule: Rule) -> Table:
    """Return the rule's table. Raises Unknown."""
    if not isinstance(rule.shape, Table):
        raise Unknown(f"{rule.id} is not a table")
    return rule.shape
