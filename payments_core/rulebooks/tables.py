"""Which release is active since when, and the short numbers rows use to point at a rule line."""

from __future__ import annotations

from sqlalchemy import (
    Column,
    DateTime,
    ForeignKey,
    Identity,
    Integer,
    SmallInteger,
    Table,
    Text,
    UniqueConstraint,
)

from payments_core.database.catalogue import metadata
from payments_core.database.scopes import readable_by_all

release = Table(
    "release",
    metadata,
    Column("release_no", Integer, Identity(), primary_key=True),
    Column("commit_sha", Text, nullable=False, unique=True),
    Column("title", Text, nullable=False),
    Column("created_at", DateTime(timezone=True), nullable=False),
)

activation = Table(
    "activation",
    metadata,
    Column("activation_no", Integer, Identity(), primary_key=True),
    Column("release_no", ForeignKey("release.release_no"), nullable=False),
    Column("activated_at", DateTime(timezone=True), nullable=False),
    Column("activated_by", Text, nullable=False),
    Column("reason", Text, nullable=False, server_default=""),
)

rule_ref = Table(
    "rule_ref",
    metadata,
    Column("ref_no", Integer, Identity(), primary_key=True),
    Column("kind", Text, nullable=False),
    Column("rule_id", Text, nullable=False),
    Column("version", Integer, nullable=False),
    Column(
        "row_no",
        SmallInteger,
        nullable=False,
        comment="0-based row of the rule's table; -1 = the rule itself",
    ),
    Column("line", Integer, nullable=False, comment="line of that row in the rule file"),
    Column("label", Text, nullable=False, server_default=""),
    UniqueConstraint("kind", "rule_id", "version", "row_no", "line"),
)

readable_by_all("release", "activation", "rule_ref")
