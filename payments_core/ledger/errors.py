"""Refusals of the ledger.

    NotFound
    └── PendingNotFound      PENDING_NOT_FOUND
    Conflict
    └── PendingResolved      PENDING_RESOLVED
    Invalid
    └── ResolutionExceeds    RESOLUTION_EXCEEDS

A leg that breaks its template is our own bug and raises InvariantBroken.
"""

from __future__ import annotations

from payments_core.errors import Conflict, Invalid, NotFound


class PendingNotFound(NotFound):
    """There is no pending transfer with this number."""

    code = "PENDING_NOT_FOUND"
    chinese = "没有这笔待定分录"


class PendingResolved(Conflict):
    """The pending transfer has been posted or voided already."""

    code = "PENDING_RESOLVED"
    chinese = "这笔待定分录已入账或已撤销"


class ResolutionExceeds(Invalid):
    """No more can be posted than was reserved."""

    code = "RESOLUTION_EXCEEDS"
    chinese = "入账金额超过预留"
