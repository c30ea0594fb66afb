"""Photos that come with an application: checked by their bytes, kept under names we give.

What the browser calls the file decides nothing. The name is random, so nobody guesses another's photo, and
the ending comes from the bytes; a form accepts only such names.
"""

from __future__ import annotations

import os
import secrets
from pathlib import Path

from payments_core.merchants.errors import MediaInvalid

MAX_PHOTO_BYTES = 8 * 1024 * 1024


def photo_kind(content: bytes) -> str:
    """Return "jpg", "png" or "webp", as the bytes say. Raises MediaInvalid for all else."""
    if not content:
        raise MediaInvalid("the photo is empty", reason="EMPTY")
    if len(content) > MAX_PHOTO_BYTES:
        raise MediaInvalid("the photo is larger than 8 MB", reason="TOO_LARGE", limit=MAX_PHOTO_BYTES)
    if content.startswith(b"\xff\xd8\xff") and b"\xff\xd9" in content:
        return "jpg"
    if content.startswith(b"\x89PNG\r\n\x1a\n") and b"IEND" in content:
        return "png"
    if content[:4] == b"RIFF" and content[8:12] == b"WEBP":
        return "webp"
    raise MediaInvalid("the file is no whole JPEG, PNG or WebP picture", reason="NO_PICTURE")


def store_photo(*, folder: Path, content: bytes) -> str:
    """Keep a photo in `folder` and return its name: 32 hex digits and the ending. Raises MediaInvalid.

    The whole file is on disk before its name exists.
    """
    name = f"{secrets.token_hex(16)}.{photo_kind(content)}"
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    unfinished = folder / f".{name}"
    descriptor = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as handle:
        handle.write(content)
        handle.flush()
        os.fsync(handle.fileno())
    unfinished.rename(folder / name)
    return name
