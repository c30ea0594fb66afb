"""The hierarchy report: one node, its children, their sums over two periods.

Both bases read the same daily facts. *Then* groups them by the organisation written into them on the day;
*now* groups them by where each merchant is served today, falling back to the day's own organisation for a
merchant nobody serves. Row-level security filters the facts by the organisation of the day under either
basis: who takes a merchant over sees the past under "now" only as far as it was in his scope.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import Connection, text

from payments_core.calendar import day_bounds
from payments_core.database import Scope
from payments_core.reporting.model import CHILD, Basis, Child, Figures, Level, Node, Period
from payments_core.reporting.queries_nodes import Place, children_of, get_place, names_of, targets_of

WEEKS = 8
SHARED_POOL = ""
_COLUMN = {
    Level.CITY: "city_id",
    Level.DISTRICT: "district_id",
    Level.STORE: "store_id",
    Level.BROKER: "broker_id",
    Level.MERCHANT: "merchant_id",
}
_SUMS = """sum(payment_count)::bigint AS payment_count, sum(payment_fen)::bigint AS payment_fen,
  sum(refund_count)::bigint AS refund_count, sum(refund_fen)::bigint AS refund_fen, sum(fee_fen)::bigint
  AS fee_fen,
  sum(cost_fen)::bigint AS cost_fen, sum(broker_share_fen)::bigint AS broker_share_fen,
  sum(store_share_fen)::bigint AS store_share_fen, count(*) FILTER (WHERE opened) AS opened"""
_PLACED_THEN = "SELECT f.* FROM fact_day f WHERE business_date BETWEEN :first AND :last"
_PLACED_NOW = """SELECT f.merchant_id, f.business_date, coalesce(b.store_id, f.store_id) AS store_id,
    coalesce(b.broker_id, f.broker_id) AS broker_id, coalesce(p.district_id, f.district_id) AS district_id,
    coalesce(p.city_id, f.city_id) AS city_id, f.opened, f.payment_count, f.payment_fen, f.refund_count,
      f.refund_fen,
    f.fee_fen, f.cost_fen, f.broker_share_fen, f.store_share_fen
  FROM fact_day f
  LEFT JOIN (SELECT DISTINCT ON (merchant_id) merchant_id, store_id, broker_id FROM merchant_binding
    WHERE valid @> CAST(:now AS timestamptz) ORDER BY merchant_id, (role = 'maintainer') DESC, slot) b
      USING (merchant_id)
  LEFT JOIN org_path p ON p.node_id = b.store_id AND p.valid @> CAST(:now AS timestamptz)
  WHERE f.business_date BETWEEN :first AND :last"""


@dataclass(frozen=True, slots=True, kw_only=True)
class DayPoint:
    """One business date of the chart; None where nothing is known."""

    on: date
    payment_fen: int | None
    compared_fen: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Week:
    """One of the eight weeks before the period's end."""

    figures: Figures


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """The whole page: where, when, totals (the sums of `children`), children by amount, days, weeks.

    `other_basis_fen` is the volume on the basis that was not asked for; `rank` is the node's place among
    its siblings by volume and how many they are, None where the reader may not see the siblings.
    """

    place: Place
    period: Period
    compared: Period
    basis: Basis
    child_level: Level | None
    totals: Figures
    before: Figures
    target_fen: int | None
    children: tuple[Child, ...]
    days: tuple[DayPoint, ...]
    weeks: tuple[Week, ...]
    other_basis_fen: int
    rank: tuple[int, int] | None
    newest_day: date | None

    @property
    def is_empty(self) -> bool:
        """Whether the period has no facts at all: the page says 无数据, never 0."""
        return self.totals.is_empty


def hierarchy_report(
    connection: Connection,
    *,
    node_id: str,
    scope: Scope,
    period: Period,
    now: datetime,
    compared: Period | None = None,
    basis: Basis = Basis.THEN,
) -> Report:
    """Return the report of one node. Raises NodeNotFound (also outside the scope); Period raises
    RangeInvalid.
    """
    place = get_place(connection, node_id=node_id, scope=scope)
    node, against = place.node, compared or period.before()
    child_level = CHILD.get(node.level)
    asking = _Asking(connection=connection, node=node, basis=basis, now=now)
    children = _children(asking, period=period, against=against, level=child_level) if child_level else ()
    if child_level:
        totals = sum((child.figures for child in children), Figures())
        before = sum((child.before for child in children), Figures())
    else:
        totals, before = asking.by_key(period, "merchant_id").get(node.id, Figures()), Figures()
        before = asking.by_key(against, "merchant_id").get(node.id, Figures())
    own_target = targets_of(connection, level=node.level, period=period, at=now).get(node.id)
    other = Basis.NOW if basis is Basis.THEN else Basis.THEN
    return Report(
        place=place,
        period=period,
        compared=against,
        basis=basis,
        child_level=child_level,
        totals=totals,
        before=before,
        target_fen=own_target or sum(child.target_fen or 0 for child in children) or None,
        children=children,
        days=_days(asking, period),
        weeks=tuple(Week(figures=figures) for figures in asking.by_week(period.last).get("", ())),
        other_basis_fen=replace(asking, basis=other).volume(period),
        rank=_rank(asking, place, period),
        newest_day=connection.execute(text("SELECT max(business_date) FROM fact_day")).scalar_one(),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Asking:
    """The facts of one node on one basis, and the questions put to them."""

    connection: Connection
    node: Node
    basis: Basis
    now: datetime

    def rows(self, sql: str, period: Period, **more: object) -> Sequence[Mapping[Any, Any]]:
        """Run `sql` over the CTE `facts`, which holds the node's rows of the period."""
        placed = _PLACED_THEN if self.basis is Basis.THEN else _PLACED_NOW
        inside = "true" if self.node.level is Level.HQ else f"{_COLUMN[self.node.level]} = :node"
        asked: dict[str, object] = {"first": period.first, "last": period.last, **more}
        if self.basis is Basis.NOW:
            asked["now"] = self.now
        if self.node.level is not Level.HQ:
            asked["node"] = self.node.id
        whole = f"WITH placed AS ({placed}), facts AS (SELECT * FROM placed WHERE {inside}) {sql}"
        return self.connection.execute(text(whole), asked).mappings().all()

    def by_key(self, period: Period, column: str) -> dict[str, Figures]:
        """Return the sums by `column`, each active merchant counted where it was served last."""
        sums = self.rows(f"SELECT {column} AS key, {_SUMS} FROM facts GROUP BY 1", period)
        active = self.rows(
            f"""SELECT key, count(*) AS active_merchants FROM (
              SELECT DISTINCT ON (merchant_id) merchant_id, {column} AS key FROM facts WHERE payment_count > 0
              ORDER BY merchant_id, business_date DESC, payment_count DESC, store_id, broker_id) latest
                GROUP BY 1""",
            period,
        )
        counted = {row["key"]: row["active_merchants"] for row in active}
        return {
            str(row["key"]): _figures({**row, "active_merchants": counted.get(row["key"], 0)}) for row in sums
        }

    def by_week(self, last: date, column: str = "") -> dict[str, list[Figures]]:
        """Return the sums of the eight weeks that end on `last`, oldest first, by `column` ('' = of all)."""
        period = Period(first=last - timedelta(days=7 * WEEKS - 1), last=last)
        key = column or "''::text"
        found = self.rows(
            f"""SELECT {key} AS key, (business_date - :first) / 7 AS week, {_SUMS},
              count(DISTINCT merchant_id) FILTER (WHERE payment_count > 0) AS active_merchants FROM facts
                GROUP BY 1, 2""",
            period,
        )
        weeks: dict[str, list[Figures]] = defaultdict(lambda: [Figures()] * WEEKS)
        for row in found:
            weeks[str(row["key"])][row["week"]] = _figures(row)
        return weeks

    def by_day(self, period: Period) -> dict[date, int]:
        """Return the volume of each business date that has facts."""
        sql = "SELECT business_date, sum(payment_fen)::bigint AS fen FROM facts GROUP BY 1"
        return {row["business_date"]: row["fen"] for row in self.rows(sql, period)}

    def volume(self, period: Period) -> int:
        """Return the volume of the period."""
        found = self.rows("SELECT coalesce(sum(payment_fen), 0)::bigint AS fen FROM facts", period)
        return int(found[0]["fen"])


def _children(asking: _Asking, *, period: Period, against: Period, level: Level) -> tuple[Child, ...]:
    column = _COLUMN[level]
    figures, before = asking.by_key(period, column), asking.by_key(against, column)
    at = asking.now if asking.basis is Basis.NOW else day_bounds(period.last)[1] - timedelta(microseconds=1)
    standing = children_of(asking.connection, node=asking.node, at=at)
    keys = tuple(sorted(figures.keys() | before.keys() | set(standing)))
    names = names_of(asking.connection, level=level, ids=keys)
    targets = targets_of(asking.connection, level=level, period=period, at=at)
    weeks = asking.by_week(period.last, column)
    served, brokers = _served(asking, level, at), _brokers(asking, level, at)
    children = [
        Child(
            node=names.get(key, Node(id=key, level=level, name=key)),
            figures=replace(figures.get(key, Figures()), merchants=served.get(key, 0)),
            before=before.get(key, Figures()),
            brokers=brokers.get(key, 0),
            target_fen=targets.get(key),
            trend=tuple(week.payment_fen for week in weeks[key]) if key in weeks else (),
        )
        for key in keys
    ]
    return tuple(sorted(children, key=lambda child: (-child.figures.payment_fen, child.node.id)))


def _served(asking: _Asking, level: Level, at: datetime) -> dict[str, int]:
    """Return how many merchants were served below each child at `at`."""
    if level is Level.MERCHANT:
        return {}
    column = "b.broker_id" if level is Level.BROKER else f"p.{_COLUMN[level]}"
    inside = (
        "" if asking.node.level in (Level.HQ, Level.BROKER) else f"AND p.{_COLUMN[asking.node.level]} = :node"
    )
    found = asking.connection.execute(
        text(
            f"""SELECT {column} AS key, count(*) AS merchants FROM (
              SELECT DISTINCT ON (merchant_id) merchant_id, store_id, broker_id FROM merchant_binding
              WHERE valid @> CAST(:at AS timestamptz) ORDER BY merchant_id, (role = 'maintainer') DESC,
                slot) b
            JOIN org_path p ON p.node_id = b.store_id AND p.valid @> CAST(:at AS timestamptz)
            WHERE true {inside} GROUP BY 1"""
        ),
        {"at": at, "node": asking.node.id} if inside else {"at": at},
    )
    return {row.key: row.merchants for row in found if row.key is not None}


def _brokers(asking: _Asking, level: Level, at: datetime) -> dict[str, int]:
    """Return how many brokers belonged to each child at `at`."""
    if level in (Level.MERCHANT, Level.BROKER):
        return {}
    found = asking.connection.execute(
        text(
            f"""SELECT p.{_COLUMN[level]} AS key, count(*) AS brokers FROM broker_membership m
            JOIN org_path p ON p.node_id = m.store_id AND p.valid @> CAST(:at AS timestamptz)
            WHERE m.valid @> CAST(:at AS timestamptz) GROUP BY 1"""
        ),
        {"at": at},
    )
    return {row.key: row.brokers for row in found if row.key is not None}


def _days(asking: _Asking, period: Period) -> tuple[DayPoint, ...]:
    """Return every date of the period beside the same weekday four weeks before."""
    own, compared = asking.by_day(period), asking.by_day(period.shifted(days=28))
    dates = [period.first + timedelta(days=n) for n in range(period.days)]
    return tuple(
        DayPoint(on=on, payment_fen=own.get(on), compared_fen=compared.get(on - timedelta(days=28)))
        for on in dates
    )


def _rank(asking: _Asking, place: Place, period: Period) -> tuple[int, int] | None:
    if not place.above:
        return None
    parent = replace(asking, node=place.above[-1])
    siblings = parent.by_key(period, _COLUMN[place.node.level])
    if place.node.id not in siblings:
        return None
    mine = siblings[place.node.id].payment_fen
    return 1 + sum(other.payment_fen > mine for other in siblings.values()), len(siblings)


def _figures(row: Mapping[str, object]) -> Figures:
    known = {name: int(str(row.get(name) or 0)) for name in Figures.__slots__ if name != "merchants"}
    return Figures(**known)
