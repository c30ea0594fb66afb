"""A line of a few weeks, small enough to stand in a table row: inline SVG, no chart library."""

from __future__ import annotations

from collections.abc import Sequence

from ui.markup import Markup


def sparkline(values: Sequence[int | None], *, width: int = 76, height: int = 20) -> Markup:
    """Return the line through the known values, its last point marked; nothing for fewer than two."""
    known = [(index, value) for index, value in enumerate(values) if value is not None]
    if len(known) < 2:
        return Markup("")
    low, high = min(v for _, v in known), max(v for _, v in known)
    reach = (high - low) or 1
    last_index = max(len(values) - 1, 1)
    points = [
        (2 + index * (width - 6) // last_index, 2 + (height - 4) - (value - low) * (height - 4) // reach)
        for index, value in known
    ]
    path = "M" + "L".join(f"{x} {y}" for x, y in points)
    x, y = points[-1]
    return Markup(
        f'<svg class="spark" width="{width}" height="{height}" viewBox="0 0 {width} {height}" '
        f'aria-hidden="true">'
        f'<path d="{path}"/><circle cx="{x}" cy="{y}" r="2"/></svg>'
    )
