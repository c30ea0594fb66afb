"""The guard before NiceGUI's sockets: own pages of a living session only."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from starlette.types import Message, Receive, Scope, Send

from payments_core import access
from payments_core.database import transaction
from tests.unit.ui_http.conftest import NOW, PASSWORD
from ui.security import WsGuard
from ui.services import Services

OWN = "http://console.test"


class Reached(Exception):
    """The socket got through."""


async def _inside(scope: Scope, receive: Receive, send: Send) -> None:
    raise Reached


@pytest.fixture
def token(services: Services) -> str:
    """A session of ops."""
    identity = access.authenticate(services.engine, login="ops", password=PASSWORD, address="", now=NOW)
    with transaction(services.engine) as connection:
        return access.open_session(
            connection, identity=identity, grant=identity.grants[0], address="", now=NOW
        )


async def _open(
    services: Services, *, origin: str | None, token: str, kind: str = "websocket"
) -> list[Message]:
    """Return what the guard sends; raises Reached where it lets the socket through."""
    headers = [(b"host", b"console.test"), (b"cookie", f"haodian_session={token}".encode())]
    if origin is not None:
        headers.append((b"origin", origin.encode()))
    sent: list[Message] = []

    async def receive() -> Message:
        return {"type": "websocket.connect" if kind == "websocket" else "http.request"}

    async def send(message: Message) -> None:
        sent.append(message)

    scope: dict[str, Any] = {
        "type": kind,
        "path": "/_nicegui_ws/socket.io/",
        "headers": headers,
        "query_string": b"",
        "method": "GET",
    }
    await WsGuard(_inside, services=services)(scope, receive, send)
    return sent


async def test_our_own_page_with_a_living_session_gets_through(services: Services, token: str) -> None:
    with pytest.raises(Reached):
        await _open(services, origin=OWN, token=token)
    with pytest.raises(Reached):
        await _open(services, origin=None, token=token, kind="http")  # a same-origin polling GET sends none


@pytest.mark.parametrize("origin", ["https://evil.example", "http://console.test.evil.example", "null", None])
async def test_a_socket_from_elsewhere_is_closed(services: Services, token: str, origin: str | None) -> None:
    sent = await _open(services, origin=origin, token=token)
    assert sent == [{"type": "websocket.close", "code": 1008}]


@pytest.mark.parametrize("kind", ["websocket", "http"])
async def test_without_a_living_session_nothing_gets_through(
    services: Services, token: str, kind: str
) -> None:
    with transaction(services.engine) as connection:
        access.revoke(connection, token=token, now=NOW + timedelta(seconds=0))
    for dead in (token, "made-up", ""):
        sent = await _open(services, origin=OWN, token=dead, kind=kind)
        assert sent[0].get("code", sent[0].get("status")) in (1008, 403)


async def test_polling_from_elsewhere_is_refused(services: Services, token: str) -> None:
    sent = await _open(services, origin="https://evil.example", token=token, kind="http")
    assert sent[0]["status"] == 403
