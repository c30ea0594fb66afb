"""Serve one ASGI application with uvicorn in this process, and find ports that are free."""

from __future__ import annotations

import socket
from collections.abc import Iterable

import uvicorn
from starlette.types import ASGIApp


def server_of(app: ASGIApp, *, host: str, port: int) -> uvicorn.Server:
    """Return a server of one process that logs through our handlers and waits 8 s for open requests."""
    config = uvicorn.Config(
        app,
        host=host,
        port=port,
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=8,
        ws_ping_interval=20,
    )
    return uvicorn.Server(config)


def free_port(*, host: str, wanted: int, taken: Iterable[int] = ()) -> int:
    """Return `wanted`, or the next port above it on which nobody listens; 0 asks for any."""
    avoid = set(taken)
    for port in [0] if wanted == 0 else range(wanted, min(wanted + 200, 65536)):
        if port in avoid:
            continue
        with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((host, port))
            except OSError:
                continue
            return int(probe.getsockname()[1])
    raise OSError(f"{host}: 端口 {wanted} 起的 200 个端口都被占用 / no free port from {wanted} on")
