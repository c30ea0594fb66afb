"""Tiles, the chart of days, and where the growth came from."""

from __future__ import annotations

from nicegui import ui

from payments_core.money import divide
from payments_core.reporting import METRICS, Figures, Report
from ui.components import kpi, words
from ui.components.bars import Contribution, contributions
from ui.components.chart import Series, line_chart
from ui.i18n import either, t
from ui.markup import Markup, div, show, span, tag
from ui.pages.report_parts.choice import label, spaced
from ui.pages.report_parts.headline import has_base, weekends

_BARS = 10


def key_figures(report: Report) -> Markup:
    """Return the six tiles, each against the comparison period, with eight weeks."""
    now, before = report.totals, report.before
    figures = (
        ("amount", words.money(now.payment_fen), "", now.payment_fen, before.payment_fen),
        ("count", words.count(now.payment_count), "", now.payment_count, before.payment_count),
        (
            "active",
            words.count(now.active_merchants),
            _of_all(now),
            now.active_merchants,
            before.active_merchants,
        ),
        ("opened", words.count(now.opened), "", now.opened, before.opened),
        ("margin", words.money(now.margin_fen), "", now.margin_fen, before.margin_fen),
        ("share", words.money(now.broker_share_fen), "", now.broker_share_fen, before.broker_share_fen),
    )
    against = t("change.against", period=label(report.compared))
    parts = [
        kpi.tile(
            label=either(METRICS[key].title, METRICS[key].title_en),
            definition=either(METRICS[key].definition, METRICS[key].definition_en),
            value=shown,
            unit=unit,
            change=words.change(value, base, against=against),
            corner=_corner(report) if key == "amount" else "",
            trend=_trend(report, key),
        )
        for key, shown, unit, value, base in figures
    ]
    return kpi.tiles(parts, cls="wide-first")


def middle(report: Report, *, dark: bool) -> None:
    """Put the chart of days beside the contributions to the change."""
    with ui.element("div").classes("mid split" if report.children else "mid one"):
        with ui.element("section").classes("pan"):
            show(_chart_head(report))
            line_chart(
                labels=[f"{point.on.month}/{point.on.day}" for point in report.days],
                series=_series(report),
                dark=dark,
                bands=weekends(report.period, report),
                description=_chart_hint(report),
            )
        if report.children:
            show(_growth(report), cls="stretch")


def _series(report: Report) -> tuple[Series, ...]:
    name = label(report.period) if report.period.is_month else t("report.amount")
    own = Series(name=name, values=[_hundredths(point.payment_fen) for point in report.days])
    if not _has_earlier_days(report):
        return (own,)
    compared = [_hundredths(point.compared_fen) for point in report.days]
    return own, Series(name=t("report.series_before"), values=compared, is_comparison=True)


def _has_earlier_days(report: Report) -> bool:
    """Tell whether most days have a day to stand against; a line of a few tells nothing."""
    return 2 * sum(bool(point.compared_fen) for point in report.days) >= len(report.days)


def _chart_hint(report: Report) -> str:
    return t("report.chart_hint" if _has_earlier_days(report) else "report.chart_hint_alone")


def _chart_head(report: Report) -> Markup:
    known = [point for point in report.days if point.payment_fen is not None]
    best = max(known, key=lambda point: point.payment_fen or 0, default=None)
    told = t("report.highest", day=words.day(best.on), amount=words.money(best.payment_fen)) if best else ""
    title = "report.chart_title" if _has_earlier_days(report) else "report.chart_title_alone"
    return div(
        tag("h2", t(title, name=report.place.node.name)),
        span(_chart_hint(report), cls="f s el grow"),
        span(told, cls="s m"),
        cls="ph",
    )


def _growth(report: Report) -> Markup:
    rows = [
        Contribution(
            name=child.node.name or t("report.shared_pool"),
            amount_fen=child.figures.payment_fen - child.before.payment_fen,
            href=f"/hierarchy/{child.node.id}" if child.node.id else "",
        )
        for child in report.children
    ]
    rows.sort(key=lambda row: -abs(row.amount_fen))
    shown, rest = (rows, []) if len(rows) <= _BARS else (rows[: _BARS - 1], rows[_BARS - 1 :])
    shown.sort(key=lambda row: -row.amount_fen)
    if rest and report.child_level:
        unit = t(f"unit.{report.child_level.value}")
        name = t("report.rest", count=len(rest), unit=unit)
        shown.append(Contribution(name=name, amount_fen=sum(row.amount_fen for row in rest)))
    change = report.totals.payment_fen - report.before.payment_fen
    based = has_base(report)
    hint = t(
        "report.growth_hint" if based else "report.source_hint",
        period=spaced(report.period),
        before=spaced(report.compared),
    )
    head = div(
        tag("h2", t("report.growth_title" if based else "report.source_title")),
        span(hint, cls="f s"),
        span(cls="grow"),
        span(words.money(change, signed=based), cls="b"),
        cls="ph",
    )
    return tag("section", head, contributions(shown, signed=based), cls="pan")


def _trend(report: Report, key: str) -> tuple[int, ...]:
    pick = {
        "amount": lambda f: f.payment_fen,
        "count": lambda f: f.payment_count,
        "active": lambda f: f.active_merchants,
        "opened": lambda f: f.opened,
        "margin": lambda f: f.margin_fen,
        "share": lambda f: f.broker_share_fen,
    }[key]
    return tuple(pick(week.figures) for week in report.weeks)


def _of_all(figures: Figures) -> str:
    return t("report.merchants_unit", count=words.count(figures.merchants)) if figures.merchants else ""


def _corner(report: Report) -> str:
    if report.rank is None or not report.place.above:
        return ""
    rank, count = report.rank
    return t("report.rank", parent=report.place.above[-1].name, rank=rank, count=count)


def _hundredths(amount_fen: int | None) -> str | None:
    """Return 万元 to two places, as text: charts may show 万元, and no float touches money."""
    if amount_fen is None:
        return None
    hundredths = divide(amount_fen, 10_000)
    return f"{hundredths // 100}.{hundredths % 100:02d}"
