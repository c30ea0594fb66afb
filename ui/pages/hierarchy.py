"""The hierarchy report: one node, drilled from headquarters to the single merchant.

Everything the reader chose stands in the address, so a view can be sent on, and the back button works.
"""

from __future__ import annotations

from sqlalchemy import Connection
from starlette.responses import RedirectResponse

from payments_core import reporting
from payments_core.access import Action
from payments_core.reporting import Report, Surroundings
from ui import shell
from ui.markup import div, show
from ui.pages.report_parts import body, choice, controls, headline, tables
from ui.pages.report_parts.choice import Choice
from ui.visit import Visit, page


def register() -> None:
    """Register /hierarchy and /hierarchy/{node_id}."""

    @page("/hierarchy", action=Action.READ_REPORT)
    async def own_node(visit: Visit) -> RedirectResponse:
        return RedirectResponse(f"/hierarchy/{visit.person.scope.id or 'HQ'}", 303)

    @page("/hierarchy/{node_id}", action=Action.READ_REPORT)
    async def hierarchy(
        visit: Visit,
        node_id: str,
        first: str = "",
        last: str = "",
        vs: str = "",
        basis: str = "",
        by: str = "",
    ) -> None:
        chosen = choice.read(first=first, last=last, vs=vs, basis=basis, by=by, today=visit.today)

        around, report = await _read(visit, node_id, chosen)
        if report.is_empty and not first and not last:
            # A young business has no last month yet: show what there is of this one.
            chosen = choice.this_month(chosen, today=visit.today)
            around, report = await _read(visit, node_id, chosen)
        node = report.place.node
        crumbs = tuple((above.name, f"/hierarchy/{above.id}{chosen.query()}") for above in report.place.above)
        with shell.frame(
            visit,
            section="people",
            title=node.name,
            around=around,
            crumbs=crumbs,
            headline=headline.sentence(report),
            actions=controls.actions(node.id, chosen, today=visit.today),
        ):
            if report.is_empty:
                show(div(div(headline.nothing(report), cls="pan"), cls="wrap"))
                return
            show(div(body.key_figures(report), cls="wrap wrap-top"))
            body.middle(report, dark=visit.dark)
            show(div(tables.ranking(report, chosen), cls="wrap wrap-bottom"))


async def _read(visit: Visit, node_id: str, chosen: Choice) -> tuple[Surroundings, Report]:
    def read(connection: Connection) -> tuple[Surroundings, Report]:
        around = reporting.surroundings(connection, scope=visit.person.scope, now=visit.now)
        report = reporting.hierarchy_report(
            connection,
            node_id=node_id,
            scope=visit.person.scope,
            period=chosen.period,
            compared=chosen.compared,
            basis=chosen.basis,
            now=visit.now,
        )
        return around, report

    return await visit.read(read)
