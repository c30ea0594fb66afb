"""API keys and nonces."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import Engine, text

from payments_core import access
from payments_core.database import transaction

NOW = datetime(2025, 4, 15, 2, 0, tzinfo=UTC)


def _flip(content: bytes) -> bytes:
    return bytes(byte ^ 0x5A for byte in content)


def test_a_key_is_stored_sealed_and_found_until_it_is_revoked(engine: Engine) -> None:
    with transaction(engine) as connection:
        made = access.create_api_key(connection, merchant_id=None, seal=_flip, now=NOW)
        stored = connection.execute(text("SELECT secret_sealed FROM api_key")).scalar_one()
        assert bytes(stored) != made.secret
        assert access.find_api_key(connection, key_id=made.key_id, unseal=_flip) == made
        access.revoke_api_key(connection, key_id=made.key_id, now=NOW)
        assert access.find_api_key(connection, key_id=made.key_id, unseal=_flip) is None
        with pytest.raises(access.ApiKeyUnknown):
            access.revoke_api_key(connection, key_id=made.key_id, now=NOW)


def test_a_secret_is_not_shown_when_a_key_is_printed() -> None:
    key = access.ApiKey(key_id="hd_1", secret=b"hidden", merchant_id="M1")
    assert "hidden" not in repr(key)


def test_a_nonce_is_fresh_once_for_each_key(engine: Engine) -> None:
    with transaction(engine) as connection:
        first = access.spend_nonces(connection, nonces=[("a", "1"), ("a", "1"), ("b", "1")], now=NOW)
        again = access.spend_nonces(connection, nonces=[("a", "1"), ("a", "2")], now=NOW)
        assert access.spend_nonces(connection, nonces=[], now=NOW) == frozenset()
    assert first == {("a", "1"), ("b", "1")}
    assert again == {("a", "2")}


def test_nonces_are_kept_as_long_as_a_signature_could_be_valid(engine: Engine) -> None:
    with transaction(engine) as connection:
        access.spend_nonces(connection, nonces=[("a", "1")], now=NOW)
        assert access.purge_nonces(connection, now=NOW + timedelta(minutes=10)) == 0
        assert access.purge_nonces(connection, now=NOW + timedelta(minutes=10, seconds=1)) == 1
