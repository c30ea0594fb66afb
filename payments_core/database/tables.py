"""Tables that belong to no feature: the write lane, its outbox, and the clock of a demo world.

A *lane* is a stream of group commits. Each batch first updates its lane's row, which serialises the
batches of one lane, numbers them in commit order (`batch_no`, the watermark that loses no late commit),
and tells the writer which release and which directory version this batch must run on. That is how an
activation takes effect in every process at the same batch boundary. A single PostgreSQL has one lane (0).
The outbox is here because several features write to it under the lane's row.
"""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    Date,
    DateTime,
    Index,
    Integer,
    SmallInteger,
    Table,
    Text,
    text,
)

from payments_core.database.catalogue import metadata, program

lane = Table(
    "lane",
    metadata,
    Column("lane_no", SmallInteger, primary_key=True, autoincrement=False),
    Column("batch_no", BigInteger, nullable=False, server_default=text("0")),
    Column("release_no", Integer, comment="the release every batch of this lane runs on; null = none active"),
    Column(
        "directory_no",
        BigInteger,
        nullable=False,
        server_default=text("0"),
        comment="bumped by every change to merchants, bindings, devices or brokers",
    ),
    Column(
        "last_id",
        BigInteger,
        nullable=False,
        server_default=text("0"),
        comment="the last payment or refund id given out",
    ),
    Column(
        "commit_no",
        BigInteger,
        nullable=False,
        server_default=text("0"),
        comment="bumped by every commit that writes to the outbox",
    ),
    Column(
        "seen_at",
        DateTime(timezone=True),
        nullable=False,
        server_default=text("'epoch'"),
        comment="how far the outbox has come in business time; never moves back",
    ),
    Column(
        "seen_from",
        DateTime(timezone=True),
        nullable=False,
        server_default=text("'epoch'"),
        comment="seen_at before the commit that moved it last",
    ),
)

program("INSERT INTO lane (lane_no) VALUES (0)")

# What happened, written in the same commit as the rows it is about. Whoever follows it goes by `commit_no`:
# a commit takes its number together with the lane's row and holds that until it has ended, so numbers become
# visible in their order and nothing ever appears behind a reader. `seen_at` rises with `commit_no`.
outbox = Table(
    "outbox",
    metadata,
    Column("merchant_id", Text, primary_key=True),
    Column("subject_id", BigInteger, primary_key=True, comment="payment, refund, merchant_no, report_no"),
    Column("topic", Text, primary_key=True),
    Column("commit_no", BigInteger, nullable=False),
    Column("at", DateTime(timezone=True), nullable=False, comment="when it happened"),
    Column("seen_at", DateTime(timezone=True), nullable=False, comment="when it came to be known"),
    Column("delivered_at", DateTime(timezone=True)),
    Column("attempts", SmallInteger, nullable=False, server_default=text("0")),
    Index("ix_outbox_commit_no", "commit_no"),
    Index("ix_outbox_at", "at", postgresql_using="brin", postgresql_with={"autosummarize": True}),
)

# At most one row. Where there is one, business time = world_at + (machine's time − real_at) in every process;
# a database without it runs on real time.
demo_clock = Table(
    "demo_clock",
    metadata,
    Column("clock_no", SmallInteger, primary_key=True, autoincrement=False, server_default=text("0")),
    Column("real_at", DateTime(timezone=True), nullable=False, comment="an instant of the machine's clock"),
    Column(
        "world_at",
        DateTime(timezone=True),
        nullable=False,
        comment="the instant of the demo world at real_at",
    ),
    Column("scale", Text, nullable=False, comment="how large the world is: 0.02 of the full one"),
    Column("since", Date, nullable=False, comment="the first day whose payments were generated"),
    CheckConstraint("clock_no = 0", name="one_clock"),
)

program("""
DO $$ BEGIN
  IF NOT EXISTS (SELECT 1 FROM pg_roles WHERE rolname = 'haodian_console') THEN
    CREATE ROLE haodian_console NOLOGIN;
  END IF;
END $$
""")
program("GRANT USAGE ON SCHEMA public TO haodian_console")
program("GRANT haodian_console TO CURRENT_USER")

program("""
CREATE FUNCTION haodian_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION '% is append-only', TG_TABLE_NAME USING ERRCODE = 'integrity_constraint_violation',
    CONSTRAINT = TG_TABLE_NAME || '_append_only';
END $$
""")
