"""Alipay 业务明细 files: GBK, every value ends with a TAB, `#` lines before and after the rows.

The account in the preamble is the seller's PID with 0156 behind it. A platform's file carries our number of
the merchant in 门店编号; a merchant's own file leaves it empty, then the account says who it is.
"""

from __future__ import annotations

import re
from datetime import date

from payments_core.bills.model import BillRow, Kind, RowRefused, Totals, identifier, moment
from payments_core.money import MoneyError, parse_yuan

CHANNEL = "ALIPAY"
FIRST_LINE = "#支付宝业务明细查询"
COLUMNS = (
    "支付宝交易号", "商户订单号", "业务类型", "商品名称", "创建时间", "完成时间", "门店编号", "门店名称",
    "操作员", "终端号", "对方账户", "订单金额（元）", "商家实收（元）", "支付宝红包（元）", "集分宝（元）",
    "支付宝优惠（元）", "商家优惠（元）", "券核销金额（元）", "券名称", "商家红包消费金额（元）",
    "卡消费金额（元）", "退款批次号/请求号", "服务费（元）", "分润（元）", "备注",
)  # fmt: skip
_KINDS: dict[str, Kind] = {"交易": "PAY", "退款": "REFUND"}
_ACCOUNT = re.compile(r"^#账号：\[(\d+)\]")
_PERIOD = re.compile(r"起始日期：\[(\d{4})年(\d\d)月(\d\d)日")
_TOTAL = re.compile(r"^#(交易合计|退款合计)：(\d+)笔，[^共]*共(-?[\d.]+)元")


class AlipayBill:
    """Reads the lines of one file in order; `totals` and `complete` are right after the last."""

    channel = CHANNEL
    missing: tuple[str, ...] = ()

    def __init__(self) -> None:
        """Start before the first line."""
        self._at: dict[str, int] | None = None
        self._width = 0
        self._account = ""
        self._totals = Totals(
            counted={f"{kind}{what}": 0 for kind in ("交易", "退款") for what in ("笔数", "实收")}
        )
        self.complete = False
        self.bill_date: date | None = None
        self.rows = 0

    @property
    def totals(self) -> Totals:
        """What the trailer states and what the rows add up to."""
        return self._totals

    def read(self, *, line_no: int, text: str) -> BillRow | None:
        """Return the row of a line, None where it is preamble, header or trailer. Raises RowRefused."""
        text = text.rstrip("\t ")
        if text.startswith("#"):
            self._remark(text)
            return None
        if not text:
            return None
        if self._at is None:
            names = [n.strip() for n in text.split(",")]
            self._at, self._width = {n: i for i, n in enumerate(names)}, len(names)
            self.missing = tuple(n for n in COLUMNS if n not in self._at and n not in ("备注", "分润（元）"))
            return None
        self.rows += 1
        return self._row(line_no, text)

    def _row(self, line_no: int, text: str) -> BillRow:
        fields = _fields(text, self._width)
        at = self._at or {}
        kind = _KINDS.get(fields[at["业务类型"]])
        if kind is None:
            raise RowRefused("STATUS_UNKNOWN")
        try:
            amount_fen, settle_fen, fee_fen = (
                parse_yuan(fields[at[name]] or "0")
                for name in ("订单金额（元）", "商家实收（元）", "服务费（元）")
            )
        except MoneyError as error:
            raise RowRefused("AMOUNT_INVALID") from error
        if (amount_fen < 0) != (kind == "REFUND") and amount_fen:
            raise RowRefused("AMOUNT_INVALID")
        shop = fields[at["门店编号"]]
        row = BillRow(
            line_no, identifier(shop) if shop else self._account,
            identifier(fields[at["商户订单号"]]), identifier(fields[at["支付宝交易号"]]),
            identifier(fields[at["退款批次号/请求号"]]) if kind == "REFUND" else "", kind,
            moment(fields[at["完成时间"]] or fields[at["创建时间"]]), amount_fen, settle_fen, -fee_fen,
        )  # fmt: skip
        name = fields[at["业务类型"]]
        self._totals.counted[f"{name}笔数"] += 1
        self._totals.counted[f"{name}实收"] += settle_fen
        return row

    def _remark(self, text: str) -> None:
        if account := _ACCOUNT.match(text):
            self._account = account[1].removesuffix("0156") if len(account[1]) == 20 else account[1]
        elif period := _PERIOD.search(text):
            try:
                self.bill_date = date(int(period[1]), int(period[2]), int(period[3]))
            except ValueError:
                return
        elif total := _TOTAL.match(text):
            name = total[1].removesuffix("合计")
            try:
                self._totals.stated[f"{name}实收"] = parse_yuan(total[3])
            except MoneyError:
                return
            self._totals.stated[f"{name}笔数"] = int(total[2])
        elif "业务明细列表结束" in text:
            self.complete = True


def _fields(text: str, width: int) -> list[str]:
    """Split at TAB and comma, so that a comma in a product's name splits nothing, else at commas alone."""
    for separator in ("\t,", ","):
        fields = text.split(separator)
        if len(fields) == width:
            return [f.strip() for f in fields]
    raise RowRefused("FIELD_COUNT")
