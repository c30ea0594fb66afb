"""Double entry: accounts of every merchant, append-only transfers, balances the database moves itself."""

from payments_core.ledger.errors import PendingNotFound, PendingResolved, ResolutionExceeds
from payments_core.ledger.model import (
    Account,
    Code,
    DailyJob,
    Leg,
    Phase,
    daily_posting_id,
    payment_legs,
    refund_legs,
)
from payments_core.ledger.operations import post, resolve
from payments_core.ledger.proof import Check, Proof, prove
from payments_core.ledger.queries import Balance, get_balance, list_balances, list_legs, list_totals

__all__ = [
    "Account",
    "Balance",
    "Check",
    "Code",
    "DailyJob",
    "Leg",
    "PendingNotFound",
    "PendingResolved",
    "Phase",
    "Proof",
    "ResolutionExceeds",
    "daily_posting_id",
    "get_balance",
    "list_balances",
    "list_legs",
    "list_totals",
    "payment_legs",
    "post",
    "prove",
    "refund_legs",
    "resolve",
]
