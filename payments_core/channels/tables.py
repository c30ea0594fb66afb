"""How the channels call our merchants."""

from __future__ import annotations

from sqlalchemy import Column, ForeignKey, Index, Table, Text

from payments_core.database.catalogue import metadata
from payments_core.database.scopes import readable_through_merchant

channel_merchant = Table(
    "channel_merchant",
    metadata,
    Column("channel", Text, primary_key=True),
    Column(
        "sub_merchant_no", Text, primary_key=True, comment="特约商户号 at WeChat Pay, seller PID at Alipay"
    ),
    Column("merchant_id", ForeignKey("merchant.merchant_id"), nullable=False),
    Index("ix_channel_merchant_merchant", "merchant_id"),
)

readable_through_merchant("channel_merchant")
