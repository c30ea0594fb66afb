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


class PaymentNotFound(NotFound):
    """There is no such payment."""

    code = "PAYMENT_NOT_FOUND"


class RefundNotFound(NotFound):
    """There is no such refund."""

    code = "REFUND_NOT_FOUND"


class AmountInvalid(Invalid):
    """An amount is a whole number of fen above zero, and its parts lie within it."""

    code = "AMOUNT_INVALID"


class RequestInvalid(Invalid):
    """A field of the request has no known value."""

    code = "REQUEST_INVALID"


class RefundWindow(Invalid):
    """A payment takes 50 refunds within 365 days and no more."""

    code = "REFUND_WINDOW"


class MerchantNotActive(Conflict):
    """The merchant may not take payments now."""

    code = "MERCHANT_NOT_ACTIVE"


class DeviceBindingMismatch(Conflict):
    """The device does not belong to this merchant."""

    code = "DEVICE_BINDING_MISMATCH"


class IdempotencyConflict(Conflict):
    """This number was used before with another content."""

    code = "IDEMPOTENCY_CONFLICT"


class RefundExceeds(Conflict):
    """The refund is more than what remains of the payment."""

    code = "REFUND_EXCEEDS"


class PaymentNotRefundable(Conflict):
    """The payment holds no money that could be returned."""

    code = "PAYMENT_NOT_REFUNDABLE"


class PaymentIllegalTransition(Conflict):
    """The payment's present state does not allow this step."""

    code = "PAYMENT_ILLEGAL_TRANSITION"


class PriceMissing(Conflict):
    """No rule in force prices this payment; it stays open and is asked for again."""

    code = "PRICE_MISSING"
    retryable = True


class NoActiveRelease(Conflict):
    """No rulebook is active."""

    code = "NO_ACTIVE_RELEASE"
    retryable = True


class RefusedByDatabase(Conflict):
    """The database refused this item; nothing of it was written."""

    code = "REFUSED_BY_DATABASE"


class StoreUnavailable(Conflict):
    """The database did not answer; sending the same request again is safe."""

    code = "STORE_UNAVAILABLE"
    retryable = True


class Overloaded(Conflict):
    """Too many payments are waiting; sending the same request again later is safe."""

    code = "OVERLOADED"
    retryable = True
