"""The amounts of one payment, after Alipay's relations.

total 100.00, of which 20.00 takes no discount; the merchant gives 10 % off the rest (8.00); the platform
pays 5.00; points pay 2.00: receipt 92.00 (what the merchant is due, the basis of the fee), buyer paid 87.00,
invoice 85.00.
"""

from __future__ import annotations

from dataclasses import dataclass

from payments_core.money.arithmetic import RATE, Rounding, portion
from payments_core.money.errors import AmountRelation


@dataclass(frozen=True, slots=True, kw_only=True)
class Amounts:
    """The four amounts of a payment, in fen."""

    total_fen: int
    settle_fen: int
    buyer_paid_fen: int
    invoice_fen: int


def payment_amounts(
    *,
    total_fen: int,
    undiscountable_fen: int = 0,
    merchant_discount_ppm: int = 0,
    platform_discount_fen: int = 0,
    points_fen: int = 0,
) -> Amounts:
    """Return the amounts of a payment. The merchant's discount rounds HALF_UP. Raises AmountRelation."""
    if (
        not total_fen > 0
        or not 0 <= undiscountable_fen <= total_fen
        or not 0 <= merchant_discount_ppm <= RATE
    ):
        raise AmountRelation(
            "total must be positive, the undiscountable part within it, the discount at most all of the rest"
        )
    discount_fen = portion(total_fen - undiscountable_fen, merchant_discount_ppm, Rounding.HALF_UP)
    settle_fen = total_fen - discount_fen
    buyer_paid_fen = settle_fen - platform_discount_fen
    invoice_fen = buyer_paid_fen - points_fen
    if platform_discount_fen < 0 or points_fen < 0 or buyer_paid_fen < 0 or invoice_fen < 0:
        raise AmountRelation("platform discount and points cannot exceed what the buyer has left to pay")
    return Amounts(
        total_fen=total_fen, settle_fen=settle_fen, buyer_paid_fen=buyer_paid_fen, invoice_fen=invoice_fen
    )
