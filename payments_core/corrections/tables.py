"""Corrections: what a rule that begins in the past makes of payments that are booked already.

A payment's row is never changed. What it would have cost otherwise is a row here, booked on a later business
day: a true-up, so that payment, refunds and corrections together are what is known by that day.
"""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    Date,
    DateTime,
    ForeignKeyConstraint,
    Index,
    Integer,
    SmallInteger,
    Table,
    Text,
    UniqueConstraint,
    text,
)

from payments_core.database.catalogue import metadata, program
from payments_core.database.scopes import readable_by_all, readable_in_scope

correcting_version = Table(
    "correcting_version",
    metadata,
    Column("kind", Text, primary_key=True),
    Column("rule_id", Text, primary_key=True),
    Column("version", Integer, primary_key=True),
    Column("effective_from", DateTime(timezone=True), nullable=False),
    Column("known_at", DateTime(timezone=True), nullable=False, comment="when it first came into force"),
    Column("first_date", Date, nullable=False, comment="the business date it was first booked on"),
    Column("release_no", Integer, nullable=False),
    Column("reason", Text, nullable=False),
    Column("reference", Text, nullable=False),
)

correction = Table(
    "correction",
    metadata,
    Column("merchant_id", Text, primary_key=True),
    Column("payment_id", BigInteger, primary_key=True),
    Column("number", SmallInteger, primary_key=True, comment="1, 2, … of one payment"),
    Column("correction_id", BigInteger, nullable=False, comment="its posting in the ledger"),
    Column(
        "business_date", Date, nullable=False, comment="the day it is booked on: when it came to be known"
    ),
    Column(
        "cause", Text, nullable=False, comment="RULE: another price; REFUND: a refund at the price before"
    ),
    Column("remaining_fen", BigInteger, nullable=False, comment="of the sale, refunds to this day taken off"),
    Column("fee_fen", BigInteger, nullable=False, comment="of the whole sale, as known now"),
    Column("cost_fen", BigInteger, nullable=False, comment="of the whole sale, as known now"),
    Column("eligible_margin_fen", BigInteger, nullable=False, comment="of the whole sale, as known now"),
    Column("fee_ref_no", Integer, nullable=False, comment="the line of the fee as known now"),
    Column("cost_ref_no", Integer, nullable=False, comment="the line of the cost as known now"),
    Column("fee_delta_fen", BigInteger, nullable=False, comment="> 0: the merchant owes it"),
    Column("cost_delta_fen", BigInteger, nullable=False, comment="> 0: the channel keeps it"),
    Column("stream_id", BigInteger, comment="where the margin is shared as known now"),
    Column("margin_delta_fen", BigInteger, nullable=False, comment="what moves that stream"),
    Column("from_stream_id", BigInteger, comment="another stream it was shared in before"),
    Column("from_margin_fen", BigInteger, nullable=False, server_default=text("0")),
    Column("store_id", Text, nullable=False),
    Column("broker_id", Text, nullable=False, server_default=""),
    Column("opener_id", Text, nullable=False, server_default=""),
    Column("release_no", Integer, nullable=False),
    Column("booked_at", DateTime(timezone=True), nullable=False),
    UniqueConstraint("merchant_id", "correction_id", name="uq_correction_posting"),
    UniqueConstraint("merchant_id", "payment_id", "business_date", "cause", name="uq_correction_day"),
    ForeignKeyConstraint(
        ["merchant_id", "payment_id"],
        ["payment.merchant_id", "payment.payment_id"],
        name="fk_correction_payment",
    ),
    CheckConstraint("number >= 1", name="number_from_one"),
    CheckConstraint("cause IN ('RULE', 'REFUND')", name="cause_known"),
    CheckConstraint("remaining_fen >= 0 AND fee_fen >= 0 AND cost_fen >= 0", name="not_negative"),
    CheckConstraint(
        "from_stream_id IS NULL AND from_margin_fen = 0 OR from_stream_id IS DISTINCT FROM stream_id",
        name="two_streams",
    ),
    CheckConstraint("stream_id IS NOT NULL OR margin_delta_fen = 0", name="margin_has_stream"),
    Index("ix_correction_business_date", "business_date", "merchant_id"),
)

for _table in ("correction", "correcting_version"):
    program(f"""
CREATE TRIGGER {_table}_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON {_table}
FOR EACH STATEMENT EXECUTE FUNCTION haodian_refuse_change()
""")

readable_in_scope("correction", store="store_id", brokers=("broker_id", "opener_id"), merchant="merchant_id")
readable_by_all("correcting_version")

# Everything that moves a share stream, in one place: shares, proof, verification and traces read it.
program("""
CREATE VIEW margin_moved WITH (security_invoker = true) AS
SELECT 'payment' AS source, merchant_id, payment_id AS id, payment_id, stream_id, business_date, paid_at AS at,
  settle_amount_fen AS amount_fen, fee_fen, cost_fen, eligible_margin_fen AS margin_fen
FROM payment WHERE state = 'SUCCESS' AND stream_id IS NOT NULL
UNION ALL
SELECT 'refund', merchant_id, refund_id, payment_id, stream_id, business_date,
  coalesce(refunded_at, requested_at), -amount_fen, -fee_back_fen, -cost_back_fen, eligible_margin_delta_fen
FROM refund WHERE state = 'SUCCESS' AND stream_id IS NOT NULL
UNION ALL
SELECT 'correction', merchant_id, correction_id, payment_id, stream_id, business_date, booked_at,
  0, fee_delta_fen, cost_delta_fen, margin_delta_fen
FROM correction WHERE stream_id IS NOT NULL
UNION ALL
SELECT 'correction', merchant_id, correction_id, payment_id, from_stream_id, business_date, booked_at,
  0, 0, 0, from_margin_fen
FROM correction WHERE from_stream_id IS NOT NULL
""")
program("GRANT SELECT ON margin_moved TO haodian_console")
