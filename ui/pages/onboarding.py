"""A new application: the form of the active release, and the merchant it opens."""

from __future__ import annotations

from datetime import datetime

from nicegui import ui
from sqlalchemy import Connection
from starlette.concurrency import run_in_threadpool

from engine.forms import Form
from engine.releases import Release
from payments_core import reporting
from payments_core.access import Action, Role
from payments_core.calendar import business_date_of
from payments_core.errors import PaymentsCoreError
from payments_core.merchants import identifiers, onboarding, photos
from payments_core.merchants.errors import MerchantExists
from payments_core.reporting.queries_applications import Server, list_servers
from ui import shell
from ui.components import states, words
from ui.forms import Filling, FormView
from ui.forms.questions import Surroundings
from ui.i18n import either, t
from ui.icons import icon
from ui.markup import Markup, div, fill, join, link, show, span, tag
from ui.pages.payment_parts.words import named
from ui.visit import NotAllowed, Visit, page

FORM = "onboarding"


def register() -> None:
    """Register the page."""

    @page("/onboarding/new", action=Action.SUBMIT_APPLICATIONS)
    async def new_application(visit: Visit) -> None:
        if visit.person.role is Role.MERCHANT:
            raise NotAllowed
        rulebooks = visit.services.rulebooks

        def read(connection: Connection) -> tuple[reporting.Surroundings, tuple[Server, ...], Release]:
            around = reporting.surroundings(connection, scope=visit.person.scope, now=visit.now)
            return around, list_servers(connection, at=visit.now), rulebooks.release(connection)

        around, servers, release = await visit.read(read)
        form = release.forms.get(FORM)
        crumbs = ((t("applications.title"), "/onboarding"),)
        headline = span(t("onboarding.headline", form=either(form.title, form.title_en))) if form else None
        with shell.frame(
            visit,
            section="growth",
            title=t("onboarding.title"),
            around=around,
            crumbs=crumbs,
            headline=headline,
        ):
            if form is None:
                nothing = states.empty(t("onboarding.no_form"), t("onboarding.no_form_hint"))
                show(div(div(nothing, cls="pan"), cls="wrap"))
            elif not servers:
                nothing = states.empty(t("onboarding.nobody"), t("onboarding.nobody_hint"))
                show(div(div(nothing, cls="pan"), cls="wrap"))
            else:
                _Desk(visit, form, release.commit, servers).show()


class _Desk:
    """The page while it lives: who serves, the form, and in their place the result."""

    def __init__(self, visit: Visit, form: Form, commit: str, servers: tuple[Server, ...]) -> None:
        self.visit, self.form, self.commit = visit, form, commit
        self.servers = {server.broker_id: server for server in servers}
        self.broker_id = servers[0].broker_id if len(servers) == 1 else ""

    def show(self) -> None:
        """Put the form on the page."""
        with ui.element("div").classes("wrap form-wrap") as self.place:
            self._ask_who_serves()
            self.view = FormView(
                filling=Filling(form=self.form, as_of=business_date_of(self.visit.now)),
                around=Surroundings(keep_photo=self._keep_photo),
                on_submit=self._submit,
                submit_label=t("onboarding.submit"),
            )
            self.view.show()

    def _ask_who_serves(self) -> None:
        titles = {
            one.broker_id: f"{one.broker_name} {one.broker_id} · {one.store_name}"
            for one in self.servers.values()
        }
        with ui.element("section").classes("pan pad serves"):
            show(join(span(t("onboarding.for"), cls="b"), span(f" {t('onboarding.for_hint')}", cls="f s")))
            if self.broker_id:
                show(span(titles[self.broker_id]))
                return
            ui.select(titles, with_input=True, on_change=lambda event: self._choose(event.value)).props(
                f'hide-bottom-space aria-label="{t("onboarding.for")}"'
            ).classes("serves-who")

    def _choose(self, broker_id: object) -> None:
        self.broker_id = broker_id if isinstance(broker_id, str) and broker_id in self.servers else ""

    async def _keep_photo(self, content: bytes) -> str:
        folder = self.visit.services.photos
        return await run_in_threadpool(photos.store_photo, folder=folder, content=content)

    async def _submit(self, answers: dict[str, object]) -> None:
        if self.broker_id not in self.servers:
            self.view.reject(t("onboarding.for_missing"))
            return
        server = self.servers[self.broker_id]
        now = self.visit.services.now()
        try:
            await self._ensure_in_scope(server, now)
            made = await self.visit.write(
                Action.SUBMIT_APPLICATIONS,
                onboarding.submit,
                form=self.form,
                release_commit=self.commit,
                answers=answers,
                broker_id=server.broker_id,
                store_id=server.store_id,
                submitted_by=self.visit.person.login,
                now=now,
                sealer=self.visit.services.sealer,
                role=self.visit.person.role.value,
            )
        except PaymentsCoreError as refusal:
            self.view.reject(_refusal(refusal))
            return
        self.place.clear()
        with self.place:
            show(_result(made, answers, server))

    async def _ensure_in_scope(self, server: Server, now: datetime) -> None:
        """Somebody may have moved since the page was built, and the browser is not to be believed."""
        if server not in await self.visit.read(list_servers, at=now):
            raise NotAllowed


def _refusal(refusal: PaymentsCoreError) -> str:
    key = "onboarding.duplicate" if isinstance(refusal, MerchantExists) else ""
    return t(key) if key else words.refused(refusal)


def _result(made: onboarding.Application, answers: dict[str, object], server: Server) -> Markup:
    name = str(answers.get("short_name", ""))
    is_open = made.merchant_id is not None
    rows: list[tuple[str, object]] = [(t("onboarding.number"), span(made.application_id, cls="mono b"))]
    if made.merchant_id is not None:
        rows += [
            (t("onboarding.merchant"), span(made.merchant_id, cls="mono b")),
            (t("onboarding.plate"), span(identifiers.plate_id_of(made.merchant_id), cls="mono")),
        ]
    channels = answers.get("channels", ())
    if isinstance(channels, list | tuple):
        rows.append(
            (
                t("onboarding.channels"),
                t("list.and").join(named("payment.channel", str(one)) for one in channels),
            )
        )
    rows.append((t("onboarding.served_by"), f"{server.broker_name} {server.broker_id} · {server.store_name}"))
    parts = [part for key, value in rows for part in (tag("dt", key), tag("dd", value))]
    title = fill(t("onboarding.done" if is_open else "onboarding.waiting"), name=tag("b", name))
    mark = icon("check" if is_open else "hourglass", size=32, cls="good" if is_open else "info")
    more = None if is_open else div(t("onboarding.waiting_hint"), cls="m s")
    links = [
        link(t("onboarding.again"), "/onboarding/new", cls="btn pri"),
        link(t("onboarding.see_all"), "/onboarding", cls="btn"),
    ]
    if made.merchant_id is not None:
        links.append(link(t("onboarding.see_payments"), f"/payments?place={made.merchant_id}", cls="btn"))
    return div(
        mark,
        div(title, cls="done-title"),
        more,
        tag("dl", *parts, cls="kv"),
        div(*links, cls="row wraps"),
        cls="pan form-done",
        role="status",
    )
