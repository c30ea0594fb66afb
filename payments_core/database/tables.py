"""Tables that belong to no feature: the write lane and the clock of a demo world.

A *lane* is a stream of group commits. Each batch first updates its lane's row, which serialises the
batches of one lane, numbers them in commit order (`batch_no`, the watermark that loses no late commit),
and tells the writer which release and which directory version this batch must run on. That is how an
activation takes effect in every process at the same batch boundary. A single PostgreSQL has one lane (0).
"""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    Date,
    DateTime,
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
)

program("INSERT INTO lane (lane_no) VALUES (0)")

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
