"""What the frame of every page shows: the name of the scope, the active release, payments of the last
minute.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, func, literal, select, union_all

from payments_core.database import Scope
from payments_core.hierarchy.tables import broker, org_node
from payments_core.merchants.tables import merchant
from payments_core.payments.tables import payment
from payments_core.reporting.errors import NodeNotFound
from payments_core.reporting.queries_nodes import HQ_ID, get_place
from payments_core.rulebooks.tables import activation

_FOUND_PER_KIND = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """The top bar's facts; `payments_last_minute` is known only to readers of everything."""

    scope_name: str
    release_no: int | None
    payments_last_minute: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """One hit of the search: `kind` is node, broker or merchant."""

    kind: str
    id: str
    name: str


def surroundings(connection: Connection, *, scope: Scope, now: datetime) -> Surroundings:
    """Return the top bar's facts for a reader with `scope`."""
    newest = select(activation.c.release_no).order_by(activation.c.activation_no.desc()).limit(1)
    rate = None
    if scope.kind == "all":
        recent = (payment.c.paid_at > now - timedelta(seconds=60)) & (payment.c.paid_at <= now)
        rate = connection.execute(select(func.count()).select_from(payment).where(recent)).scalar_one()
    return Surroundings(
        scope_name=scope_name(connection, scope=scope),
        release_no=connection.execute(newest).scalar_one_or_none(),
        payments_last_minute=rate,
    )


def scope_name(connection: Connection, *, scope: Scope) -> str:
    """Return the name of the node, broker or merchant a scope is about; its id where it has no name."""
    table, key, wanted = org_node, org_node.c.node_id, scope.id or HQ_ID
    if scope.kind == "broker":
        table, key = broker, broker.c.broker_id
    elif scope.kind == "merchant":
        table, key = merchant, merchant.c.merchant_id
    return connection.execute(select(table.c.name).where(key == wanted)).scalar_one_or_none() or wanted


def search(connection: Connection, *, text: str, scope: Scope) -> tuple[Found, ...]:
    """Return nodes, brokers and merchants whose name contains `text` or whose id begins with it, 20 a
    kind.
    """
    wanted = text.strip()
    if not wanted:
        return ()
    parts = []
    for kind, table, key in (
        ("node", org_node, org_node.c.node_id),
        ("broker", broker, broker.c.broker_id),
        ("merchant", merchant, merchant.c.merchant_id),
    ):
        hit = table.c.name.contains(wanted, autoescape=True) | key.istartswith(wanted, autoescape=True)
        one = select(literal(kind).label("kind"), key.label("id"), table.c.name.label("name")).where(hit)
        parts.append(one.order_by(table.c.name).limit(_FOUND_PER_KIND).subquery().select())
    rows = connection.execute(union_all(*parts)).all()
    found = (Found(kind=row.kind, id=row.id, name=row.name) for row in rows)
    return tuple(hit for hit in found if hit.kind != "node" or _may_open(connection, hit.id, scope))


def _may_open(connection: Connection, node_id: str, scope: Scope) -> bool:
    """Tell whether a node lies in the scope: the organisation itself is filtered by no policy."""
    try:
        get_place(connection, node_id=node_id, scope=scope)
    except NodeNotFound:
        return False
    return True
