"""The fixed records that tests and pictures rely on.

Merchant M00001 老王饺子馆 sells nothing in March but the five payments of worked example W1, on 03-11;
on the 12th and 13th one of them is refunded in two parts (W5). Its broker B0001 王磊 then still works in
S001; on the 16th he moves to S002 and M00001 follows him. His shares of it are posted as +77, −3, −6.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime

from haodian.demo.events import PayEvent, RefundEvent, Sale
from haodian.demo.world import SHOWCASE_MERCHANT
from payments_core.calendar import SHANGHAI

SALE_DAY, FIRST_REFUND_DAY, SECOND_REFUND_DAY = date(2025, 3, 11), date(2025, 3, 12), date(2025, 3, 13)
SHOWCASE_DAYS = (SALE_DAY, FIRST_REFUND_DAY, SECOND_REFUND_DAY)
SHOWCASE = "SHOWCASE"

_SALES = ((9, 15, 5_000), (11, 42, 1_280), (12, 7, 12_850), (17, 30, 600), (18, 55, 99_999))
_REFUNDED = 2
_REFUNDS = {FIRST_REFUND_DAY: 3_000, SECOND_REFUND_DAY: 9_850}


def showcase_sales(day: date) -> Iterator[Sale]:
    """Yield the sales of W1 on their day."""
    if day == SALE_DAY:
        for number, (hour, minute, amount_fen) in enumerate(_SALES):
            at = datetime(day.year, day.month, day.day, hour, minute, tzinfo=SHANGHAI)
            yield Sale(
                PayEvent(
                    at, SHOWCASE_MERCHANT, _order_no(number), amount_fen, "WECHAT", "SCANNED", "NONE", "",
                    "SPK-000001", -1, f"showcase-{number}", SHOWCASE,
                ),
                None,
            )  # fmt: skip


def showcase_refunds(day: date) -> Iterator[RefundEvent]:
    """Yield the refund of W5 that falls on the day."""
    if day in _REFUNDS:
        at = datetime(day.year, day.month, day.day, 14, 20, tzinfo=SHANGHAI)
        order_no = _order_no(_REFUNDED)
        yield RefundEvent(at, SHOWCASE_MERCHANT, order_no, f"R{day:%y%m%d}SHOW", _REFUNDS[day])


def _order_no(number: int) -> str:
    return f"D{SALE_DAY:%y%m%d}SHOW{number + 1}"
