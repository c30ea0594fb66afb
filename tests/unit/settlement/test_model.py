"""What is planned, held, paid and carried for one merchant and day."""

from __future__ import annotations

from datetime import date

import pytest

from payments_core.settlement import Due, due_on, keep, settle
from tests.builders import Condition, Policy


def due(*, plan_fen: int, carried_in_fen: int = 0, case_hold_fen: int = 0, kept_fen: int = 0) -> Due:
    return Due(
        merchant_id="M1",
        gross_fen=max(plan_fen, 0),
        fee_fen=0,
        refund_fen=max(-plan_fen, 0),
        fee_back_fen=0,
        carried_in_fen=carried_in_fen,
        case_hold_fen=case_hold_fen,
        kept_fen=kept_fen,
    )


ALWAYS = Condition(holds=lambda _: True)
DAY = date(2025, 3, 31)


def policy(*holds: dict, **spec: object) -> Policy:
    """A policy whose holds are always met."""
    conditions = {("holds", number, "when"): ALWAYS for number in range(len(holds))}
    return Policy(spec={"holds": holds, **spec}, conditions=conditions)


SUM = {"id": "H001", "amount_fen": 500, "days": 7}
PART = {"id": "H002", "rate": "0.10", "days": 30}


@pytest.mark.parametrize(
    ("case", "rule", "hold", "real", "carried_out"),
    [
        (due(plan_fen=5000), policy(), 0, 5000, 0),
        (due(plan_fen=5000), policy(min_payout_fen=5000), 0, 5000, 0),
        (due(plan_fen=4999), policy(min_payout_fen=5000), 0, 0, 4999),
        (due(plan_fen=4999, carried_in_fen=1), policy(min_payout_fen=5000), 0, 5000, 0),
        (due(plan_fen=-300), policy(), 0, 0, -300),
        (due(plan_fen=500, carried_in_fen=-300), policy(), 0, 200, 0),
        # a hold takes what there is and no more
        (due(plan_fen=5000, case_hold_fen=8000), policy(), 5000, 0, 0),
        (due(plan_fen=-300, case_hold_fen=8000), policy(), 0, 0, -300),
        (due(plan_fen=5000, case_hold_fen=1000), policy(SUM), 1500, 3500, 0),
        (due(plan_fen=5000, carried_in_fen=700, kept_fen=700), policy(SUM), 1200, 4500, 0),
        # 10 % of 5,005 = 500.5 → 501
        (due(plan_fen=5005), policy(PART), 501, 4504, 0),
        (due(plan_fen=5005), policy(SUM, PART), 1001, 4004, 0),
    ],
)
def test_settle(case: Due, rule: Policy, hold: int, real: int, carried_out: int) -> None:
    settled = settle(due=case, business_date=DAY, rule=rule, facts={})
    assert (settled.hold_fen, settled.real_fen, settled.carried_out_fen) == (hold, real, carried_out)
    assert real == case.plan_fen + case.carried_in_fen - hold - carried_out


def test_a_hold_asks_its_condition_and_says_who_held_until_when() -> None:
    risky = Condition(holds=lambda facts: facts["merchant.risk_grade"] == "HIGH")
    rule = Policy(
        spec={"holds": [SUM, PART]}, conditions={("holds", 0, "when"): risky, ("holds", 1, "when"): ALWAYS}
    )
    both = keep(rule=rule, plan_fen=5000, business_date=DAY, facts={"merchant.risk_grade": "HIGH"})
    assert (both.fen, both.until, both.hold_ids) == (1000, date(2025, 4, 30), ("H001", "H002"))
    one = keep(rule=rule, plan_fen=5000, business_date=DAY, facts={"merchant.risk_grade": "LOW"})
    assert (one.fen, one.hold_ids) == (500, ("H002",))
    little = keep(rule=rule, plan_fen=300, business_date=DAY, facts={"merchant.risk_grade": "HIGH"})
    assert little.fen == 300


@pytest.mark.parametrize(
    ("business_date", "days", "calendar", "due_date"),
    [
        (DAY, 1, "every_day", date(2025, 4, 1)),
        (date(2025, 4, 4), 1, "every_day", date(2025, 4, 5)),
        (date(2025, 4, 4), 1, "working_days", date(2025, 4, 7)),  # Friday → Monday
        (date(2025, 4, 5), 2, "working_days", date(2025, 4, 8)),  # Saturday → Tuesday
    ],
)
def test_the_cycle(business_date: date, days: int, calendar: str, due_date: date) -> None:
    rule = Policy(spec={"cycle": {"days": days, "calendar": calendar}})
    assert due_on(business_date=business_date, rule=rule) == due_date
