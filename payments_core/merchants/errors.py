"""Refusals about merchants and who serves them.

NotFound
├── MerchantNotFound     MERCHANT_NOT_FOUND
├── BindingNotFound      BINDING_NOT_FOUND
├── DeviceNotFound       DEVICE_NOT_FOUND
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
    chinese = "没有这个商户"


class BindingNotFound(NotFound):
    """Nobody holds this role at the merchant at that instant."""

    code = "BINDING_NOT_FOUND"
    chinese = "当时没有人在该商户担任此角色"


class DeviceNotFound(NotFound):
    """There is no such device."""

    code = "DEVICE_NOT_FOUND"
    chinese = "没有这台设备"


class MerchantExists(Conflict):
    """This legal subject, or this merchant id, has a merchant already."""

    code = "MERCHANT_DUPLICATE"
    chinese = "该主体或商户号已有商户"


class DeviceBound(Conflict):
    """The device is bound to another merchant: one device, one merchant."""

    code = "DEVICE_BOUND"
    chinese = "设备已绑定另一商户：一台设备只属于一个商户"


class BindingOverlap(Conflict):
    """Another broker holds this role at the merchant in that period."""

    code = "BINDING_OVERLAP"
    chinese = "此期间该角色已有另一位经纪人"


class AlreadyClaimed(Conflict):
    """Another broker has claimed the merchant from the shared pool."""

    code = "ALREADY_CLAIMED"
    chinese = "另一位经纪人已从共享池认领该商户"


class HandoverIncomplete(Invalid):
    """A handover needs a successor, its days, and the part the old broker keeps."""

    code = "HANDOVER_INCOMPLETE"
    chinese = "交接须写明接手人、天数和原经纪人保留的比例"


class ApplicationNotFound(NotFound):
    """There is no such application."""

    code = "APPLICATION_NOT_FOUND"
    chinese = "没有这份进件"


class BrokerNotInStore(Conflict):
    """The broker does not work at this store, or no longer works."""

    code = "BROKER_NOT_IN_STORE"
    chinese = "经纪人不在该门店，或已离职"


class ApplicationDecided(Conflict):
    """The application is not waiting for a decision."""

    code = "APPLICATION_DECIDED"
    chinese = "这份进件不在待审状态"


class FormInvalid(Invalid):
    """The application has mistakes; `findings` holds every one, by field."""

    code = "FORM_INVALID"
    chinese = "进件填写有误，各字段的问题已全部列出"

    def __init__(self, *, findings: tuple[FieldFinding, ...]) -> None:
        """Keep every finding, so that the form can show them all at once."""
        self.findings = findings
        super().__init__(fields=sorted({finding.field for finding in findings}))


class FormUnfit(Invalid):
    """This form does not ask what opening a merchant needs; correct the form, not the answer."""

    code = "FORM_UNFIT"
    chinese = "表单缺少开户所需的字段：请修改表单，而不是答案"


class MediaInvalid(Invalid):
    """The file is no photo we take."""

    code = "MEDIA_INVALID"
    chinese = "文件不是可接受的照片"
