"""The rule list: every rule by kind, which version is in force since when, who is drafting what."""

from __future__ import annotations

from starlette.concurrency import run_in_threadpool

from engine.releases import Release
from payments_core import reporting, rulebooks
from payments_core.access import Action
from ui import desk, shell
from ui.components import chips, data_table, words
from ui.components.data_table import Column
from ui.i18n import t
from ui.icons import icon
from ui.markup import Markup, div, join, link, show, span, tag
from ui.visit import Visit, page


def register() -> None:
    """Register the page."""

    @page("/rules", action=Action.READ_MONEY_RULES)
    async def rules(visit: Visit, q: str = "") -> None:
        around = await visit.read(reporting.surroundings, scope=visit.person.scope, now=visit.now)
        active = await visit.read(rulebooks.active)
        listed = await run_in_threadpool(desk.list_rules, visit.services.repository)
        release = await run_in_threadpool(desk.released, visit.services.repository)
        found = [line for line in listed if matches(line, q)]
        drafts = sum(len(line.drafts) for line in listed)
        with shell.frame(
            visit,
            section="rules",
            title=t("rules.title"),
            around=around,
            headline=span(t("rules.headline", rules=len(listed), drafts=drafts)),
            actions=join(
                link(t("reviews.title"), "/reviews", cls="btn"),
                link(t("trials.title"), "/trials", cls="btn"),
                link(t("rules.releases"), "/releases", cls="btn"),
            ),
        ):
            if active is not None and active[1] != release.commit:
                show(div(_behind(active[0], release.commit), cls="wrap wrap-top"))
            body = _table(visit, release, found) if found else _nothing()
            show(div(_filter(q), body, cls="wrap"))


def _behind(number: int, tip: str) -> Markup:
    """Return the strip that says that an earlier release was made the active one again."""
    told = t("rules.behind", number=number, tip=tip[:10])
    return div(
        icon("alert", cls="warn"),
        span(told),
        " ",
        link(t("rules.releases"), "/releases"),
        cls="lost",
        role="status",
    )


def matches(line: desk.RuleLine, text: str) -> bool:
    """Tell whether a rule's id, title or any fact it reads contains `text`."""
    rule = line.rule
    read = {name for condition in rule.conditions.values() for name in condition.reads}
    return any(text.lower() in one.lower() for one in (rule.id, rule.title, rule.kind, *read))


def state_chip(visit: Visit, line: desk.RuleLine) -> Markup:
    """Return whether the rule is in force, waits for its day, or has ended."""
    rule = line.rule
    if rule.effective_from > visit.now:
        return chips.chip(t("rules.waiting", day=words.day(rule.effective_from.date(), year=True)), "info")
    if rule.effective_to is not None and rule.effective_to <= visit.now:
        return chips.chip(t("rules.ended"), "plain", icon_name="minus")
    return chips.chip(t("rules.in_force"), "good")


def _table(visit: Visit, release: Release, lines: list[desk.RuleLine]) -> Markup:
    first_of_kind = {line.rule.kind: line.rule.id for line in reversed(lines)}

    def kind(line: desk.RuleLine) -> Markup | None:
        is_first = first_of_kind[line.rule.kind] == line.rule.id
        return span(desk.kind_title(release, line.rule.kind), cls="m") if is_first else None

    def title(line: desk.RuleLine) -> Markup:
        return link(line.rule.title, f"/rules/{line.rule.id}")

    def since(line: desk.RuleLine) -> str:
        return words.time_of(line.rule.effective_from, seconds=False)

    columns = (
        Column(key="kind", head=t("rules.kind"), cell=kind),
        Column(key="title", head=t("rules.rule"), cell=title),
        Column(key="id", head=t("rules.id"), cell=lambda line: span(line.rule.id, cls="mono f"), cls="extra"),
        Column(
            key="version",
            head=t("rules.version"),
            cell=lambda line: f"v{line.rule.version}",
            align="r",
            cls="extra",
        ),
        Column(key="state", head=t("rules.state"), cell=lambda line: state_chip(visit, line)),
        Column(key="from", head=t("rules.from"), cell=since, cls="extra"),
        Column(key="scope", head=t("rules.scope"), cell=_scope, cls="extra"),
        Column(key="owner", head=t("rules.owner"), cell=lambda line: line.rule.owner, cls="extra"),
        Column(key="drafts", head=t("rules.drafts"), cell=_drafts, cls="extra"),
    )
    return div(div(data_table.table(columns, lines, loose=True), cls="grid-box"), cls="pan clip")


def _scope(line: desk.RuleLine) -> str:
    return t("list.semicolon").join(
        f"{key} {t('list.and').join(values)}" for key, values in line.rule.scope.items()
    ) or t("rules.everywhere")


def _drafts(line: desk.RuleLine) -> Markup:
    return join(*(chips.chip(draft.author.name, "plain") for draft in line.drafts), between=" ")


def _filter(text: str) -> Markup:
    field = tag(
        "input",
        name="q",
        value=text,
        placeholder=t("rules.filter"),
        aria_label=t("rules.filter"),
        cls="input",
        maxlength=60,
        size=32,
    )
    return tag(
        "form", field, tag("button", t("rules.filter_do"), type="submit", cls="btn"), method="get", cls="row"
    )


def _nothing() -> Markup:
    return div(div(t("rules.none"), cls="state"), cls="pan")
