"""API keys and the nonces they have spent.

A secret must be known to check an HMAC, so it is sealed, not hashed.
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, delete, insert, select, update
from sqlalchemy.dialects.postgresql import insert as upsert

from payments_core.access.errors import ApiKeyUnknown
from payments_core.access.tables import api_key, api_nonce
from payments_core.privacy import Sealer

# Twice the window of a signature: a nonce older than that cannot come with a valid timestamp.
NONCE_KEPT = timedelta(minutes=10)
_FIELD = "api_key.secret"


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiKey:
    """A key that may sign requests; `merchant_id` None may act for every merchant."""

    key_id: str
    secret: bytes
    merchant_id: str | None

    def __repr__(self) -> str:
        """Leave the secret out: a key must never reach a log."""
        return f"ApiKey(key_id={self.key_id!r}, merchant_id={self.merchant_id!r})"


def create_api_key(
    connection: Connection, *, merchant_id: str | None, sealer: Sealer, now: datetime
) -> ApiKey:
    """Make a key with a random 256-bit secret and store it sealed; the caller sees it now or never."""
    key = ApiKey(
        key_id=f"hd_{secrets.token_hex(8)}",
        secret=secrets.token_urlsafe(32).encode(),
        merchant_id=merchant_id,
    )
    connection.execute(
        insert(api_key).values(
            key_id=key.key_id,
            merchant_id=merchant_id,
            secret_sealed=sealer.seal(key.secret.decode(), field=_FIELD).encode(),
            created_at=now,
        )
    )
    return key


def find_api_key(connection: Connection, *, key_id: str, sealer: Sealer) -> ApiKey | None:
    """Return the key, or None where there is none or it was revoked."""
    row = connection.execute(
        select(api_key).where(api_key.c.key_id == key_id, api_key.c.revoked_at.is_(None))
    ).one_or_none()
    if row is None:
        return None
    return ApiKey(
        key_id=row.key_id,
        secret=sealer.open(row.secret_sealed.decode(), field=_FIELD).encode(),
        merchant_id=row.merchant_id,
    )


def revoke_api_key(connection: Connection, *, key_id: str, now: datetime) -> None:
    """Refuse the key from now on. Raises ApiKeyUnknown."""
    live = (api_key.c.key_id == key_id) & api_key.c.revoked_at.is_(None)
    if connection.execute(update(api_key).where(live).values(revoked_at=now)).rowcount == 0:
        raise ApiKeyUnknown(key_id=key_id)


def spend_nonces(
    connection: Connection, *, nonces: Sequence[tuple[str, str]], now: datetime
) -> frozenset[tuple[str, str]]:
    """Spend many (key_id, nonce) pairs in one statement and return those that were fresh.

    A pair given twice in `nonces` is fresh once: the caller decides which of the two requests had it.
    """
    rows = [{"key_id": key, "nonce": nonce, "seen_at": now} for key, nonce in sorted(set(nonces))]
    if not rows:
        return frozenset()
    statement = upsert(api_nonce).values(rows).on_conflict_do_nothing()
    fresh = connection.execute(statement.returning(api_nonce.c.key_id, api_nonce.c.nonce))
    return frozenset((row.key_id, row.nonce) for row in fresh)


def purge_nonces(connection: Connection, *, now: datetime) -> int:
    """Delete nonces that no valid signature can carry any more; return how many."""
    return connection.execute(delete(api_nonce).where(api_nonce.c.seen_at < now - NONCE_KEPT)).rowcount
