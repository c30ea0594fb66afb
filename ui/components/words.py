"""Figures and times as people read them. Money and rates come from payments_core.money, nowhere else."""

from __future__ import annotations

from datetime import date, datetime

from engine.releases import ReleaseError
from payments_core.calendar import SHANGHAI
from payments_core.errors import PaymentsCoreError
from payments_core.money import format_change, format_fen, format_rate
from ui.i18n import either, t
from ui.icons import triangle
from ui.markup import Markup, join, span

__all__ = ["ago", "change", "count", "day", "money", "percent", "rate", "span_of_days", "time_of", "weekday"]

_MANIFOLD = 10


def money(amount_fen: int | None, *, signed: bool = False, symbol: bool = True) -> str:
    """Return `¥1,234.56`, or — for nothing known."""
    return t("state.nothing") if amount_fen is None else format_fen(amount_fen, signed=signed, symbol=symbol)


def count(number: int | None) -> str:
    """Return `11,135,795`, or — for nothing known."""
    return t("state.nothing") if number is None else f"{number:,}".replace("-", "−")


def rate(rate_ppm: int | None) -> str:
    """Return `0.38 %`."""
    return t("state.nothing") if rate_ppm is None else format_rate(rate_ppm)


def percent(part: int, whole: int) -> str:
    """Return part of whole as `96.7 %`, rounded half up to a tenth; — where there is no whole."""
    if whole <= 0:
        return t("state.nothing")
    tenths = (part * 2000 + whole) // (whole * 2)
    return f"{tenths // 10:,}.{tenths % 10} %"


def change(value: int | None, before: int | None, *, more_is: str = "better", against: str = "") -> Markup:
    """Return `▲ 9.1 % against`, coloured by better and worse, not by up and down.

    `more_is` is better, worse or fact (neither). Without a base there is a dash and nothing it is against;
    beyond tenfold a percentage tells nothing, so it says how many times.
    """
    told = format_change(value, before) if value is not None and before is not None else None
    after = span(f" {against}", cls="f") if against else Markup("")
    if told is None or value is None or before is None:
        return span(t("state.nothing"), cls="dl flat")
    if value == before:
        return join(span("0.0 %", cls="dl flat"), after)
    if value > _MANIFOLD * before > 0:
        told = t("change.times", count=count(value // before))
    good = {"better": "better", "worse": "worse", "fact": "fact"}[more_is]
    if value < before and more_is != "fact":
        good = "worse" if more_is == "better" else "better"
    return join(span(triangle(up=value > before), told, cls=f"dl {good} n"), after)


def weekday(on: date) -> str:
    """Return 周三."""
    return t(f"weekday.{on.weekday()}")


def day(on: date, *, year: bool = False) -> str:
    """Return `05-13`, or `2025-05-13` with the year."""
    return on.isoformat() if year else on.strftime("%m-%d")


def span_of_days(first: date, last: date) -> str:
    """Return `2025-04-01 至 2025-04-30`, or the month where it is one whole month."""
    return t("report.range", first=first.isoformat(), last=last.isoformat())


def time_of(instant: datetime, *, seconds: bool = True) -> str:
    """Return `2025-05-13 20:41:00` in Shanghai."""
    return instant.astimezone(SHANGHAI).strftime("%Y-%m-%d %H:%M:%S" if seconds else "%Y-%m-%d %H:%M")


def ago(instant: datetime, *, now: datetime) -> str:
    """Return `15 小时前`."""
    passed_s = max(0, int((now - instant).total_seconds()))
    for unit, size_s in (("days", 86_400), ("hours", 3_600), ("minutes", 60)):
        if passed_s >= size_s:
            return t(f"ago.{unit}", count=passed_s // size_s)
    return t("ago.seconds")


def refused(refusal: Exception) -> str:
    """Return why something was refused, in the reader's language, with its code: the one place for it."""
    told = isinstance(refusal, PaymentsCoreError | ReleaseError)
    said = either(refusal.chinese, refusal.message) if told else str(refusal)
    return f"{said} {getattr(refusal, 'code', '')}".strip()
