"""Reviews: what waits for whom; and one change with everything its approver needs to decide."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from functools import partial
from typing import Any

from nicegui import ui
from starlette.concurrency import run_in_threadpool

from engine.releases import ReleaseError
from engine.rulebook.prove.compare import Comparison
from payments_core import reporting, rulebooks
from payments_core.access import Action
from payments_core.calendar import SHANGHAI
from payments_core.errors import PaymentsCoreError
from payments_core.rulebooks import Review
from ui import backtest_desk, review_desk, shell
from ui.components import comparison, data_table, review_parts, states, words
from ui.components.data_table import Column
from ui.i18n import language, t, use_language
from ui.markup import div, join, link, show, span, tag
from ui.pages.backtest_parts.panel import BacktestPanel
from ui.review_desk import Sight
from ui.visit import Visit, page


def register() -> None:
    """Register both pages."""

    @page("/reviews", action=Action.READ_MONEY_RULES)
    async def reviews(visit: Visit) -> None:
        around = await visit.read(reporting.surroundings, scope=visit.person.scope, now=visit.now)
        listed = await visit.read(rulebooks.list_reviews)
        opened = sum(one.is_open for one in listed)
        with shell.frame(
            visit,
            section="rules",
            title=t("reviews.title"),
            around=around,
            crumbs=((t("rules.title"), "/rules"),),
            headline=span(t("reviews.headline", open=opened)),
        ):
            body = data_table.table(_columns(), list(listed), loose=True) if listed else None
            table = (
                div(div(body, cls="grid-box"), cls="pan clip")
                if body
                else states.empty(t("reviews.none"), "")
            )
            show(div(table, cls="wrap"))

    @page("/reviews/{number}", action=Action.READ_MONEY_RULES)
    async def review(visit: Visit, number: int) -> None:
        around = await visit.read(reporting.surroundings, scope=visit.person.scope, now=visit.now)
        found = await visit.read(rulebooks.get_review, review_no=number)
        sight = await run_in_threadpool(partial(review_desk.look_at, visit.services, found))
        with shell.frame(
            visit,
            section="rules",
            title=found.title,
            around=around,
            crumbs=((t("rules.title"), "/rules"), (t("reviews.title"), "/reviews")),
            after_title=review_parts.state_chip(found),
            headline=review_parts.headline(sight),
        ) as frame:
            with ui.element("div").classes("wrap review"):
                with ui.element("div"):
                    await _show_change(visit, sight)
                    await _show_backtest(visit, found)
                with ui.element("div"):
                    show(div(review_parts.evidence(found), cls="pan"))
                    show(div(review_parts.decisions(sight), cls="pan"))
            if found.is_open and visit.may(Action.REVIEW_RULES):
                with frame.actions:
                    _Steps(visit, sight).build()


async def _show_change(visit: Visit, sight: Sight) -> None:
    """Show what changes: values, verdicts (proving them may take a few seconds), and the lines."""
    for one in sight.files:
        show(div(review_parts.changed_values(one), cls="pan clip"))

    def render(compared: tuple[tuple[datetime, Comparison], ...]) -> None:
        show(join(*(div(comparison.panel(one, since=since), cls="pan clip") for since, one in compared)))

    if sight.files:
        reading = run_in_threadpool(partial(review_desk.comparisons, visit.services, sight.review))
        await states.when_loaded(reading, render)
    for one in sight.files:
        show(review_parts.changed_lines(one))


async def _show_backtest(visit: Visit, review: Review) -> None:
    """Show what the change would have done to past payments; of an open one it can be measured here."""
    measured = await visit.read(backtest_desk.last_run, draft=review.draft, meaning=review.meaning)
    if review.rolls_back_to is not None or (measured is None and not review.is_open):
        return
    can_start = review.is_open and visit.may(Action.REVIEW_RULES)
    with ui.element("div").classes("pan clip").props(f"id={review_parts.MEASURE}"):
        show(div(tag("h2", t("backtest.title")), cls="ph"))
        panel = BacktestPanel(
            visit,
            draft=review.draft,
            meaning=review.meaning,
            action=Action.REVIEW_RULES if can_start else None,
            on_done=ui.navigate.reload,  # the figure is the review's now, and may need other approvers
        )
    panel.show("", ())


class _Steps:
    """The buttons of one open review, and what each does."""

    def __init__(self, visit: Visit, sight: Sight) -> None:
        self.visit, self.sight = visit, sight
        self.review = sight.review
        self._language = language()
        self._is_own = f"{visit.person.login}@haodian" in sight.writers

    def build(self) -> None:
        """Show the steps this person may take, or why not."""
        role, sight = self.visit.person.role.value, self.sight
        if self._is_own:
            show(span(t("review.own"), cls="f s"))
        elif role in sight.needed and not sight.is_void:
            self.words = ui.input(t("review.words")).props("dense outlined").mark("words")
            ui.button(t("review.refuse"), on_click=self.refuse).props("outline").mark("refuse")
            ui.button(t("review.approve"), on_click=self.approve).mark("approve")
        elif role not in sight.needed and sight.missing:
            show(span(t("review.not_needed"), cls="f s"))
        if self.review.author == self.visit.person.login:
            ui.button(t("review.withdraw"), on_click=self.withdraw).props("outline").mark("withdraw")
        if not sight.missing and not sight.is_void and not sight.problem:
            self.at = ui.input(t("review.at")).props("dense outlined").mark("at")
            ui.button(t("review.schedule"), on_click=self.schedule).props("outline").mark("schedule")
            ui.button(t("review.publish"), on_click=self.publish).mark("publish")

    async def approve(self) -> None:
        """Say yes."""
        await self._do(rulebooks.approve, words=self.words.value or "")

    async def refuse(self) -> None:
        """Say no, in words."""
        await self._do(rulebooks.refuse, words=self.words.value or "")

    async def withdraw(self) -> None:
        """Take it back."""
        await self._do(_withdraw)

    async def publish(self) -> None:
        """Merge and activate now."""
        number = await self._do(rulebooks.publish, stays=False)
        if number is not None:
            ui.navigate.to(f"/releases?r={number}")

    async def schedule(self) -> None:
        """Plan it for the time that was typed, in Shanghai."""
        use_language(self._language)
        try:
            due = datetime.strptime((self.at.value or "").strip(), "%Y-%m-%d %H:%M").replace(tzinfo=SHANGHAI)
        except ValueError:
            ui.notify(t("review.at_unclear"), type="negative")
            return
        await self._do(rulebooks.schedule, due_at=due)

    async def _do(self, step: Callable[..., Any], *, stays: bool = True, **values: Any) -> Any:
        use_language(self._language)
        visit = self.visit
        try:
            result = await visit.write(
                Action.REVIEW_RULES,
                step,
                desk=review_desk.desk_of(visit.services),
                review_no=self.review.review_no,
                by=review_desk.actor(visit.person),
                now=visit.services.now(),
                **values,
            )
        except (ReleaseError, PaymentsCoreError) as refusal:
            ui.notify(words.refused(refusal), type="negative", multi_line=True)
            return None
        if stays:
            ui.navigate.reload()
        return result


def _withdraw(connection: Any, *, desk: Any, **values: Any) -> None:
    """Withdrawing needs no repository; the steps are called alike."""
    rulebooks.withdraw(connection, **values)


def _columns() -> tuple[Column[Review], ...]:
    def title(one: Review) -> Any:
        return link(one.title, f"/reviews/{one.review_no}")

    return (
        Column(key="no", head=t("reviews.number"), cell=lambda one: f"#{one.review_no}"),
        Column(key="what", head=t("reviews.what"), cell=title),
        Column(key="state", head=t("reviews.state"), cell=review_parts.state_chip),
        Column(key="author", head=t("reviews.author"), cell=lambda one: one.author_name),
        Column(key="asked", head=t("reviews.asked"), cell=lambda one: words.time_of(one.requested_at)),
        Column(
            key="impact", head=t("reviews.impact"), cell=lambda one: words.money(one.impact_fen), align="r"
        ),
    )
