"""Share streams: who shares the margin of which payments, and how much of it has been posted.

A stream is one merchant, one rule version, one month and one set of parties with their rates. A payment
joins its stream when it is captured and its refunds stay in it for ever, so a later rule, a new broker or
a move between stores never touches what was sold before. Rounding is on the stream's cumulative margin.
"""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    Date,
    ForeignKeyConstraint,
    Index,
    Integer,
    SmallInteger,
    Table,
    Text,
    text,
)

from payments_core.database.catalogue import metadata, program
from payments_core.database.scopes import readable_in_scope, readable_through_merchant

share_stream = Table(
    "share_stream",
    metadata,
    Column("merchant_id", Text, primary_key=True),
    Column(
        "stream_id",
        BigInteger,
        primary_key=True,
        comment="hash of everything that makes the stream, see profit_share.model",
    ),
    Column("rule_id", Text, nullable=False),
    Column("rule_version", Integer, nullable=False),
    Column("rounding", Text, nullable=False, comment="HALF_UP | HALF_EVEN | DOWN"),
    Column("period", Date, nullable=False, comment="first day of the month"),
    Column("cum_margin_fen", BigInteger, nullable=False, server_default=text("0")),
)

share_line = Table(
    "share_line",
    metadata,
    Column("merchant_id", Text, primary_key=True),
    Column("stream_id", BigInteger, primary_key=True),
    Column(
        "line_no",
        SmallInteger,
        primary_key=True,
        comment="listed order: ties of the largest remainder go to the first",
    ),
    Column(
        "pool_no", SmallInteger, nullable=False, comment="lines of one pool are rounded together, then split"
    ),
    Column("party_kind", Text, nullable=False),
    Column("party_id", Text, nullable=False),
    Column("role", Text, nullable=False),
    Column(
        "rate_ppm",
        Integer,
        nullable=False,
        comment="part of the margin, handover weight already applied; 10⁶ = all",
    ),
    Column("pool_ppm", Integer, nullable=False, comment="the rates of the whole pool together"),
    Column("rule_line", Integer, nullable=False, comment="line of the rule file that grants it"),
    Column("cum_fen", BigInteger, nullable=False, server_default=text("0")),
    ForeignKeyConstraint(
        ["merchant_id", "stream_id"],
        ["share_stream.merchant_id", "share_stream.stream_id"],
        name="fk_share_line_stream",
    ),
    CheckConstraint("party_kind IN ('broker', 'store')", name="party_kind_known"),
    CheckConstraint("rate_ppm BETWEEN 0 AND 1000000", name="rate_range"),
    Index("ix_share_line_party", "party_id"),
)

share_entry = Table(
    "share_entry",
    metadata,
    Column("merchant_id", Text, primary_key=True),
    Column("stream_id", BigInteger, primary_key=True),
    Column("line_no", SmallInteger, primary_key=True),
    Column("business_date", Date, primary_key=True),
    Column("party_kind", Text, nullable=False),
    Column("party_id", Text, nullable=False),
    Column(
        "margin_fen",
        BigInteger,
        nullable=False,
        comment="eligible margin of the day in this stream, refunds taken off",
    ),
    Column("delta_fen", BigInteger, nullable=False),
    Column("cum_margin_fen", BigInteger, nullable=False),
    Column("cum_fen", BigInteger, nullable=False),
    Column("release_no", Integer, nullable=False),
    ForeignKeyConstraint(
        ["merchant_id", "stream_id", "line_no"],
        ["share_line.merchant_id", "share_line.stream_id", "share_line.line_no"],
        name="fk_share_entry_line",
    ),
    Index("ix_share_entry_party", "party_id", "business_date"),
    Index("ix_share_entry_date", "business_date"),
)

program("""
CREATE TRIGGER share_entry_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON share_entry
FOR EACH STATEMENT EXECUTE FUNCTION haodian_refuse_change()
""")

readable_through_merchant("share_stream")
for _table in ("share_line", "share_entry"):
    readable_in_scope(_table, store="CASE party_kind WHEN 'store' THEN party_id END", brokers=("party_id",))
