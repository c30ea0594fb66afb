"""Releases: what was activated when, by whom and why; an earlier one can be made active again."""

from __future__ import annotations

from functools import partial

from nicegui import ui
from starlette.concurrency import run_in_threadpool

from engine.releases import Approvals, ReleaseError, read_approvals
from payments_core import reporting, rulebooks
from payments_core.access import Action
from payments_core.errors import PaymentsCoreError
from payments_core.rulebooks import Activation, list_activations
from ui import desk, review_desk, shell
from ui.components import chips, review_parts, words
from ui.i18n import language, t, use_language
from ui.markup import Markup, div, join, link, show, span, tag
from ui.visit import Visit, page


def register() -> None:
    """Register the page."""

    @page("/releases", action=Action.READ_MONEY_RULES)
    async def releases_page(visit: Visit, r: int = 0) -> None:
        around = await visit.read(reporting.surroundings, scope=visit.person.scope, now=visit.now)
        activations = await visit.read(list_activations)
        remote = await visit.read(rulebooks.find_remote)
        repository = visit.services.repository
        commits = await run_in_threadpool(partial(desk.files_by_commit, repository))
        approvals = read_approvals(await run_in_threadpool(partial(desk.released, repository)))
        with (
            shell.frame(
                visit,
                section="rules",
                title=t("releases.title"),
                around=around,
                crumbs=((t("rules.title"), "/rules"),),
                headline=join(_headline(activations), _outside(remote), between=" "),
            ),
            ui.element("div").classes("wrap"),
            ui.element("div").classes("pan clip"),
        ):
            hint = span(_who_goes_back(approvals), cls="f s")
            show(div(tag("h2", t("releases.timeline")), hint, cls="ph"))
            for index, one in enumerate(activations):
                _row(
                    visit,
                    one,
                    files=commits.get(one.commit, ()),
                    in_force=index == 0,
                    approvals=approvals,
                    told=one.release_no == r,
                )


def _outside(remote: rulebooks.Remote | None) -> Markup:
    """Return how the remote stands; nothing where there is none."""
    if remote is None:
        return Markup("")
    time = words.time_of(remote.checked_at)
    return span(t(f"releases.remote.{remote.state}", time=time), cls="" if remote.state == "LEVEL" else "bad")


def _headline(activations: tuple[Activation, ...]) -> Markup:
    if not activations:
        return span(t("releases.none"))
    latest = activations[0]
    return span(
        t(
            "releases.headline",
            number=latest.release_no,
            time=words.time_of(latest.activated_at),
            name=latest.activated_by,
        ),
        cls="",
    )


def _who_goes_back(approvals: Approvals) -> str:
    """Say who goes back to an earlier release alone, and who has to agree where somebody else asks."""
    alone, agree = review_parts.roles(approvals.emergency), review_parts.roles(approvals.roll_back)
    return t("releases.hint", alone=alone, agree=agree) if alone else t("releases.hint_asked", agree=agree)


def _row(
    visit: Visit,
    one: Activation,
    *,
    files: tuple[str, ...],
    in_force: bool,
    approvals: Approvals,
    told: bool,
) -> None:
    rules = [name.split("/")[-1].removesuffix(".yaml") for name in files if name.startswith("rules/")]
    links = [link(rule, f"/rules/{rule}", cls="lk mono") for rule in rules[:4]]
    more = span(t("releases.more", count=len(rules) - 4), cls="f s") if len(rules) > 4 else None
    with ui.element("div").classes("release-row told" if told else "release-row"):
        show(
            div(
                span(words.time_of(one.activated_at), cls="mono"),
                span(f"R-{one.release_no}", cls="b"),
                chips.chip(t("rules.in_force"), "good") if in_force else None,
                span(one.reason or one.title, cls="el grow"),
                *links,
                more,
                span(one.activated_by, cls="m"),
                span(one.commit[:10], cls="mono f"),
                cls="row grow",
            )
        )
        if not in_force and visit.may(Action.REVIEW_RULES):
            alone = visit.person.role.value in approvals.emergency
            ui.button(
                t("releases.again" if alone else "releases.ask"),
                on_click=lambda: _confirm(visit, one, approvals, language()),
            ).props("outline")


async def _confirm(visit: Visit, one: Activation, approvals: Approvals, reader: str) -> None:
    """Ask for the reason; then go back at once, or ask for it where this role does not do it alone."""
    use_language(reader)
    alone = visit.person.role.value in approvals.emergency
    agree = review_parts.roles(approvals.roll_back)
    with ui.dialog().props("persistent") as dialog, ui.card().classes("confirm"):
        show(tag("h2", t("releases.confirm", number=one.release_no)))
        show(div(t("releases.confirm_words", time=words.time_of(one.activated_at)), cls="m"))
        if not alone:
            show(div(t("releases.ask_words", agree=agree), cls="m"))
        reason = ui.input(t("releases.reason")).classes("w-full")
        doing = t("bench.activate_as" if alone else "review.request_as", name=visit.person.name)
        with ui.row().classes("justify-end w-full"):
            ui.button(t("bench.cancel"), on_click=lambda: dialog.submit(False)).props("outline")
            ui.button(doing, on_click=lambda: dialog.submit(True))
    if not await dialog:
        return
    use_language(reader)
    try:
        number = await visit.write(
            Action.REVIEW_RULES,
            rulebooks.roll_back if alone else rulebooks.request_roll_back,
            desk=review_desk.desk_of(visit.services),
            release_no=one.release_no,
            by=review_desk.actor(visit.person),
            reason=reason.value or "",
            now=visit.services.now(),
        )
    except (ReleaseError, PaymentsCoreError) as refusal:
        ui.notify(words.refused(refusal), type="negative")
        return
    ui.navigate.to(f"/releases?r={number}" if alone else f"/reviews/{number}")
