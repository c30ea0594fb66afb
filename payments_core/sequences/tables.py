"""Matches of sequence rules, and how far they have been read."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    DateTime,
    Identity,
    Index,
    Integer,
    SmallInteger,
    Table,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY

from payments_core.database.catalogue import metadata, program
from payments_core.database.scopes import readable_through_merchant

sequence_match = Table(
    "sequence_match",
    metadata,
    Column("match_no", BigInteger, Identity(), primary_key=True),
    Column("rule_id", Text, nullable=False),
    Column("version", Integer, nullable=False),
    Column("key", ARRAY(Text), nullable=False, comment="values of the rule's key, as text"),
    Column("events", ARRAY(Text), nullable=False, comment="topic/merchant/subject of each, in order"),
    Column("identity", Text, nullable=False, comment="hash of rule, version, key and events"),
    Column("merchant_id", Text, nullable=False, comment="of the last event: whose match it is"),
    Column("label", Text, nullable=False),
    Column("label_en", Text, nullable=False, server_default=""),
    Column("severity", Text, nullable=False),
    Column("score", Integer, nullable=False, server_default=text("0")),
    Column("task_id", Text, nullable=False, server_default="", comment="the task the rule asks for"),
    Column("at", DateTime(timezone=True), nullable=False, comment="its last event, or when a wait was over"),
    Column("release_no", Integer, nullable=False, comment="the release that found it"),
    Column("found_at", DateTime(timezone=True), nullable=False, comment="the reader's clock when it did"),
    UniqueConstraint("rule_id", "version", "key", "identity", name="uq_sequence_match_identity"),
    CheckConstraint("severity IN ('LOW', 'MID', 'HIGH')", name="severity_known"),
    CheckConstraint("cardinality(key) >= 1 AND cardinality(events) >= 1", name="made_of_events"),
    Index("ix_sequence_match_at", "at"),
    Index("ix_sequence_match_merchant_id", "merchant_id", "at"),
)
program("""
CREATE TRIGGER sequence_match_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON sequence_match
FOR EACH STATEMENT EXECUTE FUNCTION haodian_refuse_change()
""")

# One row: the position moves in the transaction that writes what was found on the way.
sequence_reader = Table(
    "sequence_reader",
    metadata,
    Column("lane_no", SmallInteger, primary_key=True, autoincrement=False),
    Column("commit_no", BigInteger, nullable=False, comment="the last commit that was read"),
    Column(
        "clock_at", DateTime(timezone=True), comment="the clock of the rules; null before the first event"
    ),
    Column("release_no", Integer, comment="the release that was read with"),
)
program("INSERT INTO sequence_reader (lane_no, commit_no) VALUES (0, 0)")

readable_through_merchant("sequence_match")
