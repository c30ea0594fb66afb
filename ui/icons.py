"""The icons: 24 × 24 strokes, drawn for this console, one colour, sized by the text beside them."""
# ruff: noqa: E501 - a path is kept on one line

from __future__ import annotations

from ui.markup import Markup

_PATHS: dict[str, str] = {
    "today": "M5 5h14v15H5zM5 9.5h14M8.5 2.8V6M15.5 2.8V6M9 14h2.5v2.5H9z",
    "money": "M7 5h14v10H7zM3 8.5V19h14.5M14 10m-2 0a2 2 0 1 0 4 0a2 2 0 1 0 -4 0",
    "rules": "M3 7h8M3 16h8M14 7.5l2.5 2.5L21 5M14.5 13.5l5.5 5.5M20 13.5L14.5 19",
    "people": "M12 9.5m-2.8 0a2.8 2.8 0 1 0 5.6 0a2.8 2.8 0 1 0 -5.6 0M6 18.5c0-3 2.6-4.3 6-4.3s6 1.3 6 4.3zM4.2 12.2m-1.7 0a1.7 1.7 0 1 0 3.4 0a1.7 1.7 0 1 0 -3.4 0M19.8 12.2m-1.7 0a1.7 1.7 0 1 0 3.4 0a1.7 1.7 0 1 0 -3.4 0M1 18.5c0-1.6.9-2.6 2.6-2.8M23 18.5c0-1.6-.9-2.6-2.6-2.8",
    "growth": "M3 17.5l6.2-6.3 4 4L21 7.5M15.5 7.2H21v5.5",
    "settlement": "M4 4.5h16v15H4zM7.5 9l1.5 1.5L11.8 8M7.5 15l1.5 1.5 2.8-2.5M14 9.5h3.2M14 15.5h3.2",
    "shield": "M12 2.8l7.5 2.8V11c0 4.7-3 8.5-7.5 10.2C7.5 19.500 4.500 15.700 4.500 11V5.600z",
    "income": "M4 5h14.500v3M4 5v14h16.500V8H6.500M15.500 13.500h5",
    "store": "M4 4.500h16l1.200 5a2.700 2.700 0 0 1-5.200.600a2.700 2.700 0 0 1-4 0a2.700 2.700 0 0 1-4 0a2.700 2.700 0 0 1-5.200-.600zM5 12.500V20h14v-7.500",
    "person": "M12 8m-3.800 0a3.800 3.800 0 1 0 7.600 0a3.800 3.800 0 1 0 -7.600 0M4.500 20c0-4 3.300-6 7.500-6s7.500 2 7.500 6z",
    "bill": "M6 3h12v18l-3-2-3 2-3-2-3 2zM9 8h6M9 12h6",
    "tree": "M3 9h5v6H3zM16 4h5v6h-5zM16 14h5v6h-5zM8 12h4M12 7v10M12 7h4M12 17h4",
    "search": "M10.500 10.500m-6 0a6 6 0 1 0 12 0a6 6 0 1 0 -12 0M15 15l5.500 5.500",
    "info": "M12 12m-8.500 0a8.500 8.500 0 1 0 17 0a8.500 8.500 0 1 0 -17 0M12 11v5.500M12 7.500v.600",
    "check": "M12 12m-8.500 0a8.500 8.500 0 1 0 17 0a8.500 8.500 0 1 0 -17 0M8 12.300l2.700 2.700L16 9.500",
    "alert": "M12 12m-8.500 0a8.500 8.500 0 1 0 17 0a8.500 8.500 0 1 0 -17 0M12 7v6M12 16v.600",
    "triangle": "M12 4L2.800 20h18.400zM12 10v5M12 17v.500",
    "hourglass": "M6.500 3h11M6.500 21h11M7.500 3c0 5 4.500 6 4.500 9s-4.500 4-4.500 9M16.500 3c0 5-4.500 6-4.500 9s4.500 4 4.500 9",
    "clock": "M12 12m-8.500 0a8.500 8.500 0 1 0 17 0a8.500 8.500 0 1 0 -17 0M12 7v5.300l3.500 2",
    "pencil": "M4 20l.800-4L16 4.800l3.200 3.200L8 19.200zM13.500 7.300l3.200 3.200",
    "plus": "M12 5v14M5 12h14",
    "minus": "M5 12h14",
    "close": "M6 6l12 12M18 6L6 18",
    "swap": "M4 9h15l-4-4M20 15H5l4 4",
    "calendar": "M4.500 5.500h15V20h-15zM4.500 10h15M8.500 3v4M15.500 3v4M8 13.500h1.500M11.500 13.500h1.500M15 13.500h1.500M8 16.500h1.500M11.500 16.500h1.500",
    "download": "M12 4v11M7.500 11l4.500 4.500 4.500-4.500M4.500 16.500V20h15v-3.500",
    "down": "M7 10l5 5 5-5",
    "up": "M7 14l5-5 5 5",
    "undo": "M8 5L4 9l4 4M4 9h10a5 5 0 0 1 0 10h-3",
    "redo": "M16 5l4 4-4 4M20 9H10a5 5 0 0 0 0 10h3",
    "left": "M14.500 6l-6 6 6 6",
    "right": "M9.500 6l6 6-6 6",
    "refresh": "M5 12a7 7 0 0 1 12-5l2.500 2.500M19.500 5v4.500H15M19 12a7 7 0 0 1-12 5l-2.500-2.500M4.500 19v-4.500H9",
    "lock": "M6 11h12v9H6zM8.500 11V8a3.500 3.500 0 0 1 7 0v3",
    "logout": "M10 4H5v16h5M14 8l4 4-4 4M18 12H9.500",
    "moon": "M19.500 14.500A8 8 0 0 1 9.500 4.500a8 8 0 1 0 10 10z",
    "sun": "M12 12m-4 0a4 4 0 1 0 8 0a4 4 0 1 0 -8 0M12 2.500v2.500M12 19v2.500M2.500 12H5M19 12h2.500M5.300 5.300l1.800 1.800M16.900 16.900l1.800 1.800M18.700 5.300l-1.800 1.800M7.100 16.900l-1.800 1.800",
    "language": "M12 12m-8.500 0a8.500 8.500 0 1 0 17 0a8.500 8.500 0 1 0 -17 0M3.500 12h17M12 3.500c5 5 5 12 0 17c-5-5-5-12 0-17",
    "phone": "M7 3h10v18H7zM11 18h2",
    "link": "M10 14l4-4M8.500 11.500L5.500 14.500a3 3 0 0 0 4.200 4.200l3-3M15.500 12.500l3-3a3 3 0 0 0-4.200-4.200l-3 3",
    "offline": "M4 4l16 16M5 12a10 10 0 0 1 4-3M19 12a10 10 0 0 0-5.500-3.500M8.500 15.500a5 5 0 0 1 7 0M12 19v.500",
}
NAMES = frozenset(_PATHS)


def icon(name: str, *, size: int = 16, cls: str = "") -> Markup:
    """Return the icon as inline SVG, hidden from screen readers: the word beside it is the name."""
    return Markup(
        f'<svg class="ic {cls}" width="{size}" height="{size}" viewBox="0 0 24 24" aria-hidden="true">'
        f'<path d="{_PATHS[name]}"/></svg>'
    )


def triangle(*, up: bool) -> Markup:
    """Return the small filled mark of a rise or a fall."""
    path = "M4 0L8 7H0z" if up else "M4 7L0 0h8z"
    return Markup(
        f'<svg class="tri" width="8" height="7" viewBox="0 0 8 7" aria-hidden="true"><path d="{path}"/></svg>'
    )
