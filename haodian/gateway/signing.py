"""How a request to the gateway is signed.

X-Haodian-Key         the id of the API key
X-Haodian-Timestamp   seconds since 1970, within 5 minutes of the gateway's clock
X-Haodian-Nonce       16 to 64 letters, digits, `-` or `_`, never used before with this key
X-Haodian-Signature   hex HMAC-SHA256, with the key's secret, of five lines joined by `\\n`:
                      method, path with its query, timestamp, nonce, hex SHA-256 of the body
"""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from haodian.gateway.refusals import ClockSkew, SignatureInvalid

KEY, TIMESTAMP = "x-haodian-key", "x-haodian-timestamp"
NONCE, SIGNATURE = "x-haodian-nonce", "x-haodian-signature"
WINDOW_S = 300
_NONCE = re.compile(r"[A-Za-z0-9_-]{16,64}\Z")


@dataclass(frozen=True, slots=True, kw_only=True)
class Signed:
    """What the headers of a request claim; nothing is proven before `ensure_signed_with`."""

    key_id: str
    timestamp: int
    nonce: str
    signature: str


def sign(
    *, method: str, target: str, body: bytes, key_id: str, secret: bytes, now: datetime
) -> dict[str, str]:
    """Return the four headers for a request; `target` is the path with its query."""
    timestamp, nonce = str(int(now.timestamp())), secrets.token_urlsafe(18)
    signature = _signature(method, target, timestamp, nonce, body, secret)
    return {KEY: key_id, TIMESTAMP: timestamp, NONCE: nonce, SIGNATURE: signature}


def read_headers(headers: Mapping[str, str], *, now: datetime) -> Signed:
    """Return what `headers` claim. Raises SignatureInvalid, ClockSkew."""
    given = {name: headers.get(name, "") for name in (KEY, TIMESTAMP, NONCE, SIGNATURE)}
    missing = [name for name, value in given.items() if not value]
    if missing:
        raise SignatureInvalid(f"Headers missing: {', '.join(missing)}", missing=missing)
    if not (given[TIMESTAMP].isascii() and given[TIMESTAMP].isdigit() and len(given[TIMESTAMP]) <= 12):
        raise SignatureInvalid("The timestamp is not a whole number of seconds")
    if not _NONCE.match(given[NONCE]):
        raise SignatureInvalid("The nonce must be 16 to 64 letters, digits, - or _")
    timestamp = int(given[TIMESTAMP])
    if abs(int(now.timestamp()) - timestamp) > WINDOW_S:
        raise ClockSkew(server_time=int(now.timestamp()), window_s=WINDOW_S)
    return Signed(key_id=given[KEY], timestamp=timestamp, nonce=given[NONCE], signature=given[SIGNATURE])


def ensure_signed_with(signed: Signed, *, secret: bytes, method: str, target: str, body: bytes) -> None:
    """Refuse a request whose signature `secret` did not make. Raises SignatureInvalid."""
    expected = _signature(method, target, str(signed.timestamp), signed.nonce, body, secret)
    if not hmac.compare_digest(expected.encode(), signed.signature.encode()):
        raise SignatureInvalid


def _signature(method: str, target: str, timestamp: str, nonce: str, body: bytes, secret: bytes) -> str:
    lines = "\n".join((method.upper(), target, timestamp, nonce, hashlib.sha256(body).hexdigest()))
    return hmac.new(secret, lines.encode(), hashlib.sha256).hexdigest()
