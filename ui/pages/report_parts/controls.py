"""The controls of the report's header: basis, dates, comparison, export. Links and one form, no script."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from payments_core.reporting import Basis
from ui.i18n import t
from ui.icons import icon
from ui.markup import Markup, div, join, span, tag
from ui.pages.report_parts import choice
from ui.pages.report_parts.choice import Choice


def actions(node_id: str, chosen: Choice, *, today: date) -> Markup:
    """Return the controls in the order of the look."""
    here = f"/hierarchy/{node_id}"
    return div(
        switch(
            (t(f"report.{basis.value}"), f"{here}{chosen.query(basis=basis)}", basis is chosen.basis)
            for basis in Basis
        ),
        _dates(here, chosen, today),
        _comparison(here, chosen),
        _export(here, chosen),
        cls="actions",
    )


def switch(choices: Iterable[tuple[str, str, bool]], *, small: bool = False) -> Markup:
    """Return joined buttons of (word, address, is chosen)."""
    links = [
        tag("a", word, href=href, cls="on" if on else "", aria_current="true" if on else None)
        for word, href, on in choices
    ]
    return div(*links, cls="seg small" if small else "seg", role="group")


def _dates(here: str, chosen: Choice, today: date) -> Markup:
    period = chosen.period
    shown = t("report.range", first=period.first.isoformat(), last=period.last.isoformat())
    ready = [
        tag("a", word, href=f"{here}{chosen.query(period=ready)}", cls="menu-item")
        for word, ready in choice.presets(today)
    ]
    form = tag(
        "form",
        _date_field("first", t("report.from"), period.first),
        _date_field("last", t("report.to"), period.last),
        _hidden(chosen),
        tag("button", t("report.apply"), type="submit", cls="btn pri"),
        method="get",
        action=here,
        cls="row dates",
    )
    button = tag("summary", icon("calendar", cls="f"), shown, icon("down", cls="f"), cls="btn box")
    return tag("details", button, div(div(*ready), form, cls="pop"), cls="menu")


def _date_field(name: str, label: str, value: date) -> Markup:
    field = tag("input", type="date", name=name, value=value.isoformat(), cls="input", required=True)
    return tag("label", span(label), field, cls="field")


def _hidden(chosen: Choice) -> Markup:
    values = {"vs": chosen.vs, "basis": chosen.basis.value, "by": chosen.by.value}
    return join(*(tag("input", type="hidden", name=name, value=value) for name, value in values.items()))


def _comparison(here: str, chosen: Choice) -> Markup:
    shown = t("report.compare", period=choice.label(chosen.compared))
    items = [
        tag(
            "a",
            icon("check" if key == chosen.vs else "clock", cls="f"),
            t(f"report.compare_{key}"),
            href=f"{here}{chosen.query(vs=key)}",
            cls="menu-item",
        )
        for key in choice.COMPARISONS
    ]
    button = tag("summary", shown, icon("down", cls="f"), cls="btn box")
    return tag("details", button, div(*items, cls="pop"), cls="menu")


def _export(here: str, chosen: Choice) -> Markup:
    kinds = (("xlsx", t("report.excel")), ("csv", t("report.csv")))
    items = [
        tag(
            "a",
            icon("download", cls="f"),
            word,
            href=f"{here}/export.{kind}{chosen.query()}",
            cls="menu-item",
            download=True,
        )
        for kind, word in kinds
    ]
    button = tag("summary", icon("download"), t("report.export"), cls="btn")
    return tag("details", button, div(*items, cls="pop"), cls="menu")
