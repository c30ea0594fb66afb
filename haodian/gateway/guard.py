"""Who is calling: the key, the signature and the nonce of a request, without blocking the event loop."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from datetime import datetime

from sqlalchemy import Engine
from starlette.requests import Request

from haodian.gateway import signing
from payments_core import access
from payments_core.database import transaction
from payments_core.privacy import Sealer

KEY_KEPT_S = 30.0


class NonceRegister:
    """Spends nonces for good, many in one transaction: what arrives during a write joins the next."""

    def __init__(self, engine: Engine, *, now: Callable[[], datetime]) -> None:
        self._engine, self._now = engine, now
        self._waiting: dict[tuple[str, str], asyncio.Future[bool]] = {}
        self._writer: asyncio.Task[None] | None = None

    async def spend(self, *, key_id: str, nonce: str) -> None:
        """Spend the nonce. Raises NonceReused."""
        pair = (key_id, nonce)
        if pair in self._waiting:
            raise access.NonceReused
        waiting = self._waiting[pair] = asyncio.get_running_loop().create_future()
        if self._writer is None or self._writer.done():
            self._writer = asyncio.create_task(self._write_all())
        if not await waiting:
            raise access.NonceReused

    async def _write_all(self) -> None:
        while self._waiting:
            batch, self._waiting = self._waiting, {}
            try:
                fresh = await asyncio.to_thread(self._write, tuple(batch))
            except Exception as error:  # noqa: BLE001 - handed to every caller that waits for it
                for waiting in batch.values():
                    waiting.set_exception(error)
                continue
            for pair, waiting in batch.items():
                waiting.set_result(pair in fresh)

    def _write(self, pairs: tuple[tuple[str, str], ...]) -> frozenset[tuple[str, str]]:
        with transaction(self._engine) as connection:
            return access.spend_nonces(connection, nonces=pairs, now=self._now())


class Guard:
    """Authenticates requests by their signature."""

    def __init__(self, engine: Engine, *, sealer: Sealer, now: Callable[[], datetime]) -> None:
        """`now` is the machine's clock: signatures do not live in the demo world."""
        self._engine, self._sealer, self._now = engine, sealer, now
        self._nonces = NonceRegister(engine, now=now)
        self._keys: dict[str, tuple[float, access.ApiKey]] = {}

    async def caller_of(self, request: Request) -> access.ApiKey:
        """Return the key that signed `request`; a revoked key is refused within 30 s.

        Raises SignatureInvalid, ClockSkew, ApiKeyUnknown, NonceReused. The nonce is spent last: a forged
        request cannot use up the nonce of a real one.
        """
        signed = signing.read_headers(request.headers, now=self._now())
        key = await self._key(signed.key_id)
        target = target_of(request)
        body = await request.body()
        signing.ensure_signed_with(signed, secret=key.secret, method=request.method, target=target, body=body)
        await self._nonces.spend(key_id=key.key_id, nonce=signed.nonce)
        return key

    async def _key(self, key_id: str) -> access.ApiKey:
        kept = self._keys.get(key_id)
        if kept is not None and time.monotonic() - kept[0] < KEY_KEPT_S:
            return kept[1]
        key = await asyncio.to_thread(self._find, key_id)
        if key is None:
            self._keys.pop(key_id, None)
            raise access.ApiKeyUnknown
        self._keys[key_id] = (time.monotonic(), key)
        return key

    def _find(self, key_id: str) -> access.ApiKey | None:
        with transaction(self._engine) as connection:
            return access.find_api_key(connection, key_id=key_id, sealer=self._sealer)


def target_of(request: Request) -> str:
    """Return the path and query of `request` exactly as they were sent, percent signs and all."""
    path: bytes = request.scope.get("raw_path") or request.scope["path"].encode()
    query: bytes = request.scope["query_string"]
    return (path.split(b"?")[0] + (b"?" + query if query else b"")).decode("latin-1")
