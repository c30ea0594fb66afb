"""The legs of the ledger of one payment, both accounts in words, and the check of their sums."""

from __future__ import annotations

from payments_core.access import Person, Role
from payments_core.ledger import Account, Code
from payments_core.money import format_fen
from payments_core.payments.model import refund_no
from payments_core.reporting.queries_payment import PaymentDetail, Transfer
from ui.components.chips import chip
from ui.components.data_table import Column, table
from ui.i18n import t
from ui.icons import icon
from ui.markup import Markup, div, join, span, tag
from ui.pages.payment_parts.words import named, state_chip

_MERCHANTS_OWN = frozenset({Account.MERCHANT_PAYABLE, Account.MERCHANT_HELD, Account.PAYOUT_CLEARING})


def visible(person: Person, transfers: tuple[Transfer, ...]) -> tuple[Transfer, ...]:
    """Return the legs this reader may see: merchants their accounts', brokers no other party's share."""
    if person.role is Role.MERCHANT:
        return tuple(one for one in transfers if {one.debit_account, one.credit_account} & _MERCHANTS_OWN)
    if person.role is Role.BROKER:
        return tuple(
            one
            for one in transfers
            if one.code != Code.SHARE or person.scope.id in (one.debit_party, one.credit_party)
        )
    return transfers


def pane(detail: PaymentDetail, legs: tuple[Transfer, ...]) -> Markup:
    """Return the table of legs; debits and credits are summed apart and compared."""
    head = div(tag("h2", t("payment.ledger")), span(t("payment.ledger_hint"), cls="f s"), cls="pane-head")
    if not legs:
        return join(head, div(t("payment.ledger_none"), cls="pane-told m"))
    columns = (
        Column[Transfer](
            key="no",
            head=t("payment.leg"),
            cell=lambda one: span(f"{one.posting_id}:{one.leg}", cls="mono s"),
            total=lambda one: t("payment.legs", count=len(legs)),
            cls="extra",
        ),
        Column[Transfer](
            key="debit",
            head=t("payment.debit"),
            cell=lambda one: _account(one.debit_account, one.debit_party),
            total=lambda one: _side("payment.debit", sum(_sides(legs)[0].values())),
        ),
        Column[Transfer](
            key="credit",
            head=t("payment.credit"),
            cell=lambda one: _account(one.credit_account, one.credit_party),
            total=lambda one: _side("payment.credit", sum(_sides(legs)[1].values())),
        ),
        Column[Transfer](
            key="amount",
            head=t("payments.amount"),
            align="r",
            cls="b",
            cell=lambda one: format_fen(one.amount_fen),
            total=lambda one: format_fen(sum(leg.amount_fen for leg in legs)),
        ),
        Column[Transfer](
            key="code", head=t("payment.purpose"), cell=_purpose, total=lambda one: _balance(legs), cls="m"
        ),
        Column[Transfer](key="phase", head=t("payments.state"), cell=_phase, cls="m extra"),
    )
    return join(head, div(table(columns, legs, totals=legs[0]), cls="wide ledger"))


def refunds(detail: PaymentDetail) -> Markup | None:
    """Return the refunds with what each gave back; None where there are none."""
    if not detail.refunds:
        return None
    payment = detail.payment
    rest = format_fen(payment.settle_amount_fen - payment.refunded_fen)
    head = div(
        tag("h2", t("payment.refunds")),
        span(t("payment.refunds_left", amount=rest), cls="f s"),
        cls="pane-head",
    )
    columns = (
        Column(
            key="no", head=t("payment.refund"), cell=lambda one: span(refund_no(one.refund_id), cls="mono s")
        ),
        Column(
            key="amount",
            head=t("payments.amount"),
            align="r",
            cls="b",
            cell=lambda one: format_fen(one.amount_fen),
        ),
        Column(key="fee", head=t("payment.fee_back"), align="r", cell=lambda one: _known(one.fee_back_fen)),
        Column(key="day", head=t("payment.booked"), cell=lambda one: one.business_date or t("state.nothing")),
        Column(key="state", head=t("payments.state"), cell=lambda one: _refund_state(one.state)),
    )
    return join(head, div(table(columns, detail.refunds), cls="wide ledger"))


def _known(amount_fen: int | None) -> str:
    return t("state.nothing") if amount_fen is None else format_fen(amount_fen)


def _refund_state(state: str) -> Markup:
    return chip(t("payment.refunding"), "info") if state == "PROCESSING" else state_chip(state)


def _account(account: str, party: str) -> Markup:
    return join(named("ledger", account), span(f" {party}", cls="mono f s") if party else None)


def _purpose(one: Transfer) -> str:
    word = named("ledger.code", one.code)
    return t("payment.whole_day", code=word) if one.is_daily else word


def _phase(one: Transfer) -> Markup:
    if one.phase == "PENDING":
        return chip(named("ledger.phase", one.phase), "warn", icon_name="hourglass")
    return span(named("ledger.phase", one.phase), cls="m")


def _side(key: str, amount_fen: int) -> str:
    return f"{t(key)} {format_fen(amount_fen)}"


def _sides(legs: tuple[Transfer, ...]) -> tuple[dict[str, int], dict[str, int]]:
    debits: dict[str, int] = {}
    credits: dict[str, int] = {}
    for one in legs:
        debits[one.debit_account] = debits.get(one.debit_account, 0) + one.amount_fen
        credits[one.credit_account] = credits.get(one.credit_account, 0) + one.amount_fen
    return debits, credits


def _balance(legs: tuple[Transfer, ...]) -> Markup:
    debits, credits = _sides(legs)
    is_even = sum(debits.values()) == sum(credits.values())
    mark = icon("check" if is_even else "alert", size=14)
    return span(
        mark,
        " ",
        t("payment.balanced" if is_even else "payment.unbalanced"),
        cls="good b" if is_even else "bad b",
    )
