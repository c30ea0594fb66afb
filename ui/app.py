"""The console as one FastAPI application; an entry point serves it with exactly one worker."""

from __future__ import annotations

import importlib
import pkgutil
from types import ModuleType

from fastapi import FastAPI, Request, Response
from fastapi.responses import HTMLResponse, JSONResponse
from fastapi.staticfiles import StaticFiles
from nicegui import app as nicegui_app
from nicegui import ui

from ui import pages, theme
from ui.components import states
from ui.i18n import language, t
from ui.login import router
from ui.markup import div, link, tag
from ui.security import LOOK_COOKIE, Gate, SecurityHeaders, WsGuard
from ui.services import Services

__all__ = ["Services", "build"]

_ICON = (
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32"><rect width="32" height="32" rx="6" '
    'fill="#1565c0"/>'
    '<path d="M7 12l2-5h14l2 5M9 14v11h14V14M13 25v-6h6v6" fill="none" stroke="#fff" '
    'stroke-width="2.5"/></svg>'
)


def build(services: Services, *, api: FastAPI | None = None) -> FastAPI:
    """Return the console on top of `api` (a new application where there is none) with every page registered.

    Order matters: the last middleware added is the outermost, and NiceGUI is mounted last, because it
    answers every path nobody else has taken.
    """
    app = api or FastAPI(docs_url=None, redoc_url=None, openapi_url=None)
    app.add_middleware(Gate, services=services)
    app.add_middleware(WsGuard, services=services)
    app.add_middleware(SecurityHeaders)
    app.include_router(router(services))
    for files in _modules_with("routes"):
        app.include_router(files.routes())
    app.mount("/static", StaticFiles(directory=theme.STATIC), name="static")
    _answer_unknown_api_in_json(app)
    theme.set_defaults()
    register_pages()
    nicegui_app.add_exception_handler(404, _not_found)
    ui.run_with(
        app,
        title=t("app.name"),
        favicon=_ICON,
        tailwind=False,
        show_welcome_message=False,
        reconnect_timeout=10.0,
        dark=False,
        language="zh-CN",
    )
    return app


def register_pages() -> None:
    """Call `register()` of every module of ui/pages that has one."""
    for module in _modules_with("register"):
        module.register()


def _modules_with(function: str) -> list[ModuleType]:
    names = sorted(found.name for found in pkgutil.walk_packages(pages.__path__, f"{pages.__name__}."))
    return [module for module in map(importlib.import_module, names) if hasattr(module, function)]


async def _not_found(request: Request, _: Exception) -> Response:
    """Answer a path no page has: in our look for people, in JSON for NiceGUI's own scripts."""
    if request.url.path.startswith("/_nicegui"):
        return JSONResponse({"detail": "Not Found"}, 404)
    home = div(link(t("state.home"), "/", cls="btn"), cls="c")
    title = tag("h1", t("state.not_found"), cls="hidden-text")
    card = tag("main", title, states.not_found(), home, cls="login-card")
    look = request.cookies.get(LOOK_COOKIE)
    page = theme.plain_page(title=t("state.not_found"), body=card, language=language(), look=look)
    return HTMLResponse(page, 404)


def _answer_unknown_api_in_json(app: FastAPI) -> None:
    @app.api_route(
        "/api/{path:path}", methods=["GET", "POST", "PUT", "PATCH", "DELETE"], include_in_schema=False
    )
    def not_found(path: str) -> JSONResponse:
        return JSONResponse({"code": "NOT_FOUND", "detail": "Not Found"}, 404)
