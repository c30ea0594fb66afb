"""A channel that exists only here, and forgets nothing because it remembers nothing.

Every reply is a pure function of the order's number, its amount and the seed, so it is the same after any
crash of ours and the same in every process: about 98 % succeed, 1.8 % fail, 0.2 % do not answer the charge
and are resolved when queried. With `magic` on, amounts in MAGIC force an outcome; tests use them.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum
from hashlib import blake2b

from payments_core.channels.adapter import ChannelOrder, ChannelRefund, Outcome, Reply

FAILED_PPM = 18_000
UNKNOWN_PPM = 2_000
_CODES = ("BALANCE_SHORT", "PAYER_CANCELLED", "CARD_REFUSED", "LIMIT_OF_PAYER")
_PREFIX: Mapping[str, str] = {
    "WECHAT": "42000",
    "ALIPAY": "20250",
    "UNIONPAY_QR": "62000",
    "BANKCARD": "95516",
}


class Fate(StrEnum):
    """What the simulator does with an order."""

    SUCCEEDS = "SUCCEEDS"
    FAILS = "FAILS"
    SILENT_THEN_SUCCEEDS = "SILENT_THEN_SUCCEEDS"
    SILENT_UNTIL_CLOSED = "SILENT_UNTIL_CLOSED"
    SILENT_THEN_LATE = "SILENT_THEN_LATE"  # silent to charge and query; paid all the same once closed
    REFUND_FAILS = "REFUND_FAILS"
    REFUND_SILENT = "REFUND_SILENT"


MAGIC: Mapping[int, Fate] = {
    9_000_001: Fate.FAILS,
    9_000_002: Fate.SILENT_THEN_SUCCEEDS,
    9_000_003: Fate.SILENT_UNTIL_CLOSED,
    9_000_004: Fate.SILENT_THEN_LATE,
    9_000_005: Fate.REFUND_FAILS,
    9_000_006: Fate.REFUND_SILENT,
    9_000_007: Fate.SUCCEEDS,
}
"""Amounts in fen that force a fate where `magic` is on."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Simulator:
    """All four channels. A charge takes between `delay_ms[0]` and `delay_ms[1]`, chosen by the order."""

    seed: int = 20250301
    delay_ms: tuple[int, int] = (0, 0)
    magic: bool = False
    _key: bytes = field(init=False, repr=False, default=b"")

    def __post_init__(self) -> None:
        object.__setattr__(self, "_key", self.seed.to_bytes(8, "big"))

    def fate(self, order: ChannelOrder) -> Fate:
        """Return what becomes of the order."""
        if self.magic and order.amount_fen in MAGIC:
            return MAGIC[order.amount_fen]
        drawn = self._draw(order, "fate") % 1_000_000
        if drawn < FAILED_PPM:
            return Fate.FAILS
        return Fate.SILENT_THEN_SUCCEEDS if drawn < FAILED_PPM + UNKNOWN_PPM else Fate.SUCCEEDS

    def charged(self, order: ChannelOrder) -> Reply:
        """Return the answer to a charge, without its delay."""
        fate = self.fate(order)
        if fate is Fate.FAILS:
            return self._failed(order)
        if fate in (Fate.SILENT_THEN_SUCCEEDS, Fate.SILENT_UNTIL_CLOSED, Fate.SILENT_THEN_LATE):
            return Reply(outcome=Outcome.UNKNOWN)
        return self._paid(order)

    async def charge(self, order: ChannelOrder) -> Reply:
        """Ask for the money, after the order's delay."""
        await asyncio.sleep(self._delay_ms(order) / 1000)
        return self.charged(order)

    async def query(self, order: ChannelOrder) -> Reply:
        """Say what became of an order that may not have been answered."""
        fate = self.fate(order)
        if fate is Fate.FAILS:
            return self._failed(order)
        if fate in (Fate.SILENT_UNTIL_CLOSED, Fate.SILENT_THEN_LATE):
            return Reply(outcome=Outcome.UNKNOWN)
        return self._paid(order)

    async def close(self, order: ChannelOrder) -> Reply:
        """Close an unpaid order; one that is paid stays paid, and says so."""
        fate = self.fate(order)
        if fate in (Fate.SILENT_UNTIL_CLOSED, Fate.SILENT_THEN_LATE):
            return Reply(outcome=Outcome.CLOSED)
        return await self.query(order)

    async def refund(self, refund: ChannelRefund) -> Reply:
        """Return money; the answer depends on the order only."""
        fate = self.fate(refund.order)
        if fate is Fate.REFUND_FAILS:
            return Reply(outcome=Outcome.FAILED, code="REFUND_REFUSED")
        if fate is Fate.REFUND_SILENT:
            return Reply(outcome=Outcome.UNKNOWN)
        return Reply(
            outcome=Outcome.SUCCESS, channel_order_no=f"50{refund.refund_no}", at=refund.requested_at
        )

    def _paid(self, order: ChannelOrder) -> Reply:
        paid_at = order.created_at + timedelta(milliseconds=self._delay_ms(order))
        number = f"{_PREFIX.get(order.channel, '00000')}{order.order_no}"
        return Reply(outcome=Outcome.SUCCESS, channel_order_no=number, at=paid_at)

    def _failed(self, order: ChannelOrder) -> Reply:
        return Reply(outcome=Outcome.FAILED, code=_CODES[self._draw(order, "code") % len(_CODES)])

    def _delay_ms(self, order: ChannelOrder) -> int:
        low, high = self.delay_ms
        return low if low == high else low + self._draw(order, "delay") % (high - low + 1)

    def _draw(self, order: ChannelOrder, purpose: str) -> int:
        text = f"{purpose}:{order.order_no}:{order.amount_fen}".encode()
        return int.from_bytes(blake2b(text, digest_size=8, key=self._key).digest(), "big")
