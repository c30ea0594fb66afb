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
    """The file cannot be read."""

    code = "BILL_UNREADABLE"
    chinese = "这个文件读不出来"


class BillEncoding(BillUnreadable):
    """The encoding is wrong: bills of WeChat Pay are UTF-8, those of Alipay GBK."""

    code = "BILL_ENCODING"
    chinese = "文件编码不对：微信账单为 UTF-8，支付宝账单为 GBK"


class BillFormatUnknown(BillUnreadable):
    """This is no WeChat Pay trade bill and no Alipay business detail."""

    code = "BILL_FORMAT_UNKNOWN"
    chinese = "不是微信支付交易账单，也不是支付宝业务明细"


class BillTruncated(BillUnreadable):
    """The file is damaged, or ends before its own summary: download it again."""

    code = "BILL_TRUNCATED"
    chinese = "文件不完整或已损坏，请重新下载"
