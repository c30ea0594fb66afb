"""What a change means, whatever it looks like: the hash an approval is bound to.

Two writings of a file mean the same where they hold the same values: comments, blank lines, quotes, the order
of keys and block or flow style make no difference; the order of rows does. Titles, owners and tests count
too: whoever approves a change has read them. A file that is no YAML means its text.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from hashlib import sha256
from typing import Any

from engine.rulebook.documents import load

Texts = Mapping[str, str | None]
"""path → text; None is a file that is not there."""


def meaning_of(*, before: Texts, after: Texts) -> str:
    """Return the hash of what changing `before` into `after` means, over the files that mean another thing.

    Both sides count: an approval of 0.38 → 0.35 says nothing of 0.60 → 0.35.
    """
    changes = [
        [file, *sides]
        for file in sorted({*before, *after})
        if len(set(sides := (_meant(file, before.get(file)), _meant(file, after.get(file))))) > 1
    ]
    return _hash(changes)


def meaning_of_roll_back(*, present: str, wanted: str) -> str:
    """Return the hash of what going back from the release of one commit to that of another means."""
    return _hash(["roll back", present, wanted])


def _meant(file: str, text: str | None) -> str | None:
    """Return the values of a file as one canonical text, None for no file."""
    if text is None:
        return None
    document, _ = load(path=file, text=text)
    value: Any = text if document is None else document.value
    return json.dumps(value, ensure_ascii=False, sort_keys=True)


def _hash(value: Any) -> str:
    return sha256(json.dumps(value, ensure_ascii=False).encode()).hexdigest()
