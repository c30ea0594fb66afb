"""Bars: who contributed how much to a change, and how far a target is reached."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ui.components import words
from ui.markup import Markup, div, link, span, tag


@dataclass(frozen=True, slots=True, kw_only=True)
class Contribution:
    """One bar: a name, a signed amount and where its rows are."""

    name: str
    amount_fen: int
    href: str = ""


def contributions(rows: Sequence[Contribution], *, signed: bool = True) -> Markup:
    """Return bars left and right of one zero axis, on one scale, each with its amount, `signed` or not."""
    most = max((row.amount_fen for row in rows), default=0)
    least = min((row.amount_fen for row in rows), default=0)
    reach = max(most, 0) - min(least, 0) or 1
    zero_ppm = -min(least, 0) * 1_000_000 // reach
    return div(*(_row(row, reach=reach, zero_ppm=zero_ppm, signed=signed) for row in rows), cls="bars")


def _row(row: Contribution, *, reach: int, zero_ppm: int, signed: bool) -> Markup:
    width_ppm = abs(row.amount_fen) * 1_000_000 // reach
    left_ppm = zero_ppm - width_ppm if row.amount_fen < 0 else zero_ppm
    bar = tag(
        "i", style=f"left:{_css(left_ppm)};width:{_css(width_ppm)}", cls="neg" if row.amount_fen < 0 else ""
    )
    name = link(row.name, row.href, cls="el") if row.href else span(row.name, cls="el")
    axis = tag("u", style=f"left:{_css(zero_ppm)}")
    return div(
        name,
        span(bar, axis, cls="box"),
        span(words.money(row.amount_fen, signed=signed), cls="r n"),
        cls="bar-row",
    )


def target(part: int, whole: int | None) -> Markup:
    """Return a bar whose mark stands at the whole, and the percentage; a dash without a target."""
    if not whole:
        return span("—", cls="f")
    # The bar shows 0 to 120 % of the target: its mark stands at five sixths.
    width_ppm = min(part * 1_000_000 // (whole * 6 // 5 or 1), 1_000_000)
    bar = tag("i", style=f"width:{_css(max(width_ppm, 0))}", cls="below" if part < whole else "")
    return span(span(bar, tag("u"), cls="tg"), span(words.percent(part, whole), cls="tp"), cls="n")


def _css(ppm: int) -> str:
    return f"{ppm // 10_000}.{ppm // 100 % 100:02d}%"
