"""Going back: a new commit on main that holds the files of an earlier release again.

Nothing is erased and main stays one line. Its tip is what was released last, so the next change is written
on top of what is in force; and the history of the new commit is that of the release it goes back to, so no
version that was released in between comes into force again (history.py).
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from pathlib import Path

from engine.releases.changes import with_trailers
from engine.releases.errors import CommitMissing
from engine.releases.history import WENT_BACK, was_released
from engine.releases.repository import MAIN, Author, Signer, commit_of, move, reading, record, tip, writing


def go_back(
    *,
    path: Path,
    to: str,
    author: Author,
    message: str,
    at: datetime,
    trailers: Mapping[str, str | tuple[str, ...]] | None = None,
    sign: Signer | None = None,
) -> str:
    """Bring the files of the released commit `to` back on main; return the commit that does so.

    Where main holds them already its tip is the answer, so that a step cut off can be taken again. Raises
    CommitMissing, also for a commit that was never released.
    """
    with writing(path) as repository, reading(path):
        released = commit_of(repository, tip(repository, MAIN) or "")
        former = commit_of(repository, to)
        if former.tree.id == released.tree.id:
            return str(released.id)
        if not was_released(repository, released, former):
            raise CommitMissing(f"{to} was never released")
        told = with_trailers(message, {WENT_BACK: str(former.id), **(trailers or {})})
        made = record(
            repository,
            tree=former.tree.id,
            parents=[released.id],
            author=author,
            message=told,
            at=at,
            sign=sign,
        )
        move(repository, MAIN, to=made, expected=released.id)
        return str(made)
