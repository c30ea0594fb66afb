"""The one sentence that answers the report, and what stands there when nothing is known."""

from __future__ import annotations

from payments_core.money import divide, format_change
from payments_core.reporting import Basis, Child, Period, Report
from ui.components import states, words
from ui.i18n import t
from ui.markup import Markup, fill, join, span, tag
from ui.pages.report_parts.choice import label


def sentence(report: Report) -> Markup:
    """Return how much, compared with what, in how many of the children, and how much on the other basis."""
    if report.is_empty:
        return span(t("report.none", period=label(report.period)))
    now, before = report.totals.payment_fen, report.before.payment_fen
    daily = divide(now, report.period.days), divide(before, report.compared.days)
    known = {
        "period": label(report.period),
        "before": label(report.compared),
        "amount": tag("b", words.money(now)),
        "change": tag("b", signed(now, before)),
        "daily": signed(*daily),
    }
    if report.child_level is None:
        return join(fill(t("report.headline_leaf"), **known), " ", _other(report))
    unit = t(f"unit.{report.child_level.value}")
    grown = sum(child.figures.payment_fen > child.before.payment_fen for child in report.children)
    told = fill(
        t("report.headline"),
        **known,
        grown=grown,
        children=len(report.children),
        unit=unit,
        reached=_reached(report.children, unit),
    )
    return join(told, " ", _other(report))


def signed(value: int, before: int) -> str:
    """Return a change with its sign: `+9.1 %`."""
    told = format_change(value, before)
    if told is None:
        return t("state.nothing")
    return told if value == before else f"{'+' if value > before else '−'}{told}"


def nothing(report: Report) -> Markup:
    """Return the state of a period without facts."""
    newest = report.newest_day.isoformat() if report.newest_day else t("state.nothing")
    return states.empty(t("state.none"), t("report.none_hint", newest=newest))


def _reached(children: tuple[Child, ...], unit: str) -> str:
    aimed = [child for child in children if child.target_fen]
    if not aimed:
        return ""
    reached = sum(child.figures.payment_fen >= (child.target_fen or 0) for child in aimed)
    return t("report.reached", count=reached, unit=unit)


def _other(report: Report) -> Markup:
    difference = report.other_basis_fen - report.totals.payment_fen
    if not difference:
        return Markup("")
    key = "report.other_now" if report.basis is Basis.THEN else "report.other_then"
    told = t(key, amount=words.money(report.other_basis_fen), difference=words.money(difference, signed=True))
    return span(told, cls="f")


def weekends(period: Period, report: Report) -> tuple[tuple[int, int], ...]:
    """Return the index ranges of the period's weekends."""
    saturdays = [n for n, day in enumerate(report.days) if day.on.weekday() == 5]
    return tuple((n, min(n + 1, period.days - 1)) for n in saturdays)
