"""One line of a channel bill: a booked row, or a bad row with its reason.

Amounts are the merchant's: what customers paid is positive, what went back is negative; the fee is positive
where the channel kept it and negative where it gave it back. So sums over rows are net figures.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Literal, NamedTuple

from payments_core.calendar import SHANGHAI

Kind = Literal["PAY", "REFUND", "REVOKE"]
Progress = Callable[[int, int], None]
"""Called now and then with (bytes read, bytes in all)."""

REASONS = {
    "FIELD_COUNT": "字段个数与表头不一致",
    "AMOUNT_INVALID": "金额不是精确到分的数字",
    "DATE_INVALID": "时间不是 YYYY-MM-DD HH:MM:SS",
    "STATUS_UNKNOWN": "交易状态或业务类型不认识",
    "ID_INVALID": "单号为空、过长或含有不允许的字符",
    "ENCODING_INVALID": "这一行的编码不对",
    "LINE_TOO_LONG": "这一行过长",
    "CLOCK_SKEW": "时间在未来",
    "ROW_DUPLICATE": "同一文件中重复的行",
}
"""Why a row went to quarantine: code → what a person reads."""

RAW_CHARACTERS = 2_000
"""A quarantined line keeps this much of its text."""

# What WeChat Pay allows in an order number. No cell of a spreadsheet that starts so is a formula.
_IDENTIFIER = re.compile(r"[0-9A-Za-z_|*][0-9A-Za-z_\-|*@.]{0,63}", re.ASCII)
_MOMENT = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d", re.ASCII)


class BillRow(NamedTuple):
    """A row to be booked; a tuple because there are hundreds of thousands of them."""

    line_no: int
    sub_merchant_no: str
    merchant_order_no: str
    channel_order_no: str
    refund_no: str
    kind: Kind
    booked_at: datetime
    amount_fen: int
    settle_amount_fen: int
    fee_fen: int


class BadRow(NamedTuple):
    """A row for quarantine: `code` is a key of REASONS."""

    line_no: int
    raw: str
    code: str


class RowRefused(Exception):
    """This row cannot be booked; `code` is a key of REASONS."""

    def __init__(self, code: str) -> None:
        """Keep the code."""
        super().__init__(code)
        self.code = code


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """Something a person should know about a file that was read."""

    code: str
    message: str
    message_en: str

    def __str__(self) -> str:
        """Say it in one line, both languages."""
        return f"{self.code} {self.message} {self.message_en}"


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportResult:
    """What became of one file. `rows_known` were already there, from this or an overlapping file."""

    file_no: int
    channel: str
    bill_date: date
    state: Literal["IMPORTED", "REJECTED"]
    rows_new: int
    rows_known: int
    rows_bad: int
    rows_matched: int
    findings: tuple[Finding, ...]


@dataclass(slots=True, kw_only=True)
class Totals:
    """The sums a file states about itself and those of its rows, name → count or fen."""

    stated: dict[str, int] = field(default_factory=dict)
    counted: dict[str, int] = field(default_factory=dict)

    def differences(self) -> dict[str, tuple[int, int]]:
        """Return name → (stated, counted) for every stated figure that the rows do not bear out."""
        return {
            name: (stated, self.counted.get(name, 0))
            for name, stated in self.stated.items()
            if stated != self.counted.get(name, 0)
        }


def moment(text: str) -> datetime:
    """Return the instant of a bill's local time. Raises RowRefused(DATE_INVALID)."""
    if _MOMENT.fullmatch(text) is None:
        raise RowRefused("DATE_INVALID")
    try:
        return datetime.fromisoformat(text).replace(tzinfo=SHANGHAI)
    except ValueError as error:
        raise RowRefused("DATE_INVALID") from error


def identifier(text: str) -> str:
    """Return `text` if it can be an order number. Raises RowRefused(ID_INVALID)."""
    if _IDENTIFIER.fullmatch(text) is None:
        raise RowRefused("ID_INVALID")
    return text


def printable(text: str) -> str:
    """Return what quarantine keeps of a line: PostgreSQL stores no NUL, and nobody reads a megabyte."""
    return text[:RAW_CHARACTERS].replace("\x00", "\ufffd")
