"""The elements of one question, by the kind of its field: text, day, choice, choices, tick, photo."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from nicegui import events, ui
from nicegui.elements.mixins.validation_element import ValidationElement

from engine.forms import Field
from payments_core.errors import PaymentsCoreError
from ui.components import words
from ui.i18n import either, t
from ui.icons import icon
from ui.markup import Markup, div, join, span, tag

MOST_PHOTO_BYTES = 8 * 1024 * 1024
_FEW_OPTIONS = 4
_NUMERIC = frozenset({"cn_id", "phone", "luhn"})
Put = Callable[[str, object], None]
Leave = Callable[[str], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """What questions need from outside: `keep_photo` stores a picture and returns its name.

    It raises a PaymentsCoreError, whose message is shown, for what is no picture.
    """

    keep_photo: Callable[[bytes], Awaitable[str]]


@dataclass(slots=True, kw_only=True)
class Question:
    """One question on the page: its box, its label, where its finding stands."""

    field: Field
    box: ui.element
    label: ui.html
    told: ui.html
    control: ui.element
    said: str | None = None
    is_required: bool | None = None

    def mark(self, *, is_required: bool) -> None:
        """Say whether it must be filled in."""
        if is_required != self.is_required:
            self.is_required = is_required
            self.label.set_content(str(_label(self.field, is_required=is_required)))

    def tell(self, finding: str) -> None:
        """Show a finding under the question, or take it away."""
        if finding == self.said:
            return
        self.said = finding
        self.told.set_content(str(_told(self.field, finding)))
        self.control.props(f"aria-invalid={'true' if finding else 'false'}")
        if isinstance(self.control, ValidationElement):
            self.control.props("error" if finding else "", remove="" if finding else "error")


def ask(field: Field, *, around: Surroundings, put: Put, leave: Leave) -> Question:
    """Put one question on the page."""
    wide = field.widget == "photo" or field.type == "array"
    with ui.element("div").classes(f"form-field{' wide-field' if wide else ''}") as box:
        box.props(f"id=field-{field.name}")
        label = ui.html(str(_label(field, is_required=False)), sanitize=False)
        control = _control(field, around=around, put=put, leave=leave)
        told = ui.html("", sanitize=False)
    control.props["aria-label"] = either(field.title, field.title_en)
    question = Question(field=field, box=box, label=label, told=told, control=control)
    question.tell("")
    return question


def _control(field: Field, *, around: Surroundings, put: Put, leave: Leave) -> ui.element:
    if field.widget == "photo":
        return _photo(field, around, put, leave)
    if field.type == "boolean":
        return ui.checkbox(t("form.yes"), on_change=lambda event: put(field.name, event.value))
    if field.type == "array":
        return _choices(field, put)
    if field.options:
        return _choice(field, put)
    return _text(field, put, leave)


def _text(field: Field, put: Put, leave: Leave) -> ui.element:
    def take(event: events.ValueChangeEventArguments) -> None:
        value = event.value
        if field.type == "integer" and isinstance(value, str) and value.strip().lstrip("-").isdigit():
            value = int(value)
        put(field.name, value)

    made = ui.input(on_change=take).props("no-error-icon hide-bottom-space debounce=250")
    if field.schema.get("format") == "date":
        made.props("type=date")
    elif field.type == "integer" or field.check in _NUMERIC:
        made.props("inputmode=numeric")
    most = field.schema.get("maxLength")
    if isinstance(most, int):
        made.props(f"maxlength={most}")
    made.on("blur", lambda: leave(field.name))
    return made


def _choice(field: Field, put: Put) -> ui.element:
    titles = {option.value: either(option.title, option.title_en) for option in field.options}

    def take(event: events.ValueChangeEventArguments) -> None:
        put(field.name, event.value)

    if len(titles) <= _FEW_OPTIONS:
        return ui.radio(titles, on_change=take).props("inline dense")
    return ui.select(titles, on_change=take).props("no-error-icon hide-bottom-space")


def _choices(field: Field, put: Put) -> ui.element:
    chosen: dict[str, bool] = {}

    def take(value: str, is_on: bool) -> None:
        chosen[value] = is_on
        put(field.name, [option.value for option in field.options if chosen.get(option.value)])

    with ui.element("div").classes("form-ticks").props("role=group") as box:
        for option in field.options:
            ui.checkbox(
                either(option.title, option.title_en),
                on_change=lambda event, value=option.value: take(value, bool(event.value)),
            )
    return box


def _photo(field: Field, around: Surroundings, put: Put, leave: Leave) -> ui.element:
    async def take(event: events.UploadEventArguments) -> None:
        # The browser's own limits can be stepped over: size and kind are looked at again where it is kept.
        content = await event.file.read()
        try:
            name = await around.keep_photo(content)
        except PaymentsCoreError as refusal:
            state.set_content(str(_refused(words.refused(refusal))))
            return
        put(field.name, name)
        leave(field.name)
        kept = t("form.photo_kept", size=f"{max(len(content) // 1024, 1):,}")
        state.set_content(str(span(icon("check", size=14), " ", kept, cls="good s")))

    def refuse() -> None:
        state.set_content(str(_refused(t("form.photo_refused"))))

    upload = ui.upload(
        on_upload=take, on_rejected=refuse, auto_upload=True, max_file_size=MOST_PHOTO_BYTES
    ).props("accept=image/jpeg,image/png,image/webp no-thumbnails")
    upload.classes("form-hidden")
    with ui.element("div").classes("form-photo") as box:
        button = ui.html(str(join(icon("plus"), t("form.photo_take"))), sanitize=False, tag="button")
        button.classes("btn").props("type=button")
        button.on("click", js_handler=f"() => runMethod({upload.id}, 'pickFiles', [])")
        state = ui.html(str(span(t("form.photo_hint"), cls="f s")), sanitize=False)
    return box


def _refused(message: str) -> Markup:
    return span(icon("alert", size=14), " ", message, cls="bad s")


def _label(field: Field, *, is_required: bool) -> Markup:
    star = (
        span(" *", cls="bad", aria_hidden="true") if is_required else span(f" {t('form.optional')}", cls="f")
    )
    return tag("span", either(field.title, field.title_en), star, cls="form-label")


def _told(field: Field, finding: str) -> Markup:
    if finding:
        return div(icon("alert", size=14), span(finding), cls="form-finding", role="alert")
    hint = either(field.hint, field.hint_en)
    return div(hint, cls="form-hint") if hint else Markup("")
