"""The first page of everybody with a desk: how today goes, the channels, yesterday's business day."""

from __future__ import annotations

from datetime import timedelta

from nicegui import ui
from sqlalchemy import Connection
from starlette.responses import RedirectResponse

from payments_core import reporting
from payments_core.access import Action
from payments_core.calendar import SHANGHAI
from payments_core.reporting import METRICS, Overview, Surroundings
from ui import shell
from ui.components import kpi, words
from ui.components.chart import Series, line_chart
from ui.i18n import either, t
from ui.markup import Markup, div, fill, join, link, show, span, tag
from ui.pages.report_parts.headline import signed
from ui.pages.today_parts import channels, days
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
            show(div(_tiles(visit, found, clock), cls="wrap wrap-top"))
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
                weekday=words.weekday(visit.today),
                change=tag("b", signed(now.payment_fen, before.payment_fen)),
            )
        )
    else:
        parts.append(span(t("today.headline_none")))
    parts += [
        fill(t("today.headline_channel"), channel=channels.name(one.channel), rate=channels.success(one))
        for one in found.channels
        if channels.judge(one) in ("warn", "bad")
    ]
    if found.business_day is not None:
        parts.append(fill(t("today.headline_day"), state=t(f"today.day_{found.business_day.state.lower()}")))
    return join(*parts, between=" ")


def _tiles(visit: Visit, found: Overview, clock: str) -> Markup:
    now, before, on = found.today, found.week_ago, visit.today
    until, against = t("today.until", time=clock), t("today.against", weekday=words.weekday(on))
    closed = found.closed
    parts = [
        kpi.tile(
            label=t(f"today.{key}"),
            definition=_definition(metric),
            value=shown if known else None,
            corner=until,
            change=words.change(value, base, more_is=more_is, against=against),
            trend=trend,
        )
        for key, metric, known, shown, value, base, more_is, trend in (
            (
                "amount",
                "amount",
                now.payment_count,
                words.money(now.payment_fen),
                now.payment_fen,
                before.payment_fen,
                "better",
                tuple(day.payment_fen for day in closed),
            ),
            (
                "count",
                "count",
                now.payment_count,
                words.count(now.payment_count),
                now.payment_count,
                before.payment_count,
                "better",
                tuple(day.payment_count for day in closed),
            ),
            (
                "merchants",
                "active",
                now.payment_count,
                words.count(now.merchants),
                now.merchants,
                before.merchants,
                "better",
                tuple(day.merchants for day in closed),
            ),
            (
                "refund",
                "refund",
                now.payment_count or now.refund_count,
                words.money(now.refund_fen),
                now.refund_fen,
                before.refund_fen,
                "worse",
                tuple(day.refund_fen for day in closed),
            ),
        )
    ]
    yesterday = on - timedelta(days=1)
    margin, base = found.closed_on(yesterday), found.closed_on(yesterday - timedelta(days=7))
    parts.append(
        kpi.tile(
            label=t("today.margin"),
            definition=_definition("margin"),
            corner=words.day(yesterday),
            value=words.money(margin.margin_fen) if margin else None,
            trend=tuple(day.margin_fen for day in closed),
            change=words.change(
                margin.margin_fen if margin else None,
                base.margin_fen if base else None,
                against=t("today.against_day", weekday=words.weekday(yesterday)),
            ),
        )
    )
    return kpi.tiles(parts, cls="five")


def _definition(key: str) -> str:
    return either(METRICS[key].definition, METRICS[key].definition_en)


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
