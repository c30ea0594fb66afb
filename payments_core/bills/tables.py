"""Channel bill files as imported: files, good rows, quarantined rows."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    Date,
    DateTime,
    ForeignKey,
    Identity,
    Index,
    Integer,
    Table,
    Text,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB

from payments_core.database.catalogue import metadata
from payments_core.database.scopes import readable_through_merchant

bill_file = Table(
    "bill_file",
    metadata,
    Column("file_no", Integer, Identity(), primary_key=True),
    Column("channel", Text, nullable=False),
    Column("bill_date", Date, nullable=False),
    Column("name", Text, nullable=False),
    Column("sha256", Text, nullable=False, unique=True),
    Column("state", Text, nullable=False),
    Column("rows_new", Integer, nullable=False, server_default=text("0")),
    Column("rows_known", Integer, nullable=False, server_default=text("0")),
    Column("rows_bad", Integer, nullable=False, server_default=text("0")),
    Column(
        "summary", JSONB, nullable=False, server_default=text("'{}'"), comment="the file's own totals, in fen"
    ),
    Column("imported_at", DateTime(timezone=True), nullable=False),
    CheckConstraint("state IN ('IMPORTED', 'REJECTED')", name="state_known"),
)

bill_row = Table(
    "bill_row",
    metadata,
    Column(
        "merchant_id",
        Text,
        primary_key=True,
        comment="our merchant by its sub-merchant number; '' = unknown to us",
    ),
    Column("channel", Text, primary_key=True),
    Column("channel_order_no", Text, primary_key=True),
    Column("refund_no", Text, primary_key=True, server_default="", comment="'' = the payment itself"),
    Column("file_no", ForeignKey("bill_file.file_no"), nullable=False),
    Column("line_no", Integer, nullable=False),
    Column("merchant_order_no", Text, nullable=False),
    Column("sub_merchant_no", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("booked_at", DateTime(timezone=True), nullable=False),
    Column("amount_fen", BigInteger, nullable=False),
    Column("settle_amount_fen", BigInteger, nullable=False),
    Column("fee_fen", BigInteger, nullable=False),
    Column("payment_id", BigInteger, comment="our payment, once matched"),
    CheckConstraint("kind IN ('PAY', 'REFUND', 'REVOKE')", name="kind_known"),
    Index("ix_bill_row_file", "file_no"),
)

quarantine_row = Table(
    "quarantine_row",
    metadata,
    Column("quarantine_no", BigInteger, Identity(), primary_key=True),
    Column("file_no", ForeignKey("bill_file.file_no"), nullable=False, index=True),
    Column("line_no", Integer, nullable=False),
    Column("code", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("raw", Text, nullable=False),
)

readable_through_merchant("bill_row")
