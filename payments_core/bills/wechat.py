"""WeChat Pay tradebill files (https://pay.weixin.qq.com → 下载交易账单), read by the names in their header.

Four parts: header, rows, header of the summary, summary. Every value of the rows and the summary starts with
a backtick, so a comma inside a product name splits nothing. Layouts ALL (27 columns), SUCCESS (20), REFUND
(29) and the old one (24, 总金额/企业红包金额) differ only in which columns they have.
"""

from __future__ import annotations

from collections.abc import Iterator

from payments_core.bills.model import BillRow, Kind, RowRefused, Totals, identifier, moment
from payments_core.money import MoneyError, parse_yuan

CHANNEL = "WECHAT"
FIRST_COLUMN, SUMMARY_FIRST_COLUMN = "交易时间", "总交易单数"
_KINDS: dict[str, Kind] = {"SUCCESS": "PAY", "REFUND": "REFUND", "REVOKED": "REVOKE"}

# A column under its present name, then under the one of the old layout.
_COLUMNS = {
    "booked_at": ("交易时间",),
    "refund_requested_at": ("退款申请时间",),
    "sub_merchant_no": ("特约商户号", "子商户号"),
    "merchant_no": ("商户号",),
    "channel_order_no": ("微信订单号",),
    "merchant_order_no": ("商户订单号",),
    "state": ("交易状态",),
    "settle_amount": ("应结订单金额", "总金额"),
    "refund_no": ("微信退款单号",),
    "refund_amount": ("退款金额",),
    "coupon_refund": ("充值券退款金额", "企业红包退款金额"),
    "fee": ("手续费",),
    "amount": ("订单金额", "总金额"),
    "refund_asked": ("申请退款金额", "退款金额"),
}
_REQUIRED = ("booked_at", "channel_order_no", "merchant_order_no", "state", "fee")
# A figure of the summary → the sum of which column of the rows.
_SUMS = {
    "应结订单总金额": "settle_amount",
    "总交易额": "amount",
    "退款总金额": "refund_amount",
    "总退款金额": "refund_amount",
    "充值券退款总金额": "coupon_refund",
    "总企业红包退款金额": "coupon_refund",
    "手续费总金额": "fee",
    "订单总金额": "amount",
    "申请退款总金额": "refund_asked",
}
_ZERO = frozenset({"0.00", "0", "0.00000"})
_MONEY = ("settle_amount", "refund_amount", "coupon_refund", "fee", "amount", "refund_asked")


class WeChatBill:
    """Reads the lines of one file in order; `totals` and `complete` are right after the last."""

    channel = CHANNEL

    def __init__(self, header: str) -> None:
        """Find the columns by name; `missing` names those a bill cannot do without."""
        names = [n.strip().lstrip("`") for n in header.split(",")]
        self._width = len(names)
        self._at = {
            column: next((names.index(n) for n in aliases if n in names), -1)
            for column, aliases in _COLUMNS.items()
        }
        self.missing = tuple(_COLUMNS[c][0] for c in _REQUIRED if self._at[c] < 0)
        if self._at["settle_amount"] < 0 and self._at["refund_amount"] < 0:
            self.missing += ("应结订单金额",)
        self._money_at = tuple((c, self._at[c]) for c in _MONEY if self._at[c] >= 0)
        self._sums = dict.fromkeys(_MONEY, 0)
        self._summary_names: list[str] | None = None
        self._stated: dict[str, int] | None = None
        self.rows = 0

    @property
    def complete(self) -> bool:
        """Whether the summary at the end was there."""
        return self._stated is not None

    @property
    def totals(self) -> Totals:
        """What the file states and what its rows add up to; the count includes bad rows."""
        counted = {SUMMARY_FIRST_COLUMN: self.rows} | {
            name: self._sums[column] for name, column in _SUMS.items()
        }
        return Totals(stated=self._stated or {}, counted=counted)

    def read(self, *, line_no: int, text: str) -> BillRow | None:
        """Return the row of a line, None where it is part of the summary. Raises RowRefused."""
        if self._summary_names is None:
            if not text.startswith(SUMMARY_FIRST_COLUMN):
                self.rows += 1
                return self._row(line_no, text)
            self._summary_names = text.split(",")
        elif text and self._stated is None:
            self._stated = dict(_stated(self._summary_names, _fields(text)))
        elif text:
            self.rows += 1
            raise RowRefused("FIELD_COUNT")
        return None

    def _row(self, line_no: int, text: str) -> BillRow:
        fields = _fields(text)
        if len(fields) != self._width:
            raise RowRefused("FIELD_COUNT")
        at = self._at
        kind = _KINDS.get(fields[at["state"]])
        if kind is None:
            raise RowRefused("STATUS_UNKNOWN")
        money = self._money(fields)
        refund_no = "" if at["refund_no"] < 0 else fields[at["refund_no"]]
        refund_no = "" if refund_no == "0" else refund_no  # rows of sales say 0
        requested = "" if at["refund_requested_at"] < 0 else fields[at["refund_requested_at"]]
        if kind == "PAY":
            amount_fen, settle_fen, refund_no = (
                money["amount"] or money["settle_amount"],
                money["settle_amount"],
                "",
            )
        else:
            amount_fen, settle_fen = (
                -(money["refund_asked"] or money["refund_amount"]),
                -money["refund_amount"],
            )
            refund_no = refund_no or ("REVOKE" if kind == "REVOKE" else "")
            identifier(refund_no)
        row = BillRow(
            line_no, self._sub_merchant_no(fields), identifier(fields[at["merchant_order_no"]]),
            identifier(fields[at["channel_order_no"]]), refund_no, kind,
            moment(requested or fields[at["booked_at"]]), amount_fen, settle_fen, money["fee"],
        )  # fmt: skip
        for column, amount in money.items():
            if amount:
                self._sums[column] += amount
        return row

    def _money(self, fields: list[str]) -> dict[str, int]:
        try:
            money = dict.fromkeys(_MONEY, 0)
            for column, index in self._money_at:
                if (given := fields[index]) not in _ZERO:  # most of a row's six amounts are
                    money[column] = parse_yuan(given)
        except MoneyError as error:
            raise RowRefused("AMOUNT_INVALID") from error
        if min(money.values()) < 0 and any(a < 0 for column, a in money.items() if column != "fee"):
            raise RowRefused("AMOUNT_INVALID")
        return money

    def _sub_merchant_no(self, fields: list[str]) -> str:
        """Return the sub-merchant's number; an ordinary merchant's own bill has 0 or nothing there."""
        for column in ("sub_merchant_no", "merchant_no"):
            index = self._at[column]
            if index >= 0 and fields[index] not in ("", "0"):
                return identifier(fields[index])
        return ""


def _fields(text: str) -> list[str]:
    """Split at `,`` ` ``; a file that went through a spreadsheet has lost its backticks."""
    return text[1:].split(",`") if text.startswith("`") else text.split(",")


def _stated(names: list[str], values: list[str]) -> Iterator[tuple[str, int]]:
    """Yield the figures of the summary that are numbers; the others are as good as absent."""
    for name, value in zip(names, values, strict=False):
        name = name.strip()
        try:
            if name == SUMMARY_FIRST_COLUMN:
                yield name, int(value)
            elif name in _SUMS:
                yield name, parse_yuan(value)
        except (ValueError, MoneyError):
            continue
