"""What every channel adapter does: charge, query, close, refund.

The contract with the caller: the intent is written and committed *before* the adapter hears of it, and the
number it is sent under (`order_no`, `refund_no`) never changes, so asking again can never charge or refund
twice. UNKNOWN is an answer: the channel did not say, ask again later, assume nothing. An adapter never
raises for a channel that does not answer; it returns UNKNOWN.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple, Protocol


class Outcome(StrEnum):
    """What a channel says of an order or a refund."""

    SUCCESS = "SUCCESS"
    FAILED = "FAILED"
    CLOSED = "CLOSED"
    UNKNOWN = "UNKNOWN"


class Channel(StrEnum):
    """The channels we take payments through."""

    WECHAT = "WECHAT"
    ALIPAY = "ALIPAY"
    UNIONPAY_QR = "UNIONPAY_QR"
    BANKCARD = "BANKCARD"


class ChannelOrder(NamedTuple):
    """A committed payment intent, as a channel is told of it."""

    order_no: int
    merchant_id: str
    channel: str
    amount_fen: int
    created_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelRefund:
    """A committed refund intent, as a channel is told of it."""

    refund_no: int
    order: ChannelOrder
    amount_fen: int
    requested_at: datetime


class Reply(NamedTuple):
    """A channel's answer; `at` is when the money moved, given only with SUCCESS."""

    outcome: Outcome
    channel_order_no: str = ""
    at: datetime | None = None
    code: str = ""


class ChannelAdapter(Protocol):
    """One or several channels behind one interface."""

    async def charge(self, order: ChannelOrder) -> Reply:
        """Ask for the money of a committed intent."""
        ...

    async def query(self, order: ChannelOrder) -> Reply:
        """Ask what became of an order."""
        ...

    async def close(self, order: ChannelOrder) -> Reply:
        """Ask to close an unpaid order: CLOSED, or UNKNOWN where the channel does not say."""
        ...

    async def refund(self, refund: ChannelRefund) -> Reply:
        """Ask to return money; asking again under the same number returns the same answer."""
        ...
