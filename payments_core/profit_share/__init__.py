"""Profit share: who shares the margin of a payment, the daily posting, the way back to the sources."""

from payments_core.profit_share.model import Line, ShareRule, Stream, eligible_margin, stream_for
from payments_core.profit_share.operations import SharesPosted, open_streams, post_shares
from payments_core.profit_share.queries import (
    Entry,
    Income,
    Source,
    Trace,
    get_trace,
    list_day_entries,
    list_income_by_day,
    list_income_by_merchant,
    list_statement,
)
from payments_core.profit_share.split import split_pools

__all__ = [
    "Entry",
    "Income",
    "Line",
    "ShareRule",
    "SharesPosted",
    "Source",
    "Stream",
    "Trace",
    "eligible_margin",
    "get_trace",
    "list_day_entries",
    "list_income_by_day",
    "list_income_by_merchant",
    "list_statement",
    "open_streams",
    "post_shares",
    "split_pools",
    "stream_for",
]
