"""Empty, loading, failed: one look for each, and the way a page waits without jumping."""

from __future__ import annotations

import asyncio
import logging
import secrets
from collections.abc import Awaitable, Callable
from typing import TypeVar

from nicegui import background_tasks, ui

from engine.releases import ReleaseError
from payments_core.errors import PaymentsCoreError
from ui.components import words
from ui.i18n import t
from ui.icons import icon
from ui.markup import Markup, div, link, show, span

log = logging.getLogger("haodian.ui")
T = TypeVar("T")
_PATIENCE_S = 1.2


def empty(title: str, hint: str = "") -> Markup:
    """Say that there is nothing, and what will appear here."""
    return _state(icon("check", size=24, cls="f"), title, hint)


def not_found() -> Markup:
    """Say the same whether an object does not exist or lies outside the scope."""
    return _state(icon("search", size=24, cls="f"), t("state.not_found"), t("state.not_found_hint"))


def failed(title: str, hint: str = "", *, retry: str = "") -> Markup:
    """Say what failed on which object, and what to do."""
    again = link(t("state.retry"), retry) if retry else None
    return _state(icon("alert", size=24, cls="bad"), title, hint, again)


def skeleton(*, height_px: int = 120, lines: int = 3) -> Markup:
    """Return grey lines in a box of the final height."""
    bars = [span(cls="sk", style=f"width:{90 - 14 * (n % 4)}%;margin:10px 12px") for n in range(lines)]
    return div(*bars, style=f"height:{height_px}px;overflow:hidden", aria_busy="true")


def progress(words: str, *, done: int, total: int) -> Markup:
    """Return a bar for long work, never without words and counts."""
    width = done * 100 // total if total else 0
    return div(
        div(icon("refresh"), span(words, cls="b"), span(f"{done:,} / {total:,}", cls="f"), cls="row"),
        div(span(cls="hidden-text"), Markup(f'<i style="width:{width}%"></i>'), cls="progress"),
    )


async def when_loaded(
    reading: Awaitable[T], render: Callable[[T], None], *, waiting: Markup | None = None
) -> None:
    """Render what `reading` brings: at once where it is quick, else in place of a skeleton of the final size.

    After two seconds the skeleton says in words that it is still adding up and for how long.
    """
    task = asyncio.ensure_future(reading)
    done, _ = await asyncio.wait({task}, timeout=_PATIENCE_S)
    if done:
        render(task.result())
        return
    place = ui.element("div")
    with place:
        show(waiting or skeleton())
        spoken = ui.label(t("state.loading")).classes("f s pad")

    async def finish() -> None:
        seconds = 1
        while not task.done():
            await asyncio.wait({task}, timeout=1)
            seconds += 1
            spoken.set_text(t("state.loading_since", seconds=seconds))
        place.clear()
        with place:
            _render_or_tell(task, render)

    background_tasks.create(finish(), name="load part of a page")


def _render_or_tell(task: asyncio.Future[T], render: Callable[[T], None]) -> None:
    try:
        render(task.result())
    except (PaymentsCoreError, ReleaseError) as refusal:
        show(failed(t("state.refused"), words.refused(refusal)))
    except Exception:
        reference = secrets.token_hex(4)
        log.exception("part of a page failed, reference %s", reference)
        show(failed(t("state.failed"), t("state.failed_hint", reference=reference)))


def _state(mark: Markup, title: str, hint: str, action: Markup | None = None) -> Markup:
    return div(mark, div(title, cls="b"), div(hint, " ", action, cls="m s"), cls="state")
