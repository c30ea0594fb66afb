"""API keys and nonces."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import Engine, text

from payments_core import access
from payments_core.database import transaction
from payments_core.privacy import Sealer

NOW = datetime(2025, 4, 15, 2, 0, tzinfo=UTC)


SEALER = Sealer(keys={"k1": bytes(32)}, active="k1", hash_key=bytes(32))


def test_a_key_is_stored_sealed_and_found_until_it_is_revoked(engine: Engine) -> None:
    with transaction(engine) as connection:
        made = access.create_api_key(connection, merchant_id=None, sealer=SEALER, now=NOW)
        stored = connection.execute(text("SELECT secret_sealed FROM api_key")).scalar_one()
        assert made.secret not in bytes(stored)
        assert access.find_api_key(connection, key_id=made.key_id, sealer=SEALER) == made
        access.revoke_api_key(connection, key_id=made.key_id, now=NOW)
        assert access.find_api_key(connection, key_id=made.key_id, sealer=SEALER) is None
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
