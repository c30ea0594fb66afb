"""Why a bill file as a whole cannot be read. Nothing of it has been written then.

    Invalid
    └── BillUnreadable         BILL_UNREADABLE: not a file we can read at all
        ├── BillEncoding       BILL_ENCODING: its first line is neither UTF-8 nor GBK
        ├── BillFormatUnknown  BILL_FORMAT_UNKNOWN: no header of a WeChat Pay or Alipay bill
        └── BillTruncated      BILL_TRUNCATED: it ends before its own summary

Rows that are wrong are no refusal: they go to quarantine with the reasons of `model.REASONS`.
"""

from __future__ import annotations

from payments_core.errors import Invalid


class BillUnreadable(Invalid):
    """这个文件读不出来。"""

    code = "BILL_UNREADABLE"


class BillEncoding(BillUnreadable):
    """文件编码不对：微信账单为 UTF-8，支付宝账单为 GBK。"""

    code = "BILL_ENCODING"


class BillFormatUnknown(BillUnreadable):
    """不是微信支付交易账单，也不是支付宝业务明细。"""

    code = "BILL_FORMAT_UNKNOWN"


class BillTruncated(BillUnreadable):
    """文件不完整：没有找到结尾的汇总。请重新下载。"""

    code = "BILL_TRUNCATED"
