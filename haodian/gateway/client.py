"""A client of the gateway that signs what it sends. Asking again is always safe."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self
from urllib.parse import quote

import httpx

from haodian import clock
from haodian.gateway.signing import sign


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """The status and the JSON of an answer."""

    status: int
    body: Mapping[str, object]

    @property
    def is_accepted(self) -> bool:
        """Tell whether the gateway did or had done what was asked."""
        return self.status == 200


class GatewayClient:
    """Signed requests over one pool of connections. Raises httpx.HTTPError where no answer came."""

    def __init__(
        self,
        *,
        base_url: str,
        key_id: str,
        secret: str,
        timeout_s: float = 15.0,
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        self._key_id, self._secret = key_id, secret.encode()
        self._http = httpx.AsyncClient(base_url=base_url, timeout=timeout_s, transport=transport)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *reason: object) -> None:
        await self._http.aclose()

    async def pay(self, order: Mapping[str, object]) -> Answer:
        """Send an order: merchant_id, merchant_order_no, amount_fen, channel, mode and what else is known."""
        return await self.send("POST", "/v1/payments", order)

    async def payment(self, payment_id: str, *, merchant_id: str) -> Answer:
        """Ask for a payment by our number (P…)."""
        return await self.send("GET", _path(payment_id, merchant_id))

    async def payment_of_order(self, *, merchant_id: str, merchant_order_no: str) -> Answer:
        """Ask for a payment by the merchant's order number."""
        merchant, order = quote(merchant_id, safe=""), quote(merchant_order_no, safe="")
        return await self.send("GET", f"/v1/merchants/{merchant}/orders/{order}")

    async def refund(self, payment_id: str, refund: Mapping[str, object], *, merchant_id: str) -> Answer:
        """Send back money of a payment: merchant_refund_no, amount_fen, reason."""
        return await self.send("POST", _path(payment_id, merchant_id, "/refunds"), refund)

    async def refunds(self, payment_id: str, *, merchant_id: str) -> Answer:
        """Ask for the refunds of a payment."""
        return await self.send("GET", _path(payment_id, merchant_id, "/refunds"))

    async def send(self, method: str, target: str, content: Mapping[str, object] | None = None) -> Answer:
        """Send one signed request; `target` is a path with its query."""
        body = json.dumps(content, ensure_ascii=False).encode() if content is not None else b""
        headers = sign(
            method=method,
            target=target,
            body=body,
            key_id=self._key_id,
            secret=self._secret,
            now=clock.machine_now(),
        )
        headers["content-type"] = "application/json"
        reply = await self._http.request(method, target, content=body, headers=headers)
        return Answer(status=reply.status_code, body=reply.json())


def _path(payment_id: str, merchant_id: str, below: str = "") -> str:
    return f"/v1/payments/{quote(payment_id, safe='')}{below}?merchant_id={quote(merchant_id, safe='')}"
