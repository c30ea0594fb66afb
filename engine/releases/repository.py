"""The bare git repository of rules and forms: objects in, objects out, and one way to move a branch.

`main` is the released history, drafts live under `refs/heads/draft/`. Objects are written first and a
branch is moved last, in one step: a kill at any instant leaves the old branch and some unreachable objects.
Writers of one machine take turns by a file lock, so a `.lock` file of git's found under it is the remains
of a kill and is removed. Nothing here knows what is in the files.
"""

from __future__ import annotations

import fcntl
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import cast

import pygit2
from pygit2.enums import FileMode, ObjectType

from engine.releases.errors import (
    CommitMissing,
    NothingChanged,
    PathRefused,
    RepositoryCorrupt,
    RepositoryExists,
    RepositoryUnwritable,
)

Signer = Callable[[bytes], str]
"""Bytes → their armoured signature."""

MAIN = "refs/heads/main"
_FILE = re.compile(r"(rules|forms)(/[A-Za-z0-9_][A-Za-z0-9._-]*)+\.(yaml|json)\Z")
_ATTRIBUTES = ".gitattributes"
_ATTRIBUTES_TEXT = """\
# git config diff.haodian.command 'haodian diff --git'
# makes git diff say what a change of a rule does; without it git shows the lines as ever.
rules/*/*.yaml diff=haodian
"""
_FORBIDDEN_IN_NAME = re.compile(r"[<>\x00-\x1f]+")
_SHA = re.compile(r"[0-9a-f]{40}\Z")


@dataclass(frozen=True, slots=True, kw_only=True)
class Author:
    """A person as git names them; `email` need not receive mail, `login@haodian` will do."""

    name: str
    email: str

    def __str__(self) -> str:
        return f"{self.name} <{self.email}>"


def create_repository(*, path: Path, files: Mapping[str, str], author: Author, at: datetime) -> str:
    """Make a bare repository with one commit of `files` on main; return its sha.

    Raises RepositoryExists where main is there already. What an earlier, killed attempt left is built upon.
    """
    for file in files:
        refuse_path(file)
    path.mkdir(parents=True, exist_ok=True)
    with writing(path, create=True) as repository:
        if MAIN in repository.references:
            raise RepositoryExists(f"{path} has a released history already")
        tree = write_tree(repository, base=None, changes=files)
        commit = record(repository, tree=tree, parents=[], author=author, message="Starting rulebook", at=at)
        move(repository, MAIN, to=commit, expected=None)
        return str(commit)


def read_files(path: Path, commit: str) -> Mapping[str, str]:
    """Return the text of each rule and form of `commit` by path. Raises CommitMissing, RepositoryCorrupt."""
    repository = opened(path)
    with reading(path):
        root = commit_of(repository, commit).tree
        return {file: text_of(repository, blob, file) for file, blob in files_of(root)}


def head(path: Path) -> str:
    """Return the sha at the tip of main."""
    return str(tip(opened(path), MAIN) or "")


def opened(path: Path) -> pygit2.Repository:
    """Return the repository at `path`; make one for each use, they are not to be shared between threads."""
    try:
        repository = pygit2.Repository(str(path))
    except pygit2.GitError as error:
        raise RepositoryCorrupt(f"{path} is not a git repository: {error}") from error
    if MAIN not in repository.references:
        raise RepositoryCorrupt(f"{path} has no branch main")
    return repository


@contextmanager
def reading(path: Path) -> Iterator[None]:
    """Turn git's errors about unreadable objects into RepositoryCorrupt."""
    try:
        yield
    except (pygit2.GitError, KeyError) as error:
        raise RepositoryCorrupt(f"{path} cannot be read: {error}") from error


@contextmanager
def writing(path: Path, *, create: bool = False) -> Iterator[pygit2.Repository]:
    """Hold the write lock of the repository and return it; `create` makes an empty one if there is none.

    Whatever the system refuses to write ends in RepositoryUnwritable.
    """
    pygit2.settings.enable_fsync_gitdir(True)
    if not path.is_dir():
        raise RepositoryCorrupt(f"{path} is not a git repository")
    try:
        with (path / "haodian.lock").open("a") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if create:
                _initialise(path)
            repository = pygit2.Repository(str(path)) if create else opened(path)
            for stale in (path / "refs").rglob("*.lock"):
                stale.unlink()
            yield repository
    except OSError as error:
        raise RepositoryUnwritable(f"{path} cannot be written: {error}") from error


def _initialise(path: Path) -> None:
    try:
        pygit2.init_repository(str(path), bare=True, initial_head="main")
    except pygit2.GitError as error:
        raise RepositoryUnwritable(f"{path} cannot be made a repository: {error}") from error


def move(
    repository: pygit2.Repository, reference: str, *, to: pygit2.Oid, expected: pygit2.Oid | None
) -> None:
    """Point `reference` from `expected` (None: it is new) to `to`; the last step of every write."""
    present = tip(repository, reference)
    if present != expected:
        raise RepositoryCorrupt(
            f"{reference} moved under the write lock: something else writes this repository"
        )
    repository.references.create(reference, to, force=expected is not None)


def tip(repository: pygit2.Repository, reference: str) -> pygit2.Oid | None:
    """Return the commit a branch points to, None if there is no such branch."""
    found = repository.references.get(reference)
    return found.target if found is not None and isinstance(found.target, pygit2.Oid) else None


def commit_of(repository: pygit2.Repository, sha: str | pygit2.Oid) -> pygit2.Commit:
    """Return the commit `sha` (40 hex digits). Raises CommitMissing."""
    found = repository.get(sha) if _SHA.match(str(sha)) else None
    if found is None or found.type != ObjectType.COMMIT:
        raise CommitMissing(f"the repository does not hold commit {sha}")
    return cast(pygit2.Commit, found)  # pygit2 declares no more than an object


def commit_at(commit: pygit2.Commit) -> datetime:
    """Return when `commit` was made, with the offset it was made in."""
    offset = timezone(timedelta(minutes=commit.commit_time_offset))
    return datetime.fromtimestamp(commit.commit_time, UTC).astimezone(offset)


def refuse_path(file: str) -> None:
    """Raise PathRefused unless `file` is a YAML or JSON file below rules/ or forms/."""
    if not _FILE.match(file):
        raise PathRefused(f"{file!r} is not rules/….yaml, rules/….json or forms/….yaml")


def files_of(tree: pygit2.Tree) -> Iterator[tuple[str, pygit2.Oid]]:
    """Yield path and blob id of every rule and form below the root `tree`, by path."""
    for folder in ("forms", "rules"):
        if folder in tree:
            yield from _walk(tree[folder], folder)


def _walk(tree: pygit2.Object, prefix: str) -> Iterator[tuple[str, pygit2.Oid]]:
    if not isinstance(tree, pygit2.Tree):
        return
    for entry in tree:
        path = f"{prefix}/{entry.name}"
        if entry.type == ObjectType.TREE:
            yield from _walk(entry, path)
        elif _FILE.match(path):
            yield path, entry.id


def blob_at(tree: pygit2.Tree, file: str) -> pygit2.Oid | None:
    """Return the blob id of `file` in the root `tree`, None where it is not there."""
    try:
        return tree[file].id
    except KeyError:
        return None


def text_of(repository: pygit2.Repository, blob: pygit2.Oid, file: str) -> str:
    """Return a blob's text. Raises RepositoryCorrupt for what is no UTF-8: nothing of ours writes that."""
    found = cast(pygit2.Blob, repository[blob])  # `blob_at` gave its id; pygit2 declares an object
    content = bytes(memoryview(found))
    try:
        return content.decode()
    except UnicodeDecodeError as error:
        raise RepositoryCorrupt(f"{file} is not UTF-8 at byte {error.start}") from error


def write_tree(
    repository: pygit2.Repository,
    *,
    base: pygit2.Tree | None,
    changes: Mapping[str, str | None],
    may_be_same: bool = False,
) -> pygit2.Oid:
    """Return a tree like `base` with `changes` applied; None removes a file.

    Raises NothingChanged where it is `base`, unless it may be.
    """
    index = pygit2.Index()
    if base is not None:
        index.read_tree(base)
    else:
        # The one file that is no rule or form: there from the first commit on, and never edited here.
        attributes = repository.create_blob(_ATTRIBUTES_TEXT.encode())
        index.add(pygit2.IndexEntry(_ATTRIBUTES, attributes, FileMode.BLOB))
    for file, text in changes.items():
        refuse_path(file)
        if text is not None:
            index.add(pygit2.IndexEntry(file, repository.create_blob(text.encode()), FileMode.BLOB))
        elif file in index:
            index.remove(file)
    written = index.write_tree(repository)
    if base is not None and written == base.id and not may_be_same:
        raise NothingChanged("the files are already as they are to become")
    return written


def record(
    repository: pygit2.Repository,
    *,
    tree: pygit2.Oid,
    parents: list[pygit2.Oid],
    author: Author,
    message: str,
    at: datetime,
    sign: Signer | None = None,
) -> pygit2.Oid:
    """Write a commit that no branch points to yet; with `sign`, signed."""
    by, said = signature_of(author, at), f"{message.strip()}\n"
    if sign is None:
        made = repository.create_commit(None, by, by, said, tree, parents)
    else:
        # pygit2's stubs say that this returns an Oid; it is the text of the commit.
        content = str(repository.create_commit_string(by, by, said, tree, [*parents]))
        made = repository.create_commit_with_signature(content, sign(content.encode()), "gpgsig")
    if made not in repository:  # on a full disk libgit2 names a commit that it could not write
        raise RepositoryUnwritable("the commit could not be written: is the disk full?")
    return made


def signature_of(author: Author, at: datetime) -> pygit2.Signature:
    """Return who and when as git writes it, without the characters that git forbids in names."""
    offset = at.utcoffset() or timedelta()
    name, email = (_FORBIDDEN_IN_NAME.sub(" ", text).strip() or "-" for text in (author.name, author.email))
    return pygit2.Signature(name, email, int(at.timestamp()), int(offset.total_seconds() // 60))
