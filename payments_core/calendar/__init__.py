"""Business dates: days of Asia/Shanghai. Settlement counts days from here, never from the machine's zone."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta, timezone

SHANGHAI = timezone(timedelta(hours=8), "Asia/Shanghai")
"""China has one zone and, since 1991, no summer time: a fixed offset is exact and fast."""

__all__ = ["SHANGHAI", "business_date_of", "day_bounds", "days_after", "month_of", "previous_month_of"]


def business_date_of(instant: datetime) -> date:
    """Return the business date an aware instant falls on."""
    return instant.astimezone(SHANGHAI).date()


def day_bounds(day: date) -> tuple[datetime, datetime]:
    """Return the half-open [start, end) of a business date as aware instants."""
    start = datetime.combine(day, time(), SHANGHAI)
    return start, start + timedelta(days=1)


def days_after(day: date, count: int) -> date:
    """Return the date `count` days later: D+1 is days_after(day, 1)."""
    return day + timedelta(days=count)


def month_of(day: date) -> date:
    """Return the first day of the month, which names the month everywhere."""
    return day.replace(day=1)


def previous_month_of(day: date) -> date:
    """Return the first day of the month before."""
    return month_of(month_of(day) - timedelta(days=1))
