"""Change the organisation: create and move nodes, let brokers join, move and leave.

Every change has an instant `at`; what was before it stays as it was. A change that reaches back into a
closed business day is refused, because money of that day has been shared by the organisation of that day.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection, Row, text
from sqlalchemy.exc import IntegrityError

from payments_core.calendar import business_date_of
from payments_core.database.lane import bump_directory, closed_through, hold_lane
from payments_core.hierarchy.errors import (
    BrokerLeft,
    BrokerNotFound,
    MembershipOverlap,
    NodeExists,
    NodeNotFound,
    OrgCycle,
    OrgLevel,
    PeriodClosed,
)
from payments_core.hierarchy.model import PARENT_OF, Kind
from payments_core.hierarchy.paths import append_leaf, rebuild_below


def ensure_open(connection: Connection, *, at: datetime) -> None:
    """Raise PeriodClosed where the business date of `at` is closed; if not, it stays open until the commit.

    Every change of the organisation begins here and waits its turn: of two that would meet in an exclusion
    constraint PostgreSQL would otherwise end one as a deadlock, where it should be refused.
    """
    hold_lane(connection)
    closed = closed_through(connection)
    if closed is not None and business_date_of(at) <= closed:
        raise PeriodClosed(closed_through=closed.isoformat(), at=at.isoformat())


def create_node(
    connection: Connection,
    *,
    node_id: str,
    kind: Kind,
    name: str,
    at: datetime,
    parent_id: str | None = None,
    manager_name: str = "",
    opened_on: date | None = None,
    target_gmv_month_fen: int | None = None,
) -> None:
    """Create a node below `parent_id` from `at` on; the HQ has no parent and is there from ever.

    Raises NodeExists, NodeNotFound (the parent), OrgLevel, PeriodClosed.
    """
    ensure_open(connection, at=at)
    parent_no = _parent_no(connection, kind, parent_id, at)
    if connection.execute(_NODE_NO, {"node_id": node_id}).first() is not None:
        raise NodeExists(node_id=node_id)
    node_no = connection.execute(
        text(
            "INSERT INTO org_node (node_id, kind, name, manager_name, opened_on, target_gmv_month_fen)"
            " VALUES (:node_id, :kind, :name, :manager_name, :opened_on, :target) RETURNING node_no"
        ),
        {
            "node_id": node_id,
            "kind": kind,
            "name": name,
            "manager_name": manager_name,
            "opened_on": opened_on or business_date_of(at),
            "target": target_gmv_month_fen,
        },
    ).scalar_one()
    if parent_no is not None:
        connection.execute(_NEW_EDGE, {"node_no": node_no, "parent_no": parent_no, "at": at})
    append_leaf(connection, node_no=node_no)
    bump_directory(connection)


def move_node(connection: Connection, *, node_id: str, parent_id: str, at: datetime) -> None:
    """Move a node, with all below it, under another parent from `at` on.

    Raises NodeNotFound, OrgCycle, OrgLevel, PeriodClosed.
    """
    ensure_open(connection, at=at)
    found = connection.execute(_PLACE, {"node_id": node_id, "at": at}).one_or_none()
    if found is None:
        raise NodeNotFound(node_id=node_id)
    above = connection.execute(_PLACE, {"node_id": parent_id, "at": at}).one_or_none()
    if above is None:
        raise NodeNotFound(node_id=parent_id)
    if node_id in above.path.split("/"):
        raise OrgCycle(node_id=node_id, parent_id=parent_id)
    parent_no = _parent_no(connection, Kind(found.kind), parent_id, at)
    # Past this point the operation must succeed. A later planned move of the node is replaced by this one.
    values = {"node_no": found.node_no, "parent_no": parent_no, "at": at}
    connection.execute(text("DELETE FROM org_edge WHERE node_no = :node_no AND lower(valid) >= :at"), values)
    connection.execute(
        text(
            "UPDATE org_edge SET valid = tstzrange(lower(valid), :at)"
            " WHERE node_no = :node_no AND valid @> CAST(:at AS timestamptz)"
        ),
        values,
    )
    connection.execute(_NEW_EDGE, values)
    rebuild_below(connection, node_no=found.node_no)
    bump_directory(connection)


def create_broker(
    connection: Connection,
    *,
    broker_id: str,
    name: str,
    store_id: str,
    at: datetime,
    level: str = "P1",
    phone_sealed: str | None = None,
    payer_hash: str = "",
) -> None:
    """Add a broker who works at a store from `at` on. Raises NodeExists where the id is taken."""
    taken = connection.execute(text("SELECT 1 FROM broker WHERE broker_id = :id"), {"id": broker_id}).first()
    if taken is not None:
        raise NodeExists(f"a broker {broker_id} exists already", broker_id=broker_id)
    connection.execute(
        text(
            "INSERT INTO broker (broker_id, name, level, joined_on, phone_sealed, payer_hash)"
            " VALUES (:broker_id, :name, :level, :joined_on, :phone_sealed, :payer_hash)"
        ),
        {
            "broker_id": broker_id,
            "name": name,
            "level": level,
            "joined_on": business_date_of(at),
            "phone_sealed": phone_sealed,
            "payer_hash": payer_hash,
        },
    )
    join_store(connection, broker_id=broker_id, store_id=store_id, at=at)


def join_store(connection: Connection, *, broker_id: str, store_id: str, at: datetime) -> None:
    """Let a broker work at a store from `at` on, leaving the one before.

    Raises BrokerNotFound, BrokerLeft, NodeNotFound, MembershipOverlap (a later membership is planned),
    PeriodClosed. The merchants they serve are the business of `merchants.bindings`.
    """
    ensure_open(connection, at=at)
    broker = _lock_broker(connection, broker_id)
    if broker.status == "LEFT":
        raise BrokerLeft(broker_id=broker_id)
    place = connection.execute(_PLACE, {"node_id": store_id, "at": at}).one_or_none()
    if place is None or place.kind != Kind.STORE:
        raise NodeNotFound(node_id=store_id)
    values = {"broker_id": broker_id, "broker_no": broker.broker_no, "store_id": store_id, "at": at}
    connection.execute(_END_MEMBERSHIP, values)
    try:
        with connection.begin_nested():
            connection.execute(
                text(
                    "INSERT INTO broker_membership (broker_id, broker_no, store_id, valid)"
                    " VALUES (:broker_id, :broker_no, :store_id, tstzrange(:at, NULL))"
                ),
                values,
            )
    except IntegrityError as error:
        raise MembershipOverlap(broker_id=broker_id, store_id=store_id) from error
    bump_directory(connection)


def leave(connection: Connection, *, broker_id: str, at: datetime) -> None:
    """Let a broker leave at `at`: the membership ends. Use `merchants.bindings.broker_leaves` instead,
    which also gives up their merchants.
    """
    ensure_open(connection, at=at)
    _lock_broker(connection, broker_id)
    values = {"broker_id": broker_id, "at": at}
    connection.execute(text("UPDATE broker SET status = 'LEFT' WHERE broker_id = :broker_id"), values)
    connection.execute(
        text("DELETE FROM broker_membership WHERE broker_id = :broker_id AND lower(valid) >= :at"), values
    )
    connection.execute(_END_MEMBERSHIP, values)
    bump_directory(connection)


def _parent_no(connection: Connection, kind: Kind, parent_id: str | None, at: datetime) -> int | None:
    """Return the parent's number where the level allows it; None for the HQ, which has none."""
    wanted = PARENT_OF.get(kind)
    if wanted is None or parent_id is None:
        if (wanted is None) != (parent_id is None):
            raise OrgLevel(kind=kind, parent_id=parent_id)
        return None
    parent = connection.execute(_PLACE, {"node_id": parent_id, "at": at}).one_or_none()
    if parent is None:
        raise NodeNotFound(node_id=parent_id)
    if parent.kind != wanted:
        raise OrgLevel(kind=kind, parent_id=parent_id, parent_kind=parent.kind)
    return int(parent.node_no)


def _lock_broker(connection: Connection, broker_id: str) -> Row[Any]:
    sql = "SELECT broker_no, status FROM broker WHERE broker_id = :broker_id FOR UPDATE"
    broker = connection.execute(text(sql), {"broker_id": broker_id}).one_or_none()
    if broker is None:
        raise BrokerNotFound(broker_id=broker_id)
    return broker


_NODE_NO = text("SELECT node_no FROM org_node WHERE node_id = :node_id")
_PLACE = text(
    "SELECT n.node_no, n.kind, p.path FROM org_node n JOIN org_path p USING (node_no)"
    " WHERE n.node_id = :node_id AND p.valid @> CAST(:at AS timestamptz)"
)
_NEW_EDGE = text(
    "INSERT INTO org_edge (node_no, parent_no, valid) VALUES (:node_no, :parent_no, tstzrange(:at, NULL))"
)
_END_MEMBERSHIP = text(
    "UPDATE broker_membership SET valid = tstzrange(lower(valid), :at)"
    " WHERE broker_id = :broker_id AND valid @> CAST(:at AS timestamptz) AND lower(valid) < :at"
)
