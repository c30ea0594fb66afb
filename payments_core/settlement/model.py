"""What a merchant is due for a business date. Pure.

    plan      gross − fee − refunds + fee returned                 119,729 − 455 − 3,000 + 12 = 116,286
              − what corrections add to fees of earlier days (negative where they take off)
    free      plan + carried in − hold (止付)                       116,286 − 10,000 = 106,286
    real      free, or 0 where it is below the rule's minimum payout
    carried   free − real; negative where refunds exceed sales

Carried in is everything planned on earlier days that was not paid out, so money held before is in it and is
held anew every day: open risk cases, what the policy kept of earlier days and has not run out, and what it
keeps of this day. What a hold no longer covers is paid with that day's money.
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
    """The figures of one merchant and business date before the policy is applied; fen.

    `case_hold_fen` is held by open risk cases, `kept_fen` by the policy from earlier days.
    """

    merchant_id: str
    gross_fen: int
    fee_fen: int
    refund_fen: int
    fee_back_fen: int
    carried_in_fen: int
    case_hold_fen: int
    kept_fen: int
    fee_corrected_fen: int = 0

    @property
    def plan_fen(self) -> int:
        """What the day's own payments, refunds and corrections come to."""
        return self.gross_fen - self.fee_fen - self.refund_fen + self.fee_back_fen - self.fee_corrected_fen

    @property
    def moved(self) -> bool:
        """Whether the merchant had a payment, a refund or a corrected fee on the day."""
        return bool(self.gross_fen or self.refund_fen or self.fee_corrected_fen)


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """What the policy keeps of one day's money, until when, and by which of its holds."""

    fen: int
    until: date | None
    hold_ids: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Settled:
    """One row of `settlement`: real = plan + carried in − hold − carried out."""

    due: Due
    kept: Kept
    hold_fen: int
    real_fen: int
    carried_out_fen: int


def settle(*, due: Due, business_date: date, rule: PolicyRule, facts: Mapping[str, Any]) -> Settled:
    """Apply a settlement policy to what a merchant is due. All holds together never exceed what there is."""
    available = due.plan_fen + due.carried_in_fen
    kept = keep(rule=rule, plan_fen=due.plan_fen, business_date=business_date, facts=facts)
    hold = min(max(available, 0), due.case_hold_fen + due.kept_fen + kept.fen)
    free = available - hold
    real = free if free > 0 and free >= int(rule.spec.get("min_payout_fen", 0)) else 0
    ensure(real == due.plan_fen + due.carried_in_fen - hold - (free - real), "a settlement adds up")
    return Settled(due=due, kept=kept, hold_fen=hold, real_fen=real, carried_out_fen=free - real)


def keep(*, rule: PolicyRule, plan_fen: int, business_date: date, facts: Mapping[str, Any]) -> Kept:
    """Return what the holds whose condition is met keep of a day's plan: a sum, a part, or both.

    A part rounds half up; together they keep at most the plan, for the longest of their `days`.
    """
    met = [
        hold
        for index, hold in enumerate(rule.spec.get("holds", ()))
        if rule.shape.conditions["holds", index, "when"].evaluate(facts)
    ]
    if not met or plan_fen <= 0:
        return Kept(fen=0, until=None, hold_ids=())
    asked = sum(
        int(hold.get("amount_fen", 0)) + portion(plan_fen, parse_rate(hold.get("rate", "0"))) for hold in met
    )
    return Kept(
        fen=min(asked, plan_fen),
        until=days_after(business_date, max(int(hold["days"]) for hold in met)),
        hold_ids=tuple(str(hold["id"]) for hold in met),
    )


def due_on(*, business_date: date, rule: PolicyRule) -> date:
    """Return the date a business date is paid out on: `cycle.days` later, by every day or by working days.

    Working days are Monday to Friday; public holidays are not known here.
    """
    cycle = rule.spec["cycle"]
    due, left = business_date, int(cycle["days"])
    while left:
        due = days_after(due, 1)
        left -= cycle["calendar"] == "every_day" or due.isoweekday() <= FRIDAY
    return due


FRIDAY = 5
