"""The backtest of one draft on a page: choose a period, start it, see how far it is, read what it found."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from typing import Any

from nicegui import background_tasks, ui
from nicegui.events import GenericEventArguments
from starlette.concurrency import run_in_threadpool

from engine.diagnostics import Diagnostic
from engine.releases import ReleaseError
from payments_core.access import Action
from payments_core.backtest import Run, State
from payments_core.errors import PaymentsCoreError
from ui import backtest_desk
from ui.backtest_desk import PLACES, Places, Results
from ui.components import states, words
from ui.i18n import language, t, use_language
from ui.markup import Markup, join, show, span
from ui.pages.backtest_parts import drawn
from ui.visit import Visit

LOOKS_EVERY_S = 1.0
_ACTS = """(event) => {
  const hit = event.target.closest('[data-act]');
  if (hit) { event.preventDefault(); emit(hit.dataset.act); }
}"""


async def _ready() -> bool:
    return True


def _open_rule(rule_id: str, line: int) -> None:
    ui.navigate.to(f"/rules/{rule_id}")


class BacktestPanel:
    """One draft's backtest. Built empty; `show` or `refresh` looks for the last run."""

    def __init__(
        self,
        visit: Visit,
        *,
        draft: str,
        action: Action | None,
        meaning: str | None = None,
        prepare: Callable[[], Awaitable[bool]] = _ready,
        reveal: Callable[[str, int], None] = _open_rule,
        saved: Callable[[], str] = str,
        on_done: Callable[[], None] = lambda: None,
    ) -> None:
        """Put it on the page.

        `action` is what somebody needs to start and stop it, None where this person may not; with `meaning`
        only a backtest of that meaning is shown; `prepare` saves what is to be measured; `saved` is the text
        that the draft holds; `on_done` is told of an end that was waited for here.
        """
        self.visit, self._draft, self._action = visit, draft, action
        self._meaning = meaning
        self._prepare, self._reveal, self._saved, self._on_done = prepare, reveal, saved, on_done
        self._language = language()
        self._run: Run | None = None
        self._found: Results | None = None
        self._places: Places | None = None
        self._is_current = self._is_unsaved = self._was_asked = False
        self._sees_all = visit.person.scope.kind == "all"
        self._start: ui.button | None = None
        self._controls = ui.element("div").classes("backtest-controls")
        self._html = ui.html("", sanitize=False).classes("backtest-view")
        self._html.on("click", self._clicked, js_handler=_ACTS)
        self._timer = ui.timer(LOOKS_EVERY_S, self._look, active=False)

    def show(self, text: str, found: Sequence[Diagnostic]) -> None:
        """Look for the last run the first time; later only say whether the text went on without it."""
        self._is_unsaved = text != self._saved()
        if not self._was_asked:
            self._was_asked = True
            self._set(states.skeleton(lines=4) if self._sees_all else states.empty(t("backtest.not_all")))
            if self._sees_all:
                background_tasks.create(self.refresh())
        elif self._found is not None:
            self._draw()

    async def refresh(self) -> None:
        """Build the controls, read the last run and draw it."""
        use_language(self._language)
        self._was_asked = True
        period = await self.visit.read(backtest_desk.usual_period)
        await self._read()
        if self._html.is_deleted:
            return
        use_language(self._language)
        if period is None:
            self._set(states.empty(t("backtest.no_days")))
            return
        self._controls.clear()
        if self._action is not None:
            with self._controls:
                self._first = _date_field(t("backtest.first"), period.first.isoformat())
                self._last = _date_field(t("backtest.last"), period.last.isoformat())
                self._start = ui.button(t("backtest.start"), on_click=self.start).mark("backtest-start")
                if self._prepare is not _ready:
                    show(span(t("backtest.saves"), cls="f s"))
        self._draw()

    async def start(self) -> None:
        """Ask the worker for it."""
        use_language(self._language)
        try:
            period = backtest_desk.read_period(self._first.value or "", self._last.value or "")
            if period is None:
                ui.notify(t("backtest.dates_unclear"), type="negative")
                return
            if not await self._prepare():
                return
            self._is_unsaved = False
            use_language(self._language)
            await self._write(
                backtest_desk.ask,
                services=self.visit.services,
                draft=self._draft,
                period=period,
                by=self.visit.person.name,
                now=self.visit.services.now(),
            )
        except (ReleaseError, PaymentsCoreError) as refusal:
            ui.notify(words.refused(refusal), type="negative", multi_line=True)
            return
        await self._read()
        use_language(self._language)
        self._draw()

    async def _write(self, operation: Callable[..., Any], **values: Any) -> None:
        if self._action is not None:
            await self.visit.write(self._action, operation, **values)

    async def _look(self) -> None:
        """See how far the run is; its end is the last look."""
        await self._read()
        if self._html.is_deleted:
            return
        use_language(self._language)
        self._draw()
        if self._run is not None and self._run.state == State.DONE:
            self._on_done()

    async def _read(self) -> None:
        self._run = run = await self.visit.read(
            backtest_desk.last_run, draft=self._draft, meaning=self._meaning
        )
        self._found = self._places = None
        if run is not None and run.state == State.DONE:
            present = self._meaning or await run_in_threadpool(
                partial(backtest_desk.meaning_now, self.visit.services, self._draft)
            )
            self._is_current = present == run.meaning
            self._found = await self.visit.read(backtest_desk.results, run_no=run.run_no)
            self._places = await self.visit.read(backtest_desk.places, run_no=run.run_no, dimension=PLACES[0])

    def _draw(self) -> None:
        run = self._run
        waits = backtest_desk.is_under_way(run)
        self._timer.active = waits
        if self._start is not None:
            self._start.set_enabled(not waits)
            self._start.set_text(t("backtest.start" if run is None else "backtest.again"))
        self._set(self._markup(run))

    def _markup(self, run: Run | None) -> Markup:
        if run is None:
            return states.empty(t("backtest.none"), t("backtest.none_hint"))
        if backtest_desk.is_under_way(run):
            return drawn.under_way(run)
        if self._found is None or self._places is None:
            return drawn.ended_otherwise(run)
        head = drawn.head(run, self._found.whole, is_current=self._is_current, is_unsaved=self._is_unsaved)
        return join(head, drawn.all_of(self._found, run, self._places))

    def _set(self, content: Markup) -> None:
        self._html.set_content(str(content))

    async def _clicked(self, event: GenericEventArguments) -> None:
        use_language(self._language)
        act, _, value = str(event.args).partition(":")
        run = self._run
        if run is None:
            return
        if act == "cancel":
            try:
                await self._write(backtest_desk.cancel, run_no=run.run_no)
            except PaymentsCoreError as refusal:
                ui.notify(words.refused(refusal), type="negative")
            await self._look()
        elif act == "places" and value in PLACES:
            self._places = await self.visit.read(
                backtest_desk.places, run_no=run.run_no, dimension=PLACES[PLACES.index(value)]
            )
            use_language(self._language)
            self._draw()
        elif act == "line":
            rule_id, _, line = value.rpartition(":")
            self._reveal(rule_id, int(line) if line.isdigit() else 1)


def _date_field(label: str, value: str) -> ui.input:
    show(span(label, cls="m"))
    return ui.input(value=value).props(f'type=date aria-label="{label}"').classes("backtest-date")
