"""Corrections of the past: what a rule that begins before today makes of payments booked already."""

from payments_core.corrections.operations import Corrected, book_corrections
from payments_core.corrections.queries import KnownPrice, PricedBy, PriceEntry, Reason, get_known_price

__all__ = [
    "Corrected",
    "KnownPrice",
    "PriceEntry",
    "PricedBy",
    "Reason",
    "book_corrections",
    "get_known_price",
]
