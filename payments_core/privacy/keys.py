"""The key file of an installation: one key a line, readable by its owner only.

    hash <base64 of 32 bytes>
    seal k1 <base64 of 32 bytes>
    seal k2 <base64 of 32 bytes>      the last `seal` line is the active key; earlier ones still open

Rotation is a further line. The file lies outside the database on purpose: a stolen dump opens nothing.
"""

from __future__ import annotations

import base64
import binascii
import os
import secrets
from pathlib import Path

from payments_core.privacy.errors import KeyFileInvalid
from payments_core.privacy.sealing import Sealer

_KEY_BYTES = 32


def create_key_file(path: Path) -> None:
    """Write a new key file with mode 0600; do nothing where there is one already.

    The content is complete before the name exists, so a kill leaves either no file or a whole one.
    """
    if path.exists():
        return
    lines = [f"hash {_random_key()}", f"seal k1 {_random_key()}"]
    unfinished = path.with_name(f"{path.name}.{secrets.token_hex(4)}")
    descriptor = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="ascii") as handle:
        handle.write("\n".join(lines) + "\n")
        handle.flush()
        os.fsync(handle.fileno())
    try:
        os.link(unfinished, path)  # unlike rename, never replaces keys another process has just made
    except FileExistsError:
        pass
    finally:
        unfinished.unlink()


def read_sealer(path: Path) -> Sealer:
    """Return the Sealer of the keys in `path`. Raises KeyFileInvalid, naming the line but never a key."""
    try:
        lines = path.read_text(encoding="ascii").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise KeyFileInvalid(f"key file {path} cannot be read", path=str(path)) from error
    keys: dict[str, bytes] = {}
    hash_key = b""
    for number, line in enumerate(lines, start=1):
        match line.split():
            case []:
                continue
            case ["hash", encoded] if not hash_key:
                hash_key = _decoded(encoded, path, number)
            case ["seal", key_id, encoded] if key_id not in keys and key_id.isalnum():
                keys[key_id] = _decoded(encoded, path, number)
            case _:
                raise KeyFileInvalid(
                    f"key file {path}, line {number}: not a key", path=str(path), line=number
                )
    if not keys or not hash_key:
        raise KeyFileInvalid(
            f"key file {path} needs one `hash` line and at least one `seal` line", path=str(path)
        )
    return Sealer(keys=keys, active=list(keys)[-1], hash_key=hash_key)


def _random_key() -> str:
    return base64.b64encode(secrets.token_bytes(_KEY_BYTES)).decode()


def _decoded(encoded: str, path: Path, line: int) -> bytes:
    try:
        key = base64.b64decode(encoded, validate=True)
    except (binascii.Error, ValueError) as error:
        raise KeyFileInvalid(
            f"key file {path}, line {line}: not base64", path=str(path), line=line
        ) from error
    if len(key) != _KEY_BYTES:
        raise KeyFileInvalid(f"key file {path}, line {line}: a key has 32 bytes", path=str(path), line=line)
    return key
