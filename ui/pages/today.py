"""The first page of everybody with a desk: how today goes, the channels, yesterday's business day."""

from __future__ import annotations

from datetime import timedelta

from nicegui import ui
from sqlalchemy import Connection
from starlette.responses import RedirectResponse

from payments_core import reporting
from payments_core.access import Action
from payments_core.calendar import SHANGHAI
from payments_core.reporting import Overview, Surroundings
from ui import shell
from ui.components import words
from ui.components.chart import Series, line_chart
from ui.i18n import t
from ui.markup import Markup, div, fill, join, link, show, span, tag
from ui.pages.payment_parts.words import named
from ui.pages.report_parts.headline import signed
from ui.pages.today_parts import channels, days, tiles
from ui.visit import Visit, page


def register() -> None:
    """Register /, which sends brokers, merchants and the administrator to their own first page."""

    @page("/", action=None)
    async def today(visit: Visit) -> RedirectResponse | None:
        if visit.person.role in shell.PHONE_ROLES or not visit.may(Action.READ_REPORT):
            return RedirectResponse(shell.landing(visit.person), 303)

        def read(connection: Connection) -> tuple[Surroundings, Overview]:
            around = reporting.surroundings(connection, scope=visit.person.scope, now=visit.now)
            return around, reporting.overview(connection, now=visit.now)

        around, found = await visit.read(read)
        clock = f"{visit.now.astimezone(SHANGHAI):%H:%M}"
        when = span(f"{visit.today.isoformat()} {words.weekday(visit.today)} {clock}", cls="m")
        node = visit.person.scope.id or "HQ"
        with shell.frame(
            visit,
            section="today",
            title=t("nav.today"),
            around=around,
            after_title=when,
            headline=_headline(visit, found, clock),
            actions=link(t("today.more"), f"/hierarchy/{node}", cls="btn"),
        ):
            show(div(tiles.panel(found, on=visit.today, clock=clock), cls="wrap wrap-top"))
            with ui.element("div").classes("mid split"):
                with ui.element("div").classes("stack"):
                    _hours(visit, found)
                    show(days.business_day(found, on=visit.today - timedelta(days=1)))
                with ui.element("div").classes("stack"):
                    show(channels.panel(found))
                    show(days.closed(found))
        return None


def _headline(visit: Visit, found: Overview, clock: str) -> Markup:
    now, before = found.today, found.week_ago
    parts = []
    if now.payment_count:
        parts.append(
            fill(
                t("today.headline"),
                time=clock,
                count=tag("b", words.count(now.payment_count)),
                amount=tag("b", words.money(now.payment_fen)),
                compared=_compared(visit, now.payment_fen, before.payment_fen),
            )
        )
    else:
        parts.append(span(t("today.headline_none")))
    parts += [
        fill(
            t("today.headline_channel"),
            channel=named("payment.channel", one.channel),
            rate=channels.success(one),
        )
        for one in found.channels
        if channels.judge(one) in ("warn", "bad")
    ]
    if found.business_day is not None:
        parts.append(fill(t("today.headline_day"), state=t(f"today.day_{found.business_day.state.lower()}")))
    return join(*parts, between=" ")


def _compared(visit: Visit, now_fen: int, before_fen: int) -> Markup:
    if not before_fen:
        return Markup("")
    change = tag("b", signed(now_fen, before_fen))
    return fill(t("today.headline_compared"), weekday=words.weekday(visit.today), change=change)


def _hours(visit: Visit, found: Overview) -> None:
    hint = t("today.hours_hint", weekday=words.weekday(visit.today))
    with ui.element("section").classes("pan"):
        show(div(tag("h2", t("today.hours_title")), span(hint, cls="f s"), cls="ph"))
        line_chart(
            labels=[f"{hour.hour}:00" for hour in found.hours],
            series=(
                Series(name=t("today.series"), values=[hour.payment_count for hour in found.hours]),
                Series(
                    name=t("today.series_before"),
                    values=[hour.before_count for hour in found.hours],
                    is_comparison=True,
                ),
            ),
            dark=visit.dark,
            from_zero=True,
            description=hint,
        )
