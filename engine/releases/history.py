"""What happened on a branch: its commits, newest first, and which versions of each rule were ever released.

Only the first-parent line counts: what a merge brought in is the merge's own change against the released
history before it, whatever a draft tried on the way.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from threading import Lock
from types import MappingProxyType

import pygit2

from engine.releases.repository import MAIN, Author, blob_at, commit_at, commit_of, opened, reading, tip

_KEPT_HISTORIES = 64


@dataclass(frozen=True, slots=True, kw_only=True)
class Commit:
    """One commit of the released history; `files` are those it changed against the commit before it."""

    sha: str
    author: Author
    at: datetime
    message: str
    files: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Published:
    """One text of a rule file that was released: its blob and the commit that brought it."""

    blob: str
    commit: str


def history(*, path: Path, file: str | None = None, limit: int | None = None) -> tuple[Commit, ...]:
    """Return the released commits, newest first; with `file`, only those that changed it; at most `limit`."""
    repository = opened(path)
    found: list[Commit] = []
    with reading(path):
        for commit, parent in first_parents(repository, tip(repository, MAIN)):
            if limit is not None and len(found) == limit:
                break
            if file is not None and not _touches(commit, parent, file):
                continue
            found.append(described(commit, changed_files(commit.tree, parent.tree if parent else None)))
    return tuple(found)


def described(commit: pygit2.Commit, files: tuple[str, ...]) -> Commit:
    """Return what a person wants to know of `commit`."""
    return Commit(
        sha=str(commit.id),
        author=Author(name=commit.author.name, email=commit.author.email),
        at=commit_at(commit),
        message=commit.message.strip(),
        files=files,
    )


def first_parents(
    repository: pygit2.Repository, start: pygit2.Oid | None
) -> Iterator[tuple[pygit2.Commit, pygit2.Commit | None]]:
    """Yield each commit from `start` down the first-parent line, with its first parent (the root: None)."""
    commit = commit_of(repository, start) if start is not None else None
    while commit is not None:
        parent = commit_of(repository, commit.parent_ids[0]) if commit.parent_ids else None
        yield commit, parent
        commit = parent


def changed_files(new: pygit2.Tree, old: pygit2.Tree | None) -> tuple[str, ...]:
    """Return the files in which two root trees differ, by path; every file where there is no `old` tree."""
    difference = new.diff_to_tree(old) if old is not None else new.diff_to_tree(swap=True)
    paths = {side.path for delta in difference.deltas for side in (delta.old_file, delta.new_file)}
    return tuple(sorted(paths))


def published(*, path: Path, commit: str) -> Mapping[str, tuple[Published, ...]]:
    """Return every released text of each rule file up to `commit`, oldest first, by path.

    The walk down stops at the nearest ancestor whose answer is kept, so each new commit costs its own change.
    """
    return _histories(path.resolve()).up_to(commit)


class _Histories:
    """The released texts of one repository, kept for the commits asked for most recently."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._kept: dict[str, Mapping[str, tuple[Published, ...]]] = {}
        self._lock = Lock()

    def up_to(self, commit: str) -> Mapping[str, tuple[Published, ...]]:
        with self._lock:
            if commit not in self._kept:
                self._kept[commit] = self._walk(commit)
                while len(self._kept) > _KEPT_HISTORIES:
                    del self._kept[next(iter(self._kept))]
            return self._kept[commit]

    def _walk(self, sha: str) -> Mapping[str, tuple[Published, ...]]:
        repository = opened(self._path)
        steps: list[tuple[str, str, str]] = []  # file, blob, commit: newest first
        base: Mapping[str, tuple[Published, ...]] = {}
        with reading(self._path):
            for commit, parent in first_parents(repository, commit_of(repository, sha).id):
                if str(commit.id) in self._kept:
                    base = self._kept[str(commit.id)]
                    break
                steps += _rules_brought(commit, parent)
        texts = {file: list(kept) for file, kept in base.items()}
        for file, blob, brought_by in reversed(steps):
            texts.setdefault(file, []).append(Published(blob=blob, commit=brought_by))
        return MappingProxyType({file: tuple(kept) for file, kept in texts.items()})


@lru_cache(maxsize=16)
def _histories(path: Path) -> _Histories:
    return _Histories(path)


def _rules_brought(commit: pygit2.Commit, parent: pygit2.Commit | None) -> Iterator[tuple[str, str, str]]:
    if parent is not None and blob_at(commit.tree, "rules") == blob_at(parent.tree, "rules"):
        return
    for file in changed_files(commit.tree, parent.tree if parent else None):
        blob = blob_at(commit.tree, file)
        if blob is not None and file.startswith("rules/"):
            yield file, str(blob), str(commit.id)


def _touches(commit: pygit2.Commit, parent: pygit2.Commit | None, file: str) -> bool:
    return blob_at(commit.tree, file) != (blob_at(parent.tree, file) if parent is not None else None)
