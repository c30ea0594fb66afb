"""The pages for what cannot be shown: not found, refused, failed. They look like every other page."""

from __future__ import annotations

from typing import TYPE_CHECKING

from payments_core.errors import NotFound, PaymentsCoreError
from ui import shell
from ui.components import states
from ui.i18n import t
from ui.markup import div, link, show

if TYPE_CHECKING:
    from ui.visit import Visit


def refused(visit: Visit, refusal: PaymentsCoreError) -> None:
    """Say that the object is not there, or why the request makes no sense."""
    if isinstance(refusal, NotFound):
        _page(visit, t("state.not_found"), states.not_found())
    else:
        key = f"refusal.{refusal.code}"
        _page(
            visit,
            t("state.refused"),
            states.failed(t("state.refused"), t(key) if _has(key) else refusal.message),
        )


def failed(visit: Visit, reference: str) -> None:
    """Say that it is our fault, with the number under which the log explains it."""
    _page(
        visit,
        t("state.failed"),
        states.failed(t("state.failed"), t("state.failed_hint", reference=reference), retry=visit.path),
    )


def _page(visit: Visit, title: str, body: object) -> None:
    with shell.frame(visit, section="", title=title):
        home = div(link(t("state.home"), "/", cls="btn"), cls="c")
        show(div(div(body, home, cls="pan pad"), cls="wrap"))


def _has(key: str) -> bool:
    from ui.i18n import catalogue

    return key in catalogue()
