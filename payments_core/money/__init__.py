"""Exact arithmetic of money: integer fen, integer ppm, one rounding per final figure."""

from payments_core.money.amounts import Amounts, payment_amounts
from payments_core.money.arithmetic import RATE, Rounding, divide, portion, split
from payments_core.money.errors import AmountRelation, MoneyError, RateNotString, TierOrder
from payments_core.money.text import (
    format_change,
    format_fen,
    format_fraction,
    format_rate,
    parse_rate,
    parse_yuan,
)
from payments_core.money.tiers import Tier, TierMode, parse_tiers, tiered

__all__ = [
    "RATE",
    "AmountRelation",
    "Amounts",
    "MoneyError",
    "RateNotString",
    "Rounding",
    "Tier",
    "TierMode",
    "TierOrder",
    "divide",
    "format_change",
    "format_fen",
    "format_fraction",
    "format_rate",
    "parse_rate",
    "parse_tiers",
    "parse_yuan",
    "payment_amounts",
    "portion",
    "split",
    "tiered",
]
