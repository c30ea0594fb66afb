"""Drafts: edits on a branch of their own. What becomes of them: changes.py."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import pygit2

from engine.releases.errors import BaseChanged, DraftMissing, DraftNameInvalid, FileConflict
from engine.releases.history import changed_files, described, first_parents
from engine.releases.repository import (
    MAIN,
    Author,
    blob_at,
    commit_of,
    move,
    opened,
    reading,
    record,
    text_of,
    tip,
    write_tree,
    writing,
)

_DRAFTS = "refs/heads/draft/"
_NAME = re.compile(r"\w[\w.-]{0,79}\Z")


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """A draft: its tip, the released commit it began from, who saved it last, the files it changes."""

    name: str
    commit: str
    base: str
    author: Author
    at: datetime
    message: str
    files: tuple[str, ...]


def save_draft(
    *,
    path: Path,
    name: str,
    base: str,
    changes: Mapping[str, str | None],
    author: Author,
    message: str,
    at: datetime,
) -> str:
    """Commit `changes` (path → text, None removes the file) on the draft `name`; return the new sha.

    `base` is the commit the editor had read. A new draft begins there. In a draft that exists, a file that
    another author saved since `base` raises BaseChanged; one's own last save is simply followed.
    """
    branch = branch_of(name)
    with writing(path) as repository, reading(path):
        began = commit_of(repository, base)
        present = tip(repository, branch)
        below = began if present is None else commit_of(repository, present)
        if present is not None:
            _refuse_overwriting(repository, below, began, changes, author)
        tree = write_tree(repository, base=below.tree, changes=changes)
        commit = record(repository, tree=tree, parents=[below.id], author=author, message=message, at=at)
        move(repository, branch, to=commit, expected=present)
        return str(commit)


def drafts(path: Path) -> tuple[Draft, ...]:
    """Return the drafts that are not merged, the one saved last first."""
    repository = opened(path)
    with reading(path):
        found = [
            _described(repository, reference.removeprefix(_DRAFTS))
            for reference in repository.references
            if reference.startswith(_DRAFTS)
        ]
    waiting = [draft for draft in found if draft.base != draft.commit]
    return tuple(sorted(waiting, key=lambda draft: (draft.at, draft.name), reverse=True))


def find_draft(*, path: Path, name: str) -> Draft:
    """Return the draft `name`. Raises DraftMissing."""
    repository = opened(path)
    with reading(path):
        return _described(repository, name)


def discard_draft(path: Path, name: str) -> None:
    """Delete the draft `name`; its commits stay in the repository unreferenced. Raises DraftMissing."""
    with writing(path) as repository:
        tip_of(repository, name)
        repository.references.delete(branch_of(name))


def branch_of(name: str) -> str:
    """Return the branch of the draft `name`. Raises DraftNameInvalid."""
    reference = f"{_DRAFTS}{name}"
    if not _NAME.match(name) or not pygit2.reference_is_valid_name(reference):
        raise DraftNameInvalid(
            f"{name!r} cannot be the name of a draft: letters, digits, '.', '-', '_', at most 80"
        )
    return reference


def tip_of(repository: pygit2.Repository, name: str) -> pygit2.Oid:
    """Return the last commit of the draft `name`. Raises DraftMissing."""
    found = tip(repository, branch_of(name))
    if found is None:
        raise DraftMissing(f"there is no draft {name!r}")
    return found


def _described(repository: pygit2.Repository, name: str) -> Draft:
    commit = commit_of(repository, tip_of(repository, name))
    base = began_from(repository, commit)
    return Draft(
        name=name,
        commit=str(commit.id),
        base=str(base.id),
        author=Author(name=commit.author.name, email=commit.author.email),
        at=described(commit, ()).at,
        message=commit.message.strip(),
        files=changed_files(commit.tree, base.tree),
    )


def own_commits(
    repository: pygit2.Repository, draft: pygit2.Commit
) -> Iterator[tuple[pygit2.Commit, pygit2.Commit]]:
    """Yield the commits of a draft that main does not hold, each with its first parent, newest first."""
    released = tip(repository, MAIN)
    for commit, parent in first_parents(repository, draft.id):
        held = released is not None and repository.merge_base(released, commit.id) == commit.id
        if held or parent is None:
            return
        yield commit, parent


def began_from(repository: pygit2.Repository, commit: pygit2.Commit) -> pygit2.Commit:
    """Return the released commit that `commit` began from; itself where it is released already."""
    found = repository.merge_base(tip(repository, MAIN) or "", commit.id)
    return commit_of(repository, found or "")


def _refuse_overwriting(
    repository: pygit2.Repository,
    present: pygit2.Commit,
    began: pygit2.Commit,
    changes: Mapping[str, str | None],
    author: Author,
) -> None:
    """Raise BaseChanged for the files of `changes` that another author saved in this draft after `began`."""
    foreign: set[str] = set()
    for commit, parent in own_commits(repository, present):
        if commit.id == began.id:
            break
        if commit.author.email != author.email:
            foreign.update(changed_files(commit.tree, parent.tree))
    conflicts = tuple(
        conflict_over(repository, file, base=began.tree, ours=text, theirs=present.tree)
        for file, text in sorted(changes.items())
        if file in foreign
    )
    if conflicts:
        raise BaseChanged(conflicts=conflicts)


def conflict_over(
    repository: pygit2.Repository, file: str, *, base: pygit2.Tree, ours: str | None, theirs: pygit2.Tree
) -> FileConflict:
    """Return the three texts of a file that both sides changed."""
    texts = {}
    for side, tree in (("base", base), ("theirs", theirs)):
        blob = blob_at(tree, file)
        texts[side] = None if blob is None else text_of(repository, blob, file)
    return FileConflict(file=file, base=texts["base"], ours=ours, theirs=texts["theirs"])
