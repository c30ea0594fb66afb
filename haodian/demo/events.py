"""What happens in the demo world: somebody pays, somebody gets money back. Tuples, there being so many.

Signs are what else is known of a day: a merchant opens, a device goes silent or comes back.
"""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple


class PayEvent(NamedTuple):
    """A customer pays. `label` is the truth about it: '' honest, else the kind of fraud, or SHOWCASE."""

    at: datetime
    merchant_id: str
    order_no: str
    amount_fen: int
    channel: str
    mode: str
    card_type: str
    bank_code: str
    device_id: str
    device_distance_m: int
    payer_id: str
    label: str


class RefundEvent(NamedTuple):
    """A merchant gives money back for an order."""

    at: datetime
    merchant_id: str
    order_no: str
    refund_no: str
    amount_fen: int


class OpenEvent(NamedTuple):
    """A merchant opens."""

    at: datetime
    merchant_id: str


class ReportEvent(NamedTuple):
    """A device goes OFFLINE or comes back ONLINE, so far from its place; -1 is not known."""

    at: datetime
    device_id: str
    state: str
    distance_m: int


Event = PayEvent | RefundEvent
Sign = OpenEvent | ReportEvent


class Sale(NamedTuple):
    """A payment, with its refund where there will be one."""

    pay: PayEvent
    refund: RefundEvent | None
