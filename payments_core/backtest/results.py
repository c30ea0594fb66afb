"""From days to results: shares by the product's cumulative rounding, then totals by every dimension.

A stream begins where it stood before the first day; each day's share is what its cumulative share has grown
by. Released shares are those that were posted. A stream's shares of a day stand where most of its payments of
that day do, as in the daily facts; city and district are those of the store at the end of the day.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, text

from engine.rulebook import Rule, Scored, Table
from payments_core.backtest.made import drop_tables, make_table
from payments_core.backtest.model import KINDS, Question, changed_rules
from payments_core.profit_share import split_pools

# Tables just made have no statistics; whole tables are joined here, and that is best done by hashing.
_LARGE = """SET LOCAL work_mem = '256MB'; SET LOCAL enable_nestloop = off; SET LOCAL enable_mergejoin = off;
SET LOCAL max_parallel_workers_per_gather = 0"""
_ROLES = ("opener", "maintainer", "store")


def forget_results(connection: Connection, *, run_no: int) -> None:
    """Delete what an earlier attempt of a run wrote."""
    for table in ("backtest_total", "backtest_row"):
        connection.execute(text(f"DELETE FROM {table} WHERE run_no = :run_no"), {"run_no": run_no})


def add_totals(
    connection: Connection, *, run_no: int, digest: bytes, question: Question, part: int, parts: int
) -> None:
    """Add the totals of one part of the merchants to those of a run whose days are all computed.

    A stream belongs to one merchant, so parts are independent; each may run on a connection of its own.
    """
    period = question.period
    connection.execute(text(_LARGE))
    literals = {
        "digest": f"'\\x{digest.hex()}'",
        "first": f"'{period.first}'",
        "last": f"'{period.last}'",
        "part": str(part),
        "parts": str(parts),
    }
    for name, query in _MADE.items():
        make_table(connection, name, query.format(**literals))
    connection.execute(_TOTALS, {"run_no": run_no})
    connection.execute(_PARTIES, {"run_no": run_no})
    drop_tables(connection, *_MADE)


def write_coverage(connection: Connection, *, run_no: int, digest: bytes, question: Question) -> None:
    """Write how often each row and risk rule of every changed rule applied, those that never did as well."""
    items = items_of(question)
    values = {
        "run_no": run_no,
        "digest": digest,
        "first": question.period.first,
        "last": question.period.last,
        "sides": [one.side for one in items],
        "kinds": [one.rule.kind for one in items],
        "rules": [one.rule.id for one in items],
        "versions": [one.rule.version for one in items],
        "items": [one.item for one in items],
        "lines": [one.line for one in items],
        "names": [one.name for one in items],
    }
    if items:
        connection.execute(_ROWS, values)


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """A row or risk rule of a rule file, as coverage names it."""

    side: str
    rule: Rule
    item: str
    line: int
    name: str


def items_of(question: Question) -> tuple[Item, ...]:
    """Return every row and every risk rule of every rule that the draft changes, of both sides."""
    found: list[Item] = []
    for pair in changed_rules(question):
        for side, rule in zip(("released", "draft"), pair, strict=True):
            if rule is not None and rule.kind in KINDS:
                found += _items(side, rule)
    return tuple(found)


def _items(side: str, rule: Rule) -> Sequence[Item]:
    shape = rule.shape
    if isinstance(shape, Table):
        rows = [(str(row.row_no), row.line, str(row.outputs.get("label", ""))) for row in shape.rows]
    elif isinstance(shape, Scored):
        rows = [(one.id, one.line, one.label) for one in shape.rules]
    else:
        rows = []
    return [Item(side=side, rule=rule, item=item, line=line, name=name) for item, line, name in rows]


# Made in this order in one transaction; what several of the later ones need is made once. The stream stands
# first in every order: comparing numbers is cheaper than comparing texts.
_MADE = {
    "bt_cell": """
SELECT d.business_date, c.* FROM backtest_cell c JOIN backtest_day d USING (day_no)
WHERE d.digest = {digest} AND d.business_date BETWEEN {first} AND {last}
  AND abs(hashtext(c.merchant_id)) % {parts} = {part}
""",
    # What each stream's margin grew by each day, as booked and under the draft.
    "bt_moved": """
SELECT stream_id, merchant_id, business_date, sum(margin_fen)::bigint AS margin_fen,
  sum(new_margin_fen)::bigint AS new_margin_fen
FROM (
  SELECT stream_id, merchant_id, business_date, margin_fen,
    CASE WHEN new_stream_id = stream_id THEN new_margin_fen ELSE 0 END AS new_margin_fen FROM bt_cell
  UNION ALL SELECT new_stream_id, merchant_id, business_date, 0, new_margin_fen FROM bt_cell
    WHERE new_stream_id <> stream_id) m
WHERE stream_id <> 0 GROUP BY stream_id, merchant_id, business_date
""",
    # The lines of the streams of which any day differs, and where they stood before the first day.
    "bt_line": """
WITH touched AS (SELECT stream_id, merchant_id FROM bt_moved GROUP BY stream_id, merchant_id
  HAVING bool_or(margin_fen <> new_margin_fen))
SELECT l.merchant_id, l.stream_id, s.rounding, l.line_no, l.pool_no, l.party_kind, l.party_id, l.role,
  l.rate_ppm, l.pool_ppm, coalesce(e.cum_margin_fen, 0) AS start_margin_fen,
  coalesce(e.cum_fen, 0) AS start_fen
FROM touched t JOIN share_stream s USING (merchant_id, stream_id)
JOIN share_line l USING (merchant_id, stream_id)
LEFT JOIN LATERAL (SELECT e.cum_margin_fen, e.cum_fen FROM share_entry e
  WHERE e.merchant_id = l.merchant_id AND e.stream_id = l.stream_id AND e.line_no = l.line_no
    AND e.business_date < {first} ORDER BY e.business_date DESC LIMIT 1) e ON true
UNION ALL
SELECT l.merchant_id, l.stream_id, s.rounding, l.line_no, l.pool_no, l.party_kind, l.party_id, l.role,
  l.rate_ppm, l.pool_ppm, 0, 0
FROM touched t JOIN backtest_stream s USING (merchant_id, stream_id)
JOIN backtest_line l USING (merchant_id, stream_id)
WHERE NOT EXISTS (SELECT 1 FROM share_stream k
  WHERE k.merchant_id = t.merchant_id AND k.stream_id = t.stream_id)
""",
    "bt_new": f"""
WITH grown AS (
  SELECT stream_id, merchant_id, business_date, (sum(new_margin_fen) OVER (
    PARTITION BY stream_id, merchant_id ORDER BY business_date))::bigint AS grown_fen FROM bt_moved),
pooled AS (
  SELECT g.business_date, l.*, l.start_margin_fen + g.grown_fen AS cum_margin_fen
  FROM grown g JOIN bt_line l USING (stream_id, merchant_id)),
{split_pools("pooled", pool="stream_id, merchant_id, business_date, pool_no")}
SELECT stream_id, merchant_id, business_date, party_kind, party_id, role,
  cum_fen - lag(cum_fen, 1, start_fen) OVER (
    PARTITION BY stream_id, merchant_id, line_no ORDER BY business_date) AS new_fen
FROM shared
""",
    # A stream that no day changes is shared as it was.
    "bt_share": """
SELECT e.stream_id, e.merchant_id, e.business_date, e.party_kind, e.party_id, l.role, e.delta_fen,
  CASE WHEN t.stream_id IS NULL THEN e.delta_fen ELSE 0 END AS new_fen
FROM share_entry e JOIN share_line l USING (merchant_id, stream_id, line_no)
JOIN bt_moved m ON m.stream_id = e.stream_id AND m.merchant_id = e.merchant_id
  AND m.business_date = e.business_date
LEFT JOIN (SELECT DISTINCT stream_id, merchant_id FROM bt_line) t
  ON t.stream_id = e.stream_id AND t.merchant_id = e.merchant_id
WHERE e.business_date BETWEEN {first} AND {last}
UNION ALL
SELECT stream_id, merchant_id, business_date, party_kind, party_id, role, 0, new_fen FROM bt_new
""",
    "bt_fact": """
WITH placed AS (
  SELECT DISTINCT ON (stream_id, merchant_id, business_date) stream_id, merchant_id, business_date, store_id,
    broker_id
  FROM (SELECT business_date, merchant_id, stream_id, store_id, broker_id, greatest(payments, refunds) AS n
    FROM bt_cell UNION ALL SELECT business_date, merchant_id, new_stream_id, store_id, broker_id,
      greatest(payments, refunds) FROM bt_cell WHERE new_stream_id <> stream_id) p
  ORDER BY stream_id, merchant_id, business_date, n DESC, store_id, broker_id),
shared AS (
  SELECT stream_id, merchant_id, business_date,
    sum(CASE role WHEN 'opener' THEN delta_fen END)::bigint AS opener_fen,
    sum(CASE role WHEN 'opener' THEN new_fen END)::bigint AS new_opener_fen,
    sum(CASE role WHEN 'maintainer' THEN delta_fen END)::bigint AS maintainer_fen,
    sum(CASE role WHEN 'maintainer' THEN new_fen END)::bigint AS new_maintainer_fen,
    sum(CASE role WHEN 'store' THEN delta_fen END)::bigint AS store_fen,
    sum(CASE role WHEN 'store' THEN new_fen END)::bigint AS new_store_fen
  FROM bt_share GROUP BY 1, 2, 3),
parts AS (
  SELECT business_date, merchant_id, store_id, broker_id, payments, payment_fen, refunds, refund_fen, fee_fen,
    new_fee_fen, cost_fen, new_cost_fen, unread, unread_fen, 0 AS opener_fen, 0 AS new_opener_fen,
    0 AS maintainer_fen, 0 AS new_maintainer_fen, 0 AS store_fen, 0 AS new_store_fen FROM bt_cell
  UNION ALL
  SELECT p.business_date, p.merchant_id, p.store_id, p.broker_id, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, opener_fen,
    new_opener_fen, maintainer_fen, new_maintainer_fen, store_fen, new_store_fen
  FROM shared JOIN placed p USING (stream_id, merchant_id, business_date))
SELECT s.*, coalesce(o.city_id, '') AS city_id, coalesce(o.district_id, '') AS district_id
FROM parts s LEFT JOIN org_path o ON o.node_id = s.store_id AND o.valid @>
  ((s.business_date + 1)::timestamp AT TIME ZONE 'Asia/Shanghai' - interval '1 microsecond')
""",
}

_FIGURES = (
    "payments", "payment_fen", "refunds", "refund_fen", "fee_fen", "new_fee_fen", "cost_fen", "new_cost_fen",
    "opener_fen", "new_opener_fen", "maintainer_fen", "new_maintainer_fen", "store_fen", "new_store_fen",
    "unread", "unread_fen",
)  # fmt: skip
_ADDED = ", ".join(f"{name} = t.{name} + excluded.{name}" for name in _FIGURES)
# Members in one order: two parts that add to the same ones cannot wait for each other.
_TOTALS = text(f"""
INSERT INTO backtest_total AS t (run_no, dimension, member, {", ".join(_FIGURES)})
SELECT :run_no, CASE grouping(business_date, city_id, district_id, store_id, broker_id, merchant_id)
    WHEN 63 THEN 'all' WHEN 31 THEN 'day' WHEN 47 THEN 'city' WHEN 55 THEN 'district' WHEN 59 THEN 'store'
    WHEN 61 THEN 'broker' ELSE 'merchant' END AS dimension,
  CASE grouping(business_date, city_id, district_id, store_id, broker_id, merchant_id)
    WHEN 63 THEN '' WHEN 31 THEN business_date::text WHEN 47 THEN city_id WHEN 55 THEN district_id
    WHEN 59 THEN store_id WHEN 61 THEN broker_id ELSE merchant_id END AS member,
  {", ".join(f"coalesce(sum({name}), 0)" for name in _FIGURES)}
FROM bt_fact GROUP BY GROUPING SETS ((), (business_date), (city_id), (district_id), (store_id), (broker_id),
  (merchant_id)) ORDER BY dimension, member
ON CONFLICT (run_no, dimension, member) DO UPDATE SET {_ADDED}
""")
_SHARES = [f"{new}{role}_fen" for role in _ROLES for new in ("", "new_")]
_PARTIES = text(f"""
INSERT INTO backtest_total AS t (run_no, dimension, member, {", ".join(_SHARES)})
SELECT :run_no, 'party', party_kind || ':' || party_id AS member, {
    ", ".join(
        f"coalesce(sum(CASE role WHEN '{role}' THEN {side} END), 0)"
        for role in _ROLES
        for side in ("delta_fen", "new_fen")
    )
} FROM bt_share GROUP BY party_kind, party_id ORDER BY member
ON CONFLICT (run_no, dimension, member) DO UPDATE SET {
    ", ".join(f"{n} = t.{n} + excluded.{n}" for n in _SHARES)
}
""")
_ROWS = text("""
INSERT INTO backtest_row (run_no, side, kind, rule_id, version, item, line, name, hits, amount_fen, fraud,
  honest)
SELECT :run_no, i.side, i.kind, i.rule_id, i.version, i.item, i.line, i.name, coalesce(sum(h.hits), 0),
  coalesce(sum(h.amount_fen), 0), coalesce(sum(h.hits) FILTER (WHERE h.label = 'fraud'), 0),
  coalesce(sum(h.hits) FILTER (WHERE h.label = 'honest'), 0)
FROM unnest(CAST(:sides AS text[]), CAST(:kinds AS text[]), CAST(:rules AS text[]), CAST(:versions AS int[]),
  CAST(:items AS text[]), CAST(:lines AS int[]), CAST(:names AS text[]))
  AS i (side, kind, rule_id, version, item, line, name)
LEFT JOIN (SELECT x.* FROM backtest_hit x JOIN backtest_day d USING (day_no)
  WHERE d.digest = :digest AND d.business_date BETWEEN :first AND :last) h
  USING (side, kind, rule_id, version, item)
GROUP BY i.side, i.kind, i.rule_id, i.version, i.item, i.line, i.name
""")
