"""Argon2id password hashes."""

from __future__ import annotations

import secrets
from functools import lru_cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerifyMismatchError

from payments_core.access.errors import PasswordTooWeak

MIN_LENGTH = 8
# RFC 9106's second recommended setting: 3 passes over 64 MiB in 4 lanes, about 50 ms here.
_HASHER = PasswordHasher(time_cost=3, memory_cost=65536, parallelism=4)


def hash_password(password: str) -> str:
    """Return the argon2id hash of `password` with a fresh salt. Raises PasswordTooWeak."""
    if len(password) < MIN_LENGTH:
        raise PasswordTooWeak
    return _HASHER.hash(password)


def is_password(password: str, *, password_hash: str | None) -> bool:
    """Tell whether `password` made `password_hash`.

    For a login that does not exist (None) the same work is done against a hash nobody knows the password
    of, so that the time of the answer does not tell which logins exist.
    """
    try:
        _HASHER.verify(password_hash or _nobody(), password)
    except (VerifyMismatchError, InvalidHashError):
        return False
    return password_hash is not None


@lru_cache(maxsize=1)
def _nobody() -> str:
    return _HASHER.hash(secrets.token_urlsafe(32))
