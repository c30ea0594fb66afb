"""The state machine of a payment, what callers ask and what they are told. Pure.

INIT ──► PAYING ──► SUCCESS          a payment row is written in PAYING, or in FAILED where risk rejects
  │         ├─────► FAILED
  │         ├─────► CLOSED ──► SUCCESS   a late success; the money goes back at once
  │         └─────► REVOKED ─► SUCCESS   likewise
  └───────► FAILED
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from hashlib import blake2b
from typing import NamedTuple

from payments_core.calendar import SHANGHAI
from payments_core.channels import Channel
from payments_core.payments.errors import (
    AmountInvalid,
    PaymentIllegalTransition,
    PaymentNotRefundable,
    RefundExceeds,
    RefundWindow,
    RequestInvalid,
)

REFUND_LIMIT = 50
REFUND_DAYS = 365
AMOUNT_LIMIT_FEN = 100_000_000_000
IDS_PER_MS = 10_000
RISK_REJECTED = "RISK_REJECTED"
CHANNELS = frozenset(Channel)
MODES = frozenset({"STATIC_QR", "DYNAMIC", "SCANNED", "MINI"})
CARD_TYPES = frozenset({"DEBIT", "CREDIT", "NONE"})
_ORDER_NO = re.compile(r"[A-Za-z0-9_\-|*@.]{1,64}")
_PLAIN = re.compile(r"[A-Za-z0-9_\-|*@.:+/=]{0,128}")


class State(StrEnum):
    """Where a payment stands."""

    INIT = "INIT"
    PAYING = "PAYING"
    SUCCESS = "SUCCESS"
    FAILED = "FAILED"
    CLOSED = "CLOSED"
    REVOKED = "REVOKED"


class RefundState(StrEnum):
    """How much of a payment has gone back; derived, never stored."""

    NONE = "NONE"
    PARTIAL = "PARTIAL"
    FULL = "FULL"


TRANSITIONS: Mapping[State, frozenset[State]] = {
    State.INIT: frozenset({State.PAYING, State.FAILED}),
    State.PAYING: frozenset({State.SUCCESS, State.FAILED, State.CLOSED, State.REVOKED}),
    State.CLOSED: frozenset({State.SUCCESS}),
    State.REVOKED: frozenset({State.SUCCESS}),
    State.SUCCESS: frozenset(),
    State.FAILED: frozenset(),
}


def ensure_transition(*, before: State, after: State) -> None:
    """Raise PaymentIllegalTransition unless the state machine has this step."""
    if after not in TRANSITIONS[before]:
        raise PaymentIllegalTransition(
            f"a payment cannot go from {before} to {after}", before=before, after=after
        )


def refund_state(*, settle_amount_fen: int, refunded_fen: int) -> RefundState:
    """Return how much has gone back, what is reserved for running refunds included."""
    if refunded_fen == 0:
        return RefundState.NONE
    return RefundState.FULL if refunded_fen == settle_amount_fen else RefundState.PARTIAL


@dataclass(frozen=True, kw_only=True)
class AcceptRequest:
    """An order to be paid. `merchant_order_no` is its idempotency key.

    `settle_amount_fen` is the amount less what the merchant discounts, `buyer_paid_fen` that less what
    platform or bank pay; each defaults to the one before. `payer_id` is the salted hash, '' where unknown;
    `device_distance_m` is how far the device is from where it was registered, -1 where unknown.
    """

    merchant_id: str
    merchant_order_no: str
    amount_fen: int
    channel: str
    mode: str
    created_at: datetime
    settle_amount_fen: int = -1
    buyer_paid_fen: int = -1
    card_type: str = "NONE"
    bank_code: str = ""
    payer_id: str = ""
    device_id: str = ""
    device_distance_m: int = -1
    expires_after_s: int = 7200

    def __post_init__(self) -> None:
        if self.settle_amount_fen == -1:
            object.__setattr__(self, "settle_amount_fen", self.amount_fen)
        if self.buyer_paid_fen == -1:
            object.__setattr__(self, "buyer_paid_fen", self.settle_amount_fen)

    @property
    def key(self) -> tuple[str, str]:
        """The idempotency key."""
        return self.merchant_id, self.merchant_order_no

    @property
    def body_hash(self) -> bytes:
        """A digest of everything that makes two requests the same order; times are not part of it."""
        body = (
            f"{self.amount_fen}\x1f{self.settle_amount_fen}\x1f{self.buyer_paid_fen}\x1f{self.channel}\x1f{self.mode}"
            f"\x1f{self.card_type}\x1f{self.bank_code}\x1f{self.payer_id}\x1f{self.device_id}\x1f{self.merchant_order_no}"
        )
        return blake2b(body.encode(), digest_size=16).digest()

    def validate(self) -> None:
        """Raise AmountInvalid or RequestInvalid unless the request makes sense by itself."""
        amounts = (self.amount_fen, self.settle_amount_fen, self.buyer_paid_fen)
        if any(type(a) is not int for a in amounts) or not (
            0 < self.amount_fen <= AMOUNT_LIMIT_FEN
            and 0 <= self.buyer_paid_fen <= self.settle_amount_fen <= self.amount_fen
            and self.settle_amount_fen > 0
        ):
            raise AmountInvalid(None, amount_fen=self.amount_fen)
        if self.channel not in CHANNELS or self.mode not in MODES or self.card_type not in CARD_TYPES:
            raise RequestInvalid("unknown channel, mode or card type", channel=self.channel, mode=self.mode)
        if not _ORDER_NO.fullmatch(self.merchant_order_no):
            raise RequestInvalid("merchant_order_no is 1 to 64 of A–Z a–z 0–9 _ - | * @ .")
        for text in (self.merchant_id, self.bank_code, self.payer_id, self.device_id):
            if not _PLAIN.fullmatch(text):
                raise RequestInvalid("a number or code holds a character that is not allowed", value=text)
        if self.created_at.tzinfo is None:
            raise RequestInvalid("created_at has no time zone")
        if not 0 < self.expires_after_s <= 86_400 or not -1 <= self.device_distance_m <= 50_000_000:
            raise RequestInvalid("expires_after_s or device_distance_m is out of range")


class Accepted(NamedTuple):
    """The answer to an AcceptRequest. `replayed`: it had been given before."""

    merchant_id: str
    payment_id: int
    state: State
    risk_decision: str
    risk_score: int
    risk_hits: tuple[str, ...]
    refused_code: str = ""
    replayed: bool = False


class Capture(NamedTuple):
    """A channel's word that the money of a payment has moved."""

    merchant_id: str
    payment_id: int
    paid_at: datetime
    channel_order_no: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """A payment that ends without money: `state` is FAILED (the channel's word), CLOSED or REVOKED."""

    merchant_id: str
    payment_id: int
    state: State
    code: str = ""


class Settled(NamedTuple):
    """The answer to a Capture or a Failure: how the payment stands now.

    `auto_refund_id` names the refund of a success that came after the payment was closed.
    """

    merchant_id: str
    payment_id: int
    state: State
    fee_fen: int | None = None
    cost_fen: int | None = None
    business_date: date | None = None
    auto_refund_id: int | None = None
    replayed: bool = False


@dataclass(frozen=True, kw_only=True)
class RefundRequest:
    """Money to return; `merchant_refund_no` is its idempotency key."""

    merchant_id: str
    payment_id: int
    merchant_refund_no: str
    amount_fen: int
    requested_at: datetime
    reason: str = ""

    @property
    def key(self) -> tuple[str, str]:
        """The idempotency key."""
        return self.merchant_id, self.merchant_refund_no

    @property
    def body_hash(self) -> bytes:
        """A digest of the payment and the amount; the reason may be reworded."""
        return blake2b(f"{self.payment_id}\x1f{self.amount_fen}".encode(), digest_size=16).digest()

    def validate(self) -> None:
        """Raise AmountInvalid or RequestInvalid unless the request makes sense by itself."""
        if type(self.amount_fen) is not int or not 0 < self.amount_fen <= AMOUNT_LIMIT_FEN:
            raise AmountInvalid(None, amount_fen=self.amount_fen)
        if not _ORDER_NO.fullmatch(self.merchant_refund_no) or not _PLAIN.fullmatch(self.merchant_id):
            raise RequestInvalid("merchant_refund_no is 1 to 64 of A–Z a–z 0–9 _ - | * @ .")
        if len(self.reason) > 200 or "\x00" in self.reason:
            raise RequestInvalid("a reason has at most 200 characters")
        if self.requested_at.tzinfo is None:
            raise RequestInvalid("requested_at has no time zone")


@dataclass(frozen=True, slots=True, kw_only=True)
class RefundAccepted:
    """The answer to a RefundRequest: the money is reserved and the channel may be asked."""

    merchant_id: str
    refund_id: int
    payment_id: int
    amount_fen: int
    state: str
    replayed: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class RefundResult:
    """A channel's word on a refund."""

    merchant_id: str
    refund_id: int
    succeeded: bool
    at: datetime
    code: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Refunded:
    """The answer to a RefundResult."""

    merchant_id: str
    refund_id: int
    state: str
    fee_back_fen: int | None = None
    cost_back_fen: int | None = None
    business_date: date | None = None
    replayed: bool = False


Item = AcceptRequest | Capture | Failure | RefundRequest | RefundResult
Answer = Accepted | Settled | RefundAccepted | Refunded


def ensure_refundable(
    *,
    state: State,
    paid_at: datetime | None,
    settle_amount_fen: int,
    refunded_fen: int,
    refund_count: int,
    amount_fen: int,
    requested_at: datetime,
) -> None:
    """Raise PaymentNotRefundable, RefundWindow or RefundExceeds unless the refund may be reserved."""
    if state is not State.SUCCESS or paid_at is None:
        raise PaymentNotRefundable(f"a payment in state {state} holds no money", state=state)
    if refund_count >= REFUND_LIMIT or requested_at > paid_at + timedelta(days=REFUND_DAYS):
        raise RefundWindow(None, refund_count=refund_count, paid_at=paid_at.isoformat())
    remaining_fen = settle_amount_fen - refunded_fen
    if amount_fen > remaining_fen:
        raise RefundExceeds(None, remaining_fen=remaining_fen)


def first_id_at(now: datetime) -> int:
    """Return the lowest id of an instant: yyMMddHHmmssSSS of Shanghai, then 0000."""
    local = now.astimezone(SHANGHAI)
    return int(f"{local:%y%m%d%H%M%S}{local.microsecond // 1000:03d}") * IDS_PER_MS


def payment_no(payment_id: int) -> str:
    """Return a payment's id as people see it."""
    return f"P{payment_id}"


def refund_no(refund_id: int) -> str:
    """Return a refund's id as people see it."""
    return f"R{refund_id}"
