"""What a merchant is due for a business date. Pure.

    plan      gross − fee − refunds + fee returned                 119,729 − 455 − 3,000 + 12 = 116,286
    free      plan + carried in − hold (止付)                       116,286 − 10,000 = 106,286
    real      free, or 0 where it is below the rule's minimum payout
    carried   free − real; negative where refunds exceed sales

Carried in is everything planned on earlier days that was not paid out, so money held before is in it and is
held anew every day: what a hold no longer covers is paid with that day's money.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Protocol

from payments_core.calendar import days_after
from payments_core.errors import ensure
from payments_core.money import parse_rate, portion

UNVERIFIED_TAG = "ACCOUNT_UNVERIFIED"
"""The tag of a merchant whose settlement account the bank has not confirmed."""


class PolicyRule(Protocol):
    """What this module reads of an `engine.rulebook.Rule` of kind `settlement_policy`."""

    @property
    def id(self) -> str: ...
    @property
    def version(self) -> int: ...
    @property
    def spec(self) -> Mapping[str, Any]: ...
    @property
    def shape(self) -> Any: ...
    def line_of(self, pointer: tuple[str | int, ...], /) -> int: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Due:
    """The figures of one merchant and business date before the policy is applied; fen."""

    merchant_id: str
    gross_fen: int
    fee_fen: int
    refund_fen: int
    fee_back_fen: int
    carried_in_fen: int
    case_hold_fen: int

    @property
    def plan_fen(self) -> int:
        """What the day's own payments and refunds come to."""
        return self.gross_fen - self.fee_fen - self.refund_fen + self.fee_back_fen

    @property
    def moved(self) -> bool:
        """Whether the merchant had a payment or a refund on the day."""
        return bool(self.gross_fen or self.refund_fen)


@dataclass(frozen=True, slots=True, kw_only=True)
class Settled:
    """One row of `settlement`: real = plan + carried in − hold − carried out."""

    due: Due
    hold_fen: int
    real_fen: int
    carried_out_fen: int


def settle(*, due: Due, rule: PolicyRule, facts: Mapping[str, Any]) -> Settled:
    """Apply a settlement policy to what a merchant is due.

    Holds of the rule whose condition is met (a sum `hold_fen`, or the part `rate` of what is available) add
    to those of open risk cases, and never exceed what there is.
    """
    available = due.plan_fen + due.carried_in_fen
    hold = min(max(available, 0), due.case_hold_fen + _rule_holds(rule, available, facts))
    free = available - hold
    real = free if free > 0 and free >= int(rule.spec.get("min_payout_fen", 0)) else 0
    ensure(real == due.plan_fen + due.carried_in_fen - hold - (free - real), "a settlement adds up")
    return Settled(due=due, hold_fen=hold, real_fen=real, carried_out_fen=free - real)


def due_on(*, business_date: date, rule: PolicyRule) -> date:
    """Return when a business date is paid out: `cycle: {days: 1, calendar: every_day}` is the day after.

    With `calendar: working_days` Saturdays and Sundays are passed over. A cycle may also be written "D+1".
    """
    cycle = rule.spec.get("cycle", "D+1")
    if isinstance(cycle, str):
        return days_after(business_date, int(cycle.removeprefix("D+")))
    due, left = business_date, int(cycle["days"])
    while left:
        due = days_after(due, 1)
        left -= cycle["calendar"] == "every_day" or due.isoweekday() < 6
    return due


def _rule_holds(rule: PolicyRule, available_fen: int, facts: Mapping[str, Any]) -> int:
    total = 0
    for index, hold in enumerate(rule.spec.get("holds", ())):
        condition = rule.shape.conditions.get(("holds", index, "when"))
        if condition is None or condition.evaluate(facts):
            total += int(hold.get("hold_fen", 0))
            if "rate" in hold:
                total += portion(max(available_fen, 0), parse_rate(hold["rate"]))
    return total
