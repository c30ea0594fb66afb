"""Refusals about merchants and who serves them.

NotFound
├── MerchantNotFound     MERCHANT_NOT_FOUND
└── BindingNotFound      BINDING_NOT_FOUND
Conflict
├── MerchantExists       MERCHANT_DUPLICATE
├── DeviceBound          DEVICE_BOUND
├── BindingOverlap       BINDING_OVERLAP
└── AlreadyClaimed       ALREADY_CLAIMED
Invalid
└── HandoverIncomplete   HANDOVER_INCOMPLETE
"""

from __future__ import annotations

from payments_core.errors import Conflict, Invalid, NotFound


class MerchantNotFound(NotFound):
    """There is no such merchant."""

    code = "MERCHANT_NOT_FOUND"


class BindingNotFound(NotFound):
    """Nobody holds this role at the merchant at that instant."""

    code = "BINDING_NOT_FOUND"


class MerchantExists(Conflict):
    """This legal subject, or this merchant id, has a merchant already."""

    code = "MERCHANT_DUPLICATE"


class DeviceBound(Conflict):
    """The device is bound to another merchant: one device, one merchant."""

    code = "DEVICE_BOUND"


class BindingOverlap(Conflict):
    """Another broker holds this role at the merchant in that period."""

    code = "BINDING_OVERLAP"


class AlreadyClaimed(Conflict):
    """Another broker has claimed the merchant from the shared pool."""

    code = "ALREADY_CLAIMED"


class HandoverIncomplete(Invalid):
    """A handover needs a successor, its days, and the part the old broker keeps."""

    code = "HANDOVER_INCOMPLETE"
