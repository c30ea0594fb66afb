"""Which conditions the tests in the file reach, with the words of each; those that none reaches stand out."""

from __future__ import annotations

from typing import Any

from engine.rulebook import Coverage, Rule
from ui.components import chips, states
from ui.i18n import language, t
from ui.markup import Markup, div, join, span, tag


def drawn(rule: Rule | None, reached: Coverage | None) -> Markup:
    """Return the coverage of a rule; the condition's own words tell which row it is."""
    if rule is None or reached is None:
        return states.empty(t("coverage.unreadable"), t("try.unreadable_hint"))
    if not reached.reached:
        return states.empty(t("coverage.nothing"), "")
    hit = len(reached.reached) - len(reached.missed)
    told = t("coverage.told", tests=reached.tests, hit=hit, all=len(reached.reached))
    head = div(
        chips.chip(told, "good" if not reached.missed else "warn"),
        span(t("coverage.hint"), cls="f s"),
        cls="proof-head row",
    )
    conditions = rule.conditions
    rows = [
        tag(
            "tr",
            tag(
                "td",
                tag("button", str(one.line), type="button", cls="lk mono plain", data_line=one.line),
                cls="r",
            ),
            tag(
                "td",
                span(_named(rule, one.pointer), cls="b"),
                " ",
                conditions[one.pointer].words(language=language()),
            ),
            tag("td", f"{one.times:,}" if one.times else chips.chip(t("coverage.missed"), "warn"), cls="r n"),
        )
        for one in reached.reached
    ]
    heads = tag(
        "tr",
        tag("th", t("coverage.line"), cls="r"),
        tag("th", t("coverage.condition")),
        tag("th", t("coverage.times"), cls="r"),
    )
    table = tag("table", tag("thead", heads), tag("tbody", *rows), cls="tb loose coverage")
    return join(head, table)


def _named(rule: Rule, pointer: tuple[str | int, ...]) -> str:
    """The label or id of the row a condition belongs to, else its path."""
    value: Any = rule.spec
    for step in pointer[:-1]:
        value = value[step]
    if isinstance(value, dict):
        for key in ("label", "id"):
            if isinstance(value.get(key), str):
                return str(value[key])
    return ".".join(map(str, pointer))
