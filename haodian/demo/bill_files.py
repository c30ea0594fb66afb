"""Write channel bills as the channels do, byte for byte, from our payments or from the demo world's events.

WeChat Pay: UTF-8, every value after a backtick, fees with five decimals, a summary of seven figures at the
end. Alipay: GBK, every value followed by a TAB, `#` lines around the rows, in a zip whose entry names are
GBK without the flag that says so. Rows are streamed; nothing is held but the sums.
"""

from __future__ import annotations

import gzip
import zipfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import BinaryIO, NamedTuple, cast

from sqlalchemy import Connection, text

from payments_core.bills.alipay import COLUMNS as ALIPAY_COLUMNS
from payments_core.calendar import SHANGHAI

WECHAT_COLUMNS = (
    "交易时间", "公众账号ID", "商户号", "特约商户号", "设备号", "微信订单号", "商户订单号", "用户标识",
    "交易类型", "交易状态", "付款银行", "货币种类", "应结订单金额", "代金券金额", "微信退款单号",
    "商户退款单号", "退款金额", "充值券退款金额", "退款类型", "退款状态", "商品名称", "商户数据包", "手续费",
    "费率", "订单金额", "申请退款金额", "费率备注",
)  # fmt: skip
WECHAT_SUMMARY = (
    "总交易单数", "应结订单总金额", "退款总金额", "充值券退款总金额", "手续费总金额", "订单总金额",
    "申请退款总金额",
)  # fmt: skip
APP_ID, SERVICE_PROVIDER_NO, ALIPAY_ACCOUNT = "wxdemo0000000001", "1900000001", "2088000000000001"


class BillLine(NamedTuple):
    """One payment (`refund_no` '') or refund of a day, amounts in fen and never negative."""

    at: datetime
    sub_merchant_no: str
    channel_order_no: str
    merchant_order_no: str
    refund_no: str
    merchant_refund_no: str
    amount_fen: int
    settle_amount_fen: int
    fee_fen: int
    name: str


def write_wechat_bill(lines: Iterable[BillLine], *, path: Path) -> int:
    """Write a tradebill (ALL), gzipped where `path` ends in .gz, and return the number of its rows."""
    with _opened(path) as out:
        return _write_wechat(lines, out)


def write_alipay_bill(lines: Iterable[BillLine], *, path: Path, bill_date: date, now: datetime) -> int:
    """Write a 业务明细, in a zip where `path` ends in .zip, and return the number of its rows."""
    stem = f"{ALIPAY_ACCOUNT}0156_{bill_date:%Y%m%d}_业务明细"
    if path.suffix != ".zip":
        with path.open("wb") as out:
            return _write_alipay(lines, out, bill_date, now).rows
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        with archive.open(_GbkName(f"{stem}.csv"), "w") as entry:
            totals = _write_alipay(lines, cast(BinaryIO, entry), bill_date, now)
        with archive.open(_GbkName(f"{stem}(汇总).csv"), "w") as entry:
            _put(cast(BinaryIO, entry), "#支付宝业务汇总查询", "gbk")
            _put(
                cast(BinaryIO, entry),
                f"#交易订单总笔数：{totals.sales}，退款订单总笔数：{totals.refunds}",
                "gbk",
            )
    return totals.rows


def lines_of_day(connection: Connection, *, channel: str, bill_date: date) -> Iterator[BillLine]:
    """Yield what the channel would bill for a business date, in the order it happened, from our books."""
    found = connection.execution_options(stream_results=True, yield_per=5_000).execute(
        _OF_DAY, {"channel": channel, "day": bill_date}
    )
    for row in found:
        yield BillLine(**row._mapping)


@dataclass(slots=True)
class _Totals:
    rows: int = 0
    sales: int = 0
    refunds: int = 0
    amount_fen: int = 0
    settle_fen: int = 0
    refund_fen: int = 0
    refund_settle_fen: int = 0
    fee_fen: int = 0

    def add(self, line: BillLine) -> None:
        self.rows += 1
        if line.refund_no:
            self.refunds += 1
            self.refund_fen += line.amount_fen
            self.refund_settle_fen += line.settle_amount_fen
            self.fee_fen -= line.fee_fen
        else:
            self.sales += 1
            self.amount_fen += line.amount_fen
            self.settle_fen += line.settle_amount_fen
            self.fee_fen += line.fee_fen


def _write_wechat(lines: Iterable[BillLine], out: BinaryIO) -> int:
    totals, block = _Totals(), _Block(out)
    block.add(",".join(WECHAT_COLUMNS))
    for line in lines:
        totals.add(line)
        block.add(_wechat_refund(line) if line.refund_no else _wechat_sale(line))
    block.add(",".join(WECHAT_SUMMARY))
    block.add(
        f"`{totals.rows},`{_yuan(totals.settle_fen)},`{_yuan(totals.refund_settle_fen)},`0.00,"
        f"`{_yuan(totals.fee_fen)}000,`{_yuan(totals.amount_fen)},`{_yuan(totals.refund_fen)}"
    )
    block.flush()
    return totals.rows


def _wechat_sale(line: BillLine) -> str:
    return (
        f"`{line.at.astimezone(SHANGHAI):%Y-%m-%d %H:%M:%S},`{APP_ID},`{SERVICE_PROVIDER_NO},"
        f"`{line.sub_merchant_no},`,`{line.channel_order_no},`{line.merchant_order_no},`,`MICROPAY,`SUCCESS,"
        f"`OTHERS,`CNY,`{_yuan(line.settle_amount_fen)},`0.00,`0,`0,`0.00,`0.00,`,`,`{_plain(line.name)},`,"
        f"`{_yuan(line.fee_fen)}000,`0.38%,`{_yuan(line.amount_fen)},`0.00,`"
    )


def _wechat_refund(line: BillLine) -> str:
    return (
        f"`{line.at.astimezone(SHANGHAI):%Y-%m-%d %H:%M:%S},`{APP_ID},`{SERVICE_PROVIDER_NO},"
        f"`{line.sub_merchant_no},`,`{line.channel_order_no},`{line.merchant_order_no},`,`MICROPAY,`REFUND,"
        f"`OTHERS,`CNY,`0.00,`0.00,`{line.refund_no},`{line.merchant_refund_no},"
        f"`{_yuan(line.settle_amount_fen)},`0.00,`ORIGINAL,`SUCCESS,`{_plain(line.name)},`,"
        f"`{_yuan(-line.fee_fen)}000,`0.38%,`0.00,`{_yuan(line.amount_fen)},`"
    )


def _write_alipay(lines: Iterable[BillLine], out: BinaryIO, bill_date: date, now: datetime) -> _Totals:
    totals, block = _Totals(), _Block(out, encoding="gbk")
    block.add("#支付宝业务明细查询")
    block.add(f"#账号：[{ALIPAY_ACCOUNT}0156]")
    end = bill_date + timedelta(days=1)
    block.add(f"#起始日期：[{bill_date:%Y年%m月%d日} 00:00:00]   终止日期：[{end:%Y年%m月%d日} 00:00:00]")
    block.add(
        "#-----------------------------------------业务明细列表----------------------------------------"
    )
    block.add(",".join(ALIPAY_COLUMNS))
    for line in lines:
        totals.add(line)
        block.add("".join(f"{value}\t," for value in _alipay_values(line))[:-1])
    block.add(
        "#-----------------------------------------业务明细列表结束------------------------------------"
    )
    block.add(f"#交易合计：{totals.sales}笔，商家实收共{_yuan(totals.settle_fen)}元，商家优惠共0.00元")
    refunded = _yuan(-totals.refund_settle_fen)
    block.add(f"#退款合计：{totals.refunds}笔，商家实收退款共{refunded}元，商家优惠退款共0.00元")
    block.add(f"#导出时间：[{now.astimezone(SHANGHAI):%Y年%m月%d日 %H:%M:%S}]")
    block.flush()
    return totals


def _alipay_values(line: BillLine) -> tuple[str, ...]:
    at = f"{line.at.astimezone(SHANGHAI):%Y-%m-%d %H:%M:%S}"
    sign = -1 if line.refund_no else 1
    return (
        line.channel_order_no, line.merchant_order_no, "退款" if line.refund_no else "交易",
        _plain(line.name), at, at, line.sub_merchant_no, "", "", "", "", _yuan(sign * line.amount_fen),
        _yuan(sign * line.settle_amount_fen),
        "0.00", "0.00", "0.00", "0.00", "0.00", "", "0.00", "0.00", line.merchant_refund_no,
        _yuan(-sign * line.fee_fen), "0.00", "",
    )  # fmt: skip


@dataclass(slots=True)
class _Block:
    """Gathers lines, so that a bill is not written line by line."""

    out: BinaryIO
    encoding: str = "utf-8"
    lines: list[str] = field(default_factory=list)

    def add(self, line: str) -> None:
        self.lines.append(line)
        if len(self.lines) >= 2_000:
            self.flush()

    def flush(self) -> None:
        self.out.write("".join(f"{line}\r\n" for line in self.lines).encode(self.encoding, errors="replace"))
        self.lines.clear()


class _GbkName(zipfile.ZipInfo):
    """An entry whose name is GBK without the UTF-8 flag, as Alipay's are."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.compress_type = zipfile.ZIP_DEFLATED

    def _encodeFilenameFlags(self) -> tuple[bytes, int]:
        return self.filename.encode("gbk"), self.flag_bits & ~0x800


@contextmanager
def _opened(path: Path) -> Iterator[BinaryIO]:
    if path.suffix == ".gz":
        with gzip.open(path, "wb", compresslevel=5) as out:
            yield cast(BinaryIO, out)
    else:
        with path.open("wb") as out:
            yield out


def _plain(name: str) -> str:
    """Return a shop's name without what separates fields and lines."""
    return name.translate(_SEPARATORS)


def _yuan(amount_fen: int) -> str:
    yuan, fen = divmod(abs(amount_fen), 100)
    return f"{'-' if amount_fen < 0 else ''}{yuan}.{fen:02d}"


def _put(out: BinaryIO, line: str, encoding: str) -> None:
    out.write(f"{line}\r\n".encode(encoding))


_SEPARATORS = str.maketrans("", "", "`\t\r\n")
_OF_DAY = text("""
SELECT p.paid_at AS at, c.sub_merchant_no, p.channel_order_no, p.merchant_order_no, '' AS refund_no,
  '' AS merchant_refund_no, p.amount_fen, p.settle_amount_fen, p.fee_fen, m.name
FROM payment p JOIN merchant m USING (merchant_id)
JOIN channel_merchant c ON c.merchant_id = p.merchant_id AND c.channel = p.channel
WHERE p.channel = :channel AND p.business_date = :day
UNION ALL
SELECT r.refunded_at, c.sub_merchant_no, p.channel_order_no, p.merchant_order_no, '50' || r.refund_id,
  r.merchant_refund_no, r.amount_fen, r.amount_fen, r.fee_back_fen, m.name
FROM refund r JOIN payment p ON p.merchant_id = r.merchant_id AND p.payment_id = r.payment_id
JOIN merchant m ON m.merchant_id = r.merchant_id
JOIN channel_merchant c ON c.merchant_id = p.merchant_id AND c.channel = p.channel
WHERE p.channel = :channel AND r.business_date = :day AND r.state = 'SUCCESS'
ORDER BY 1, 3, 5
""")
