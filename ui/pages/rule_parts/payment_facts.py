"""The facts of a past payment, as a trial of a rule takes them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from engine.expressions import Value
from engine.releases import Release
from payments_core.access import Action
from payments_core.errors import NotFound
from payments_core.payments.queries import PaymentView
from payments_core.reporting.queries_payment import get_payment_detail
from ui.pages.payment_parts.risk import stored_facts
from ui.visit import Visit

_MOST = 2**63 - 1


async def load(visit: Visit, release: Release, number: str) -> Mapping[str, Value] | None:
    """Return what is known of payment `P…` as facts, None where there is no such payment for this person.

    What risk read when it decided is stored with the payment; the rest comes from the payment itself.
    """
    digits = number.strip().upper().removeprefix("P")
    is_number = digits.isascii() and digits.isdigit() and len(digits) < 20 and int(digits) <= _MOST
    if not is_number or not visit.may(Action.READ_PAYMENTS):
        return None
    try:
        detail = await visit.read(get_payment_detail, payment_id=int(digits))
    except NotFound:
        return None
    facts = {**_own(detail.payment), **stored_facts(release, detail.payment.risk_facts)}
    return {name: value for name, value in facts.items() if name in release.rulebook.vocabulary.facts}


def _own(payment: PaymentView) -> dict[str, Any]:
    facts: dict[str, Any] = {
        "txn.channel": payment.channel,
        "txn.mode": payment.mode,
        "txn.card_type": payment.card_type,
        "txn.bank_code": payment.bank_code,
        "txn.amount_fen": payment.amount_fen,
        "txn.settle_amount_fen": payment.settle_amount_fen,
        "txn.buyer_paid_fen": payment.buyer_paid_fen,
        "merchant.id": payment.merchant_id,
        "merchant.store_id": payment.store_id,
        "merchant.broker_id": payment.broker_id,
    }
    if payment.paid_at is not None:
        facts["txn.paid_at"] = payment.paid_at
    return facts
