"""Payments and refunds.

A payment row is written when the order is accepted (the intent, before any channel hears of it) and
updated once more when its outcome is known.
"""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    Date,
    DateTime,
    ForeignKeyConstraint,
    Identity,
    Index,
    Integer,
    LargeBinary,
    SmallInteger,
    Table,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSON

from payments_core.database.catalogue import metadata, program
from payments_core.database.scopes import readable_by_all, readable_in_scope, readable_through_merchant


def _brin(column: str) -> Index:
    options = {"pages_per_range": 64, "autosummarize": True}
    return Index(f"ix_payment_{column}", column, postgresql_using="brin", postgresql_with=options)


payment = Table(
    "payment",
    metadata,
    Column("merchant_id", Text, primary_key=True),
    Column(
        "payment_id",
        BigInteger,
        primary_key=True,
        comment="yyMMddHHmmssSSS + 4 digits, rising within a lane; shown as P…",
    ),
    Column("merchant_order_no", Text, nullable=False, comment="the idempotency key"),
    Column("request_hash", LargeBinary, nullable=False),
    Column("state", Text, nullable=False),
    Column("refused_code", Text, comment="why a payment FAILED: RISK_REJECTED or the channel's code"),
    Column("channel", Text, nullable=False),
    Column("mode", Text, nullable=False),
    Column("card_type", Text, nullable=False, server_default="NONE"),
    Column("bank_code", Text, nullable=False, server_default=""),
    Column("device_id", Text, nullable=False, server_default=""),
    Column("device_distance_m", Integer, nullable=False, server_default=text("-1")),
    Column("payer_hash", Text, nullable=False, server_default=""),
    Column("amount_fen", BigInteger, nullable=False),
    Column(
        "settle_amount_fen",
        BigInteger,
        nullable=False,
        comment="amount less the discount the merchant pays: the basis of the fee",
    ),
    Column(
        "buyer_paid_fen", BigInteger, nullable=False, comment="settle amount less what platform or bank pays"
    ),
    Column("created_at", DateTime(timezone=True), nullable=False),
    Column("expires_at", DateTime(timezone=True), nullable=False),
    Column("accepted_batch_no", BigInteger, nullable=False),
    Column("store_id", Text, nullable=False, comment="as organised at created_at"),
    Column(
        "broker_id",
        Text,
        nullable=False,
        server_default="",
        comment="servicing broker: the maintainer, else the opener; '' = shared pool",
    ),
    Column("opener_id", Text, nullable=False, server_default=""),
    Column("risk_decision", Text, nullable=False),
    Column("risk_score", SmallInteger, nullable=False),
    Column(
        "risk_hits",
        ARRAY(Text),
        nullable=False,
        server_default=text("'{}'"),
        comment="ids of the rules that fired",
    ),
    Column(
        "fact_set_no",
        Integer,
        nullable=False,
        comment="the names of the facts the decision read; no foreign key: a number is given before it is used",
    ),
    # Names once a release, values once a payment: an eighth of the bytes. risk_facts(payment) has both.
    Column(
        "fact_values", JSON, nullable=False, comment="the values of those facts, in the order of the names"
    ),
    Column("risk_release_no", Integer, nullable=False, comment="the release that decided"),
    Column(
        "release_no",
        Integer,
        nullable=False,
        comment="the release that accepted; after capture, the one that priced",
    ),
    Column("paid_at", DateTime(timezone=True)),
    Column("business_date", Date),
    Column("channel_order_no", Text),
    Column("fee_fen", BigInteger),
    Column("cost_fen", BigInteger),
    Column(
        "eligible_margin_fen",
        BigInteger,
        comment="the margin that shares are a part of, 0 where the share rule excludes it",
    ),
    Column("fee_ref_no", Integer),
    Column("cost_ref_no", Integer),
    Column("stream_id", BigInteger, comment="the share stream of this payment and its refunds"),
    Column("captured_batch_no", BigInteger),
    Column("refunded_fen", BigInteger, nullable=False, server_default=text("0"), comment="reserved + done"),
    Column("refund_count", SmallInteger, nullable=False, server_default=text("0")),
    UniqueConstraint("merchant_id", "merchant_order_no", name="uq_payment_order"),
    CheckConstraint(
        "state IN ('INIT', 'PAYING', 'SUCCESS', 'FAILED', 'CLOSED', 'REVOKED')", name="state_known"
    ),
    CheckConstraint(
        "amount_fen > 0 AND settle_amount_fen BETWEEN 0 AND amount_fen AND buyer_paid_fen BETWEEN"
        " 0 AND settle_amount_fen",
        name="amounts",
    ),
    CheckConstraint("refunded_fen BETWEEN 0 AND settle_amount_fen", name="refunded_within_paid"),
    CheckConstraint("refund_count <= 50", name="refund_count"),
    CheckConstraint(
        "(state = 'SUCCESS') = (paid_at IS NOT NULL AND business_date IS NOT NULL AND fee_fen IS"
        " NOT NULL AND cost_fen IS NOT NULL"
        " AND eligible_margin_fen IS NOT NULL AND captured_batch_no IS NOT NULL)",
        name="success_is_priced",
    ),
    # No capture may touch a b-tree: then its row stays on its page (a HOT update), for which the other half of
    # every page is left free. Rows lie in the order of their batches, so for readers of whole stretches a BRIN
    # is as good; those who want one merchant come by the primary key.
    _brin("accepted_batch_no"),
    _brin("created_at"),
    _brin("business_date"),
    _brin("paid_at"),
    postgresql_with={"fillfactor": 45},
)

# The payments that still wait for their channel, kept by the database: in `payment` itself an index on the
# state would cost every capture more than this table does.
open_payment = Table(
    "open_payment",
    metadata,
    Column("payment_id", BigInteger, primary_key=True),
    Column("merchant_id", Text, primary_key=True),
    Column("created_at", DateTime(timezone=True), nullable=False),
)
program("""
CREATE FUNCTION haodian_keep_open_payments() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP = 'INSERT' THEN
    INSERT INTO open_payment (payment_id, merchant_id, created_at)
    SELECT payment_id, merchant_id, created_at FROM changed WHERE state IN ('INIT', 'PAYING');
  ELSE
    DELETE FROM open_payment o USING changed c WHERE o.payment_id = c.payment_id
      AND o.merchant_id = c.merchant_id AND c.state NOT IN ('INIT', 'PAYING');
  END IF;
  RETURN NULL;
END $$
""")
for _event in ("INSERT", "UPDATE"):
    program(f"""
CREATE TRIGGER payment_open_after_{_event.lower()} AFTER {_event} ON payment REFERENCING NEW TABLE AS changed
FOR EACH STATEMENT EXECUTE FUNCTION haodian_keep_open_payments()
""")

fact_set = Table(
    "fact_set",
    metadata,
    Column("fact_set_no", Integer, Identity(), primary_key=True),
    Column("names", ARRAY(Text), nullable=False, comment="sorted"),
    Column("digest", LargeBinary, nullable=False, unique=True, comment="of the names, which may be many"),
)

program("""
CREATE FUNCTION risk_facts(payment) RETURNS jsonb LANGUAGE sql STABLE AS $$
SELECT coalesce(jsonb_object_agg(n.name, v.value), '{}') FROM fact_set s,
  unnest(s.names) WITH ORDINALITY n (name, position) JOIN
  jsonb_array_elements($1.fact_values::jsonb) WITH ORDINALITY v (value, position) USING (position)
WHERE s.fact_set_no = $1.fact_set_no
$$
""")
program("""
CREATE TRIGGER fact_set_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON fact_set
FOR EACH STATEMENT EXECUTE FUNCTION haodian_refuse_change()
""")

refund = Table(
    "refund",
    metadata,
    Column("merchant_id", Text, primary_key=True),
    Column("refund_id", BigInteger, primary_key=True),
    Column("payment_id", BigInteger, nullable=False),
    Column("merchant_refund_no", Text, nullable=False, comment="the idempotency key"),
    Column("request_hash", LargeBinary, nullable=False),
    Column("state", Text, nullable=False),
    Column("amount_fen", BigInteger, nullable=False),
    Column("reason", Text, nullable=False, server_default=""),
    Column("requested_at", DateTime(timezone=True), nullable=False),
    Column("refunded_at", DateTime(timezone=True)),
    Column("business_date", Date),
    Column("fee_back_fen", BigInteger),
    Column("cost_back_fen", BigInteger),
    Column("eligible_margin_delta_fen", BigInteger, comment="≤ 0: what leaves the payment's share stream"),
    Column("stream_id", BigInteger),
    Column("store_id", Text, nullable=False),
    Column("broker_id", Text, nullable=False, server_default=""),
    Column("opener_id", Text, nullable=False, server_default=""),
    Column("batch_no", BigInteger),
    Column("release_no", Integer, nullable=False),
    UniqueConstraint("merchant_id", "merchant_refund_no", name="uq_refund_order"),
    ForeignKeyConstraint(
        ["merchant_id", "payment_id"], ["payment.merchant_id", "payment.payment_id"], name="fk_refund_payment"
    ),
    CheckConstraint("state IN ('PROCESSING', 'SUCCESS', 'FAILED')", name="state_known"),
    CheckConstraint("amount_fen > 0", name="amount_positive"),
    CheckConstraint(
        "(state = 'SUCCESS') = (business_date IS NOT NULL AND fee_back_fen IS NOT NULL AND"
        " cost_back_fen IS NOT NULL)",
        name="success_is_priced",
    ),
    Index("ix_refund_payment", "merchant_id", "payment_id"),
    Index("ix_refund_business_date", "business_date", "merchant_id"),
    Index("ix_refund_batch", "batch_no", postgresql_where=text("batch_no IS NOT NULL")),
    Index("ix_refund_open", "requested_at", postgresql_where=text("state = 'PROCESSING'")),
)

risk_case = Table(
    "risk_case",
    metadata,
    Column("merchant_id", Text, primary_key=True),
    Column("payment_id", BigInteger, primary_key=True),
    Column("case_no", Text, nullable=False, unique=True),
    Column("decision", Text, nullable=False),
    Column("hits", ARRAY(Text), nullable=False),
    Column("hold_fen", BigInteger, nullable=False, server_default=text("0")),
    Column("hold_until", Date),
    Column("state", Text, nullable=False, server_default="OPEN"),
    Column("opened_at", DateTime(timezone=True), nullable=False),
    CheckConstraint("state IN ('OPEN', 'RELEASED', 'FROZEN', 'CLOSED')", name="state_known"),
)

readable_in_scope("payment", store="store_id", brokers=("broker_id", "opener_id"), merchant="merchant_id")
readable_in_scope("refund", store="store_id", brokers=("broker_id", "opener_id"), merchant="merchant_id")
readable_through_merchant("risk_case")
readable_by_all("fact_set")
readable_through_merchant("open_payment")
