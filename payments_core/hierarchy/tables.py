"""The dated organisation: nodes, edges, brokers and where they worked.

Every period is half-open. PostgreSQL's plain GiST has no equality on numbers, so the exclusion
constraints turn a number into the one-element range [n,n]; no extension is needed.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    ColumnClause,
    Date,
    ForeignKey,
    Identity,
    Index,
    Integer,
    Table,
    Text,
    literal_column,
)
from sqlalchemy.dialects.postgresql import TSTZRANGE, ExcludeConstraint

from payments_core.database.catalogue import metadata, program
from payments_core.database.scopes import readable_by_all


def _one(column: str) -> ColumnClause[Any]:
    return literal_column(f"int8range({column}, {column}, '[]')")


org_node = Table(
    "org_node",
    metadata,
    Column("node_id", Text, primary_key=True),
    Column("node_no", Integer, Identity(), nullable=False, unique=True),
    Column("kind", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("manager_name", Text, nullable=False, server_default=""),
    Column("opened_on", Date, nullable=False),
    Column("target_gmv_month_fen", BigInteger, comment="null = no target"),
    CheckConstraint("kind IN ('HQ', 'CITY', 'DISTRICT', 'STORE')", name="kind_known"),
)

org_edge = Table(
    "org_edge",
    metadata,
    Column("edge_no", Integer, Identity(), primary_key=True),
    Column("node_no", ForeignKey("org_node.node_no"), nullable=False),
    Column("parent_no", ForeignKey("org_node.node_no"), nullable=False),
    Column("valid", TSTZRANGE, nullable=False),
    CheckConstraint("NOT isempty(valid)", name="valid_not_empty"),
    CheckConstraint("node_no <> parent_no", name="no_self_parent"),
    ExcludeConstraint((_one("node_no"), "&&"), (literal_column("valid"), "&&"), name="org_edge_one_parent"),
)

org_path = Table(
    "org_path",
    metadata,
    Column("path_no", Integer, Identity(), primary_key=True),
    Column("node_no", ForeignKey("org_node.node_no"), nullable=False),
    Column("node_id", Text, nullable=False),
    Column("valid", TSTZRANGE, nullable=False),
    Column(
        "path", Text, nullable=False, comment="HQ/BJ/D01/S001, rebuilt from org_edge by hierarchy.operations"
    ),
    Column("city_id", Text),
    Column("district_id", Text),
    Column("store_id", Text),
    ExcludeConstraint((_one("node_no"), "&&"), (literal_column("valid"), "&&"), name="org_path_one_path"),
    Index("ix_org_path_node_id", "node_id"),
)

broker = Table(
    "broker",
    metadata,
    Column("broker_id", Text, primary_key=True),
    Column("broker_no", Integer, Identity(), nullable=False, unique=True),
    Column("name", Text, nullable=False),
    Column("level", Text, nullable=False, server_default="P1"),
    Column("status", Text, nullable=False, server_default="ACTIVE"),
    Column("joined_on", Date, nullable=False),
    Column("phone_sealed", Text, comment="sealed by payments_core.privacy"),
    Column(
        "payer_hash", Text, nullable=False, server_default="", comment="the broker as a payer; '' = not known"
    ),
    CheckConstraint("status IN ('ACTIVE', 'LEFT', 'FROZEN')", name="status_known"),
)

broker_membership = Table(
    "broker_membership",
    metadata,
    Column("membership_no", Integer, Identity(), primary_key=True),
    Column("broker_id", ForeignKey("broker.broker_id"), nullable=False, index=True),
    Column("broker_no", Integer, nullable=False),
    Column("store_id", ForeignKey("org_node.node_id"), nullable=False, index=True),
    Column("valid", TSTZRANGE, nullable=False),
    CheckConstraint("NOT isempty(valid)", name="valid_not_empty"),
    ExcludeConstraint(
        (_one("broker_no"), "&&"), (literal_column("valid"), "&&"), name="broker_membership_one_store"
    ),
)

readable_by_all("org_node", "org_edge", "org_path", "broker_membership")
program("""
GRANT SELECT ON broker TO haodian_console;
ALTER TABLE broker ENABLE ROW LEVEL SECURITY;
CREATE POLICY broker_scope ON broker FOR SELECT TO haodian_console USING (
  CASE current_setting('haodian.scope_kind', true)
    WHEN 'all' THEN true
    WHEN 'broker' THEN broker_id = current_setting('haodian.scope_id', true)
    ELSE EXISTS (SELECT 1 FROM broker_membership m
      WHERE m.broker_id = broker.broker_id AND m.store_id = ANY ((SELECT haodian_scope_stores())::text[])) END)
""")
