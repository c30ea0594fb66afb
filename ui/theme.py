"""The look: design tokens as CSS variables, NiceGUI's defaults, the head of every page.

`static/theme.css` holds the tokens of both themes and every class the components use. Charts cannot read
CSS variables, so the few colours they need stand here too; a test holds the two equal.
"""

from __future__ import annotations

import hashlib
from functools import cache
from pathlib import Path

from nicegui import ui

from ui.i18n import Language
from ui.markup import Markup, tag

STATIC = Path(__file__).parent / "static"

LIGHT = {
    "bg": "#f5f6f8",
    "surface": "#ffffff",
    "sunken": "#eef0f3",
    "line": "#e1e5ea",
    "line3": "#7d8897",
    "ink": "#16191d",
    "ink2": "#434c59",
    "ink3": "#5f6a79",
    "blue": "#1565c0",
    "good": "#1b5e20",
    "warn": "#7a4a00",
    "bad": "#b71c1c",
    "info": "#37536f",
    "c1": "#1565c0",
    "c2": "#4b6a8b",
    "c3": "#8494a8",
    "cprev": "#8792a2",
    "band": "#f3f5f7",
}
DARK = {
    "bg": "#0f1318",
    "surface": "#171c23",
    "sunken": "#1e252e",
    "line": "#2a323d",
    "line3": "#768292",
    "ink": "#e7ebf0",
    "ink2": "#b4bdc9",
    "ink3": "#939eac",
    "blue": "#79b0ee",
    "good": "#7cc88a",
    "warn": "#e3b25a",
    "bad": "#f0918a",
    "info": "#a4bdd4",
    "c1": "#79b0ee",
    "c2": "#8fa9c4",
    "c3": "#66788b",
    "cprev": "#7b8796",
    "band": "#1d242d",
}
FONTS = '"PingFang SC","Microsoft YaHei","Noto Sans CJK SC",sans-serif'


def colours(*, dark: bool) -> dict[str, str]:
    """Return the tokens that charts are drawn with."""
    return DARK if dark else LIGHT


def apply(*, dark: bool) -> None:
    """Give the page being built the theme: stylesheet, colours, dark mode, defaults."""
    ui.add_head_html(str(_head(dark=dark)))
    ui.dark_mode(dark)
    tokens = colours(dark=dark)
    ui.colors(
        primary=tokens["blue"],
        positive=tokens["good"],
        negative=tokens["bad"],
        warning=tokens["warn"],
        info=tokens["info"],
        dark=DARK["surface"],
        dark_page=DARK["bg"],
    )


def set_defaults() -> None:
    """Give NiceGUI's own elements the console's shape; call once before pages are built."""
    ui.button.default_props("no-caps unelevated dense")
    ui.input.default_props("outlined dense")
    ui.select.default_props("outlined dense options-dense")
    ui.number.default_props("outlined dense")
    ui.textarea.default_props("outlined dense")
    ui.table.default_props("flat dense")
    ui.card.default_props("flat bordered")


def script(name: str) -> Markup:
    """Return the element that loads a script of `static/`, for the pages that need one of their own."""
    return Markup(f'<script defer src="/static/{name}?v={_version(name)}"></script>')


def plain_page(*, title: str, body: Markup, language: Language, look: str | None) -> str:
    """Return a whole HTML page without NiceGUI, in the same look."""
    theme = "dark" if look == "dark" else "light"
    head = Markup(
        f'<meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1">'
        f"{tag('title', title)}{_stylesheet()}"
    )
    lang = "zh-CN" if language == "zh" else "en"
    return (
        f'<!doctype html><html lang="{lang}" data-theme="{theme}"><head>{head}</head>'
        f'<body class="plain">{body}</body></html>'
    )


def _head(*, dark: bool) -> Markup:
    theme = "dark" if dark else "light"
    return Markup(f'<script>document.documentElement.dataset.theme="{theme}"</script>{_stylesheet()}')


@cache
def _stylesheet() -> Markup:
    sheets = ("theme.css", "workbench.css", "payment.css")
    links = "".join(f'<link rel="stylesheet" href="/static/{name}?v={_version(name)}">' for name in sheets)
    return Markup(f"{links}{script('console.js')}")


def _version(name: str) -> str:
    return hashlib.sha256((STATIC / name).read_bytes()).hexdigest()[:12]
