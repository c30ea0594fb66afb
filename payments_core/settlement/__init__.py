"""Business days: closing, what each merchant is due, payouts, and the run of all daily steps."""

from payments_core.settlement.day import STEPS, DayResult, StepResult, close_day, run_day
from payments_core.settlement.errors import (
    AccountUnverified,
    DayNotOver,
    EarlierDayOpen,
    PayoutNotFound,
    PayoutState,
)
from payments_core.settlement.model import UNVERIFIED_TAG, Due, Kept, Settled, due_on, keep, settle
from payments_core.settlement.operations import DaySettled, settle_day
from payments_core.settlement.payouts import (
    Payout,
    PayoutsInstructed,
    Reply,
    confirm,
    instruct,
    release,
    take_back,
)
from payments_core.settlement.queries import (
    BusinessDay,
    Settlement,
    get_settlement,
    list_days,
    list_payouts,
    list_settlements,
    list_settlements_of,
)

__all__ = [
    "STEPS",
    "UNVERIFIED_TAG",
    "AccountUnverified",
    "BusinessDay",
    "DayNotOver",
    "DayResult",
    "DaySettled",
    "Due",
    "EarlierDayOpen",
    "Kept",
    "Payout",
    "PayoutNotFound",
    "PayoutState",
    "PayoutsInstructed",
    "Reply",
    "Settled",
    "Settlement",
    "StepResult",
    "close_day",
    "confirm",
    "due_on",
    "get_settlement",
    "instruct",
    "keep",
    "list_days",
    "list_payouts",
    "list_settlements",
    "list_settlements_of",
    "release",
    "run_day",
    "settle",
    "settle_day",
    "take_back",
]
