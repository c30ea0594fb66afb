"""Who uses it, and what hangs on it: columns from source to decision, then every line that names it."""

from __future__ import annotations

from collections.abc import Sequence

from engine.releases import Release
from engine.rulebook import Kind, Rule
from ui.components import states
from ui.i18n import either, t
from ui.icons import icon
from ui.markup import Markup, div, join, link, span, tag
from ui.uses import Impact, Use

_MOST_LINES = 12


def impact(release: Release, found: Impact) -> Markup:
    """Return what it is made of on the left, what hangs on it to the right; empty columns are left out."""
    columns = [
        _column(t("uses.sources"), [_fact(release, name) for name in found.sources]),
        _column(t("uses.facts"), [_fact(release, name) for name in found.facts]),
        _column(t("uses.rules"), [_rule(rule) for rule in found.rules]),
        _column(t("uses.kinds"), [_kind(kind) for kind in found.kinds]),
        _column(t("uses.dependants"), [_kind(kind) for kind in found.dependants]),
    ]
    shown = [column for column in columns if column is not None]
    return div(join(*shown, between=div(icon("right", size=16, cls="f"), cls="uses-arrow")), cls="uses-flow")


def lines(found: Sequence[Use]) -> Markup:
    """Return every file that names it, with its lines."""
    if not found:
        return states.empty(t("uses.none"), t("uses.none_hint"))
    return div(*(_use(use) for use in found))


def address(name: str) -> str:
    """Return the address of the page about a name."""
    return f"/uses?of={name}"


def _column(title: str, items: Sequence[Markup]) -> Markup | None:
    if not items:
        return None
    return div(tag("h3", title, " ", span(str(len(items)), cls="f")), *items, cls="uses-column")


def _fact(release: Release, name: str) -> Markup:
    fact = release.rulebook.vocabulary.facts.get(name)
    title = either(fact.title, fact.title_en) if fact is not None else ""
    return tag("a", span(title), span(name, cls="mono s f"), href=address(name), cls="uses-item")


def _rule(rule: Rule) -> Markup:
    said = span(f"{rule.id} v{rule.version}", cls="mono s f")
    return tag("a", span(rule.title), said, href=f"/rules/{rule.id}", cls="uses-item")


def _kind(kind: Kind) -> Markup:
    state = t("uses.in_use" if kind.in_use else "uses.not_in_use")
    said = span(f"{kind.name} · {state}", cls="s f")
    return tag(
        "a", span(either(kind.title, kind.title_en)), said, href=f"/rules?q={kind.name}", cls="uses-item"
    )


def _use(use: Use) -> Markup:
    if use.rule is not None:
        title = link(use.rule.title, f"/rules/{use.rule.id}", cls="lk b")
        named = span(f"{use.rule.id} v{use.rule.version}", cls="mono f s")
    else:
        title, named = span(t(f"uses.sort.{use.sort}"), cls="b"), span(use.path, cls="mono f s")
    rows = [
        div(
            span(str(place.line), cls="no mono"),
            span(place.part, cls="mono f s el"),
            span(place.text, cls="mono el"),
            span(t("uses.test"), cls="f s") if place.is_test else None,
            cls="use-line",
        )
        for place in use.places[:_MOST_LINES]
    ]
    left = len(use.places) - _MOST_LINES
    more = div(t("releases.more", count=left), cls="f s pad") if left > 0 else None
    return div(
        div(title, named, span(cls="grow"), span(str(len(use.places)), cls="f"), cls="row use-head"),
        *rows,
        more,
        cls="use",
    )
