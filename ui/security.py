"""Who is at the other end: the gate before every page, the guard before every socket, the headers.

All three are plain ASGI, because Starlette's BaseHTTPMiddleware never sees a WebSocket. NiceGUI itself
checks neither the origin of a socket nor whether its session still lives: the id of a client, which
stands in the page, would be enough to press its buttons. So the socket is checked here at every handshake.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Callable
from urllib.parse import quote

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import HTTPConnection
from starlette.responses import JSONResponse, RedirectResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from payments_core.access import Person, find_session
from payments_core.database import transaction
from ui.i18n import use_language
from ui.safe import is_own_path
from ui.services import Services

COOKIE = "haodian_session"
LANGUAGE_COOKIE = "haodian_language"
LOOK_COOKIE = "haodian_look"
SOCKET_PATH = "/_nicegui_ws/"
_OPEN_PREFIXES = ("/static/", "/_nicegui/", "/api/", "/healthz", "/favicon.ico")
_GUARDED_PREFIXES = ("/_nicegui/client/",)
_HOST = re.compile(r"^[A-Za-z0-9.\-\[\]:]+$")

FindPerson = Callable[[str], Person | None]


def person_finder(services: Services) -> FindPerson:
    """Return the function that looks a token up in the session table, by the machine's clock."""

    def find(token: str) -> Person | None:
        with transaction(services.engine) as connection:
            return find_session(connection, token=token, now=services.machine_now())

    return find


def csrf_of(token: str) -> str:
    """Return the proof that a form was made for the session of `token`; it does not reveal the token."""
    return hmac.new(token.encode(), b"haodian form", hashlib.sha256).hexdigest()


def is_form_of(token: str, proof: str) -> bool:
    """Tell whether `proof` came from a form made for this sign-in."""
    return bool(token) and hmac.compare_digest(csrf_of(token), proof)


def own_path(address: str | None, *, otherwise: str = "/") -> str:
    """Return `address` where it is a path of ours, else `otherwise`: no open redirects."""
    return address if address and is_own_path(address) else otherwise


def is_same_origin(headers: Headers, *, allowed: tuple[str, ...], required: bool) -> bool:
    """Tell whether a request comes from our own pages; without an Origin the answer is `not required`."""
    origin = headers.get("origin")
    if origin is None:
        return not required
    host = headers.get("host", "")
    return origin in allowed or (bool(host) and origin in (f"http://{host}", f"https://{host}"))


class WsGuard:
    """Refuse sockets from other origins and sockets without a live session."""

    def __init__(self, app: ASGIApp, *, services: Services) -> None:
        self._app, self._find_person = app, person_finder(services)
        self._allowed, self._services = services.settings.allowed_origins, services

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in ("http", "websocket") or SOCKET_PATH not in scope["path"]:
            await self._app(scope, receive, send)
            return
        connection = HTTPConnection(scope)
        is_socket = scope["type"] == "websocket"
        own = is_same_origin(connection.headers, allowed=self._allowed, required=is_socket)
        token = connection.cookies.get(COOKIE, "")
        person = await run_in_threadpool(self._find_person, token) if own and token else None
        if person is not None:
            use_language(person.language)
            scope.setdefault("state", {})["person"] = person
            await self._app(scope, receive, send)
        elif is_socket:
            await receive()
            await send({"type": "websocket.close", "code": 1008})
        else:
            await JSONResponse({"detail": "forbidden"}, 403)(scope, receive, send)


class Gate:
    """Find out who asks; send strangers to the login page; refuse writes that other sites started."""

    def __init__(self, app: ASGIApp, *, services: Services) -> None:
        self._app, self._find_person = app, person_finder(services)
        self._allowed, self._services = services.settings.allowed_origins, services

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or SOCKET_PATH in scope["path"] or is_open(scope["path"]):
            await self._app(scope, receive, send)
            return
        connection = HTTPConnection(scope)
        writes = scope["method"] not in ("GET", "HEAD")
        if writes and not is_same_origin(connection.headers, allowed=self._allowed, required=False):
            await JSONResponse({"detail": "cross-origin"}, 403)(scope, receive, send)
            return
        token = connection.cookies.get(COOKIE, "")
        person = await run_in_threadpool(self._find_person, token) if token else None
        use_language(person.language if person else connection.cookies.get(LANGUAGE_COOKIE, "zh"))
        if person is None and scope["path"] != "/login":
            asked = scope["path"] + (f"?{scope['query_string'].decode()}" if scope["query_string"] else "")
            target = "/login" if asked == "/" else f"/login?next={quote(asked)}"
            await RedirectResponse(target, 303)(scope, receive, send)
            return
        state = scope.setdefault("state", {})
        state["person"], state["token"], state["services"] = person, token, self._services
        await self._app(scope, receive, send)


def is_open(path: str) -> bool:
    """Tell whether a path needs no session: our stylesheet, NiceGUI's own scripts, the signed API."""
    return path.startswith(_OPEN_PREFIXES) and not path.startswith(_GUARDED_PREFIXES)


class SecurityHeaders:
    """Put the policy headers on every answer, and `no-store` on every page (a page holds its client id)."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        host = HTTPConnection(scope).headers.get("host", "")
        cacheable = scope["path"].startswith(("/static/", "/_nicegui/"))

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                headers.update(_policy(host))
                if not cacheable:
                    headers["Cache-Control"] = "no-store"
            await send(message)

        await self._app(scope, receive, send_with_headers)


def _policy(host: str) -> dict[str, str]:
    # Vue compiles its templates in the browser: NiceGUI cannot run without 'unsafe-eval'.
    sockets = f" ws://{host} wss://{host}" if _HOST.match(host) else ""
    content = (
        "default-src 'self'; script-src 'self' 'unsafe-inline' 'unsafe-eval'; style-src 'self' "
        "'unsafe-inline'; "
        f"img-src 'self' data:; font-src 'self' data:; connect-src 'self'{sockets}; frame-ancestors 'none'; "
        "base-uri 'self'; form-action 'self'; object-src 'none'"
    )
    return {
        "Content-Security-Policy": content,
        "X-Content-Type-Options": "nosniff",
        "X-Frame-Options": "DENY",
        "Referrer-Policy": "same-origin",
        "Cross-Origin-Opener-Policy": "same-origin",
        "Permissions-Policy": "camera=(), microphone=(), geolocation=()",
    }
