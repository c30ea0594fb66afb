"""A form definition as NiceGUI elements: sections, live conditions, findings at their fields.

Every question's elements are made once and only shown or hidden, so a condition never takes the cursor away
from whoever is typing. One question gives one `Question`; what differs between kinds of questions is how its
elements are made (`questions.py`).
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from nicegui import ui

from engine.forms import Form, Section
from ui.forms.filling import Filling
from ui.forms.questions import Question, Surroundings, ask
from ui.i18n import either, t
from ui.icons import icon
from ui.markup import Markup, div, span, tag


@dataclass(slots=True, kw_only=True)
class FormView:
    """The form on the page; `on_submit` is called with answers that have no findings."""

    filling: Filling
    around: Surroundings
    on_submit: Callable[[dict[str, object]], Awaitable[None]]
    submit_label: str
    questions: dict[str, Question] = field(default_factory=dict)
    sections: dict[str, ui.element] = field(default_factory=dict)
    summary: ui.html = field(init=False)
    outline: ui.html = field(init=False)
    button: ui.button = field(init=False)

    @property
    def form(self) -> Form:
        """The definition this view asks."""
        return self.filling.form

    def show(self) -> None:
        """Put the form on the page."""
        with ui.element("div").classes("form-page"):
            with ui.element("form").classes("form-body").props("novalidate autocomplete=off") as body:
                body.on("submit", js_handler="(e) => e.preventDefault()")
                self.summary = ui.html("", sanitize=False).props('role=alert aria-live="polite"')
                for section in self.form.sections:
                    self._show_section(section)
                with ui.element("div").classes("form-foot"):
                    self.button = ui.button(self.submit_label, on_click=self._submit).classes("form-submit")
            with ui.element("aside").classes("form-side"):
                self.outline = ui.html("", sanitize=False)
        self.refresh()

    def put(self, name: str, value: object) -> None:
        """Take an answer and show what it changes."""
        self.filling.put(name, value)
        self.refresh()

    def leave(self, name: str) -> None:
        """Show the mistakes of a field that was left."""
        self.filling.leave(name)
        self.refresh()

    def refresh(self) -> None:
        """Show and hide questions, put the findings beside them, count what is still missing."""
        shown = self.filling.shown()
        names = {one.name for part in shown for one in part.fields}
        required, spoken = self.filling.required(), self.filling.spoken()
        for name, question in self.questions.items():
            question.box.set_visibility(name in names)
            question.mark(is_required=name in required)
            finding = spoken.get(name)
            question.tell(either(finding.message, finding.message_en) if finding else "")
        present = {part.section.id for part in shown}
        for section_id, element in self.sections.items():
            element.set_visibility(section_id in present)
        self.summary.set_content(str(self._summary(len(spoken)) if self.filling.is_submitted else ""))
        self.outline.set_content(str(self._outline()))

    def reject(self, message: str) -> None:
        """Say above the form why it was refused as a whole."""
        self.summary.set_content(str(div(icon("alert"), span(message), cls="form-refused")))
        self._go_to("form-body")

    def _show_section(self, section: Section) -> None:
        with ui.element("section").classes("pan form-section").props(f"id=section-{section.id}") as element:
            self.sections[section.id] = element
            head = tag("h2", either(section.title, section.title_en))
            ui.html(str(div(head, cls="ph")), sanitize=False)
            with ui.element("div").classes("form-fields"):
                for name in section.fields:
                    self.questions[name] = ask(
                        self.form.fields[name], around=self.around, put=self.put, leave=self.leave
                    )

    async def _submit(self) -> None:
        answers = self.filling.submit()
        self.refresh()
        if answers is None:
            self._go_to("form-body")
            return
        # Pressed twice it is still submitted once.
        self.button.disable()
        try:
            await self.on_submit(answers)
        finally:
            self.button.enable()

    def _summary(self, wrong: int) -> Markup:
        if not wrong:
            return Markup("")
        named = [
            tag("li", tag("a", either(finding.message, finding.message_en), href=f"#field-{name}", cls="lk"))
            for name, finding in self.filling.spoken().items()
        ]
        head = div(icon("alert"), span(t("form.wrong", count=wrong), cls="b"), cls="row")
        return div(head, tag("ul", *named), cls="form-wrong")

    def _outline(self) -> Markup:
        rows = []
        for part in self.filling.shown():
            is_done = part.filled == part.required
            mark = icon("check" if is_done else "minus", size=14, cls="good" if is_done else "f")
            title = either(part.section.title, part.section.title_en)
            rows.append(
                tag(
                    "a",
                    mark,
                    span(title, cls="grow"),
                    span(f"{part.filled} / {part.required}", cls="f s"),
                    href=f"#section-{part.section.id}",
                    cls="form-step",
                )
            )
        return tag("nav", *rows, cls="pan", aria_label=t("form.outline"))

    def _go_to(self, cls: str) -> None:
        self.button.client.run_javascript(
            f"document.querySelector('.{cls}')?.scrollIntoView({{block: 'start'}})"
        )
