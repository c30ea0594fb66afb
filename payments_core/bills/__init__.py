"""Channel bills: importers of the real files of WeChat Pay and Alipay, quarantine, match to our payments."""

from payments_core.bills.errors import BillEncoding, BillFormatUnknown, BillTruncated, BillUnreadable
from payments_core.bills.model import REASONS, Finding, ImportResult, Progress
from payments_core.bills.operations import BAD_ROWS_LIMIT_PERCENT, import_bill

__all__ = [
    "BAD_ROWS_LIMIT_PERCENT",
    "REASONS",
    "BillEncoding",
    "BillFormatUnknown",
    "BillTruncated",
    "BillUnreadable",
    "Finding",
    "ImportResult",
    "Progress",
    "import_bill",
]
