"""Read the organisation as it was at one instant."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, RowMapping, text

from payments_core.hierarchy.errors import BrokerNotFound, NodeNotFound
from payments_core.hierarchy.model import Broker, BrokerStatus, Kind, Node


def get_node(connection: Connection, *, node_id: str, at: datetime) -> Node:
    """Return a node as organised at `at`. Raises NodeNotFound."""
    row = connection.execute(text(f"{_NODE} AND n.node_id = :node_id"), {"node_id": node_id, "at": at})
    found = row.mappings().one_or_none()
    if found is None:
        raise NodeNotFound(node_id=node_id)
    return _node(found)


def list_children(connection: Connection, *, node_id: str, at: datetime) -> tuple[Node, ...]:
    """Return the nodes directly below, by id. A store has none: see `list_brokers`."""
    parent = get_node(connection, node_id=node_id, at=at)
    found = connection.execute(
        text(
            f"{_NODE} AND EXISTS (SELECT 1 FROM org_edge e JOIN org_node above ON above.node_no = e.parent_no"
            " WHERE e.node_no = n.node_no AND above.node_id = :node_id"
            " AND e.valid @> CAST(:at AS timestamptz)) ORDER BY n.node_id"
        ),
        {"node_id": parent.node_id, "at": at},
    )
    return tuple(_node(row) for row in found.mappings())


def list_nodes(connection: Connection, *, at: datetime, kind: Kind | None = None) -> tuple[Node, ...]:
    """Return every node of the organisation at `at`, by path; only those of `kind` where given."""
    found = connection.execute(
        text(f"{_NODE} AND (CAST(:kind AS text) IS NULL OR n.kind = :kind) ORDER BY p.path"),
        {"kind": kind, "at": at},
    )
    return tuple(_node(row) for row in found.mappings())


def list_breadcrumb(connection: Connection, *, node_id: str, at: datetime) -> tuple[Node, ...]:
    """Return the nodes from the HQ down to the node itself. Raises NodeNotFound."""
    path = get_node(connection, node_id=node_id, at=at).path.split("/")
    found = connection.execute(text(f"{_NODE} AND n.node_id = ANY(:path)"), {"path": path, "at": at})
    nodes = {row["node_id"]: _node(row) for row in found.mappings()}
    return tuple(nodes[step] for step in path)


def get_broker(connection: Connection, *, broker_id: str, at: datetime) -> Broker:
    """Return a broker and where they worked at `at`. Raises BrokerNotFound."""
    found = connection.execute(text(f"{_BROKER} WHERE b.broker_id = :id"), {"id": broker_id, "at": at})
    row = found.mappings().one_or_none()
    if row is None:
        raise BrokerNotFound(broker_id=broker_id)
    return _broker(row)


def list_brokers(connection: Connection, *, store_id: str, at: datetime) -> tuple[Broker, ...]:
    """Return who worked at a store at `at`, by id."""
    found = connection.execute(
        text(f"{_BROKER} WHERE m.store_id = :store_id ORDER BY b.broker_id"), {"store_id": store_id, "at": at}
    )
    return tuple(_broker(row) for row in found.mappings())


_NODE = """
SELECT n.node_id, n.kind, n.name, n.manager_name, p.path, p.city_id, p.district_id, p.store_id, n.opened_on,
  n.target_gmv_month_fen
FROM org_node n JOIN org_path p USING (node_no) WHERE p.valid @> CAST(:at AS timestamptz)
"""
_BROKER = """
SELECT b.broker_id, b.name, b.level, b.status, b.joined_on, m.store_id, lower(m.valid) AS since
FROM broker b LEFT JOIN broker_membership m
  ON m.broker_id = b.broker_id AND m.valid @> CAST(:at AS timestamptz)
"""


def _node(row: RowMapping) -> Node:
    return Node(**{**{name: row[name] for name in Node.__dataclass_fields__}, "kind": Kind(row["kind"])})


def _broker(row: RowMapping) -> Broker:
    named = {name: row[name] for name in Broker.__dataclass_fields__}
    return Broker(**{**named, "status": BrokerStatus(row["status"])})
