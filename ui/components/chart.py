"""The line chart: a subject, a dashed comparison, weekends as bands, names at the line ends."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from nicegui import ui

from ui.safe import clean
from ui.theme import FONTS, colours


@dataclass(frozen=True, slots=True, kw_only=True)
class Series:
    """A named line; None leaves a gap."""

    name: str
    values: Sequence[int | str | None]
    is_comparison: bool = False


def line_chart(
    *,
    labels: Sequence[str],
    series: Sequence[Series],
    dark: bool,
    height_px: int = 212,
    bands: Sequence[tuple[int, int]] = (),
    from_zero: bool = False,
    description: str = "",
) -> ui.echart:
    """Put a line chart on the page; `bands` are index ranges shaded grey (weekends)."""
    tokens = colours(dark=dark)
    options = clean(
        _options(labels, series, tokens, bands=bands, from_zero=from_zero, description=description)
    )
    return ui.echart(options, renderer="svg").style(f"height:{height_px}px;width:100%")


def _options(
    labels: Sequence[str],
    series: Sequence[Series],
    tokens: dict[str, str],
    *,
    bands: Sequence[tuple[int, int]],
    from_zero: bool,
    description: str,
) -> dict[str, Any]:
    axis = {"color": tokens["ink3"], "fontSize": 11, "fontFamily": FONTS}
    return {
        "animation": False,
        "aria": {"enabled": True, "label": {"description": description}}
        if description
        else {"enabled": True},
        "textStyle": {"fontFamily": FONTS},
        "grid": {"left": 44, "right": 64, "top": 16, "bottom": 26},
        "tooltip": {
            "trigger": "axis",
            "backgroundColor": tokens["surface"],
            "borderColor": tokens["line3"],
            "borderWidth": 1,
            "padding": [6, 10],
            "textStyle": {"color": tokens["ink"], "fontSize": 12},
            "extraCssText": "box-shadow:none;border-radius:6px",
        },
        "xAxis": {
            "type": "category",
            "data": list(labels),
            "boundaryGap": False,
            "axisTick": {"show": False},
            "axisLine": {"lineStyle": {"color": tokens["line"]}},
            "axisLabel": axis,
        },
        "yAxis": {
            "type": "value",
            "scale": not from_zero,
            "splitNumber": 4,
            "axisLabel": axis,
            "splitLine": {"lineStyle": {"color": tokens["line"]}},
        },
        "series": [
            _line(one, tokens, bands=bands if number == 0 else ()) for number, one in enumerate(series)
        ],
    }


def _line(one: Series, tokens: dict[str, str], *, bands: Sequence[tuple[int, int]]) -> dict[str, Any]:
    colour = tokens["cprev"] if one.is_comparison else tokens["c1"]
    line: dict[str, Any] = {
        "type": "line",
        "name": one.name,
        "data": list(one.values),
        "showSymbol": False,
        "symbolSize": 6,
        "z": 2 if one.is_comparison else 3,
        "lineStyle": {
            "color": colour,
            "width": 1.25 if one.is_comparison else 2,
            "type": "dashed" if one.is_comparison else "solid",
        },
        "itemStyle": {"color": colour},
        "endLabel": {
            "show": True,
            "formatter": "{a}",
            "fontSize": 12,
            "fontFamily": FONTS,
            "color": tokens["ink3"] if one.is_comparison else tokens["blue"],
        },
        "labelLayout": {"moveOverlap": "shiftY"},
        "emphasis": {"disabled": True},
    }
    if bands:
        line["markArea"] = {
            "silent": True,
            "itemStyle": {"color": tokens["band"]},
            "data": [[{"xAxis": first}, {"xAxis": last}] for first, last in bands],
        }
    return line
