"""Daily facts: one row a business day, merchant, store and servicing broker, as organised then.

Rebuilt for one day at a time from payments, refunds and share entries; every figure of the hierarchy
report is a sum of these rows, so a node is always the sum of its children.
"""

from __future__ import annotations

from sqlalchemy import BigInteger, Boolean, Column, Date, Index, Integer, Table, Text, text

from payments_core.database.catalogue import metadata
from payments_core.database.scopes import readable_in_scope

_ZERO = text("0")

fact_day = Table(
    "fact_day",
    metadata,
    Column("merchant_id", Text, primary_key=True),
    Column("business_date", Date, primary_key=True),
    Column("store_id", Text, primary_key=True),
    Column("broker_id", Text, primary_key=True),
    Column("district_id", Text, nullable=False),
    Column("city_id", Text, nullable=False),
    Column("opened", Boolean, nullable=False, comment="the merchant was activated on this day"),
    Column("payment_count", Integer, nullable=False, server_default=_ZERO),
    Column("payment_fen", BigInteger, nullable=False, server_default=_ZERO, comment="Σ settle amounts"),
    Column("refund_count", Integer, nullable=False, server_default=_ZERO),
    Column("refund_fen", BigInteger, nullable=False, server_default=_ZERO),
    Column("fee_fen", BigInteger, nullable=False, server_default=_ZERO, comment="less fee returned"),
    Column("cost_fen", BigInteger, nullable=False, server_default=_ZERO, comment="less cost returned"),
    Column("broker_share_fen", BigInteger, nullable=False, server_default=_ZERO),
    Column("store_share_fen", BigInteger, nullable=False, server_default=_ZERO),
    Index("ix_fact_day_date", "business_date"),
)

readable_in_scope(
    "fact_day",
    city="city_id",
    district="district_id",
    store="store_id",
    brokers=("broker_id",),
    merchant="merchant_id",
)
