"""The one sentence that answers the report, and what stands there when nothing is known."""

from __future__ import annotations

from payments_core.money import divide, format_change
from payments_core.reporting import Basis, Period, Report
from ui.components import states, words
from ui.i18n import t
from ui.markup import Markup, fill, join, span, tag
from ui.pages.report_parts.choice import label, spaced


def sentence(report: Report) -> Markup:
    """Return how much, compared with what, in how many of the children, and how much on the other basis."""
    if report.is_empty:
        return span(t("report.none", period=spaced(report.period)))
    said = fill(
        t("report.headline"),
        period=spaced(report.period),
        amount=tag("b", words.money(report.totals.payment_fen)),
        compared=_compared(report),
        children=_children(report),
    )
    return join(said, " ", _other(report))


def has_base(report: Report) -> bool:
    """Tell whether the comparison period had any volume; without it nothing can be said of growth."""
    return report.before.payment_fen > 0


def _compared(report: Report) -> Markup:
    if not has_base(report):
        return Markup("")
    now, before = report.totals.payment_fen, report.before.payment_fen
    daily = divide(now, report.period.days), divide(before, report.compared.days)
    return fill(
        t("report.headline_compared"),
        before=label(report.compared),
        change=tag("b", signed(now, before)),
        daily=signed(*daily),
    )


def _children(report: Report) -> str:
    if report.child_level is None:
        return ""
    unit = t(f"unit.{report.child_level.value}")
    parts = []
    if has_base(report):
        grown = sum(child.figures.payment_fen > child.before.payment_fen for child in report.children)
        parts.append(t("report.grown", grown=grown, children=len(report.children), unit=unit))
    aimed = [child for child in report.children if child.target_fen]
    if aimed:
        reached = sum(child.figures.payment_fen >= (child.target_fen or 0) for child in aimed)
        parts.append(t("report.reached", count=reached, children=len(aimed), unit=unit))
    return "".join(t("report.then_clause", clause=part) for part in parts)


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
