"""What is planned, held, paid and carried for one merchant and day."""

from __future__ import annotations

from datetime import date

import pytest

from payments_core.settlement import Due, due_on, settle
from tests.builders import Condition, Policy


def due(*, plan_fen: int, carried_in_fen: int = 0, case_hold_fen: int = 0) -> Due:
    return Due(
        merchant_id="M1",
        gross_fen=max(plan_fen, 0),
        fee_fen=0,
        refund_fen=max(-plan_fen, 0),
        fee_back_fen=0,
        carried_in_fen=carried_in_fen,
        case_hold_fen=case_hold_fen,
    )


@pytest.mark.parametrize(
    ("case", "spec", "hold", "real", "carried_out"),
    [
        (due(plan_fen=5000), {}, 0, 5000, 0),
        (due(plan_fen=5000), {"min_payout_fen": 5000}, 0, 5000, 0),
        (due(plan_fen=4999), {"min_payout_fen": 5000}, 0, 0, 4999),
        (due(plan_fen=4999, carried_in_fen=1), {"min_payout_fen": 5000}, 0, 5000, 0),
        (due(plan_fen=-300), {}, 0, 0, -300),
        (due(plan_fen=500, carried_in_fen=-300), {}, 0, 200, 0),
        # a hold takes what there is and no more
        (due(plan_fen=5000, case_hold_fen=8000), {}, 5000, 0, 0),
        (due(plan_fen=-300, case_hold_fen=8000), {}, 0, 0, -300),
        (due(plan_fen=5000, case_hold_fen=1000), {"holds": [{"hold_fen": 500}]}, 1500, 3500, 0),
        # 10 % of 5,005 = 500.5 → 501
        (due(plan_fen=5005), {"holds": [{"rate": "0.10"}]}, 501, 4504, 0),
    ],
)
def test_settle(case: Due, spec: dict, hold: int, real: int, carried_out: int) -> None:
    settled = settle(due=case, rule=Policy(spec=spec), facts={})
    assert (settled.hold_fen, settled.real_fen, settled.carried_out_fen) == (hold, real, carried_out)
    assert real == case.plan_fen + case.carried_in_fen - hold - carried_out


def test_a_hold_of_the_rule_asks_its_condition() -> None:
    risky = Condition(holds=lambda facts: facts["merchant.risk_grade"] == "HIGH")
    rule = Policy(spec={"holds": [{"hold_fen": 100}]}, conditions={("holds", 0, "when"): risky})
    case = due(plan_fen=5000)
    assert settle(due=case, rule=rule, facts={"merchant.risk_grade": "HIGH"}).hold_fen == 100
    assert settle(due=case, rule=rule, facts={"merchant.risk_grade": "LOW"}).hold_fen == 0


def test_the_cycle_counts_days_of_the_calendar() -> None:
    assert due_on(business_date=date(2025, 3, 31), rule=Policy(spec={"cycle": "D+1"})) == date(2025, 4, 1)
    assert due_on(business_date=date(2025, 3, 31), rule=Policy(spec={"cycle": "D+0"})) == date(2025, 3, 31)
    assert due_on(business_date=date(2025, 3, 31), rule=Policy()) == date(2025, 4, 1)
