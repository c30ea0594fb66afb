"""Today."""

from __future__ import annotations

from payments_core import reporting
from ui import shell
from ui.i18n import t
from ui.markup import div, show
from ui.visit import Visit, page


def register() -> None:
    @page("/", action=None)
    async def today(visit: Visit) -> None:
        around = await visit.read(reporting.surroundings, scope=visit.person.scope, now=visit.now)
        with shell.frame(visit, section="today", title=t("nav.today"), around=around):
            show(div(div("hello", cls="pan pad"), cls="wrap"))
