"""The chart of accounts, the legs of every event, and the numbers of postings.

A leg moves one amount from its debit account to its credit account, so every posting balances by its
shape. A payment of ¥50.00 with a fee of 19 fen and a channel cost of 11 fen has three legs:

    1  CHANNEL_CLEARING → MERCHANT_PAYABLE  5000  PAYMENT   the channel owes us what we owe the merchant
    2  MERCHANT_PAYABLE → FEE_INCOME          19  FEE
    3  CHANNEL_COST     → CHANNEL_CLEARING    11  COST      the channel keeps its cost

Its refunds mirror them. A zero amount makes no leg, and the numbers of the others stay.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from enum import IntEnum, StrEnum


class Account(StrEnum):
    """The accounts every merchant has; PARTY_PAYABLE is kept once a broker or store."""

    CHANNEL_CLEARING = "CHANNEL_CLEARING"
    MERCHANT_PAYABLE = "MERCHANT_PAYABLE"
    MERCHANT_HELD = "MERCHANT_HELD"
    PAYOUT_CLEARING = "PAYOUT_CLEARING"
    FEE_INCOME = "FEE_INCOME"
    CHANNEL_COST = "CHANNEL_COST"
    SHARE_EXPENSE = "SHARE_EXPENSE"
    PARTY_PAYABLE = "PARTY_PAYABLE"


class Code(StrEnum):
    """Why an amount moved."""

    PAYMENT = "PAYMENT"
    FEE = "FEE"
    COST = "COST"
    REFUND = "REFUND"
    FEE_BACK = "FEE_BACK"
    COST_BACK = "COST_BACK"
    FEE_CORRECTION = "FEE_CORRECTION"
    COST_CORRECTION = "COST_CORRECTION"
    SHARE = "SHARE"
    PAYOUT = "PAYOUT"
    PAYOUT_RETURN = "PAYOUT_RETURN"
    HOLD = "HOLD"


class Phase(StrEnum):
    """POSTED moves at once; PENDING reserves until a POST (all or part) or a VOID resolves it."""

    POSTED = "POSTED"
    PENDING = "PENDING"
    POST = "POST"
    VOID = "VOID"


class DailyJob(IntEnum):
    """The daily jobs that post: the last three digits of their posting ids."""

    SHARE = 100
    SETTLEMENT = 200
    HOLD = 300


@dataclass(frozen=True, slots=True, kw_only=True)
class Leg:
    """One row of `transfer`: `amount_fen` moves from the debit to the credit account of one merchant."""

    merchant_id: str
    posting_id: int
    leg: int
    debit_account: Account
    credit_account: Account
    amount_fen: int
    code: Code
    business_date: date
    posted_at: datetime
    release_no: int
    debit_party: str = ""
    credit_party: str = ""
    phase: Phase = Phase.POSTED
    pending_posting_id: int | None = None
    pending_leg: int | None = None


def daily_posting_id(*, business_date: date, job: DailyJob) -> int:
    """Return the posting id of a daily job: yyyymmdd × 1000 + the job's number."""
    return (business_date.year * 10_000 + business_date.month * 100 + business_date.day) * 1000 + job


def payment_legs(
    *,
    merchant_id: str,
    payment_id: int,
    settle_amount_fen: int,
    fee_fen: int,
    cost_fen: int,
    business_date: date,
    posted_at: datetime,
    release_no: int,
) -> tuple[Leg, ...]:
    """Return the legs of a successful payment; its id is the posting id."""
    return tuple(
        Leg(
            merchant_id=merchant_id,
            posting_id=payment_id,
            leg=number,
            debit_account=debit,
            credit_account=credit,
            amount_fen=amount_fen,
            code=code,
            business_date=business_date,
            posted_at=posted_at,
            release_no=release_no,
        )
        for (number, debit, credit, code), amount_fen in zip(
            PAYMENT_TEMPLATE, (settle_amount_fen, fee_fen, cost_fen), strict=True
        )
        if amount_fen
    )


def refund_legs(
    *,
    merchant_id: str,
    refund_id: int,
    amount_fen: int,
    fee_back_fen: int,
    cost_back_fen: int,
    business_date: date,
    posted_at: datetime,
    release_no: int,
) -> tuple[Leg, ...]:
    """Return the legs of a successful refund; its id is the posting id."""
    return tuple(
        Leg(
            merchant_id=merchant_id,
            posting_id=refund_id,
            leg=number,
            debit_account=debit,
            credit_account=credit,
            amount_fen=part_fen,
            code=code,
            business_date=business_date,
            posted_at=posted_at,
            release_no=release_no,
        )
        for (number, debit, credit, code), part_fen in zip(
            REFUND_TEMPLATE, (amount_fen, fee_back_fen, cost_back_fen), strict=True
        )
        if part_fen
    )


PAYMENT_TEMPLATE = (
    (1, Account.CHANNEL_CLEARING, Account.MERCHANT_PAYABLE, Code.PAYMENT),
    (2, Account.MERCHANT_PAYABLE, Account.FEE_INCOME, Code.FEE),
    (3, Account.CHANNEL_COST, Account.CHANNEL_CLEARING, Code.COST),
)
REFUND_TEMPLATE = (
    (1, Account.MERCHANT_PAYABLE, Account.CHANNEL_CLEARING, Code.REFUND),
    (2, Account.FEE_INCOME, Account.MERCHANT_PAYABLE, Code.FEE_BACK),
    (3, Account.CHANNEL_CLEARING, Account.CHANNEL_COST, Code.COST_BACK),
)
