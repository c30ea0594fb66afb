"""The dated organisation: HQ, cities, districts, stores, and the brokers who work there."""

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
from payments_core.hierarchy.model import Broker, BrokerStatus, Kind, Node
from payments_core.hierarchy.operations import (
    create_broker,
    create_node,
    ensure_open,
    join_store,
    leave,
    move_node,
)
from payments_core.hierarchy.queries import (
    get_broker,
    get_node,
    list_breadcrumb,
    list_brokers,
    list_children,
    list_nodes,
)

__all__ = [
    "Broker",
    "BrokerLeft",
    "BrokerNotFound",
    "BrokerStatus",
    "Kind",
    "MembershipOverlap",
    "Node",
    "NodeExists",
    "NodeNotFound",
    "OrgCycle",
    "OrgLevel",
    "PeriodClosed",
    "create_broker",
    "create_node",
    "ensure_open",
    "get_broker",
    "get_node",
    "join_store",
    "leave",
    "list_breadcrumb",
    "list_brokers",
    "list_children",
    "list_nodes",
    "move_node",
]
