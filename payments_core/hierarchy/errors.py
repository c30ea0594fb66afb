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
    chinese = "当时没有这个机构"


class BrokerNotFound(NotFound):
    """There is no such broker."""

    code = "BROKER_NOT_FOUND"
    chinese = "没有这位经纪人"


class NodeExists(Conflict):
    """A node with this id exists already."""

    code = "NODE_EXISTS"
    chinese = "此编号的机构已存在"


class MembershipOverlap(Conflict):
    """The broker works at another store in that period."""

    code = "MEMBERSHIP_OVERLAP"
    chinese = "经纪人在此期间属于另一门店"


class BrokerLeft(Conflict):
    """The broker has left."""

    code = "BROKER_LEFT"
    chinese = "经纪人已离职"


class PeriodClosed(Conflict):
    """The change would reach back into a closed business day: book an adjustment in the open one instead."""

    code = "PERIOD_CLOSED"
    chinese = "改动会影响已结的营业日：请在未结的营业日记一笔调整"


class OrgCycle(Invalid):
    """A node cannot be moved below itself."""

    code = "ORG_CYCLE"
    chinese = "机构不能移到自己的下级"


class OrgLevel(Invalid):
    """A node belongs directly below the level above its own."""

    code = "ORG_LEVEL"
    chinese = "机构只能直接挂在上一级之下"
