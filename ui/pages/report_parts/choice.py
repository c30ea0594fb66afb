"""What the reader of the report chose: period, comparison, basis, measure; to and from the address."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any
from urllib.parse import urlencode

from payments_core.calendar import month_of, previous_month_of
from payments_core.reporting import Basis, Measure, Period, RangeInvalid
from ui.i18n import t

COMPARISONS = ("previous", "weekdays", "year")
_TELLING_DAYS = 7


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """The state of the page."""

    period: Period
    vs: str = "previous"
    basis: Basis = Basis.THEN
    by: Measure = Measure.AMOUNT

    @property
    def compared(self) -> Period:
        """The period to compare with."""
        if self.vs == "weekdays":
            return self.period.shifted(days=28)
        if self.vs == "year":
            return self.period.shifted(days=364 if not self.period.is_month else 365)
        return self.period.before()

    def query(self, **changes: Any) -> str:
        """Return this choice, with `changes`, as the query of an address."""
        other = replace(self, **changes)
        values = {
            "first": other.period.first.isoformat(),
            "last": other.period.last.isoformat(),
            "vs": other.vs,
            "basis": other.basis.value,
            "by": other.by.value,
        }
        return "?" + urlencode(values)


def read(*, first: str, last: str, vs: str, basis: str, by: str, today: date) -> Choice:
    """Return the choice an address stands for. Raises RangeInvalid.

    What is missing is this month until yesterday once that is a week, else last month.
    """
    usual = usual_period(today)
    try:
        begin = date.fromisoformat(first) if first else usual.first
        end = date.fromisoformat(last) if last else usual.last
    except ValueError as wrong:
        raise RangeInvalid(first=first, last=last) from wrong
    return Choice(
        period=Period(first=begin, last=end),
        vs=vs if vs in COMPARISONS else "previous",
        basis=Basis.NOW if basis == Basis.NOW else Basis.THEN,
        by=Measure(by) if by in tuple(Measure) else Measure.AMOUNT,
    )


def usual_period(today: date) -> Period:
    """Return what a reader who chose nothing sees: this month, or last month while this one is young."""
    yesterday = today - timedelta(days=1)
    if yesterday.day >= _TELLING_DAYS:
        return Period(first=month_of(yesterday), last=yesterday)
    return Period(first=previous_month_of(today), last=month_of(today) - timedelta(days=1))


def this_month(chosen: Choice, *, today: date) -> Choice:
    """Return the choice with this month until yesterday as its period."""
    yesterday = today - timedelta(days=1)
    return replace(chosen, period=Period(first=month_of(yesterday), last=yesterday))


def presets(today: date) -> tuple[tuple[str, Period], ...]:
    """Return the periods one click away."""
    yesterday = today - timedelta(days=1)
    this_month = Period(first=month_of(yesterday), last=yesterday)
    last_month = Period(first=previous_month_of(today), last=month_of(today) - timedelta(days=1))
    return (
        (t("report.last_month"), last_month),
        (t("report.this_month"), this_month),
        (t("report.last_7"), Period(first=today - timedelta(days=7), last=yesterday)),
        (t("report.last_28"), Period(first=today - timedelta(days=28), last=yesterday)),
    )


def spaced(period: Period) -> str:
    """Return the label with the space that stands between a digit and a Chinese word after it."""
    said = label(period)
    return f"{said} " if said[-1].isdigit() else said


def label(period: Period) -> str:
    """Return how a period is called in a sentence: `4 月`, or its dates."""
    if period.is_month:
        return t("report.month", month=period.first.month, iso=f"{period.first:%Y-%m}")
    return t("report.range", first=f"{period.first:%m-%d}", last=f"{period.last:%m-%d}")
