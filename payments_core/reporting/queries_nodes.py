"""Find a node of the report inside the reader's scope, its place, its children, and their targets."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, Row, text

from payments_core.calendar import month_of
from payments_core.database import Scope
from payments_core.money import divide
from payments_core.reporting.errors import NodeNotFound
from payments_core.reporting.model import Level, Node, Period

HQ_ID = "HQ"


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A node and the nodes above it that the reader may open, top first."""

    node: Node
    above: tuple[Node, ...]


def get_place(connection: Connection, *, node_id: str, scope: Scope) -> Place:
    """Return the node with the path above it. Raises NodeNotFound outside the scope, as for no such node."""
    found = (
        _find_unit(connection, node_id, scope)
        or _find_broker(connection, node_id, scope)
        or _find_merchant(connection, node_id, scope)
    )
    if found is None:
        raise NodeNotFound(node_id=node_id)
    return found


def names_of(connection: Connection, *, level: Level, ids: tuple[str, ...]) -> Mapping[str, Node]:
    """Return the nodes of `level` by id; ids the reader may not name are missing."""
    table, key, manager = {
        Level.BROKER: ("broker", "broker_id", "''"),
        Level.MERCHANT: ("merchant", "merchant_id", "''"),
    }.get(level, ("org_node", "node_id", "manager_name"))
    rows = connection.execute(
        text(f"SELECT {key} AS id, name, {manager} AS manager FROM {table} WHERE {key} = ANY(:ids)"),
        {"ids": list(ids)},
    )
    return {r.id: Node(id=r.id, level=level, name=r.name, manager_name=r.manager) for r in rows}


def children_of(connection: Connection, *, node: Node, at: datetime) -> tuple[str, ...]:
    """Return the ids that stood directly below `node` at `at`; for brokers and merchants by what they
    served.
    """
    column = {Level.HQ: "city_id", Level.CITY: "district_id", Level.DISTRICT: "store_id"}.get(node.level)
    if column is not None:
        where = "" if node.level is Level.HQ else f"AND {node.level.lower()}_id = :id"
        sql = f"SELECT node_id AS id FROM org_path WHERE valid @> :at AND node_id = {column} {where}"
    elif node.level is Level.STORE:
        sql = "SELECT broker_id AS id FROM broker_membership WHERE store_id = :id AND valid @> :at"
    else:
        return ()
    parameters: dict[str, object] = {"at": at} if node.level is Level.HQ else {"at": at, "id": node.id}
    return tuple(row.id for row in connection.execute(text(f"{sql} ORDER BY 1"), parameters))


def targets_of(connection: Connection, *, level: Level, period: Period, at: datetime) -> Mapping[str, int]:
    """Return the target of each node of `level` for `period`, in fen: its own, else the sum of its stores'.

    A month's target counts for the part of the month that lies in the period, by days, rounded once a month.
    """
    if level in (Level.BROKER, Level.MERCHANT):
        return {}
    own = text("SELECT node_id AS id, target_gmv_month_fen AS fen FROM org_node WHERE kind = :kind")
    below = text(
        f"""SELECT p.{level.lower()}_id AS id, sum(n.target_gmv_month_fen)::bigint AS fen
        FROM org_path p JOIN org_node n ON n.node_id = p.node_id AND n.kind = 'STORE'
        WHERE p.valid @> :at AND n.target_gmv_month_fen IS NOT NULL GROUP BY 1"""
        if level is not Level.HQ
        else "SELECT 'HQ' AS id, sum(target_gmv_month_fen)::bigint AS fen FROM org_node WHERE kind = 'STORE'"
    )
    monthly = {
        row.id: row.fen for row in connection.execute(below, {"at": at} if level is not Level.HQ else {})
    }
    monthly |= {
        row.id: row.fen for row in connection.execute(own, {"kind": level.value}) if row.fen is not None
    }
    return {key: _for_period(fen, period) for key, fen in monthly.items() if key and fen}


def _for_period(month_fen: int, period: Period) -> int:
    total, month = 0, month_of(period.first)
    while month <= period.last:
        after = month_of(month + timedelta(days=32))
        inside = min(period.last, after - timedelta(days=1)) - max(period.first, month)
        total += divide(month_fen * (inside.days + 1), (after - month).days)
        month = after
    return total


def _find_unit(connection: Connection, node_id: str, scope: Scope) -> Place | None:
    row = connection.execute(
        text(
            """SELECT n.node_id, n.kind, n.name, n.manager_name, n.target_gmv_month_fen, p.city_id,
            p.district_id, p.store_id
            FROM org_node n JOIN org_path p ON p.node_id = n.node_id WHERE n.node_id = :id
            ORDER BY upper_inf(p.valid) DESC, lower(p.valid) DESC LIMIT 1"""
        ),
        {"id": node_id},
    ).one_or_none()
    if row is None or not _reaches(row, scope):
        return None
    node = Node(
        id=row.node_id,
        level=Level(row.kind),
        name=row.name,
        manager_name=row.manager_name,
        target_month_fen=row.target_gmv_month_fen,
    )
    return Place(node=node, above=_above(connection, row, scope, but=node_id))


def _find_broker(connection: Connection, node_id: str, scope: Scope) -> Place | None:
    row = connection.execute(
        text(
            """SELECT b.broker_id, b.name, p.city_id, p.district_id, p.store_id
            FROM broker b
            LEFT JOIN LATERAL (SELECT m.store_id FROM broker_membership m WHERE m.broker_id = b.broker_id
              ORDER BY upper_inf(m.valid) DESC, lower(m.valid) DESC LIMIT 1) m ON true
            LEFT JOIN org_path p ON p.node_id = m.store_id AND upper_inf(p.valid)
            WHERE b.broker_id = :id"""
        ),
        {"id": node_id},
    ).one_or_none()
    if row is None:
        return None
    node = Node(id=row.broker_id, level=Level.BROKER, name=row.name)
    return Place(node=node, above=_above(connection, row, scope))


def _find_merchant(connection: Connection, node_id: str, scope: Scope) -> Place | None:
    row = connection.execute(
        text(
            """SELECT t.merchant_id, t.name, b.broker_id, p.city_id, p.district_id, p.store_id
            FROM merchant t
            LEFT JOIN LATERAL (SELECT b.broker_id, b.store_id FROM merchant_binding b WHERE b.merchant_id
              = t.merchant_id
              ORDER BY upper_inf(b.valid) DESC, (b.role = 'maintainer') DESC, b.slot, lower(b.valid) DESC
                LIMIT 1) b ON true
            LEFT JOIN org_path p ON p.node_id = b.store_id AND upper_inf(p.valid)
            WHERE t.merchant_id = :id"""
        ),
        {"id": node_id},
    ).one_or_none()
    if row is None:
        return None
    above = _above(connection, row, scope)
    brokers = (
        names_of(connection, level=Level.BROKER, ids=(row.broker_id or "",))
        if scope.kind != "merchant"
        else {}
    )
    return Place(
        node=Node(id=row.merchant_id, level=Level.MERCHANT, name=row.name),
        above=above + tuple(brokers.values()),
    )


def _above(
    connection: Connection, row: Row[tuple[object, ...]], scope: Scope, *, but: str = ""
) -> tuple[Node, ...]:
    ids = [HQ_ID, row.city_id, row.district_id, row.store_id]
    reach = {"all": 0, "city": 1, "district": 2, "store": 3}.get(scope.kind, len(ids))
    wanted = tuple(node_id for node_id in ids[reach:] if node_id and node_id != but)
    levels = dict(zip(ids, (Level.HQ, Level.CITY, Level.DISTRICT, Level.STORE), strict=True))
    found = names_of(connection, level=Level.STORE, ids=wanted)
    return tuple(Node(id=key, level=levels[key], name=found[key].name) for key in wanted if key in found)


def _reaches(row: Row[tuple[object, ...]], scope: Scope) -> bool:
    own = {"city": row.city_id, "district": row.district_id, "store": row.store_id}
    return scope.kind == "all" or (scope.kind in own and own[scope.kind] == scope.id)
