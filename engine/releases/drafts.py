"""Drafts: edits on a branch of their own, merged into the released history file by file.

A draft is in conflict only over a file that both it and main changed since it began. Merging writes one
commit with two parents, the released history first; the draft's branch goes afterwards. A kill in between
leaves a draft whose commit is in main already: it is not listed, and merging it again gives that merge.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import pygit2

from engine.diagnostics import Severity
from engine.releases.errors import BaseChanged, DraftMissing, DraftNameInvalid, FileConflict, ReleaseBroken
from engine.releases.history import changed_files, described, first_parents
from engine.releases.loading import check_commit
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
from engine.rulebook import Evaluator

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
    reference = _reference(name)
    with writing(path) as repository, reading(path):
        began = commit_of(repository, base)
        present = tip(repository, reference)
        below = began if present is None else commit_of(repository, present)
        if present is not None:
            _refuse_overwriting(repository, below, began, changes, author)
        tree = write_tree(repository, base=below.tree, changes=changes)
        commit = record(repository, tree=tree, parents=[below.id], author=author, message=message, at=at)
        move(repository, reference, to=commit, expected=present)
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
        _tip_of(repository, name)
        repository.references.delete(_reference(name))


def merge_draft(
    *,
    path: Path,
    name: str,
    author: Author,
    message: str,
    at: datetime,
    trailers: Mapping[str, str] | None = None,
    evaluators: Mapping[str, Evaluator] | None = None,
) -> str:
    """Merge the draft `name` into main and return the merge commit's sha; the draft is gone afterwards.

    Raises BaseChanged where main changed one of its files too, ReleaseBroken where the result does not
    check: main only ever holds what checks. `trailers` follow `Draft` and `Drafted-by`.
    """
    reference = _reference(name)
    with writing(path) as repository:
        with reading(path):
            drafted = commit_of(repository, _tip_of(repository, name))
            released = commit_of(repository, tip(repository, MAIN) or "")
            merged = _merged_already(repository, released, drafted)
        if merged is None:
            said = {"Draft": name, "Drafted-by": str(described(drafted, ()).author), **(trailers or {})}
            merged = _merge(repository, released, drafted, author, _with_trailers(message, said), at)
            release, findings = check_commit(
                path=path, commit=str(merged), follows=str(released.id), evaluators=evaluators or {}, now=at
            )
            if release is None:
                errors = tuple(one for one in findings if one.severity == Severity.ERROR)
                raise ReleaseBroken(commit=str(merged), diagnostics=errors)
            move(repository, MAIN, to=merged, expected=released.id)
        repository.references.delete(reference)
        return str(merged)


def _reference(name: str) -> str:
    reference = f"{_DRAFTS}{name}"
    if not _NAME.match(name) or not pygit2.reference_is_valid_name(reference):
        raise DraftNameInvalid(
            f"{name!r} cannot be the name of a draft: letters, digits, '.', '-', '_', at most 80"
        )
    return reference


def _tip_of(repository: pygit2.Repository, name: str) -> pygit2.Oid:
    found = tip(repository, _reference(name))
    if found is None:
        raise DraftMissing(f"there is no draft {name!r}")
    return found


def _described(repository: pygit2.Repository, name: str) -> Draft:
    commit = commit_of(repository, _tip_of(repository, name))
    base = _base(repository, commit)
    return Draft(
        name=name,
        commit=str(commit.id),
        base=str(base.id),
        author=Author(name=commit.author.name, email=commit.author.email),
        at=described(commit, ()).at,
        message=commit.message.strip(),
        files=changed_files(commit.tree, base.tree),
    )


def _base(repository: pygit2.Repository, commit: pygit2.Commit) -> pygit2.Commit:
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
    for commit, parent in first_parents(repository, present.id):
        if commit.id == began.id or parent is None or commit.id == _base(repository, present).id:
            break
        if commit.author.email != author.email:
            foreign.update(changed_files(commit.tree, parent.tree))
    conflicts = tuple(
        _conflict(repository, file, base=began.tree, ours=text, theirs=present.tree)
        for file, text in sorted(changes.items())
        if file in foreign
    )
    if conflicts:
        raise BaseChanged(conflicts=conflicts)


def _merge(
    repository: pygit2.Repository,
    released: pygit2.Commit,
    drafted: pygit2.Commit,
    author: Author,
    message: str,
    at: datetime,
) -> pygit2.Oid:
    base = _base(repository, drafted)
    changes: dict[str, str | None] = {}
    conflicts: list[FileConflict] = []
    for file in changed_files(drafted.tree, base.tree):
        began, ours, theirs = (blob_at(tree, file) for tree in (base.tree, drafted.tree, released.tree))
        text = None if ours is None else text_of(repository, ours, file)
        if theirs not in (began, ours):
            conflicts.append(_conflict(repository, file, base=base.tree, ours=text, theirs=released.tree))
        changes[file] = text
    if conflicts:
        raise BaseChanged(conflicts=tuple(conflicts))
    tree = write_tree(repository, base=released.tree, changes=changes)
    parents = [released.id, drafted.id]
    return record(repository, tree=tree, parents=parents, author=author, message=message, at=at)


def _conflict(
    repository: pygit2.Repository, file: str, *, base: pygit2.Tree, ours: str | None, theirs: pygit2.Tree
) -> FileConflict:
    texts = {}
    for side, tree in (("base", base), ("theirs", theirs)):
        blob = blob_at(tree, file)
        texts[side] = None if blob is None else text_of(repository, blob, file)
    return FileConflict(file=file, base=texts["base"], ours=ours, theirs=texts["theirs"])


def _merged_already(
    repository: pygit2.Repository, released: pygit2.Commit, drafted: pygit2.Commit
) -> pygit2.Oid | None:
    """Return the commit that merged `drafted`, if a kill came between moving main and deleting the draft."""
    if _base(repository, drafted).id != drafted.id:
        return None
    merges = (c.id for c, _ in first_parents(repository, released.id) if drafted.id in c.parent_ids[1:])
    return next(merges, None)


def _with_trailers(message: str, trailers: Mapping[str, str]) -> str:
    lines = (f"{key}: {' '.join(value.split())}" for key, value in trailers.items())
    return f"{message.strip()}\n\n" + "\n".join(lines)
