"""Seal a value so that only this installation can read it, and hash one so that only it can compare it.

A sealed value is the text `s1.<key id>.<base64url of nonce and ciphertext>`. The cipher is AES-256-GCM with
the field's name as associated data: a sealed phone number pasted into the ID column does not open.
Hashes are HMAC-SHA256 under a key of their own, with the purpose mixed in, so that the hash of a payer
never equals the hash of a subject. The hash key must outlive every rotation: hashes cannot be made anew.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import secrets
from collections.abc import Mapping

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from payments_core.privacy.errors import SealBroken, SealKeyUnknown

_FORMAT = "s1"
_NONCE_BYTES = 12


class Sealer:
    """Seals with the active key, opens with any key it holds, and hashes. Safe to share between threads."""

    def __init__(self, *, keys: Mapping[str, bytes], active: str, hash_key: bytes) -> None:
        """Take AES-256 keys by their id (letters and digits), the id to seal with, and the hash key."""
        self._ciphers = {key_id: AESGCM(key) for key_id, key in keys.items()}
        self._active = active
        self._hash_key = hash_key

    def seal(self, value: str, *, field: str) -> str:
        """Return `value` sealed for `field`; two seals of one value differ."""
        nonce = secrets.token_bytes(_NONCE_BYTES)
        sealed = self._ciphers[self._active].encrypt(nonce, value.encode(), _bound(self._active, field))
        return f"{_FORMAT}.{self._active}.{base64.urlsafe_b64encode(nonce + sealed).decode()}"

    def open(self, sealed: str, *, field: str) -> str:
        """Return the value sealed for `field`. Raises SealKeyUnknown, SealBroken for all else."""
        parts = sealed.split(".")
        if len(parts) != 3 or parts[0] != _FORMAT:
            raise SealBroken(field=field)
        cipher = self._ciphers.get(parts[1])
        if cipher is None:
            raise SealKeyUnknown(field=field, key_id=parts[1])
        try:
            content = base64.b64decode(parts[2], altchars=b"-_", validate=True)
            opened = cipher.decrypt(content[:_NONCE_BYTES], content[_NONCE_BYTES:], _bound(parts[1], field))
        except (InvalidTag, binascii.Error, ValueError) as error:
            raise SealBroken(field=field) from error
        return opened.decode()

    def hash_payer(self, payer_id: str) -> str:
        """Return the salted hash that stands for a payer: 32 hex digits (128 bits)."""
        return self._hash("payer", payer_id)

    def hash_subject(self, subject: str) -> str:
        """Return the salted hash that stands for a legal subject (licence or ID number): 32 hex digits.

        Case and surrounding space do not count, so that `91110108ma…x` is the subject `91110108MA…X`.
        """
        return self._hash("subject", subject.strip().upper())

    def _hash(self, purpose: str, value: str) -> str:
        return hmac.new(self._hash_key, f"{purpose}:{value}".encode(), hashlib.sha256).hexdigest()[:32]


def _bound(key_id: str, field: str) -> bytes:
    return f"{key_id}:{field}".encode()
