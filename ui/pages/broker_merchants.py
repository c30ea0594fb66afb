"""A broker's merchants, and the page about himself; the latter serves merchants too."""

from __future__ import annotations

from datetime import timedelta

from payments_core import reporting
from payments_core.access import Action
from payments_core.calendar import month_of
from payments_core.reporting import MerchantMonth, Period
from ui import shell
from ui.components import states, words
from ui.components.chips import chip
from ui.i18n import t
from ui.icons import icon
from ui.markup import Markup, div, join, show, span, tag
from ui.pages.broker_income import month_from, month_menu, own_broker
from ui.visit import NotAllowed, Visit, page


def register() -> None:
    """Register /m/merchants and /m/me."""

    @page("/m/merchants", action=Action.READ_REPORT)
    async def merchants(visit: Visit, month: str = "") -> None:
        broker_id, first = own_broker(visit), month_from(month, today=visit.today)
        period = Period(first=first, last=month_of(first + timedelta(days=32)) - timedelta(days=1))
        found = await visit.read(reporting.broker_merchants, broker_id=broker_id, period=period)
        with shell.frame(visit, section="merchants", title=t("merchants.title")) as made:
            with made.actions:
                show(month_menu("/m/merchants", first, today=visit.today))
            show(_list(found, f"{first:%Y-%m}"))

    @page("/m/me", action=None)
    async def me(visit: Visit) -> None:
        if visit.person.role not in shell.PHONE_ROLES:
            raise NotAllowed
        place = await visit.read(reporting.scope_name, scope=visit.person.scope)
        person = visit.person
        with shell.frame(visit, section="me", title=t("me.title")):
            facts = (
                _fact(t("me.account"), t("me.account_value", name=person.name, login=person.login)),
                _fact(t("me.place"), f"{t(f'role.{person.role.value}')} {place}"),
            )
            show(
                join(
                    tag("section", *facts, cls="blk"),
                    tag("section", shell.account_forms(visit, cls="li"), cls="blk"),
                )
            )


def _list(found: tuple[MerchantMonth, ...], month: str) -> Markup:
    if not found:
        return div(states.empty(t("merchants.none"), t("merchants.none_hint")), cls="hero")
    active = sum(bool(one.payment_count) for one in found)
    lead = div(
        div(t("merchants.lead", month=month, active=active, count=len(found)), cls="m"),
        div(words.money(sum(one.payment_fen for one in found)), cls="amt"),
        cls="hero",
    )
    return join(lead, tag("section", *(_row(one) for one in found), cls="blk"))


def _row(one: MerchantMonth) -> Markup:
    told = t("merchants.row_none")
    if one.last_day is not None:
        told = t("merchants.row", count=words.count(one.payment_count), day=words.day(one.last_day))
    state = None
    if one.status != "ACTIVE":
        state = chip(t(f"merchants.status_{one.status}"), "bad" if one.status == "FROZEN" else "warn")
    return tag(
        "a",
        div(div(one.name, " ", state), div(told, cls="m s"), cls="grow"),
        span(words.money(one.payment_fen if one.payment_count else None), cls="b n"),
        icon("right", size=20, cls="f"),
        href=f"/hierarchy/{one.merchant_id}",
        cls="li",
    )


def _fact(label: str, value: str) -> Markup:
    return div(span(label, cls="m grow"), span(value), cls="li")
