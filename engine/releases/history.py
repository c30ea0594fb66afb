"""What happened on a branch: its commits, newest first, and which versions of each rule were ever released.

Only the first-parent line counts: what a merge brought in is the merge's own change against the released
history before it, whatever a draft tried on the way. A commit that went back to an earlier release
(going_back.py) holds that release's history again: what was released in between is withdrawn, though its
numbers stay taken.
"""

from __future__ import annotations

import re
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
WENT_BACK = "Goes-back-to"
_WENT_BACK = re.compile(rf"^{WENT_BACK}: ([0-9a-f]{{40}})$", re.MULTILINE)


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


Texts = Mapping[str, tuple[Published, ...]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Life:
    """Every released text of each rule file up to a commit, oldest first, by path.

    `withdrawn` are those that going back has taken out of it.
    """

    texts: Texts
    withdrawn: Texts


def life_until(*, path: Path, commit: str) -> Life:
    """Return every released text of each rule file up to `commit`.

    The walk down stops at the nearest ancestor whose answer is kept, so each new commit costs its own change.
    """
    return _histories(path.resolve()).up_to(commit)


def went_back_to(repository: pygit2.Repository, commit: pygit2.Commit) -> pygit2.Commit | None:
    """Return the earlier release whose files and history `commit` holds again, None for any other commit.

    The trailer alone is not believed: the files must be those of an earlier commit of the same history.
    """
    said = _WENT_BACK.search(commit.message)
    if said is None or said[1] not in repository:
        return None
    former = commit_of(repository, said[1])
    is_true = former.tree.id == commit.tree.id and was_released(repository, commit, former)
    return former if is_true else None


def was_released(repository: pygit2.Repository, tip: pygit2.Commit, former: pygit2.Commit) -> bool:
    """Tell whether `former` is on the first-parent line below `tip`, or is `tip`."""
    return any(one.id == former.id for one, _ in first_parents(repository, tip.id))


class _Histories:
    """The released texts of one repository, kept for the commits asked for most recently."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._kept: dict[str, Life] = {}
        self._lock = Lock()

    def up_to(self, commit: str) -> Life:
        with self._lock:
            if commit not in self._kept:
                self._kept[commit] = self._walk(commit)
                while len(self._kept) > _KEPT_HISTORIES:
                    del self._kept[next(iter(self._kept))]
            return self._kept[commit]

    def _walk(self, sha: str) -> Life:
        repository = opened(self._path)
        brought: list[_Step] = []
        withdrawn: list[_Step] = []
        base = Life(texts={}, withdrawn={})
        with reading(self._path):
            commit: pygit2.Commit | None = commit_of(repository, sha)
            while commit is not None:
                if str(commit.id) in self._kept:
                    base = self._kept[str(commit.id)]
                    break
                parent = commit_of(repository, commit.parent_ids[0]) if commit.parent_ids else None
                former = went_back_to(repository, commit)
                if former is None:
                    brought += _rules_brought(commit, parent)
                    commit = parent
                    continue
                for passed, below in first_parents(repository, commit.parent_ids[0]):
                    if passed.id == former.id:
                        break
                    withdrawn += _rules_brought(passed, below)
                commit = former
        return Life(texts=_added(base.texts, brought), withdrawn=_added(base.withdrawn, withdrawn))


_Step = tuple[str, str, str]
"""file, blob, the commit that brought it"""


def _added(base: Texts, steps: list[_Step]) -> Texts:
    """Return the texts of `base` and after them those of `steps`, which are newest first."""
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
