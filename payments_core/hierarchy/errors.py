"""Refusals of the organisation.

NotFound
├── NodeNotFound         NODE_NOT_FOUND
└── BrokerNotFound       BROKER_NOT_FOUND
Conflict
├── NodeExists           NODE_EXISTS
├── MembershipOverlap    MEMBERSHIP_OVERLAP
├── BrokerLeft           BROKER_LEFT
└── PeriodClosed         PERIOD_CLOSED
Invalid
├── OrgCycle             ORG_CYCLE
└── OrgLevel             ORG_LEVEL
"""

from __future__ import annotations

from payments_core.errors import Conflict, Invalid, NotFound


class NodeNotFound(NotFound):
    """There is no such node at that instant."""

    code = "NODE_NOT_FOUND"


class BrokerNotFound(NotFound):
    """There is no such broker."""

    code = "BROKER_NOT_FOUND"


class NodeExists(Conflict):
    """A node with this id exists already."""

    code = "NODE_EXISTS"


class MembershipOverlap(Conflict):
    """The broker works at another store in that period."""

    code = "MEMBERSHIP_OVERLAP"


class BrokerLeft(Conflict):
    """The broker has left."""

    code = "BROKER_LEFT"


class PeriodClosed(Conflict):
    """The change would reach back into a closed business day: book an adjustment in the open one instead."""

    code = "PERIOD_CLOSED"


class OrgCycle(Invalid):
    """A node cannot be moved below itself."""

    code = "ORG_CYCLE"


class OrgLevel(Invalid):
    """A node belongs directly below the level above its own."""

    code = "ORG_LEVEL"
