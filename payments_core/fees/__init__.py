"""Merchant fee and channel cost of one payment, by the rule rows in force when it was paid."""

from payments_core.fees.errors import FeeRowUnclear
from payments_core.fees.model import (
    SHARE_LOSS,
    ZERO_FOR_BROKER,
    Pricing,
    eligible_margin_fen,
    parse_pricing,
    remaining_margin_fen,
    rounding_of,
)
from payments_core.fees.pricing import (
    COST_KIND,
    EVALUATORS,
    FEE_KIND,
    Price,
    Pricer,
    evaluate_cost,
    evaluate_fee,
    price,
)

__all__ = [
    "COST_KIND",
    "EVALUATORS",
    "FEE_KIND",
    "SHARE_LOSS",
    "ZERO_FOR_BROKER",
    "FeeRowUnclear",
    "Price",
    "Pricer",
    "Pricing",
    "eligible_margin_fen",
    "evaluate_cost",
    "evaluate_fee",
    "parse_pricing",
    "price",
    "remaining_margin_fen",
    "rounding_of",
]
