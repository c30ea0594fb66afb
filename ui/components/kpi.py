"""A tile with one figure: what it is, how much, against what, and how it went."""

from __future__ import annotations

from collections.abc import Sequence

from ui.components.sparkline import sparkline
from ui.i18n import t
from ui.icons import icon
from ui.markup import Markup, div, span, tag


def tile(
    *,
    label: str,
    value: str | None,
    unit: str = "",
    change: Markup | None = None,
    corner: str = "",
    definition: str = "",
    trend: Sequence[int | None] = (),
) -> Markup:
    """Return a KPI tile; `value` None shows 无数据, never a zero. `definition` opens under the info mark."""
    known = value is not None
    figure = div(
        value if known else t("state.none"),
        tag("small", f" {unit}") if unit and known else None,
        cls="v" if known else "v none",
    )
    mark = tag(
        "details",
        tag("summary", icon("info", size=14), aria_label=f"{label}: {definition}", cls="f"),
        div(definition, cls="pop def s m"),
        cls="menu",
    )
    return div(
        div(
            span(label, cls="m"),
            mark if definition else None,
            span(cls="grow"),
            span(corner, cls="f s"),
            cls="lab",
        ),
        figure,
        div(div(change, cls="grow s n"), sparkline(trend), cls="foot"),
        cls="pan tile",
    )


def skeleton_tile() -> Markup:
    """Return a tile of the final size while its figure is on the way."""
    bars = [
        span(cls="sk", style=f"width:{width}px;margin:{gap}px 0")
        for width, gap in ((72, 4), (128, 10), (96, 6))
    ]
    return div(*bars, cls="pan tile")


def tiles(parts: Sequence[Markup], *, cls: str = "") -> Markup:
    """Return the row of tiles."""
    return tag("section", *parts, cls=f"kpis {cls}".strip(), aria_label=t("report.key_figures"))
