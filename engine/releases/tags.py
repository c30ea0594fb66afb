"""One annotated tag a release: `release/<number>`, on the commit that was activated under that number."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from pathlib import Path

from pygit2.enums import ObjectType

from engine.releases.errors import RepositoryCorrupt
from engine.releases.repository import (
    Author,
    Signer,
    commit_of,
    opened,
    reading,
    signature_of,
    tip,
    writing,
)

_TAGS = "refs/tags/release/"


def tag_release(
    *,
    path: Path,
    number: int,
    commit: str,
    message: str,
    author: Author,
    at: datetime,
    sign: Signer | None = None,
) -> None:
    """Tag `commit` as release `number`; again is nothing. Raises RepositoryCorrupt where it tags another."""
    with writing(path) as repository, reading(path):
        tagged = commit_of(repository, commit)
        known = tip(repository, f"{_TAGS}{number}")
        if known is not None:
            if repository[known].peel(ObjectType.COMMIT).id != tagged.id:
                raise RepositoryCorrupt(f"release/{number} tags another commit than {commit[:12]}")
            return
        by = signature_of(author, at)
        written = (
            f"object {tagged.id}\ntype commit\ntag release/{number}\n"
            f"tagger {by.name} <{by.email}> {by.time} {_offset(by.offset)}\n\n{message.strip()}\n"
        )
        signature = sign(written.encode()) if sign is not None else ""
        made = repository.write(ObjectType.TAG, f"{written}{signature}".encode())
        repository.references.create(f"{_TAGS}{number}", made)


def tagged(path: Path) -> Mapping[int, str]:
    """Return the tagged commits by the number of the release."""
    repository = opened(path)
    with reading(path):
        names = [name for name in repository.references if name.startswith(_TAGS)]
        return {
            int(name.removeprefix(_TAGS)): str(repository.references[name].peel(ObjectType.COMMIT).id)
            for name in sorted(names)
        }


def _offset(minutes: int) -> str:
    return f"{'-' if minutes < 0 else '+'}{abs(minutes) // 60:02}{abs(minutes) % 60:02}"
