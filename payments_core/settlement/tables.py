"""Business days, what each merchant is due for a day, and the payout instructions that follow."""

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
    Table,
    Text,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

from payments_core.database.catalogue import metadata
from payments_core.database.scopes import readable_by_all, readable_through_merchant

business_day = Table(
    "business_day",
    metadata,
    Column("business_date", Date, primary_key=True),
    Column("state", Text, nullable=False),
    Column("closed_at", DateTime(timezone=True)),
    Column("closed_batch_no", BigInteger, comment="no batch after this one may book into the day"),
    Column("release_no", Integer),
    Column(
        "steps", JSONB, nullable=False, server_default=text("'{}'"), comment="step → {finished_at, figures}"
    ),
    CheckConstraint("state IN ('OPEN', 'CLOSED', 'SETTLED')", name="state_known"),
)

settlement = Table(
    "settlement",
    metadata,
    Column("merchant_id", Text, primary_key=True),
    Column("business_date", Date, primary_key=True),
    Column("gross_fen", BigInteger, nullable=False, comment="Σ settle amounts"),
    Column("fee_fen", BigInteger, nullable=False),
    Column("refund_fen", BigInteger, nullable=False),
    Column("fee_back_fen", BigInteger, nullable=False),
    Column(
        "fee_corrected_fen",
        BigInteger,
        nullable=False,
        server_default=text("0"),
        comment="what corrections add to the fees of earlier days; negative where they take off",
    ),
    Column(
        "plan_fen", BigInteger, nullable=False, comment="gross − fee − refunds + fee returned − fee corrected"
    ),
    Column(
        "carried_in_fen",
        BigInteger,
        nullable=False,
        server_default=text("0"),
        comment="from earlier days: below the minimum, or negative",
    ),
    Column("hold_fen", BigInteger, nullable=False, server_default=text("0"), comment="held as of this day"),
    Column(
        "kept_fen",
        BigInteger,
        nullable=False,
        server_default=text("0"),
        comment="of this day's plan, by the policy's holds: part of hold_fen until kept_until",
    ),
    Column("kept_until", Date),
    Column(
        "hold_ids",
        ARRAY(Text),
        nullable=False,
        server_default=text("'{}'"),
        comment="the holds that were met",
    ),
    Column("real_fen", BigInteger, nullable=False, comment="plan + carried in − hold − carried out"),
    Column("carried_out_fen", BigInteger, nullable=False, server_default=text("0")),
    Column("due_on", Date, nullable=False),
    Column("rule_ref_no", Integer, nullable=False),
    Column("release_no", Integer, nullable=False),
    CheckConstraint(
        "plan_fen = gross_fen - fee_fen - refund_fen + fee_back_fen - fee_corrected_fen", name="plan"
    ),
    CheckConstraint(
        "real_fen = plan_fen + carried_in_fen - hold_fen - carried_out_fen AND real_fen >= 0 AND hold_fen >= 0",
        name="real",
    ),
    Index("ix_settlement_date", "business_date"),
)

payout = Table(
    "payout",
    metadata,
    Column("merchant_id", Text, primary_key=True),
    Column("payout_id", BigInteger, primary_key=True),
    Column("business_date", Date, nullable=False),
    Column("amount_fen", BigInteger, nullable=False),
    Column("state", Text, nullable=False),
    Column("reason", Text, nullable=False, server_default=""),
    Column("replaces_payout_id", BigInteger),
    Column("instructed_at", DateTime(timezone=True), nullable=False),
    Column("finished_at", DateTime(timezone=True)),
    ForeignKeyConstraint(
        ["merchant_id", "business_date"],
        ["settlement.merchant_id", "settlement.business_date"],
        name="fk_payout_settlement",
    ),
    CheckConstraint("amount_fen > 0", name="amount_positive"),
    CheckConstraint("state IN ('PROCESSING', 'SUCCESS', 'FAILED', 'RETURNED', 'FROZEN')", name="state_known"),
    Index("ix_payout_date", "business_date"),
)

readable_by_all("business_day")
readable_through_merchant("settlement")
readable_through_merchant("payout")
