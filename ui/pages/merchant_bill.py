"""A merchant's bill on the phone: received today, then each settled day with its arithmetic."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import Connection

from payments_core import reporting, settlement
from payments_core.access import Action
from payments_core.calendar import SHANGHAI
from payments_core.reporting import Overview
from payments_core.settlement import Settlement
from ui import shell
from ui.components import states, words
from ui.i18n import t
from ui.icons import icon
from ui.markup import Markup, div, join, show, span, tag
from ui.pages.phone_parts.breakdown import line
from ui.visit import NotAllowed, Visit, page

_DAYS = 31


def register() -> None:
    """Register /m/bill."""

    @page("/m/bill", action=Action.READ_SETTLEMENT)
    async def bill(visit: Visit) -> None:
        if visit.person.scope.kind != "merchant":
            raise NotAllowed
        merchant_id, today = visit.person.scope.id, visit.today

        def read(connection: Connection) -> tuple[Overview, tuple[Settlement, ...]]:
            since = today - timedelta(days=_DAYS)
            settled = settlement.list_settlements_of(
                connection, merchant_id=merchant_id, since=since, until=today
            )
            return reporting.overview(connection, now=visit.now), settled

        found, settled = await visit.read(read)
        with shell.frame(visit, section="bill", title=t("bill.title")):
            show(join(_hero(visit, found), _days(settled)))


def _hero(visit: Visit, found: Overview) -> Markup:
    so_far = found.today
    clock = f"{visit.now.astimezone(SHANGHAI):%H:%M}"
    refunded = t("bill.refunded", count=so_far.refund_count, amount=words.money(so_far.refund_fen))
    return div(
        div(t("bill.today", count=words.count(so_far.payment_count)), cls="m"),
        div(words.money(so_far.payment_fen) if so_far.payment_count else t("state.none"), cls="amt"),
        div(t("bill.until", time=clock), f" · {refunded}" if so_far.refund_count else "", cls="f s"),
        cls="hero",
    )


def _days(settled: tuple[Settlement, ...]) -> Markup:
    head = div(tag("h2", t("bill.days")), cls="bh")
    if not settled:
        return tag("section", head, states.empty(t("bill.none"), t("bill.none_hint")), cls="blk")
    return tag("section", head, *(_day(one) for one in settled), cls="blk")


def _day(one: Settlement) -> Markup:
    summary = tag(
        "summary",
        div(
            div(
                span(words.day(one.business_date), cls="b"),
                " ",
                span(words.weekday(one.business_date), cls="f"),
            ),
            div(t("bill.due", day=words.day(one.due_on)), cls="m s"),
            cls="grow",
        ),
        span(words.money(one.real_fen), cls="b n"),
        icon("right", size=20, cls="f turn"),
        cls="li",
    )
    return tag("details", summary, div(*_lines(one), cls="in"), cls="fold")


def _lines(one: Settlement) -> list[Markup]:
    """Return the arithmetic of one day; lines of nothing are left out."""
    steps = (
        ("gross", one.gross_fen, True),
        ("fee", -one.fee_fen, True),
        ("refund", -one.refund_fen, False),
        ("fee_back", one.fee_back_fen, False),
        ("fee_corrected", -one.fee_corrected_fen, False),
    )
    after = (
        ("carried_in", one.carried_in_fen),
        ("hold", -one.hold_fen),
        ("carried_out", -one.carried_out_fen),
    )
    return [
        *(line(t(f"bill.{key}"), words.money(amount)) for key, amount, always in steps if amount or always),
        line(t("bill.plan"), words.money(one.plan_fen), total=True),
        *(line(t(f"bill.{key}"), words.money(amount, signed=True)) for key, amount in after if amount),
        line(t("bill.real"), words.money(one.real_fen), total=True),
    ]
