"""The list of applications with what became of each."""

from __future__ import annotations

from nicegui import ui
from sqlalchemy import Connection

from payments_core import reporting
from payments_core.access import Action, Role
from payments_core.reporting.queries_applications import (
    STATES,
    ApplicationCounts,
    ApplicationRow,
    count_applications,
    list_applications,
)
from ui import shell
from ui.components import words
from ui.components.chips import Meaning, chip
from ui.components.data_table import Column
from ui.components.searched_list import search, searched
from ui.i18n import t
from ui.icons import icon
from ui.markup import Markup, fill, join, link, show, span, tag
from ui.pages.payment_parts.words import named
from ui.visit import Visit, page

_CHIPS: dict[str, Meaning] = {"ACTIVE": "good", "AUDITING": "info", "REJECTED": "bad"}


def register() -> None:
    """Register the page."""

    @page("/onboarding", action=Action.READ_APPLICATIONS)
    async def applications(visit: Visit, q: str = "", state: str = "") -> None:
        name, wanted = q.strip()[:60], state if state in STATES else ""

        def read(connection: Connection) -> tuple[reporting.Surroundings, ApplicationCounts]:
            around = reporting.surroundings(connection, scope=visit.person.scope, now=visit.now)
            return around, count_applications(connection, name=name, state=wanted)

        around, counts = await visit.read(read)
        none = t("applications.none") if name or wanted else t("applications.none_yet")
        with (
            shell.frame(
                visit,
                section="growth",
                title=t("applications.title"),
                around=around,
                headline=_headline(counts, none=none),
                actions=new_link(visit),
            ),
            ui.element("div").classes("wrap"),
        ):
            if visit.person.role in shell.PHONE_ROLES and (new := new_link(visit)):
                show(new)
            with ui.element("section").classes("pan clip fill"):
                show(_search(name, wanted))
                await searched(
                    visit,
                    list_applications,
                    columns=_columns(is_desk=visit.person.role not in shell.PHONE_ROLES),
                    total=counts.total,
                    sort="submitted_at",
                    empty=(none, t("table.empty_hint") if name or wanted else t("applications.none_hint")),
                    name=name,
                    state=wanted,
                ).show()


def new_link(visit: Visit) -> Markup | None:
    """Return the button to a new application where the reader may bring merchants for a broker."""
    if not visit.may(Action.SUBMIT_APPLICATIONS) or visit.person.role is Role.MERCHANT:
        return None
    return link(join(icon("plus"), t("applications.new")), "/onboarding/new", cls="btn pri")


def state_chip(state: str) -> Markup:
    """Return what became of an application as a chip."""
    return chip(named("applications.state", state), _CHIPS.get(state, "plain"))


def _headline(counts: ApplicationCounts, *, none: str) -> Markup:
    if not counts.total:
        return span(none)
    figures = {
        name: tag("b", words.count(getattr(counts, name)))
        for name in ("total", "active", "auditing", "rejected")
    }
    return fill(t("applications.headline"), **figures)


def _search(name: str, state: str) -> Markup:
    return search(page="applications", text=name, name="state", chosen=state, values=STATES)


def _columns(*, is_desk: bool) -> tuple[Column[ApplicationRow], ...]:
    number: Column[ApplicationRow] = Column(
        key="id",
        head=t("onboarding.number"),
        cell=lambda row: span(row.application_id, cls="mono"),
        cls="extra",
    )
    title: Column[ApplicationRow] = Column(
        key="name", head=t("applications.name"), cell=lambda row: tag("b", row.name), sortable=True
    )
    merchant: Column[ApplicationRow] = Column(key="merchant", head=t("onboarding.merchant"), cell=_merchant)
    state: Column[ApplicationRow] = Column(
        key="state", head=t("applications.state"), cell=lambda row: state_chip(row.state), sortable=True
    )
    at: Column[ApplicationRow] = Column(
        key="submitted_at",
        head=t("applications.at"),
        sortable=True,
        cell=lambda row: words.time_of(row.submitted_at, seconds=False),
        cls="f",
    )
    if not is_desk:
        return (title, state, merchant, at)
    return (
        number,
        title,
        state,
        merchant,
        Column(
            key="type",
            head=t("applications.type"),
            cell=lambda row: named("applications.type", row.type),
            cls="extra",
        ),
        Column(key="broker", head=t("applications.broker"), cell=_broker, sortable=True, cls="extra"),
        Column(key="store", head=t("applications.store"), cell=lambda row: row.store_name, cls="extra"),
        at,
    )


def _merchant(row: ApplicationRow) -> Markup:
    return span(row.merchant_id or t("state.nothing"), cls="mono" if row.merchant_id else "f")


def _broker(row: ApplicationRow) -> Markup:
    return join(row.broker_name, " ", span(row.broker_id, cls="mono f"))
