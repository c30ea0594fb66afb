"""Words and chips of payments that the list, the detail and the files share."""

from __future__ import annotations

from payments_core.access import Action, Role
from payments_core.payments.model import payment_no
from ui.components.chips import Meaning, chip
from ui.i18n import catalogue, t
from ui.markup import Markup, link
from ui.visit import Visit

CHANNELS = ("WECHAT", "ALIPAY", "UNIONPAY_QR", "BANKCARD")
STATES = ("SUCCESS", "PAYING", "FAILED", "CLOSED", "REVOKED", "INIT")
DECISIONS = ("PASS", "REVIEW", "REJECT")
_STATES: dict[str, tuple[Meaning, str]] = {
    "SUCCESS": ("good", ""),
    "PAYING": ("info", ""),
    "INIT": ("info", ""),
    "FAILED": ("bad", ""),
    "CLOSED": ("plain", "minus"),
    "REVOKED": ("plain", "minus"),
}
_DECISIONS: dict[str, tuple[Meaning, str]] = {
    "PASS": ("good", "shield"),
    "REVIEW": ("warn", ""),
    "REJECT": ("bad", ""),
}


def named(area: str, code: str) -> str:
    """Return the word of a code; a code nobody wrote a word for stays as it is."""
    key = f"{area}.{code}"
    return t(key) if key in catalogue() else code


def state_chip(state: str) -> Markup:
    """Return the state of a payment as a chip."""
    meaning, mark = _STATES.get(state, ("plain", ""))
    return chip(named("payment.state", state), meaning, icon_name=mark)


def decision_chip(decision: str) -> Markup:
    """Return what risk said as a chip."""
    meaning, mark = _DECISIONS.get(decision, ("plain", ""))
    return chip(named("payment.risk", decision), meaning, icon_name=mark)


def masked(payer_hash: str) -> str:
    """Return the ends of a payer's hash; a payer nobody knows is a dash."""
    if not payer_hash:
        return t("state.nothing")
    return f"{payer_hash[:4]}····{payer_hash[-4:]}" if len(payer_hash) > 8 else "····"


def number_link(payment_id: int) -> Markup:
    """Return the payment's number, linked to its page."""
    number = payment_no(payment_id)
    return link(number, f"/payments/{number}", cls="lk mono")


def sees_margin(visit: Visit) -> bool:
    """Tell whether channel cost and margin are this reader's business: the merchant's they are not."""
    return visit.may(Action.READ_REPORT)


def sees_payer(visit: Visit) -> bool:
    """Tell whether the reader may see even a masked payer: a broker may not."""
    return visit.person.role is not Role.BROKER
