"""The ledger legs of payments and refunds as COPY text, by the ledger's own templates.

The amounts vary, the rest of a row does not: each leg is one f-string. A zero amount makes no leg.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from payments_core.ledger.model import PAYMENT_TEMPLATE, REFUND_TEMPLATE, Account, Code

TRANSFER_COLUMNS = (
    "merchant_id, posting_id, leg, debit_account, credit_account, amount_fen, code, business_date, posted_at,"
    " release_no"
)
Template = Sequence[tuple[int, Account, Account, Code]]


def ending_of(*, business_date: date, posted_at: str, release_no: int) -> str:
    """Return the end of every ledger line of a batch that is booked to `business_date`."""
    return f"{business_date}\t{posted_at}\t{release_no}\n"


def _fragments(template: Template) -> tuple[tuple[str, str], ...]:
    return tuple(
        (f"\t{number}\t{debit}\t{credit}\t", f"\t{code}\t") for number, debit, credit, code in template
    )


_PAYMENT = _fragments(PAYMENT_TEMPLATE)
_REFUND = _fragments(REFUND_TEMPLATE)


def payment_lines(
    *,
    merchant_id: str,
    payment_id: int,
    settle_amount_fen: int,
    fee_fen: int,
    cost_fen: int,
    ending: str,
) -> str:
    """Return the COPY lines of a successful payment; `ending` is what follows a code."""
    head = f"{merchant_id}\t{payment_id}"
    return "".join(
        f"{head}{before}{amount_fen}{after}{ending}"
        for (before, after), amount_fen in zip(_PAYMENT, (settle_amount_fen, fee_fen, cost_fen), strict=True)
        if amount_fen
    )


def refund_lines(
    *,
    merchant_id: str,
    refund_id: int,
    amount_fen: int,
    fee_back_fen: int,
    cost_back_fen: int,
    ending: str,
) -> str:
    """Return the COPY lines of a successful refund; `ending` is what follows a code."""
    head = f"{merchant_id}\t{refund_id}"
    return "".join(
        f"{head}{before}{part_fen}{after}{ending}"
        for (before, after), part_fen in zip(_REFUND, (amount_fen, fee_back_fen, cost_back_fen), strict=True)
        if part_fen
    )
