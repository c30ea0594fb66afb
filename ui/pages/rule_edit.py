"""The workbench of one rule: YAML with live checks, try it, what differs, history; drafts and reviews."""

from __future__ import annotations

import asyncio
from functools import partial

from nicegui import ui
from starlette.concurrency import run_in_threadpool

from engine import releases
from engine.diagnostics import Diagnostic, Severity
from engine.releases import Author, BaseChanged, NothingChanged, ReleaseError
from engine.rulebook import Rule, ShapeName
from payments_core import reporting, rulebooks
from payments_core.access import Action
from payments_core.errors import PaymentsCoreError
from ui import backtest_desk, desk, review_desk, shell, theme
from ui.components import chips, review_parts, rule_panels, words
from ui.components.rule_text import RuleText
from ui.components.yaml_editor import YamlEditor
from ui.components.yaml_editor import words as words_of
from ui.i18n import language, t, use_language
from ui.markup import Markup, div, join, show, span, tag
from ui.pages.rule_parts.making import Makers
from ui.pages.rule_parts.tree import RuleTree
from ui.pages.rule_parts.views import Panel, Views
from ui.visit import Visit, page

_PAUSE_S = 0.25
_EDITS = {"risk": Action.EDIT_RISK_RULES}


def register() -> None:
    """Register the page."""

    @page("/rules/{rule_id}", action=Action.READ_MONEY_RULES)
    async def rule_edit(visit: Visit, rule_id: str, v: int = 0) -> None:
        repository = visit.services.repository
        around = await visit.read(reporting.surroundings, scope=visit.person.scope, now=visit.now)
        opened = await run_in_threadpool(
            partial(desk.open_rule, repository, rule_id=rule_id, login=visit.person.login)
        )
        listed = await run_in_threadpool(desk.list_rules, repository)
        reviews = await visit.read(rulebooks.list_reviews)
        past = await run_in_threadpool(partial(desk.past_texts, repository, path=opened.path))
        bench = Workbench(visit=visit, opened=opened)
        ui.add_head_html(str(join(theme.script("grid.js"), theme.script("editor.js"))))
        kind = desk.kind_title(opened.release, opened.rule.kind)
        with shell.frame(
            visit,
            section="rules",
            title=opened.rule.title,
            around=around,
            crumbs=(
                (t("rules.title"), "/rules"),
                (kind, f"/rules?q={opened.rule.kind}"),
            ),
            after_title=span(opened.rule.id, cls="mono f"),
        ) as frame:
            bench.frame = frame
            with ui.element("div").classes("bench") as room:
                tree = RuleTree(visit, opened, listed, reviews)
                with ui.element("div").classes("bench-main"):
                    bench.build_views(past, version=v, room=room)
                with ui.element("aside").classes("bench-side"):
                    bench.side = ui.html("", sanitize=False)
                    bench.side.on("click", bench.on_side_click, js_handler=_DELEGATE)
            bench.tree = tree
            await bench.check()
            tree.look_for_errors()


_DELEGATE = """(e) => {
  const hit = e.target.closest('[data-line]');
  if (hit) { e.preventDefault(); emit(Number(hit.dataset.line)); }
}"""


class Workbench:
    """What one open page knows: the text in the browser, its findings, the buttons that depend on them."""

    frame: shell.Frame
    side: ui.html
    tree: RuleTree
    views: Views
    editor: YamlEditor
    model: RuleText
    _save: ui.button
    _ask: ui.button
    _reason: ui.label

    def __init__(self, *, visit: Visit, opened: desk.OpenRule) -> None:
        """Begin with the draft's text, or the released one."""
        self.visit = visit
        self.opened = opened
        self.found: tuple[Diagnostic, ...] = ()
        self.changes: tuple[desk.Change, ...] | None = ()
        self.rule: Rule | None = opened.rule
        self.kind = opened.release.rulebook.kinds[opened.rule.kind]
        self.saved_text = opened.text
        self._edit = 0
        self._is_built = False
        self._language = language()
        self.edits = _EDITS.get(opened.rule.kind, Action.EDIT_MONEY_RULES)
        self.can_edit = visit.may(self.edits)

    def build_views(self, past: rule_panels.Past, *, version: int, room: ui.element) -> None:
        """Build the views of the text; the YAML view holds it and is there from the start."""
        make = Makers(self)
        self.views = views = Views(chosen="history" if version else "yaml", around=room)
        views.add("form", make.form)
        if self.kind.shape is not ShapeName.DEFINITION:
            views.add("grid", make.grid)
        views.add("yaml", make.editor)
        views.add("try", make.trial)
        views.add("proofs", make.proofs)
        views.add("diff", lambda: Panel(self._differences))
        views.add("backtest", make.backtest)
        views.add("coverage", make.coverage)
        views.add("uses", make.uses)
        views.add("history", lambda: Panel(lambda _: rule_panels.history(past, version=version)))
        views.build("yaml")

    def speak(self) -> None:
        """Use the reader's language for what is written from here on: a socket's events do not carry it."""
        use_language(self._language)

    def reveal(self, line: int) -> None:
        """Show a line of the YAML."""
        self.views.look_at("yaml")
        self.editor.reveal(line)

    def _differences(self, text: str) -> Markup:
        return rule_panels.differences(self.opened, text, self.changes)

    async def on_edit(self) -> None:
        """Check the text once the person pauses."""
        self._edit += 1
        mine = self._edit
        await asyncio.sleep(_PAUSE_S)
        if mine == self._edit:
            await self.check()

    async def check(self) -> None:
        """Check the present text among all other files and show what was found, everywhere it shows."""
        use_language(self._language)
        text, now = self.editor.text, self.visit.services.now()
        found = await run_in_threadpool(partial(desk.findings, self.opened, text, now=now))
        rule = await run_in_threadpool(desk.read_rule, self.opened, text)
        changed = await run_in_threadpool(desk.changes, self.opened, text)
        if text != self.editor.text:
            return  # an answer about a text that is no longer there
        self.found, self.changes, self.rule = found, changed, rule
        self.views.show(text, found)
        self.tree.tell(is_wrong=not desk.is_sound(found))
        self.side.set_content(str(rule_panels.side(self.opened, found, changed)))
        self.frame.tell(self._headline(text))
        self._show_actions(text)

    def on_side_click(self, event: object) -> None:
        """Scroll to the line of the finding that was clicked."""
        line = getattr(event, "args", None)
        if isinstance(line, int):
            self.reveal(line)

    def _headline(self, text: str) -> Markup:
        errors = sum(one.severity is Severity.ERROR for one in self.found)
        parts: list[Markup] = []
        if text == self.opened.released_text:
            parts.append(span(t("bench.as_released", version=self.opened.rule.version)))
        else:
            told = [
                span(f"{c.where} ", span(f"{c.old or '—'} → {c.new or '—'}", cls="b"))
                for c in (self.changes or ())[:3]
            ]
            parts.append(join(*told, between=t("list.semicolon")) if told else span(t("bench.changed")))
        if errors:
            parts.append(span(t("bench.errors", count=errors), cls="bad"))
        elif text != self.opened.released_text:
            parts.append(span(t("bench.sound"), cls="good"))
        return join(*parts, between=t("list.semicolon"))

    def _show_actions(self, text: str) -> None:
        """Say what can be done now. The buttons are built once: a click on its way must find its button."""
        if not self._is_built:
            self._is_built = True
            with self.frame.actions:
                self._build_actions()
        if self.can_edit:
            changed, sound = text != self.opened.released_text, desk.is_sound(self.found)
            self._save.set_enabled(changed and text != self.saved_text)
            self._ask.set_enabled(changed and sound)
            self._reason.set_text(self._why_not(changed=changed, sound=sound))

    def _build_actions(self) -> None:
        if not self.can_edit:
            show(span(t("bench.read_only"), cls="f"))
            return
        if self.opened.draft is not None:
            show(chips.chip(t("bench.draft_saved", time=words.time_of(self.opened.draft.at)), "plain"))
            ui.button(t("bench.discard"), on_click=self.discard).props("outline")
        ui.button(t("bench.raise"), on_click=self.raise_version).props("outline")
        self._save = ui.button(t("bench.save"), on_click=self.save).props("outline")
        self._ask = ui.button(t("review.request"), on_click=self.confirm).mark("request")
        self._reason = ui.label().classes("f s")

    def _why_not(self, *, changed: bool, sound: bool) -> str:
        if not changed:
            return t("bench.no_change")
        return "" if sound else t("bench.unsound")

    def raise_version(self) -> None:
        """Write the next version number and the coming midnight into the text."""
        self.editor.replace(desk.next_version(self.opened, self.editor.text, now=self.visit.services.now()))

    async def save(self) -> None:
        """Keep the text as this person's draft."""
        if await self.keep():
            ui.notify(t("bench.saved"), type="positive")
            self._show_actions(self.saved_text)

    async def keep(self) -> bool:
        """Keep the text as this person's draft without a word; tell a refusal, and whether it is kept."""
        use_language(self._language)
        text = self.editor.text
        try:
            await self._keep(text)
        except (ReleaseError, PaymentsCoreError) as refusal:
            ui.notify(_told(refusal), type="negative")
            return False
        self.saved_text = text
        return True

    async def keep_for_backtest(self) -> bool:
        """Keep the text where it is sound and changes something: a backtest of anything else is nothing."""
        use_language(self._language)
        changed, sound = self.editor.text != self.opened.released_text, desk.is_sound(self.found)
        if reason := self._why_not(changed=changed, sound=sound):
            ui.notify(reason, type="negative")
            return False
        return await self.keep()

    async def discard(self) -> None:
        """Throw the draft away and go back to what is released."""
        use_language(self._language)
        if self.opened.draft is not None:
            await self.visit.call(
                self.edits,
                releases.discard_draft,
                self.visit.services.repository,
                self.opened.draft.name,
            )
        ui.navigate.reload()

    async def confirm(self) -> None:
        """Say what will be asked for before it is, and why in the author's words."""
        use_language(self._language)
        rule = desk.read_rule(self.opened, self.editor.text)
        if rule is None:
            return
        impact = await self._impact()
        with ui.dialog().props("persistent") as dialog, ui.card().classes("confirm"):
            show(tag("h2", t("review.request_title", rule=rule.title, version=rule.version)))
            show(rule_panels.change_list(self.changes or ()))
            show(div(t("bench.confirm_from", time=words.time_of(rule.effective_from)), cls="m"))
            show(div(t("review.request_words"), cls="m"))
            show(div(impact, cls="m"))
            reason = ui.input(t("review.reason")).classes("w-full").mark("reason")
            with ui.row().classes("justify-end w-full"):
                ui.button(t("bench.cancel"), on_click=lambda: dialog.submit(False)).props("outline")
                ui.button(
                    t("review.request_as", name=self.visit.person.name), on_click=lambda: dialog.submit(True)
                ).mark("confirm")
        if await dialog:
            await self._request(f"{rule.title} v{rule.version}", reason.value or "")

    async def _impact(self) -> str:
        """Return what the text moves in a month, or that this was not measured."""
        draft, visit = desk.draft_name(rule_id=self.opened.rule.id, login=self.visit.person.login), self.visit
        known = None
        if self.editor.text == self.saved_text:
            known = await visit.read(backtest_desk.impact_of, services=visit.services, draft=draft)
        use_language(self._language)
        return t("review.measure_first") if known is None else t("review.impact", money=words.money(known))

    async def _request(self, title: str, reason: str) -> None:
        use_language(self._language)
        visit = self.visit
        try:
            number = await visit.write(
                self.edits,
                review_desk.request_review,
                services=visit.services,
                opened=self.opened,
                text=self.editor.text,
                person=visit.person,
                title=title,
                reason=reason,
                now=visit.services.now(),
            )
        except BaseChanged as clash:
            if await review_parts.ask_to_keep(clash):
                await self._bring_up_to_date()
                await self._request(title, reason)
            return
        except (ReleaseError, PaymentsCoreError) as refusal:
            ui.notify(_told(refusal), type="negative", multi_line=True)
            return
        ui.navigate.to(f"/reviews/{number}")

    async def _bring_up_to_date(self) -> None:
        """Write the editor's text on top of what is released: the author has seen both."""
        visit = self.visit
        await visit.call(
            self.edits,
            releases.update_draft,
            path=visit.services.repository,
            name=desk.draft_name(rule_id=self.opened.rule.id, login=visit.person.login),
            author=self._author(),
            at=visit.services.now(),
            resolved={self.opened.path: self.editor.text},
        )

    def _author(self) -> Author:
        return Author(name=self.visit.person.name, email=f"{self.visit.person.login}@haodian")

    async def _keep(self, text: str) -> None:
        visit = self.visit
        try:
            await visit.call(
                self.edits,
                desk.save,
                self.opened,
                text,
                repository=visit.services.repository,
                author=self._author(),
                login=visit.person.login,
                now=visit.services.now(),
            )
        except NothingChanged:
            return


def _told(refusal: Exception) -> str:
    found = getattr(refusal, "diagnostics", ())
    lines = [f"{one.location}: {words_of(one)}" for one in found[:3]]
    return "\n".join([words.refused(refusal), *lines])
