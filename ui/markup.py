"""Escaped HTML, built from Python: the only way this console makes markup of its own.

Everything that is not already `Markup` is escaped, so text from the database or a rule file can never
become an element. Addresses pass `safe_url`. Interactive parts are NiceGUI elements; figures, tables and
charts of one look are faster and steadier as markup.
"""

from __future__ import annotations

from html import escape

from nicegui import ui

from ui.safe import safe_url

_VOID = frozenset({"br", "hr", "img", "input", "link", "meta", "path", "line", "circle", "rect", "polyline"})
_ADDRESSES = frozenset({"href", "src", "action", "formaction"})


class Markup(str):
    """Text that is already safe HTML."""

    __slots__ = ()


def text(value: object) -> Markup:
    """Return `value` escaped, or unchanged where it is already Markup; None becomes nothing."""
    if value is None:
        return Markup("")
    return value if isinstance(value, Markup) else Markup(escape(str(value)))


def join(*parts: object, between: str = "") -> Markup:
    """Return all parts, escaped, one after the other."""
    return Markup(text(between).join(text(part) for part in parts))


def fill(template: str, **values: object) -> Markup:
    """Return an escaped text with markup in its places: fill(t("x"), total=span("¥1.00", cls="b"))."""
    return Markup(
        escape(template, quote=False).format(**{name: text(value) for name, value in values.items()})
    )


def tag(name: str, /, *children: object, cls: str = "", **attributes: object) -> Markup:
    """Return one element; `data_act` becomes data-act, True a bare attribute, None and False no attribute."""
    written = [f' class="{escape(cls)}"'] if cls else []
    for key, value in attributes.items():
        if value is None or value is False:
            continue
        attribute = key.rstrip("_").replace("_", "-")
        if attribute.startswith("on"):
            raise ValueError(f"no event handlers in markup: {attribute}")
        if value is True:
            written.append(f" {attribute}")
        else:
            shown = safe_url(str(value)) if attribute in _ADDRESSES else str(value)
            written.append(f' {attribute}="{escape(shown)}"')
    opening = f"<{name}{''.join(written)}>"
    return Markup(opening if name in _VOID else f"{opening}{join(*children)}</{name}>")


def div(*children: object, cls: str = "", **attributes: object) -> Markup:
    """Return a div."""
    return tag("div", *children, cls=cls, **attributes)


def span(*children: object, cls: str = "", **attributes: object) -> Markup:
    """Return a span."""
    return tag("span", *children, cls=cls, **attributes)


def link(label: object, href: str, *, cls: str = "lk", **attributes: object) -> Markup:
    """Return a link to one of our own pages."""
    return tag("a", label, cls=cls, href=href, **attributes)


def show(markup: Markup, *, cls: str = "") -> ui.html:
    """Put markup on the page; refuses a plain string, which nobody has escaped."""
    if not isinstance(markup, Markup):
        raise TypeError("show() takes Markup, not str")
    element = ui.html(str(markup), sanitize=False)
    return element.classes(cls) if cls else element
