"""Corrections of the past: what a rule that begins before today makes of payments booked already."""

from payments_core.corrections.operations import Corrected, book_corrections

__all__ = ["Corrected", "book_corrections"]
