"""Refusals of payments and refunds.

NotFound
├── MerchantNotFound          no such merchant
├── PaymentNotFound           no such payment of this merchant
└── RefundNotFound            no such refund of this merchant
Invalid
├── AmountInvalid             not a whole number of fen above zero, or the parts exceed the whole
├── RequestInvalid            a field that is no known value or no plain text
└── RefundWindow              the 51st refund, or later than 365 days after the payment
Conflict
├── MerchantNotActive         the merchant is frozen, suspended or closed
├── DeviceBindingMismatch     the device is unknown or bound to another merchant
├── IdempotencyConflict       the same key came with another body
├── RefundExceeds             more than what remains
├── PaymentNotRefundable      the payment has no money to return
├── PaymentIllegalTransition  the state machine has no such step
├── PriceMissing              no fee, cost or share rule gives this payment an answer; asked again later
├── NoActiveRelease           no rulebook is active
├── RefusedByDatabase         a constraint refused the write; nothing of it was written
├── StoreUnavailable          the database did not answer; safe to send again (retryable)
└── Overloaded                the queue is full; safe to send again later (retryable)
"""

from __future__ import annotations

from payments_core.errors import Conflict, Invalid, NotFound


class MerchantNotFound(NotFound):
    """There is no such merchant."""

    code = "MERCHANT_NOT_FOUND"
    chinese = "没有这个商户"


class PaymentNotFound(NotFound):
    """There is no such payment."""

    code = "PAYMENT_NOT_FOUND"
    chinese = "没有这笔支付"


class RefundNotFound(NotFound):
    """There is no such refund."""

    code = "REFUND_NOT_FOUND"
    chinese = "没有这笔退款"


class AmountInvalid(Invalid):
    """An amount is a whole number of fen above zero, and its parts lie within it."""

    code = "AMOUNT_INVALID"
    chinese = "金额应为大于零的整数分，且各部分不超过总额"


class RequestInvalid(Invalid):
    """A field of the request has no known value."""

    code = "REQUEST_INVALID"
    chinese = "请求与接口说明不符"


class RefundWindow(Invalid):
    """A payment takes 50 refunds within 365 days and no more."""

    code = "REFUND_WINDOW"
    chinese = "每笔支付 365 天内最多退款 50 次"


class MerchantNotActive(Conflict):
    """The merchant may not take payments now."""

    code = "MERCHANT_NOT_ACTIVE"
    chinese = "商户当前不能收款"


class DeviceBindingMismatch(Conflict):
    """The device does not belong to this merchant."""

    code = "DEVICE_BINDING_MISMATCH"
    chinese = "设备不存在，或未绑定此商户"


class IdempotencyConflict(Conflict):
    """This number was used before with another content."""

    code = "IDEMPOTENCY_CONFLICT"
    chinese = "此单号已用于内容不同的请求"


class RefundExceeds(Conflict):
    """The refund is more than what remains of the payment."""

    code = "REFUND_EXCEEDS"
    chinese = "退款超过剩余可退金额"


class PaymentNotRefundable(Conflict):
    """The payment holds no money that could be returned."""

    code = "PAYMENT_NOT_REFUNDABLE"
    chinese = "这笔支付没有可退的金额"


class PaymentIllegalTransition(Conflict):
    """The payment's present state does not allow this step."""

    code = "PAYMENT_ILLEGAL_TRANSITION"
    chinese = "支付单当前状态不允许这一步"


class PriceMissing(Conflict):
    """No rule in force prices this payment; it stays open and is asked for again."""

    code = "PRICE_MISSING"
    chinese = "没有适用的费率规则，支付保持待处理"
    retryable = True


class NoActiveRelease(Conflict):
    """No rulebook is active."""

    code = "NO_ACTIVE_RELEASE"
    chinese = "尚未启用任何规则版本"
    retryable = True


class RefusedByDatabase(Conflict):
    """The database refused this item; nothing of it was written."""

    code = "REFUSED_BY_DATABASE"
    chinese = "数据校验未通过，未写入任何内容"


class StoreUnavailable(Conflict):
    """The database did not answer; sending the same request again is safe."""

    code = "STORE_UNAVAILABLE"
    chinese = "服务暂时不可用，请用原单号重试"
    retryable = True


class Overloaded(Conflict):
    """Too many payments are waiting; sending the same request again later is safe."""

    code = "OVERLOADED"
    chinese = "系统繁忙，本次请求未处理，请稍后用原单号重试"
    retryable = True
