"""The ranking of the children with its totals row, or the days of a single merchant."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from payments_core.reporting import Child, DayPoint, Figures, Level, Measure, Report
from ui.components import words
from ui.components.bars import target
from ui.components.data_table import Column, table
from ui.components.sparkline import sparkline
from ui.i18n import t
from ui.icons import triangle
from ui.markup import Markup, div, link, span, tag
from ui.pages.report_parts.choice import Choice, label
from ui.pages.report_parts.controls import switch


@dataclass(frozen=True, slots=True, kw_only=True)
class Ranked:
    """A child with its ranks by the chosen measure, or the totals of all (rank 0)."""

    child: Child
    rank: int
    rank_before: int


def measured(figures: Figures, by: Measure) -> int:
    """Return the figure a ranking is by."""
    return {
        Measure.AMOUNT: figures.payment_fen,
        Measure.COUNT: figures.payment_count,
        Measure.OPENED: figures.opened,
    }[by]


def ranked(report: Report, by: Measure) -> tuple[Ranked, ...]:
    """Return the children in the order of a measure; ties keep the order by volume."""
    order = sorted(report.children, key=lambda child: -measured(child.figures, by))
    earlier = sorted(report.children, key=lambda child: -measured(child.before, by))
    places = {child.node.id: number for number, child in enumerate(earlier, 1)}
    return tuple(
        Ranked(child=child, rank=number, rank_before=places[child.node.id])
        for number, child in enumerate(order, 1)
    )


def ranking(report: Report, chosen: Choice) -> Markup:
    """Return the panel below the charts."""
    if report.child_level is None:
        return _days(report)
    unit = t(f"unit.{report.child_level.value}")
    newest = report.newest_day.isoformat() if report.newest_day else t("state.nothing")
    here = f"/hierarchy/{report.place.node.id}"
    head = div(
        tag("h2", t("report.ranking", level=t(f"level.{report.child_level.value}"))),
        switch(
            ((t(f"report.by_{by.value}"), f"{here}{chosen.query(by=by)}", by is chosen.by) for by in Measure),
            small=True,
        ),
        span(cls="grow"),
        span(t("report.ranking_hint", newest=newest, count=len(report.children), unit=unit), cls="f s"),
        cls="ph",
    )
    rows = ranked(report, chosen.by)
    totals = Ranked(child=_total(report), rank=0, rank_before=0)
    inside = table(
        _columns(report, chosen), rows, totals=totals, sort=chosen.by.value, caption=report.place.node.name
    )
    return tag("section", head, div(inside, cls="wide"), cls="pan")


def _columns(report: Report, chosen: Choice) -> tuple[Column[Ranked], ...]:
    level = report.child_level or Level.MERCHANT
    unit, before = t(f"unit.{level.value}"), label(report.compared)
    is_unit, is_merchant = level in (Level.CITY, Level.DISTRICT, Level.STORE), level is Level.MERCHANT
    columns: list[Column[Ranked]] = [
        Column(key="rank", head=t("report.rank_head"), align="c", cell=lambda r: span(r.rank, cls="b")),
        Column(key="move", head=t("report.rank_change"), align="c", cell=_move),
        Column(
            key="name",
            head=t(f"level.{level.value}"),
            cell=lambda r: _name(r.child, chosen),
            total=lambda r: t("report.total", count=len(report.children), unit=unit),
        ),
    ]
    if is_unit:
        columns += [
            Column(key="manager", head=t("report.manager"), cell=lambda r: r.child.node.manager_name),
            _number("brokers", t("report.brokers"), lambda child: words.count(child.brokers)),
        ]
    columns.append(_number("active", t("report.active_only" if is_merchant else "report.active"), _active))
    columns += [
        _number("opened", t("report.opened"), lambda child: words.count(child.figures.opened)),
        _number("count", t("report.count"), lambda child: words.count(child.figures.payment_count)),
        _number("amount", t("report.amount"), lambda child: words.money(child.figures.payment_fen), cls="b"),
        _number("change", t("report.change", before=before), _change),
        _number("margin", t("report.margin"), lambda child: words.money(child.figures.margin_fen)),
        _number("share", t("report.share"), lambda child: words.money(child.figures.broker_share_fen)),
    ]
    if is_unit:
        columns.append(
            Column(
                key="target",
                head=t("report.target"),
                cell=lambda r: _target(r.child),
                total=lambda r: _target(r.child),
            )
        )
    columns.append(_number("weeks", t("report.weeks"), lambda child: sparkline(child.trend)))
    return tuple(columns)


def _number(key: str, head: str, shown: Callable[[Child], object], *, cls: str = "") -> Column[Ranked]:
    def cell(row: Ranked) -> object:
        return shown(row.child)

    return Column(key=key, head=head, align="r", cell=cell, total=cell, cls=cls)


def _total(report: Report) -> Child:
    weeks = tuple(week.figures.payment_fen for week in report.weeks)
    brokers = sum(child.brokers for child in report.children)
    return Child(
        node=report.place.node,
        figures=report.totals,
        before=report.before,
        brokers=brokers,
        target_fen=report.target_fen,
        trend=weeks,
    )


def _name(child: Child, chosen: Choice) -> Markup:
    if not child.node.id:
        return span(t("report.shared_pool"), cls="m")
    return link(child.node.name, f"/hierarchy/{child.node.id}{chosen.query()}")


def _move(row: Ranked) -> Markup:
    moved = row.rank_before - row.rank
    if not moved or child_is_new(row.child):
        return span(t("state.nothing"), cls="f s")
    return span(triangle(up=moved > 0), abs(moved), cls=f"s {'good' if moved > 0 else 'bad'}")


def child_is_new(child: Child) -> bool:
    """Tell whether nothing is known of the comparison period."""
    return child.before.is_empty


def _active(child: Child) -> Markup:
    if not child.figures.merchants:
        return span(words.count(child.figures.active_merchants))
    return span(
        words.count(child.figures.active_merchants),
        span(f" / {words.count(child.figures.merchants)}", cls="f"),
    )


def _change(child: Child) -> Markup:
    base = child.before.payment_fen if not child.before.is_empty else None
    return words.change(child.figures.payment_fen, base)


def _target(child: Child) -> Markup:
    return target(child.figures.payment_fen, child.target_fen)


def _days(report: Report) -> Markup:
    columns: tuple[Column[DayPoint], ...] = (
        Column(
            key="day",
            head=t("report.day"),
            cell=lambda point: f"{point.on.isoformat()} {words.weekday(point.on)}",
        ),
        Column(
            key="amount",
            head=t("report.amount"),
            align="r",
            cell=lambda p: words.money(p.payment_fen),
            cls="b",
        ),
        Column(
            key="before", head=t("report.day_before"), align="r", cell=lambda p: words.money(p.compared_fen)
        ),
        Column(
            key="change",
            head=t("report.change", before=t("report.day_before")),
            align="r",
            cell=lambda p: words.change(p.payment_fen, p.compared_fen),
        ),
    )
    head = div(tag("h2", t("report.days_title")), cls="ph")
    rows = tuple(reversed(report.days))
    return tag("section", head, div(table(columns, rows), cls="wide"), cls="pan")
