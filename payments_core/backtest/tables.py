"""Backtests: runs and their results, the days they are made of, and labels of payments.

Days belong to a digest, which is all that a day's result depends on beside the day: any run that asks the same
uses them. Results belong to one run. All of it can be computed again, so none of it is append-only.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Date,
    DateTime,
    ForeignKey,
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
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

from payments_core.database.catalogue import metadata
from payments_core.database.scopes import readable_in_scope

_ZERO = text("0")

backtest_run = Table(
    "backtest_run",
    metadata,
    Column("run_no", Integer, Identity(), primary_key=True),
    Column("title", Text, nullable=False, comment="the draft's name, or the commit"),
    Column("released_commit", Text, nullable=False),
    Column("draft_commit", Text, nullable=False),
    Column(
        "meaning", Text, nullable=False, server_default="", comment="of the change: engine.releases.meaning"
    ),
    Column(
        "is_whole",
        Boolean,
        nullable=False,
        server_default=text("false"),
        comment="all that the change alters is computed",
    ),
    Column("impact_fen", BigInteger, comment="what the change moves a month; null = cannot be told from it"),
    Column("first_date", Date, nullable=False),
    Column("last_date", Date, nullable=False),
    Column("scope", JSONB, nullable=False, server_default=text("'{}'")),
    Column("state", Text, nullable=False, server_default="QUEUED"),
    Column("digest", LargeBinary, comment="of everything a day's result depends on beside the day"),
    Column("days_done", Integer, nullable=False, server_default=_ZERO),
    Column("days_reused", Integer, nullable=False, server_default=_ZERO),
    Column("payments_done", BigInteger, nullable=False, server_default=_ZERO),
    Column("cancel_asked", Boolean, nullable=False, server_default=text("false")),
    Column("trouble", Text, nullable=False, server_default="", comment="why it FAILED"),
    Column("asked_by", Text, nullable=False),
    Column("asked_at", DateTime(timezone=True), nullable=False),
    Column("ended_at", DateTime(timezone=True)),
    CheckConstraint("state IN ('QUEUED', 'RUNNING', 'DONE', 'CANCELLED', 'FAILED')", name="state_known"),
    CheckConstraint("first_date <= last_date", name="period"),
)

backtest_day = Table(
    "backtest_day",
    metadata,
    Column("day_no", Integer, Identity(), primary_key=True),
    Column("digest", LargeBinary, nullable=False),
    Column("business_date", Date, nullable=False),
    Column("labels_mark", Text, nullable=False, comment="which labels its payments had"),
    Column("payments", BigInteger, nullable=False),
    UniqueConstraint("digest", "business_date", name="uq_backtest_day"),
)


def _fen(*names: str) -> tuple[Column[Any], ...]:
    return tuple(Column(name, BigInteger, nullable=False, server_default=_ZERO) for name in names)


def _day_no(**more: Any) -> Column[Any]:
    return Column("day_no", ForeignKey("backtest_day.day_no", ondelete="CASCADE"), nullable=False, **more)


def _run_no() -> Column[Any]:
    return Column("run_no", ForeignKey("backtest_run.run_no", ondelete="CASCADE"), primary_key=True)


# No keys: rows are written once a day by one statement and read whole. Stream 0 is none.
backtest_cell = Table(
    "backtest_cell",
    metadata,
    Column("day_no", Integer, nullable=False),
    Column("merchant_id", Text, nullable=False),
    Column("store_id", Text, nullable=False),
    Column("broker_id", Text, nullable=False),
    Column("stream_id", BigInteger, nullable=False),
    Column("new_stream_id", BigInteger, nullable=False),
    *_fen("payments", "payment_fen", "refunds", "refund_fen", "fee_fen", "new_fee_fen", "cost_fen"),
    *_fen("new_cost_fen", "margin_fen", "new_margin_fen", "unread", "unread_fen"),
    Index("ix_backtest_cell_day", "day_no"),
)

backtest_stream = Table(
    "backtest_stream",
    metadata,
    Column("merchant_id", Text, primary_key=True),
    Column("stream_id", BigInteger, primary_key=True),
    Column("rounding", Text, nullable=False),
)

backtest_line = Table(
    "backtest_line",
    metadata,
    Column("merchant_id", Text, primary_key=True),
    Column("stream_id", BigInteger, primary_key=True),
    Column("line_no", SmallInteger, primary_key=True),
    Column("pool_no", SmallInteger, nullable=False),
    Column("party_kind", Text, nullable=False),
    Column("party_id", Text, nullable=False),
    Column("role", Text, nullable=False),
    Column("rate_ppm", Integer, nullable=False),
    Column("pool_ppm", Integer, nullable=False),
    ForeignKeyConstraint(
        ["merchant_id", "stream_id"],
        ["backtest_stream.merchant_id", "backtest_stream.stream_id"],
        name="fk_backtest_line_stream",
    ),
)

backtest_hit = Table(
    "backtest_hit",
    metadata,
    _day_no(primary_key=True),
    Column("kind", Text, primary_key=True),
    Column("rule_id", Text, primary_key=True),
    Column("version", Integer, primary_key=True),
    Column("item", Text, primary_key=True, comment="a row's number from 0, or the id of a risk rule"),
    Column("side", Text, primary_key=True, comment="released | draft"),
    Column("label", Text, primary_key=True, server_default="", comment="fraud | honest | '' = none"),
    *_fen("hits", "amount_fen"),
)

backtest_decision = Table(
    "backtest_decision",
    metadata,
    _day_no(primary_key=True),
    Column("released", Text, primary_key=True),
    Column("draft", Text, primary_key=True, comment="'' = not evaluated"),
    Column("label", Text, primary_key=True),
    *_fen("payments", "amount_fen"),
    Column("examples", ARRAY(BigInteger), nullable=False, server_default=text("'{}'")),
)

backtest_task = Table(
    "backtest_task",
    metadata,
    _day_no(primary_key=True),
    Column("rule_id", Text, primary_key=True),
    Column("side", Text, primary_key=True),
    *_fen("merchants", "made", "unread"),
)

_DIMENSIONS = "'all', 'day', 'city', 'district', 'store', 'broker', 'merchant', 'party'"

backtest_total = Table(
    "backtest_total",
    metadata,
    _run_no(),
    Column("dimension", Text, primary_key=True),
    Column("member", Text, primary_key=True),
    *_fen("payments", "payment_fen", "refunds", "refund_fen", "fee_fen", "new_fee_fen", "cost_fen"),
    *_fen("new_cost_fen", "opener_fen", "new_opener_fen", "maintainer_fen", "new_maintainer_fen"),
    *_fen("store_fen", "new_store_fen", "unread", "unread_fen"),
    CheckConstraint(f"dimension IN ({_DIMENSIONS})", name="dimension_known"),
)

backtest_row = Table(
    "backtest_row",
    metadata,
    _run_no(),
    Column("side", Text, primary_key=True),
    Column("kind", Text, primary_key=True),
    Column("rule_id", Text, primary_key=True),
    Column("version", Integer, primary_key=True),
    Column("item", Text, primary_key=True),
    Column("line", Integer, nullable=False),
    Column("name", Text, nullable=False),
    *_fen("hits", "amount_fen", "fraud", "honest"),
)

payment_label = Table(
    "payment_label",
    metadata,
    Column("merchant_id", Text, primary_key=True),
    Column("payment_id", BigInteger, primary_key=True),
    Column("label", Text, nullable=False),
    Column("labelled_by", Text, nullable=False),
    Column("labelled_at", DateTime(timezone=True), nullable=False),
    ForeignKeyConstraint(
        ["merchant_id", "payment_id"], ["payment.merchant_id", "payment.payment_id"], name="fk_label_payment"
    ),
    CheckConstraint("label IN ('fraud', 'honest')", name="label_known"),
)

# A result is about everyone at once: only those who see everything see it.
for _table in (
    "backtest_run",
    "backtest_day",
    "backtest_cell",
    "backtest_hit",
    "backtest_decision",
    "backtest_task",
    "backtest_total",
    "backtest_row",
    "payment_label",
):
    readable_in_scope(_table)
