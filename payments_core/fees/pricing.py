"""The price of one payment: merchant fee and channel cost, by the rules in force when it was paid.

The rule of `at` is used, never the rule of the moment of asking: a payment created at 23:59:50 under one
fee and paid at 00:00:03 under the next pays the next (W7).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, NamedTuple

from engine.rulebook import Row, Rule, Rulebook, Table
from payments_core.errors import InvariantBroken
from payments_core.fees.model import BASIS, Pricing, parse_pricing, rounding_of

FEE_KIND = "merchant_fee"
COST_KIND = "channel_cost"


class Price(NamedTuple):
    """Fee and cost of one payment in fen, and the rule rows that made them."""

    fee_fen: int
    cost_fen: int
    fee_rule: Rule
    fee_row: Row
    cost_rule: Rule
    cost_row: Row


class Pricer:
    """Prices under one rulebook; what its rows say is parsed once."""

    def __init__(self, rulebook: Rulebook) -> None:
        """Price by the rules of `rulebook`."""
        self._rulebook = rulebook
        # Keyed by identity: the rulebook keeps its rows alive as long as this pricer lives.
        self._pricings: dict[int, Pricing] = {}

    def price(
        self, *, facts: Mapping[str, Any], at: datetime, scope: Mapping[str, str], settle_amount_fen: int
    ) -> Price:
        """Return the price of a payment paid at `at`. Raises NoRuleInForce, NoRowMatches, EvaluationError."""
        fee, cost = (self._rulebook.timeline(kind=k, scope=scope).at(at) for k in (FEE_KIND, COST_KIND))
        return self.price_by(fee, cost, facts=facts, settle_amount_fen=settle_amount_fen)

    def price_by(
        self, fee_rule: Rule, cost_rule: Rule, *, facts: Mapping[str, Any], settle_amount_fen: int
    ) -> Price:
        """Return the price by these two rules. Raises NoRowMatches, EvaluationError."""
        fee_row, cost_row = _table(fee_rule).decide(facts), _table(cost_rule).decide(facts)
        fee, cost = self._parsed(fee_rule, fee_row), self._parsed(cost_rule, cost_row)
        return Price(
            fee_fen=fee.amount_fen(settle_amount_fen),
            cost_fen=cost.amount_fen(settle_amount_fen),
            fee_rule=fee_rule,
            fee_row=fee_row,
            cost_rule=cost_rule,
            cost_row=cost_row,
        )

    def pricing(self, *, rule_id: str, version: int, row_no: int, at: datetime) -> Pricing:
        """Return the pricing of one row of a past or present version as it read at `at`, for a refund."""
        rule = self._rulebook.find(rule_id=rule_id, version=version).at(at)
        return self._parsed(rule, _table(rule).rows[row_no])

    def _parsed(self, rule: Rule, row: Row) -> Pricing:
        found = self._pricings.get(id(row))
        if found is None:
            found = parse_pricing(row.outputs, rounding=rounding_of(rule.spec))
            self._pricings[id(row)] = found
        return found


def price(
    *,
    rulebook: Rulebook,
    facts: Mapping[str, Any],
    at: datetime,
    scope: Mapping[str, str],
    settle_amount_fen: int,
) -> Price:
    """Return the price of one payment; whoever prices many keeps a `Pricer`."""
    return Pricer(rulebook).price(facts=facts, at=at, scope=scope, settle_amount_fen=settle_amount_fen)


def _evaluated(rule: Rule, facts: Mapping[str, Any], *, name: str) -> dict[str, Any]:
    row = _table(rule).decide(facts)
    pricing = parse_pricing(row.outputs, rounding=rounding_of(rule.spec))
    return {**row.outputs, "row": row.row_no, name: pricing.amount_fen(int(facts[BASIS]))}


def evaluate_fee(rule: Rule, facts: Mapping[str, Any]) -> dict[str, Any]:
    """Return what an in-file test of a merchant_fee rule may expect: fee_fen, row, the row's outputs."""
    return _evaluated(rule, facts, name="fee_fen")


def evaluate_cost(rule: Rule, facts: Mapping[str, Any]) -> dict[str, Any]:
    """Return what an in-file test of a channel_cost rule may expect: cost_fen, row, the row's outputs."""
    return _evaluated(rule, facts, name="cost_fen")


EVALUATORS: Mapping[str, Callable[[Rule, Mapping[str, Any]], Mapping[str, Any]]] = {
    FEE_KIND: evaluate_fee,
    COST_KIND: evaluate_cost,
}
"""What `engine.rulebook.check` calls for the in-file tests of these kinds."""


def _table(rule: Rule) -> Table:
    shape = rule.shape
    if not isinstance(shape, Table):
        raise InvariantBroken(f"{rule.kind} {rule.id} is not a table")
    return shape
