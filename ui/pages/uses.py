"""Find uses: who reads a fact, names a rule or a value, and what hangs on it."""

from __future__ import annotations

from functools import partial

from starlette.concurrency import run_in_threadpool

from engine.releases import Release
from payments_core import reporting
from payments_core.access import Action
from ui import desk, shell, uses
from ui.components import fact_cards, uses_view
from ui.i18n import t
from ui.markup import Markup, div, join, show, span, tag
from ui.visit import Visit, page


def register() -> None:
    """Register the page."""

    @page("/uses", action=Action.READ_MONEY_RULES)
    async def find_uses(visit: Visit, of: str = "") -> None:
        around = await visit.read(reporting.surroundings, scope=visit.person.scope, now=visit.now)
        release = await run_in_threadpool(desk.released, visit.services.repository)
        name = of.strip()[: uses.MOST_NAME]
        found = await run_in_threadpool(partial(uses.find, release, name))
        with shell.frame(
            visit,
            section="rules",
            title=name or t("uses.title"),
            around=around,
            crumbs=((t("rules.title"), "/rules"), (t("uses.title"), "/uses"))
            if name
            else ((t("rules.title"), "/rules"),),
            headline=_headline(found) if name else None,
        ):
            show(div(_search(name), _body(release, name, found), cls="wrap"))


def _headline(found: tuple[uses.Use, ...]) -> Markup:
    rules = sum(use.rule is not None for use in found)
    lines = sum(len(use.places) for use in found)
    return span(t("uses.headline", rules=rules, others=len(found) - rules, lines=lines))


def _body(release: Release, name: str, found: tuple[uses.Use, ...]) -> Markup:
    fact = release.rulebook.vocabulary.facts.get(name)
    rule = next((one for one in release.rulebook.rules if one.id == name), None)
    parts: list[Markup] = []
    if fact is not None:
        title, *told = fact_cards.card(fact, {one.fact: one for one in release.rulebook.aggregates})
        said = div(
            span(title, cls="b"),
            " ",
            join(*(span(one, cls="chip plain") for one in told), between=" "),
            cls="pad",
        )
        parts.append(div(said, cls="pan"))
        parts.append(_panel(t("uses.impact"), uses_view.impact(release, uses.impact_of_fact(release, name))))
    elif rule is not None:
        parts.append(_panel(t("uses.impact"), uses_view.impact(release, uses.impact_of_rule(release, rule))))
    parts.append(_panel(t("uses.lines"), uses_view.lines(found)))
    return join(*parts)


def _panel(title: str, body: Markup) -> Markup:
    return div(div(tag("h2", title), cls="ph"), body, cls="pan clip")


def _search(name: str) -> Markup:
    field = tag(
        "input",
        name="of",
        value=name,
        placeholder=t("uses.search"),
        aria_label=t("uses.search"),
        cls="input",
        maxlength=uses.MOST_NAME,
        size=36,
    )
    return tag(
        "form",
        field,
        tag("button", t("uses.find"), type="submit", cls="btn"),
        method="get",
        action="/uses",
        cls="row",
    )
