"""The pages for what cannot be shown: not found, refused, failed. They look like every other page."""

from __future__ import annotations

from typing import TYPE_CHECKING

from payments_core.errors import NotFound, PaymentsCoreError
from ui import shell
from ui.components import states
from ui.i18n import catalogue, either, t
from ui.markup import Markup, div, link, show

if TYPE_CHECKING:
    from payments_core.reporting import Surroundings
    from ui.visit import Visit


def refused(visit: Visit, refusal: PaymentsCoreError, around: Surroundings) -> None:
    """Say that the object is not there, or why the request makes no sense."""
    if isinstance(refusal, NotFound):
        _page(visit, t("state.not_found"), states.not_found(), around)
        return
    key = f"refusal.{refusal.code}"
    told = t(key) if key in catalogue() else either(refusal.chinese, refusal.message)
    _page(visit, t("state.refused"), states.failed(t("state.refused"), told), around)


def failed(visit: Visit, reference: str) -> None:
    """Say that it is our fault, with the number under which the log explains it."""
    hint = t("state.failed_hint", reference=reference)
    _page(visit, t("state.failed"), states.failed(t("state.failed"), hint, retry=visit.path), None)


def _page(visit: Visit, title: str, body: Markup, around: Surroundings | None) -> None:
    with shell.frame(visit, section="", title=title, around=around):
        home = div(link(t("state.home"), "/", cls="btn"), cls="c")
        show(div(div(body, home, cls="pan pad"), cls="wrap"))
