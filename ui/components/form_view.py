"""A rule as a form made of its kind's schema: every field edits the YAML at its own place."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from nicegui import ui

from engine.diagnostics import Diagnostic, Severity
from engine.rulebook import Kind
from ui.components import states
from ui.components.completion import attach
from ui.components.rule_text import RuleText
from ui.editing import form as forms
from ui.editing.completing import Suggested, complete_condition
from ui.editing.form import Field, Group, Listing, Part
from ui.editing.layout import Pointer
from ui.editing.places import locate
from ui.editing.splices import move, remove
from ui.i18n import either, t
from ui.icons import icon
from ui.markup import Markup, div, join, show, span

_PAUSE_S = 0.4
_TONES = {Severity.ERROR: "bad", Severity.WARNING: "warn", Severity.INFO: "info"}
_UNITS = {"fen": "form.yuan", "instant": "form.shanghai", "texts": "form.commas", "rate": "form.percent"}


class FormView:
    """The form of one rule's text; built anew where its fields change, else only filled in anew."""

    def __init__(
        self,
        *,
        model: RuleText,
        kind: Kind,
        cards: Mapping[str, Sequence[str]],
        look_at: Callable[[str], None],
        dark: bool,
    ) -> None:
        """Put it on the page; `cards` tell of facts, `look_at` leads to another view."""
        self._theme: Any = "vscodeDark" if dark else "vscodeLight"
        self._model, self._kind, self._cards, self._look_at = model, kind, cards, look_at
        self._place = ui.element("div").classes("rule-form")
        self._shape: object = None
        self._fields: dict[Pointer, Field] = {}
        self._inputs: dict[Pointer, Any] = {}
        self._told: dict[Pointer, ui.html] = {}
        self._typing: dict[Pointer, int] = {}

    def show(self, text: str, found: Sequence[Diagnostic]) -> None:
        """Draw the present text and what was found in it."""
        form = forms.read_form(text, self._kind)
        shape = tuple(_shape(form)) if form is not None else None
        if shape is None or shape != self._shape:
            self._build(form)
            self._shape = shape
        if form is not None:
            self._fill(form)
            self._tell(text, found)

    def _build(self, form: Group | None) -> None:
        self._place.clear()
        self._fields, self._inputs, self._told, self._typing = {}, {}, {}, {}
        with self._place:
            if form is None:
                show(states.empty(t("form.unreadable"), t("try.unreadable_hint")))
                return
            names = [part.name for part in form.parts]
            spec = names.index("spec") if "spec" in names else len(names)
            sections = (
                (t("form.general"), (), form.parts[:spec]),
                *((either(one.zh, one.en), one.at, _within(one)) for one in form.parts[spec : spec + 1]),
                (t("form.further"), ("",), form.parts[spec + 1 :]),
            )
            for title, at, parts in sections:
                if parts:
                    with self._section(title, at):
                        self._parts(parts)
            if self._kind.shape.value != "definition":
                with ui.element("div").classes("rule-more"):
                    ui.button(t("form.to_grid"), on_click=lambda: self._look_at("grid")).props("outline")

    def _section(self, title: str, at: Pointer) -> ui.element:
        section = ui.element("section").classes("rule-section")
        with section:
            with ui.element("div").classes("rule-head"):
                show(Markup(f"<h2>{span(title)}</h2>"))
            self._told[at] = ui.html("", sanitize=False)
        body = ui.element("div").classes("rule-body")
        body.move(section)
        return body

    def _parts(self, parts: Sequence[Part]) -> None:
        for part in parts:
            if isinstance(part, Field):
                self._field(part)
            elif isinstance(part, Group):
                self._group(part)
            else:
                self._listing(part)

    def _group(self, group: Group) -> None:
        title = either(group.zh, group.en)
        with ui.element("fieldset").classes("rule-group"):
            with ui.element("div").classes("rule-legend"):
                show(join(span(title, cls="b"), " ", span(group.name, cls="mono f s")))
                if not group.is_there:
                    self._tool(
                        "plus",
                        t("form.add", what=title),
                        lambda: self._edit(lambda s: forms.add_group(s, group)),
                    )
                elif not group.is_required and group.at:
                    self._tool(
                        "close",
                        t("form.remove", what=title),
                        lambda: self._edit(lambda s: remove(s, group.at)),
                    )
            self._told[group.at] = ui.html("", sanitize=False)
            if group.is_there:
                with ui.element("div").classes("rule-fields"):
                    self._parts(group.parts)

    def _listing(self, listing: Listing) -> None:
        title = either(listing.zh, listing.en)
        with ui.element("fieldset").classes("rule-group"):
            with ui.element("div").classes("rule-legend"):
                show(join(span(title, cls="b"), " ", span(listing.name, cls="mono f s")))
                self._tool(
                    "plus",
                    t("form.add", what=title),
                    lambda: self._edit(lambda s: forms.add_item(s, listing)),
                )
            self._told[listing.at] = ui.html("", sanitize=False)
            for number, item in enumerate(listing.items):
                self._item(listing, item, number)

    def _item(self, listing: Listing, item: Group, number: int) -> None:
        at, title = listing.at, either(listing.zh, listing.en)
        with ui.element("div").classes("rule-item"):
            with ui.element("div").classes("rule-item-no"):
                show(span(str(number + 1), cls="f"))
                if number:
                    self._tool(
                        "up",
                        t("grid.up"),
                        lambda: self._edit(lambda s: move(s, at, at=number, to=number - 1)),
                    )
                self._tool(
                    "close", t("form.remove", what=title), lambda: self._edit(lambda s: remove(s, item.at))
                )
            with ui.element("div").classes("rule-fields"):
                self._told[item.at] = ui.html("", sanitize=False)
                self._parts(item.parts)

    def _tool(self, mark: str, label: str, act: Callable[[], Any]) -> None:
        if not self._model.can_edit:
            return
        with ui.button(on_click=act).props("flat").classes("tool") as button:
            show(icon(mark, size=14))
        button.props["aria-label"] = label
        button.tooltip(label)

    def _field(self, field: Field) -> None:
        wide = field.sort in ("condition", "other") or len(field.shown) > 44
        with ui.element("div").classes("rule-field wide" if wide else "rule-field"):
            label = either(field.zh, field.en)
            unit = t(_UNITS[field.sort]) if field.sort in _UNITS else ""
            show(
                div(
                    span(label, cls="b" if field.is_required else ""),
                    span(field.name, cls="mono f s"),
                    span(unit, cls="f s"),
                    cls="rule-label",
                )
            )
            control = self._control(field, label)
            self._told[field.at] = ui.html("", sanitize=False)
        self._fields[field.at], self._inputs[field.at] = field, control
        if control is not None:
            control.props["aria-label"] = label

    def _control(self, field: Field, label: str) -> Any:
        if field.sort == "other" or field.sort == "constant":
            show(div(field.shown or str(field.value or "—"), cls="mono f rule-fixed"))
            return None
        if field.sort == "condition":
            return self._condition(field, label)
        if field.sort == "flag":
            made: Any = ui.switch(
                value=field.value is True, on_change=lambda e: self._commit(field.at, bool(e.value))
            )
            made.props("dense")
        elif field.sort == "choice":
            options = [*([] if field.is_required else [""]), *field.options]
            shown = field.shown if field.shown in options else None
            made = ui.select(
                options, value=shown, on_change=lambda e: self._commit(field.at, str(e.value or ""))
            )
        else:
            made = ui.input(value=field.shown)
            made.on("change", lambda: self._commit(field.at, str(made.value or "")))
            made.on("keydown.enter", lambda: self._commit(field.at, str(made.value or "")))
        made.set_enabled(self._model.can_edit)
        return made

    def _condition(self, field: Field, label: str) -> ui.codemirror:
        async def changed() -> None:
            self._typing[field.at] = mine = self._typing.get(field.at, 0) + 1
            await asyncio.sleep(_PAUSE_S)
            if self._typing.get(field.at) == mine:
                await self._commit(field.at, editor.value or "")
                self._typing.pop(field.at, None)

        def asked(above: Sequence[str], begun: str) -> Suggested:
            return complete_condition("\n".join([*above, begun]), vocabulary=self._kind.vocabulary)

        editor = ui.codemirror(field.shown, theme=self._theme, line_wrapping=True, on_change=changed)
        editor.classes("condition-editor")
        if not self._model.can_edit:
            editor.disable()
        attach(editor, complete=asked, cards=self._cards, label=label)
        return editor

    async def _commit(self, at: Pointer, typed: str | bool) -> None:
        field = self._fields.get(at)
        if field is not None and typed != (field.value if isinstance(typed, bool) else field.shown):
            await self._edit(lambda text: forms.set_field(text, field, typed))

    async def _edit(self, change: Callable[[str], str]) -> None:
        if await self._model.edit(change):
            self.show(self._model.text, ())

    def _fill(self, form: Group) -> None:
        """Give the inputs what the text says, but not one that is being typed in."""
        for part in _walk(form):
            if not isinstance(part, Field):
                continue
            self._fields[part.at] = part
            control = self._inputs.get(part.at)
            wanted = part.value is True if part.sort == "flag" else part.shown
            if control is None or part.at in self._typing or control.value == wanted:
                continue
            if part.sort != "choice" or wanted in control.options:
                control.value = wanted

    def _tell(self, text: str, found: Sequence[Diagnostic]) -> None:
        """Say under each field, else at its group, what was found there."""
        said: dict[Pointer, list[Diagnostic]] = {}
        for pointer, one in locate(text, found):
            while pointer not in self._told and pointer:
                pointer = pointer[:-1]
            said.setdefault(pointer, []).append(one)
        for at, place in self._told.items():
            place.set_content(str(join(*(_words(one) for one in said.get(at, ())))))


def _words(one: Diagnostic) -> Markup:
    hint = either(one.hint, one.hint_en)
    told = join(either(one.message, one.message_en), " ", span(one.code, cls="mono f s"))
    return div(told, div(hint, cls="f s") if hint else None, cls=f"rule-told {_TONES[one.severity]}")


def _within(part: Part) -> tuple[Part, ...]:
    return part.parts if isinstance(part, Group) else ()


def _walk(part: Part) -> Iterator[Part]:
    yield part
    inner = part.parts if isinstance(part, Group) else part.items if isinstance(part, Listing) else ()
    for one in inner:
        yield from _walk(one)


def _shape(form: Group) -> Iterator[tuple[Any, ...]]:
    """What decides which elements there are; a value that is only shown is part of it."""
    for part in _walk(form):
        fixed = part.shown if isinstance(part, Field) and part.sort in ("other", "constant") else ""
        there = part.is_there if not isinstance(part, Field) else part.sort
        yield part.at, type(part).__name__, there, fixed
