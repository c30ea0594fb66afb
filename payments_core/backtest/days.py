"""One business date of a backtest: computed once for a digest, in a transaction of its own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from sqlalchemy import Connection, text

from payments_core.backtest.decisions import decisions_of
from payments_core.backtest.made import drop_tables, make_table
from payments_core.backtest.money import MoneyQueries
from payments_core.backtest.plan import Plan, Priced
from payments_core.backtest.streams import NONE, Group, Moved, moved
from payments_core.backtest.tasks import tasks_of
from payments_core.fees import COST_KIND, FEE_KIND
from payments_core.payments.in_force import SHARE_KIND

PAID, BACK = "bt_paid", "bt_back"
# The sums of a day are a hash table by merchant, place, stream and row. Several days are computed at once, so
# none of them needs workers of its own.
_MEMORY = """SET LOCAL work_mem = '256MB'; SET LOCAL enable_mergejoin = off;
SET LOCAL max_parallel_workers_per_gather = 0"""


def find_day(connection: Connection, *, digest: bytes, day: date) -> int | None:
    """Return how many payments a day has that was computed before, with the labels it has now; else None."""
    values = {"digest": digest, "day": day, "mark": _labels_mark(connection, day)}
    found: int | None = connection.execute(_FIND, values).scalar_one_or_none()
    return found


def compute_day(
    connection: Connection, plan: Plan, queries: MoneyQueries, *, digest: bytes, day: date
) -> int:
    """Compute a day, replacing what an earlier run left of it; return how many payments it has."""
    connection.execute(text(_MEMORY))
    connection.execute(_FORGET, {"digest": digest, "day": day})
    values = {"digest": digest, "day": day, "mark": _labels_mark(connection, day)}
    day_no = int(connection.execute(_BEGIN, values).scalar_one())
    make_table(connection, PAID, queries.payments_of(day))
    make_table(connection, BACK, queries.refunds_of(day))
    _write_cells(connection, day_no, _moves(connection, plan))
    for kind, priced in ((FEE_KIND, plan.fee), (COST_KIND, plan.cost)):
        _write_hits(connection, day_no, kind, priced)
    drop_tables(connection, PAID, BACK)
    decisions_of(connection, plan, day_no=day_no, day=day)
    tasks_of(connection, plan, day_no=day_no, day=day)
    return int(connection.execute(_COUNT, {"day_no": day_no}).scalar_one())


def _moves(connection: Connection, plan: Plan) -> Sequence[Moved]:
    """Return the streams of those groups whose share rule differs."""
    other = {n for n, stretch in enumerate(plan.stretches, start=1) if stretch.differs(SHARE_KIND)}
    if not other:
        return ()
    groups = [
        Group(row.stretch_no, row.stream_id, row.month, row.lines)
        for row in connection.execute(_GROUPS)
        if row.stretch_no in other
    ]
    return moved(connection, plan, groups)


def _write_cells(connection: Connection, day_no: int, moves: Sequence[Moved]) -> None:
    values: Mapping[str, Any] = {
        "day_no": day_no,
        "none": NONE,
        "stretches": [one.group.stretch_no for one in moves],
        "streams": [one.group.stream_id for one in moves],
        "months": [one.group.month for one in moves],
        "lines": [one.group.lines for one in moves],
        "new_streams": [one.new_stream_id for one in moves],
        "unread": [one.unread for one in moves],
    }
    connection.execute(_CELLS, values)


def _write_hits(connection: Connection, day_no: int, kind: str, priced: Priced) -> None:
    rows = priced.choice.rows
    name = "fee" if kind == FEE_KIND else "cost"
    values = {
        "day_no": day_no,
        "kind": kind,
        "codes": [one.code for one in rows],
        "rules": [one.rule.id for one in rows],
        "versions": [one.rule.version for one in rows],
        "numbers": [str(one.row.row_no) for one in rows],
    }
    if priced.rules:
        connection.execute(text(_HITS.format(name=name, paid=PAID)), values)


def _labels_mark(connection: Connection, day: date) -> str:
    return str(connection.execute(_MARK, {"day": day}).scalar_one())


_FIND = text("""
SELECT payments FROM backtest_day WHERE digest = :digest AND business_date = :day AND labels_mark = :mark
""")
_FORGET = text("""
WITH forgotten AS (
  DELETE FROM backtest_day WHERE digest = :digest AND business_date = :day RETURNING day_no)
DELETE FROM backtest_cell WHERE day_no IN (SELECT day_no FROM forgotten)
""")
_BEGIN = text("""
INSERT INTO backtest_day (digest, business_date, labels_mark, payments) VALUES (:digest, :day, :mark, 0)
RETURNING day_no
""")
_COUNT = text("""
UPDATE backtest_day SET payments =
  (SELECT coalesce(sum(payments), 0) FROM backtest_cell WHERE day_no = :day_no)
WHERE day_no = :day_no RETURNING payments
""")
_MARK = text("""
SELECT count(*) || '@' || coalesce(max(l.labelled_at)::text, '') FROM payment_label l
JOIN payment p USING (merchant_id, payment_id)
WHERE p.created_at >= CAST(:day AS date)::timestamp AT TIME ZONE 'Asia/Shanghai'
  AND p.created_at < (CAST(:day AS date) + 1)::timestamp AT TIME ZONE 'Asia/Shanghai'
""")
_GROUPS = text(f"""
SELECT DISTINCT stretch_no, coalesce(stream_id, 0) AS stream_id, month, lines FROM (
  SELECT stretch_no, stream_id, month, lines FROM {PAID}
  UNION ALL SELECT stretch_no, stream_id, month, lines FROM {BACK}) g WHERE stretch_no > 0
""")
_CELLS = text(f"""
INSERT INTO backtest_cell (day_no, merchant_id, store_id, broker_id, stream_id, new_stream_id, payments,
  payment_fen, refunds, refund_fen, fee_fen, new_fee_fen, cost_fen, new_cost_fen, margin_fen, new_margin_fen,
  unread, unread_fen)
SELECT :day_no, merchant_id, store_id, broker_id, coalesce(p.stream_id, :none),
  coalesce(m.new_stream_id, p.stream_id, :none) AS new_stream_id, sum(payments), sum(payment_fen),
  sum(refunds), sum(refund_fen), sum(fee_fen), sum(new_fee_fen), sum(cost_fen), sum(new_cost_fen),
  sum(margin_fen), sum(new_margin_fen), sum(CASE WHEN m.unread THEN payments ELSE p.unread END),
  sum(CASE WHEN m.unread THEN payment_fen ELSE unread_fen END)
FROM (
  SELECT merchant_id, store_id, broker_id, stream_id, month, stretch_no, lines, n AS payments,
    amount_fen AS payment_fen, 0 AS refunds, 0 AS refund_fen, fee_fen, new_fee_fen, cost_fen, new_cost_fen,
    margin_fen, new_margin_fen, unread, unread_fen FROM {PAID}
  UNION ALL
  SELECT merchant_id, store_id, broker_id, stream_id, month, stretch_no, lines, 0, 0, n, amount_fen,
    -fee_fen, -new_fee_fen, -cost_fen, -new_cost_fen, margin_fen, new_margin_fen, 0, 0
  FROM {BACK}) p
LEFT JOIN unnest(CAST(:stretches AS int[]), CAST(:streams AS bigint[]), CAST(:months AS date[]),
  CAST(:lines AS text[]), CAST(:new_streams AS bigint[]), CAST(:unread AS boolean[]))
  AS m (stretch_no, stream_id, month, lines, new_stream_id, unread)
  ON m.stretch_no = p.stretch_no AND m.stream_id = coalesce(p.stream_id, :none) AND m.month = p.month
    AND m.lines = p.lines
GROUP BY merchant_id, store_id, broker_id, p.stream_id, 6
""")
_HITS = """
INSERT INTO backtest_hit (day_no, kind, rule_id, version, item, side, label, hits, amount_fen)
SELECT :day_no, :kind, c.rule_id, c.version, c.item, 'draft', '', sum(n), sum(amount_fen)
FROM {paid} JOIN unnest(CAST(:codes AS int[]), CAST(:rules AS text[]), CAST(:versions AS int[]),
  CAST(:numbers AS text[])) AS c (code, rule_id, version, item) ON c.code = {name}_code
GROUP BY c.rule_id, c.version, c.item
UNION ALL
SELECT :day_no, :kind, f.rule_id, f.version, f.row_no::text, 'released', '', sum(n), sum(amount_fen)
FROM {paid} JOIN rule_ref f ON f.ref_no = {name}_ref_no WHERE {name}_code IS NOT NULL
GROUP BY f.rule_id, f.version, f.row_no
"""
