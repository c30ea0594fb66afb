"""Sign in, sign out, change language: real HTTP forms, because only an HTTP answer can set the cookie.

A page of NiceGUI for strangers would cost memory for each visit, so the login page is plain HTML. The
session is rotated at every login: the old token is revoked, a new one is set.
"""

from __future__ import annotations

import secrets
from datetime import datetime, timedelta
from typing import Annotated
from urllib.parse import quote

from fastapi import APIRouter, Form, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from nicegui import Client

from payments_core import access
from payments_core.database import transaction
from ui import theme
from ui.i18n import language, t, use_language
from ui.icons import icon
from ui.markup import Markup, div, join, span, tag
from ui.security import COOKIE, LANGUAGE_COOKIE, LOOK_COOKIE, csrf_of, is_form_of, own_path
from ui.services import Services

_FORM_COOKIE = "haodian_form"
_CHOICE_LIFETIME = timedelta(minutes=5)


def router(services: Services) -> APIRouter:
    """Return the routes /login, /logout, /account/language and /account/look."""
    routes = APIRouter()
    _add_login(routes, services)
    _add_logout(routes, services)
    _add_account(routes, services)
    return routes


def _add_login(routes: APIRouter, services: Services) -> None:
    waiting: dict[str, tuple[access.Identity, datetime]] = {}

    @routes.get("/login")
    def login_page(request: Request) -> Response:
        if request.state.person is not None:
            return RedirectResponse(_target(request), 303)
        return _form_page(request, services)

    @routes.post("/login")
    def login(
        request: Request,
        form: Annotated[str, Form()] = "",
        login: Annotated[str, Form()] = "",
        password: Annotated[str, Form()] = "",
        choice: Annotated[str, Form()] = "",
        grant: Annotated[int, Form()] = 0,
    ) -> Response:
        expected = request.cookies.get(_FORM_COOKIE, "")
        if not expected or not secrets.compare_digest(expected, form):
            return _form_page(request, services, refused=t("login.expired"), status=403)
        now = services.machine_now()
        if choice:
            kept, until = waiting.pop(choice, (None, now))
            if kept is None or until < now or not 0 <= grant < len(kept.grants):
                return _form_page(request, services, refused=t("login.expired"), status=403)
            return _enter(request, services, kept, kept.grants[grant])
        try:
            identity = access.authenticate(
                services.engine, login=login, password=password, address=_address(request), now=now
            )
        except access.LoginRefused:
            return _form_page(request, services, login=login, refused=t("login.refused"), status=403)
        except (access.AccountLocked, access.TooManyAttempts):
            return _form_page(request, services, login=login, refused=t("login.locked"), status=429)
        if not identity.grants:
            return _form_page(request, services, login=login, refused=t("login.refused"), status=403)
        if len(identity.grants) == 1:
            return _enter(request, services, identity, identity.grants[0])
        for stale in [key for key, (_, until) in waiting.items() if until < now]:
            del waiting[stale]
        pending = secrets.token_urlsafe(24)
        waiting[pending] = (identity, now + _CHOICE_LIFETIME)
        use_language(identity.language)
        return _choice_page(request, identity, pending)


def _add_logout(routes: APIRouter, services: Services) -> None:
    @routes.post("/logout")
    async def logout(request: Request, form: Annotated[str, Form()] = "") -> Response:
        token = request.cookies.get(COOKIE, "")
        if not is_form_of(token, form):
            return Response("forbidden", 403)
        with transaction(services.engine) as connection:
            access.revoke(connection, token=token, now=services.machine_now())
        _send_home(token)
        answer = RedirectResponse("/login", 303)
        answer.delete_cookie(COOKIE)
        return answer


def _add_account(routes: APIRouter, services: Services) -> None:
    @routes.post("/account/language")
    def set_language(
        request: Request,
        form: Annotated[str, Form()] = "",
        code: Annotated[str, Form()] = "zh",
        back: Annotated[str, Form()] = "/",
    ) -> Response:
        if not is_form_of(request.cookies.get(COOKIE, ""), form):
            return Response("forbidden", 403)
        chosen = "en" if code == "en" else "zh"
        with transaction(services.engine) as connection:
            access.set_language(connection, user_id=request.state.person.user_id, language=chosen)
        answer = RedirectResponse(own_path(back), 303)
        answer.set_cookie(LANGUAGE_COOKIE, chosen, max_age=31_536_000, httponly=True, samesite="strict")
        return answer

    @routes.post("/account/look")
    def set_look(
        request: Request,
        form: Annotated[str, Form()] = "",
        look: Annotated[str, Form()] = "light",
        back: Annotated[str, Form()] = "/",
    ) -> Response:
        if not is_form_of(request.cookies.get(COOKIE, ""), form):
            return Response("forbidden", 403)
        answer = RedirectResponse(own_path(back), 303)
        chosen = "dark" if look == "dark" else "light"
        answer.set_cookie(LOOK_COOKIE, chosen, max_age=31_536_000, httponly=True, samesite="strict")
        return answer


def _enter(request: Request, services: Services, identity: access.Identity, grant: access.Grant) -> Response:
    with transaction(services.engine) as connection:
        token = access.open_session(
            connection,
            identity=identity,
            grant=grant,
            address=_address(request),
            now=services.machine_now(),
            replaces=request.cookies.get(COOKIE),
        )
    answer = RedirectResponse(_target(request), 303)
    secure = services.settings.secure_cookie
    answer.set_cookie(COOKIE, token, httponly=True, samesite="strict", secure=secure, path="/")
    answer.delete_cookie(_FORM_COOKIE)
    return answer


def _form_page(
    request: Request, services: Services, *, login: str = "", refused: str = "", status: int = 200
) -> HTMLResponse:
    fields = join(
        tag("label", t("login.name"), for_="login"),
        tag(
            "input",
            id="login",
            name="login",
            value=login,
            autocomplete="username",
            required=True,
            autofocus=True,
        ),
        tag("label", t("login.password"), for_="password"),
        tag(
            "input",
            id="password",
            name="password",
            type="password",
            required=True,
            autocomplete="current-password",
        ),
    )
    alert = div(icon("alert"), refused, cls="login-refused", role="alert") if refused else Markup("")
    body = join(alert, fields, tag("button", t("login.submit"), cls="btn pri wide", type="submit"))
    return _page(request, body, status=status, below=_demo_logins(services))


def _choice_page(request: Request, identity: access.Identity, pending: str) -> HTMLResponse:
    buttons = [
        tag(
            "button",
            t(f"role.{grant.role.value}"),
            span(grant.scope.id, cls="f mono"),
            cls="btn wide",
            type="submit",
            name="grant",
            value=number,
        )
        for number, grant in enumerate(identity.grants)
    ]
    body = join(
        tag("h2", t("login.choose")), tag("input", type="hidden", name="choice", value=pending), *buttons
    )
    return _page(request, body, status=200, below=Markup(""))


def _page(request: Request, body: Markup, *, status: int, below: Markup) -> HTMLResponse:
    form_token = request.cookies.get(_FORM_COOKIE) or secrets.token_urlsafe(24)
    form = tag(
        "form",
        tag("input", type="hidden", name="form", value=form_token),
        body,
        method="post",
        action=f"/login?next={quote(_target(request))}",
        cls="login-form",
    )
    card = tag(
        "main",
        div(span(t("app.name"), cls="brand-mark"), tag("h1", t("login.title")), cls="login-head"),
        div(t("app.tagline"), cls="m"),
        form,
        div(t("login.notice"), cls="f s"),
        below,
        cls="login-card",
    )
    html = theme.plain_page(
        title=t("login.title"), body=card, language=language(), look=request.cookies.get(LOOK_COOKIE)
    )
    answer = HTMLResponse(html, status)
    answer.set_cookie(_FORM_COOKIE, form_token, httponly=True, samesite="strict", max_age=3600)
    return answer


def _demo_logins(services: Services) -> Markup:
    rows = [
        div(span(t(f"role.{role}")), span(login, cls="mono"), span(password, cls="mono f"))
        for login, password, role in services.settings.demo_logins
    ]
    return div(*rows, cls="login-demo") if rows else Markup("")


def _send_home(token: str) -> None:
    """Close what the ended session still has open in other tabs."""
    for client in list(Client.instances.values()):
        if client.request.cookies.get(COOKIE) == token and client.has_socket_connection:
            client.run_javascript("window.location.href = '/login'")


def _target(request: Request) -> str:
    return own_path(request.query_params.get("next"))


def _address(request: Request) -> str:
    return request.client.host if request.client else ""


def hidden_form(token: str, back: str) -> Markup:
    """Return the two hidden fields that every form of a signed-in person carries."""
    return join(
        tag("input", type="hidden", name="form", value=csrf_of(token)),
        tag("input", type="hidden", name="back", value=back),
    )
