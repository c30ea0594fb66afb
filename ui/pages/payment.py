"""One payment: what happened, how much of it we keep, and why risk decided as it did."""

from __future__ import annotations

from sqlalchemy import Connection
from starlette.concurrency import run_in_threadpool

from engine.releases import Release, ReleaseError
from payments_core import reporting
from payments_core.access import Action, Role
from payments_core.errors import PaymentsCoreError
from payments_core.money import format_fen
from payments_core.payments.errors import PaymentNotFound
from payments_core.payments.model import payment_no
from payments_core.payments.queries import RefundState
from payments_core.reporting.queries_payment import PaymentDetail, get_payment_detail
from ui import shell
from ui.components import words
from ui.components.chips import chip
from ui.i18n import t
from ui.markup import Markup, div, fill, join, link, show, span, tag
from ui.pages.payment_parts import evidence, known, ledger, money, risk
from ui.pages.payment_parts.words import masked, named, sees_margin, sees_payer, state_chip
from ui.visit import Visit, page


def register() -> None:
    """Register the page."""

    @page("/payments/{number}", action=Action.READ_PAYMENTS)
    async def payment(visit: Visit, number: str) -> None:
        payment_id = _read_number(number)

        def read(connection: Connection) -> tuple[reporting.Surroundings, PaymentDetail]:
            around = reporting.surroundings(connection, scope=visit.person.scope, now=visit.now)
            return around, get_payment_detail(connection, payment_id=payment_id)

        around, detail = await visit.read(read)
        priced_by = await run_in_threadpool(_release, visit, detail.payment.release_no)
        decided_by = await run_in_threadpool(_release, visit, detail.payment.risk_release_no)
        with shell.frame(
            visit,
            section="money",
            title=payment_no(payment_id),
            around=around,
            crumbs=((t("payments.title"), "/payments"),),
            after_title=_chips(detail),
            headline=join(_told(visit, detail), _facts(visit, detail)),
        ):
            _panes(visit, detail, priced_by=priced_by, decided_by=decided_by)


def _read_number(number: str) -> int:
    digits = number.removeprefix("P")
    if not (digits.isascii() and digits.isdigit()) or len(digits) > 18 + 1 or int(digits) >= 2**63:
        raise PaymentNotFound(None, payment_id=number[:40])
    return int(digits)


def _release(visit: Visit, release_no: int) -> Release | None:
    """The release may be gone from the repository; the money of the payment does not depend on it."""
    try:
        return visit.services.rulebooks.get(release_no)
    except (PaymentsCoreError, ReleaseError):
        return None


def _panes(
    visit: Visit, detail: PaymentDetail, *, priced_by: Release | None, decided_by: Release | None
) -> None:
    sees_shares = visit.may(Action.READ_SHARES)
    is_whole = visit.person.scope.kind == "all"
    left = evidence.pane(detail, sees_shares=sees_shares)
    middle: list[Markup | None] = []
    if sees_margin(visit):
        paid_at = detail.payment.paid_at
        found = money.steps(
            detail,
            fee=money.pricing_of(priced_by, detail.fee_rule, at=paid_at) if priced_by else None,
            cost=money.pricing_of(priced_by, detail.cost_rule, at=paid_at) if priced_by else None,
            knows_all=is_whole,
        )
        links_rules = visit.may(Action.READ_MONEY_RULES)
        middle.append(money.waterfall(detail, found, links_rules=links_rules))
    middle += [ledger.pane(detail, ledger.visible(visit.person, detail.transfers)), ledger.refunds(detail)]
    middle.append(known.pane(detail, sees_margin=sees_margin(visit)))
    right = None
    if visit.may(Action.READ_RISK_RULES) and decided_by is not None:
        right = risk.pane(detail, risk.grounds(decided_by, detail))
    show(
        div(
            tag("section", left, cls="pane", aria_label=t("payment.evidence")),
            tag("section", *middle, cls="pane", aria_label=t("payment.ledger")),
            tag("section", right, cls="pane", aria_label=t("payments.risk")) if right is not None else None,
            cls="panes" if right is not None else "panes two",
        ),
        cls="panes-box",
    )


def _chips(detail: PaymentDetail) -> Markup:
    payment = detail.payment
    parts = [state_chip(payment.state)]
    if payment.refund_state is RefundState.PARTIAL:
        parts.append(chip(t("payment.partly_refunded"), "info", icon_name="swap"))
    if payment.refund_state is RefundState.FULL:
        parts.append(chip(t("payment.fully_refunded"), "info", icon_name="swap"))
    case = detail.case
    if case is not None and case.hold_until is not None and case.hold_fen and case.state == "OPEN":
        parts.append(chip(t("payment.held", until=case.hold_until.isoformat()), "warn", icon_name="lock"))
    return join(*parts, between=" ")


def _told(visit: Visit, detail: PaymentDetail) -> Markup:
    """The phone's frame has no room beside the title, so there the chips lead the sentence."""
    sentence = _headline(visit, detail)
    return join(_chips(detail), " ", sentence) if visit.person.role in shell.PHONE_ROLES else sentence


def _headline(visit: Visit, detail: PaymentDetail) -> Markup:
    payment = detail.payment
    amount = tag("b", format_fen(payment.settle_amount_fen))
    if payment.fee_fen is None or payment.cost_fen is None:
        why = named("payment.refused", payment.refused_code) if payment.refused_code else ""
        key = "payment.headline_open" if payment.state in ("INIT", "PAYING") else "payment.headline_none"
        return fill(
            t(key), amount=amount, state=named("payment.state", payment.state), why=f"：{why}" if why else ""
        )
    net = tag("b", format_fen(payment.settle_amount_fen - payment.fee_fen))
    parts = [fill(t("payment.headline"), amount=amount, net=net)]
    if sees_margin(visit):
        margin = tag("b", format_fen(payment.fee_fen - payment.cost_fen))
        parts.append(fill(t("payment.headline_margin"), margin=margin))
    if payment.refunded_fen:
        parts.append(fill(t("payment.headline_back"), back=tag("b", format_fen(payment.refunded_fen))))
    return join(*parts, t("payment.stop"))


def _facts(visit: Visit, detail: PaymentDetail) -> Markup:
    payment = detail.payment
    at = payment.paid_at or payment.created_at
    merchant = f"/payments?{_same_days(detail)}&place={payment.merchant_id}"
    entries: list[tuple[str, Markup | str]] = [
        (t("payments.merchant"), join(link(detail.merchant_name, merchant), " ", _id(payment.merchant_id))),
        (t("payments.store"), join(_place(visit, detail), " ", _id(payment.store_id))),
        (t("payment.broker"), _brokers(detail)),
        (
            t("payments.channel"),
            t("list.comma").join(
                (named("payment.channel", payment.channel), named("payment.mode", payment.mode))
            ),
        ),
        (
            t("payment.paid_at" if payment.paid_at else "payments.at"),
            join(words.time_of(at), " ", span(words.ago(at, now=visit.now), cls="f")),
        ),
    ]
    if sees_payer(visit) and visit.person.role is not Role.MERCHANT:
        entries.append((t("payments.payer"), span(masked(payment.payer_hash), cls="mono")))
    release = f"R-{payment.release_no}"
    may_read = visit.may(Action.READ_MONEY_RULES)
    shown = link(release, "/releases", cls="lk mono") if may_read else span(release, cls="mono")
    entries.append((t("payment.release"), shown))
    return tag("dl", *(div(tag("dt", key), tag("dd", value)) for key, value in entries), cls="facts")


def _same_days(detail: PaymentDetail) -> str:
    on = words.time_of(detail.payment.created_at)[:10]
    return f"first={on}&last={on}"


def _place(visit: Visit, detail: PaymentDetail) -> Markup:
    if not visit.may(Action.READ_REPORT) or visit.person.role in shell.PHONE_ROLES:
        return span(detail.store_name)
    return link(detail.store_name, f"/hierarchy/{detail.payment.store_id}")


def _brokers(detail: PaymentDetail) -> Markup:
    payment = detail.payment
    if not payment.broker_id:
        return span(t("payment.shared_pool"), cls="m")
    parts = [join(detail.broker_name, " ", _id(payment.broker_id))]
    if payment.opener_id and payment.opener_id != payment.broker_id:
        parts.insert(0, join(detail.opener_name, " ", _id(payment.opener_id)))
    return join(*parts, between=t("list.and"))


def _id(value: str) -> Markup:
    return span(value, cls="mono f")
