"""The page behind the search field: nodes, brokers and merchants of one's own scope."""

from __future__ import annotations

from sqlalchemy import Connection

from payments_core import reporting
from payments_core.access import Action
from payments_core.reporting import Found
from ui import shell
from ui.components import states
from ui.components.data_table import Column, table
from ui.i18n import t
from ui.markup import div, link, show, span, tag
from ui.visit import Visit, page


def register() -> None:
    """Register /search."""

    @page("/search", action=Action.READ_REPORT)
    async def search(visit: Visit, q: str = "") -> None:
        def read(connection: Connection) -> tuple[reporting.Surroundings, tuple[Found, ...]]:
            around = reporting.surroundings(connection, scope=visit.person.scope, now=visit.now)
            return around, reporting.search(connection, text=q[:60], scope=visit.person.scope)

        around, found = await visit.read(read)
        headline = span(t("search.found", text=q[:60], count=len(found)))
        with shell.frame(visit, section="", title=t("search.title"), around=around, headline=headline):
            inside = (
                table(_columns(), found) if found else states.empty(t("table.empty"), t("table.empty_hint"))
            )
            show(div(div(inside, cls="pan clip"), cls="wrap"))


def _columns() -> tuple[Column[Found], ...]:
    return (
        Column(key="kind", head=t("search.kind"), cell=lambda hit: t(f"search.{hit.kind}")),
        Column(key="name", head=t("search.name"), cell=lambda hit: link(hit.name, f"/hierarchy/{hit.id}")),
        Column(key="id", head=t("search.id"), cell=lambda hit: tag("span", hit.id, cls="mono")),
    )
