"""Refusals about merchants and who serves them.

NotFound
├── MerchantNotFound     MERCHANT_NOT_FOUND
├── BindingNotFound      BINDING_NOT_FOUND
└── ApplicationNotFound  APPLICATION_NOT_FOUND
Conflict
├── MerchantExists       MERCHANT_DUPLICATE
├── DeviceBound          DEVICE_BOUND
├── BindingOverlap       BINDING_OVERLAP
├── AlreadyClaimed       ALREADY_CLAIMED
├── BrokerNotInStore     BROKER_NOT_IN_STORE
└── ApplicationDecided   APPLICATION_DECIDED
Invalid
├── HandoverIncomplete   HANDOVER_INCOMPLETE
├── FormInvalid          FORM_INVALID
├── FormUnfit            FORM_UNFIT
└── MediaInvalid         MEDIA_INVALID
"""

from __future__ import annotations

from engine.forms import FieldFinding
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


class ApplicationNotFound(NotFound):
    """There is no such application."""

    code = "APPLICATION_NOT_FOUND"


class BrokerNotInStore(Conflict):
    """The broker does not work at this store, or no longer works."""

    code = "BROKER_NOT_IN_STORE"


class ApplicationDecided(Conflict):
    """The application is not waiting for a decision."""

    code = "APPLICATION_DECIDED"


class FormInvalid(Invalid):
    """The application has mistakes; `findings` holds every one, by field."""

    code = "FORM_INVALID"

    def __init__(self, *, findings: tuple[FieldFinding, ...]) -> None:
        """Keep every finding, so that the form can show them all at once."""
        self.findings = findings
        super().__init__(fields=sorted({finding.field for finding in findings}))


class FormUnfit(Invalid):
    """This form does not ask what opening a merchant needs; correct the form, not the answer."""

    code = "FORM_UNFIT"


class MediaInvalid(Invalid):
    """The file is no photo we take."""

    code = "MEDIA_INVALID"
