"""The list of payments: what the filter finds, its sums, and the way into each payment."""

from __future__ import annotations

from typing import Any

from nicegui import ui
from sqlalchemy import Connection

from payments_core import reporting
from payments_core.access import Action
from payments_core.calendar import SHANGHAI
from payments_core.payments.model import payment_no
from payments_core.reporting.queries_payments import (
    PaymentFilter,
    PaymentRow,
    PaymentTotals,
    list_payments,
    sum_payments,
)
from ui import shell
from ui.components import words
from ui.components.data_table import Column, DataTable, Slice, View
from ui.i18n import t
from ui.icons import icon
from ui.markup import Markup, div, fill, join, link, show, span, tag
from ui.pages.payment_parts import choice
from ui.pages.payment_parts.choice import Choice
from ui.pages.payment_parts.words import (
    decision_chip,
    masked,
    named,
    number_link,
    sees_margin,
    sees_payer,
    state_chip,
)
from ui.visit import Visit, page


def register() -> None:
    """Register the page."""

    @page("/payments", action=Action.READ_PAYMENTS)
    async def payments(
        visit: Visit,
        first: str = "",
        last: str = "",
        channel: str = "",
        state: str = "",
        decision: str = "",
        least: str = "",
        most: str = "",
        place: str = "",
        number: str = "",
    ) -> None:
        chosen = Choice(
            first=first,
            last=last,
            channel=channel,
            state=state,
            decision=decision,
            least=least,
            most=most,
            place=place,
            number=number,
        )
        wanted = chosen.read(today=visit.today)

        def read(connection: Connection) -> tuple[reporting.Surroundings, PaymentTotals]:
            around = reporting.surroundings(connection, scope=visit.person.scope, now=visit.now)
            return around, sum_payments(connection, wanted=wanted)

        around, totals = await visit.read(read)
        export = link(
            join(icon("download"), t("payments.export")), f"/payments/export.csv{chosen.query}", cls="btn"
        )
        with shell.frame(
            visit,
            section="money",
            title=t("payments.title"),
            around=around,
            headline=_headline(visit, wanted, totals),
            actions=export,
        ):
            show(div(choice.form(chosen, wanted), cls="wrap wrap-top"))
            with ui.element("div").classes("wrap"), ui.element("section").classes("pan clip fill"):
                await _table(visit, wanted, totals).show()


def _headline(visit: Visit, wanted: PaymentFilter, totals: PaymentTotals) -> Markup:
    days = wanted.first.isoformat()
    if wanted.last != wanted.first:
        days = words.span_of_days(wanted.first, wanted.last)
    if not totals.count:
        return span(t("payments.headline_none", days=days))
    told = fill(
        t("payments.headline"),
        days=days,
        count=tag("b", words.count(totals.succeeded)),
        amount=tag("b", words.money(totals.succeeded_fen)),
        fee=tag("b", words.money(totals.fee_fen)),
    )
    parts = [told]
    if sees_margin(visit):
        margin = words.money(totals.fee_fen - totals.cost_fen)
        parts.append(fill(t("payments.headline_margin"), margin=tag("b", margin)))
    if totals.count > totals.succeeded:
        parts.append(fill(t("payments.headline_rest"), count=words.count(totals.count - totals.succeeded)))
    return join(*parts)


def _table(visit: Visit, wanted: PaymentFilter, totals: PaymentTotals) -> DataTable[Any]:
    async def load(view: View) -> Slice[Any]:
        rows = await visit.read(
            list_payments,
            wanted=wanted,
            sort=view.sort,
            descending=view.descending,
            offset=view.offset,
            limit=view.size,
        )
        return Slice(rows=rows, total=totals.count, totals=totals)

    return DataTable(
        columns=_columns(visit),
        load=load,
        view=View(sort="created_at"),
        empty_title=t("payments.none"),
        empty_hint=t("payments.none_hint"),
    )


def _columns(visit: Visit) -> tuple[Column[Any], ...]:
    is_desk = visit.person.role not in shell.PHONE_ROLES
    one_day: Column[Any] = Column(
        key="created_at",
        head=t("payments.at"),
        cell=_when,
        sortable=True,
        cls="f",
        total=lambda totals: t("payments.total", count=words.count(totals.count)),
    )
    amount: Column[Any] = Column(
        key="amount",
        head=t("payments.amount"),
        cell=_amount,
        align="r",
        sortable=True,
        total=lambda totals: words.money(totals.amount_fen),
    )
    state: Column[Any] = Column(key="state", head=t("payments.state"), cell=_state, sortable=True)
    number: Column[Any] = Column(
        key="number", head=t("payments.payment"), cell=lambda row: number_link(row.payment_id), cls="extra"
    )
    place: Column[Any] = Column(key="merchant", head=t("payments.merchant"), cell=_merchant, sortable=True)
    if not is_desk:
        return (one_day, place, amount, state)
    payer: Column[Any] = Column(
        key="payer",
        head=t("payments.payer"),
        cell=lambda row: span(masked(row.payer_hash), cls="mono f"),
        cls="extra",
    )
    return (
        one_day,
        number,
        place,
        Column(
            key="store", head=t("payments.store"), cell=lambda row: span(row.store_name, cls="m"), cls="extra"
        ),
        Column(key="channel", head=t("payments.channel"), cell=_channel, sortable=True, cls="extra"),
        *([payer] if sees_payer(visit) else []),
        amount,
        *_figures(visit),
        state,
        Column(key="risk", head=t("payments.risk"), cell=_risk, cls="extra"),
    )


def _figures(visit: Visit) -> list[Column[Any]]:
    fee: Column[Any] = Column(
        key="fee",
        head=t("payments.fee"),
        cell=lambda row: words.money(row.fee_fen, symbol=False),
        align="r",
        sortable=True,
        total=lambda totals: words.money(totals.fee_fen, symbol=False),
        cls="extra",
    )
    margin: Column[Any] = Column(
        key="margin",
        head=t("payments.margin"),
        cell=lambda row: words.money(_margin(row), symbol=False),
        align="r",
        total=lambda totals: words.money(totals.fee_fen - totals.cost_fen, symbol=False),
        cls="extra",
    )
    back: Column[Any] = Column(
        key="back",
        head=t("payments.refunded"),
        align="r",
        cls="extra",
        cell=lambda row: words.money(row.refunded_fen, symbol=False) if row.refunded_fen else None,
        total=lambda totals: words.money(totals.refunded_fen, symbol=False),
    )
    return [fee, margin, back] if sees_margin(visit) else [fee, back]


def _margin(row: PaymentRow) -> int | None:
    return None if row.fee_fen is None or row.cost_fen is None else row.fee_fen - row.cost_fen


def _when(row: PaymentRow) -> Markup:
    local = row.created_at.astimezone(SHANGHAI)
    return link(f"{local:%m-%d %H:%M:%S}", f"/payments/{payment_no(row.payment_id)}", cls="when n")


def _merchant(row: PaymentRow) -> Markup:
    return join(row.merchant_name, " ", span(row.merchant_id, cls="mono f extra"))


def _channel(row: PaymentRow) -> Markup:
    return join(named("payment.channel", row.channel), " ", span(named("payment.mode", row.mode), cls="f"))


def _amount(row: PaymentRow) -> Markup:
    return span(words.money(row.amount_fen), cls="b" if row.state == "SUCCESS" else "f")


def _state(row: PaymentRow) -> Markup:
    why = named("payment.refused", row.refused_code) if row.refused_code else ""
    return join(state_chip(row.state), span(f" {why}", cls="f s extra") if why else None)


def _risk(row: PaymentRow) -> Markup | None:
    if row.risk_decision == "PASS":
        return None
    return join(decision_chip(row.risk_decision), span(f" {' '.join(row.risk_hits)}", cls="mono f"))
