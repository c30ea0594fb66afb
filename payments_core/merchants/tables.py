"""Merchants, who serves them since when, their devices, their daily figures, their applications."""

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
    SmallInteger,
    Table,
    Text,
    UniqueConstraint,
    literal_column,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB, TSTZRANGE, ExcludeConstraint

from payments_core.database.catalogue import metadata, program
from payments_core.database.scopes import readable_in_scope, readable_through_merchant

merchant = Table(
    "merchant",
    metadata,
    Column("merchant_id", Text, primary_key=True),
    Column("merchant_no", Integer, Identity(), nullable=False, unique=True),
    Column("name", Text, nullable=False),
    Column("type", Text, nullable=False),
    Column("mcc", Text, nullable=False),
    Column("status", Text, nullable=False, server_default="ACTIVE"),
    Column("city_id", Text, nullable=False),
    Column("address", Text, nullable=False, server_default=""),
    Column("latitude_e6", Integer, comment="degrees × 10⁶, WGS-84"),
    Column("longitude_e6", Integer, comment="degrees × 10⁶, WGS-84"),
    Column("tags", ARRAY(Text), nullable=False, server_default=text("'{}'")),
    Column("risk_grade", Text, nullable=False, server_default="LOW"),
    Column("owner_payer_hash", Text, nullable=False, server_default=""),
    Column("activated_at", DateTime(timezone=True), nullable=False),
    Column(
        "subject_hash",
        Text,
        unique=True,
        comment="salted hash of the licence or ID number: one merchant a subject",
    ),
    Column("directory_no", BigInteger, nullable=False, server_default=text("0"), index=True),
    CheckConstraint("type IN ('MICRO', 'INDIVIDUAL', 'COMPANY')", name="type_known"),
    CheckConstraint("status IN ('ACTIVE', 'FROZEN', 'SUSPENDED', 'CLOSED')", name="status_known"),
    CheckConstraint("risk_grade IN ('LOW', 'MID', 'HIGH')", name="risk_grade_known"),
)

merchant_binding = Table(
    "merchant_binding",
    metadata,
    Column("binding_no", Integer, Identity(), primary_key=True),
    Column("merchant_id", ForeignKey("merchant.merchant_id"), nullable=False, index=True),
    Column("merchant_no", Integer, nullable=False),
    Column("broker_id", ForeignKey("broker.broker_id"), nullable=False, index=True),
    Column("store_id", ForeignKey("org_node.node_id"), nullable=False, index=True),
    Column("role", Text, nullable=False),
    Column(
        "slot",
        SmallInteger,
        nullable=False,
        server_default=text("0"),
        comment="0, or 0..n while a handover splits the role",
    ),
    Column("weight_ppm", Integer, nullable=False, server_default=text("1000000")),
    Column("valid", TSTZRANGE, nullable=False),
    Column("reason", Text, nullable=False, server_default=""),
    CheckConstraint("role IN ('opener', 'maintainer')", name="role_known"),
    CheckConstraint("weight_ppm BETWEEN 1 AND 1000000", name="weight_range"),
    CheckConstraint("NOT isempty(valid)", name="valid_not_empty"),
    ExcludeConstraint(
        (literal_column("int8range(merchant_no, merchant_no, '[]')"), "&&"),
        (
            literal_column(
                "int8range(slot * 2 + (role = 'opener')::int, slot * 2 + (role = 'opener')::int, '[]')"
            ),
            "&&",
        ),
        (literal_column("valid"), "&&"),
        name="merchant_binding_one_per_role",
    ),
)

# While a role is split, the weights of its slots must make a whole at every instant: it is enough to
# look at the instants where a period of this merchant and role begins.
program("""
CREATE FUNCTION haodian_check_binding_weights() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE broken record;
BEGIN
  SELECT b.merchant_id, b.role, lower(b.valid) AS at, sum(o.weight_ppm) AS total INTO broken
  FROM merchant_binding b JOIN merchant_binding o
    ON o.merchant_id = b.merchant_id AND o.role = b.role AND o.valid @> lower(b.valid)
  WHERE b.merchant_id = coalesce(NEW.merchant_id, OLD.merchant_id)
  GROUP BY b.merchant_id, b.role, b.binding_no, lower(b.valid) HAVING sum(o.weight_ppm) <> 1000000 LIMIT 1;
  IF FOUND THEN
    RAISE EXCEPTION 'weights of % % add up to % ppm at %', broken.merchant_id, broken.role, broken.total, broken.at
      USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'merchant_binding_weights';
  END IF;
  RETURN NULL;
END $$
""")
program("""
CREATE CONSTRAINT TRIGGER merchant_binding_weights AFTER INSERT OR UPDATE OR DELETE ON merchant_binding
DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION haodian_check_binding_weights()
""")

device = Table(
    "device",
    metadata,
    Column("device_id", Text, primary_key=True),
    Column("merchant_id", ForeignKey("merchant.merchant_id"), nullable=False, index=True),
    Column("type", Text, nullable=False),
    Column("status", Text, nullable=False, server_default="ACTIVE"),
    Column("latitude_e6", Integer),
    Column("longitude_e6", Integer),
    Column("directory_no", BigInteger, nullable=False, server_default=text("0"), index=True),
    CheckConstraint("type IN ('SPEAKER', 'QR_PLATE', 'POS', 'FACE')", name="type_known"),
)

# What devices say of themselves, as it came: never changed.
device_report = Table(
    "device_report",
    metadata,
    Column("report_no", BigInteger, Identity(), primary_key=True),
    Column("device_id", ForeignKey("device.device_id"), nullable=False),
    Column("merchant_id", ForeignKey("merchant.merchant_id"), nullable=False),
    Column("state", Text, nullable=False),
    Column("at", DateTime(timezone=True), nullable=False),
    Column("distance_m", Integer, nullable=False, comment="from its registered place; -1 is not known"),
    CheckConstraint("state IN ('ONLINE', 'OFFLINE')", name="state_known"),
    UniqueConstraint("device_id", "at", name="uq_device_report_device_id_at"),
)
program("""
CREATE TRIGGER device_report_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON device_report
FOR EACH STATEMENT EXECUTE FUNCTION haodian_refuse_change()
""")

merchant_stats = Table(
    "merchant_stats",
    metadata,
    Column("merchant_id", ForeignKey("merchant.merchant_id"), primary_key=True),
    Column("as_of", Date, nullable=False, comment="the last closed business date these figures include"),
    Column(
        "figures",
        JSONB,
        nullable=False,
        comment="fact name without `merchant.` → integer; named as in rules/facts.yaml",
    ),
    Column("directory_no", BigInteger, nullable=False, server_default=text("0"), index=True),
)

application = Table(
    "application",
    metadata,
    Column("application_id", Text, primary_key=True, comment="JJ-20250416-00001"),
    Column("form_id", Text, nullable=False),
    Column("form_commit", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column(
        "answers", JSONB, nullable=False, comment="fields marked x-pii are sealed by payments_core.privacy"
    ),
    Column("broker_id", Text, nullable=False),
    Column("store_id", Text, nullable=False),
    Column("submitted_by", Text, nullable=False),
    Column("submitted_at", DateTime(timezone=True), nullable=False),
    Column("merchant_id", ForeignKey("merchant.merchant_id")),
    Column("subject_hash", Text, nullable=False, server_default=""),
    CheckConstraint("state IN ('AUDITING', 'ACTIVE', 'REJECTED')", name="state_known"),
    Index("ix_application_store_id", "store_id"),
)

# Never read by the console: it says of a hash only that an application of this subject is to be looked at.
subject_blacklist = Table(
    "subject_blacklist",
    metadata,
    Column("subject_hash", Text, primary_key=True, comment="salted hash of a licence or ID number"),
    Column("reason", Text, nullable=False),
    Column("listed_by", Text, nullable=False),
    Column("listed_at", DateTime(timezone=True), nullable=False),
)

program("""
CREATE FUNCTION haodian_scope_merchants() RETURNS text[] LANGUAGE sql STABLE SECURITY DEFINER
SET search_path = public AS $$
  SELECT CASE current_setting('haodian.scope_kind', true)
    WHEN 'merchant' THEN ARRAY[current_setting('haodian.scope_id', true)]
    WHEN 'broker' THEN (SELECT array_agg(DISTINCT merchant_id) FROM merchant_binding
      WHERE broker_id = current_setting('haodian.scope_id', true))
    ELSE (SELECT array_agg(DISTINCT merchant_id) FROM merchant_binding
      WHERE upper_inf(valid) AND store_id = ANY (haodian_scope_stores()))
  END
$$
""")
for _table in ("merchant", "device", "device_report", "merchant_stats"):
    readable_through_merchant(_table)
readable_in_scope("merchant_binding", store="store_id", brokers=("broker_id",), merchant="merchant_id")
readable_in_scope("application", store="store_id", brokers=("broker_id",), merchant="merchant_id")
