"""A draft against the released history: what it changes, what that means, and merging it.

Files that main changed too since the draft began are merged row by row (merging.py); where both changed the
same place nothing is merged. Merging writes one commit with two parents, the released history first; the
draft's branch goes afterwards. A kill in between leaves a draft whose commit is in main already: it is not
listed, and merging it again gives that merge.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from types import MappingProxyType

import pygit2

from engine.diagnostics import Severity
from engine.releases.drafts import began_from, branch_of, conflict_over, own_commits, tip_of
from engine.releases.errors import BaseChanged, FileConflict, MeaningChanged, ReleaseBroken
from engine.releases.history import changed_files, described, first_parents
from engine.releases.loading import check_commit
from engine.releases.meaning import Texts, meaning_of
from engine.releases.merging import merge_texts
from engine.releases.repository import (
    MAIN,
    Author,
    Signer,
    blob_at,
    commit_of,
    move,
    reading,
    record,
    text_of,
    tip,
    write_tree,
    writing,
)
from engine.rulebook import Evaluator


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """A draft under review: its commit, the released one it is held against, who wrote it, what it alters.

    `merged` is a commit on no branch that holds the result, for checks and proofs; `writers` are the e-mails
    of everybody who saved the draft; `before` and `after` hold the texts of `files`.
    """

    draft: str
    commit: str
    released: str
    merged: str
    writers: frozenset[str]
    before: Texts
    after: Texts
    meaning: str

    @property
    def files(self) -> tuple[str, ...]:
        """The files that differ, by path."""
        return tuple(sorted(self.after))


def find_change(*, path: Path, name: str) -> Change:
    """Return what the draft `name` would change in main as it stands.

    Raises DraftMissing, NothingChanged, and BaseChanged where both changed the same place.
    """
    with writing(path) as repository, reading(path):
        drafted = commit_of(repository, tip_of(repository, name))
        released = commit_of(repository, tip(repository, MAIN) or "")
        return _change(repository, name, released, drafted)


def update_draft(
    *,
    path: Path,
    name: str,
    author: Author,
    at: datetime,
    resolved: Mapping[str, str | None] | None = None,
) -> str:
    """Merge main into the draft `name` and return its new commit; `resolved` are texts of files in conflict.

    Raises DraftMissing, and BaseChanged for the files in conflict that `resolved` does not name.
    """
    with writing(path) as repository, reading(path):
        drafted = commit_of(repository, tip_of(repository, name))
        released = commit_of(repository, tip(repository, MAIN) or "")
        if began_from(repository, drafted).id == released.id:
            return str(drafted.id)
        texts = _merged_texts(repository, released, drafted, resolved or {})
        tree = write_tree(repository, base=released.tree, changes=texts, may_be_same=True)
        parents = [drafted.id, released.id]
        message = f"{name}: brought up to date"
        commit = record(repository, tree=tree, parents=parents, author=author, message=message, at=at)
        move(repository, branch_of(name), to=commit, expected=drafted.id)
        return str(commit)


def merge_draft(
    *,
    path: Path,
    name: str,
    author: Author,
    message: str,
    at: datetime,
    trailers: Mapping[str, str | tuple[str, ...]] | None = None,
    evaluators: Mapping[str, Evaluator] | None = None,
    meaning: str | None = None,
    sign: Signer | None = None,
) -> str:
    """Merge the draft `name` into main and return the merge commit's sha; the draft is gone afterwards.

    Raises BaseChanged where main changed the same place too, MeaningChanged where the change does not mean
    `meaning`, ReleaseBroken where the result does not check: main only ever holds what checks. `trailers`
    follow `Draft` and `Drafted-by`.
    """
    with writing(path) as repository:
        with reading(path):
            drafted = commit_of(repository, tip_of(repository, name))
            released = commit_of(repository, tip(repository, MAIN) or "")
            merged = _merged_already(repository, released, drafted)
        if merged is None:
            change = _change(repository, name, released, drafted)
            if meaning is not None and change.meaning != meaning:
                raise MeaningChanged(f"draft {name!r} does not mean what was approved")
            said = {"Draft": name, "Drafted-by": str(described(drafted, ()).author), **(trailers or {})}
            tree, parents = commit_of(repository, change.merged).tree.id, [released.id, drafted.id]
            told = with_trailers(message, said)
            merged = record(
                repository, tree=tree, parents=parents, author=author, message=told, at=at, sign=sign
            )
            release, findings = check_commit(
                path=path, commit=str(merged), follows=str(released.id), evaluators=evaluators or {}, now=at
            )
            if release is None:
                errors = tuple(one for one in findings if one.severity == Severity.ERROR)
                raise ReleaseBroken(commit=str(merged), diagnostics=errors)
            move(repository, MAIN, to=merged, expected=released.id)
        repository.references.delete(branch_of(name))
        return str(merged)


def _change(
    repository: pygit2.Repository, name: str, released: pygit2.Commit, drafted: pygit2.Commit
) -> Change:
    texts = _merged_texts(repository, released, drafted, {})
    tree = write_tree(repository, base=released.tree, changes=texts)
    last = described(drafted, ())
    # By the draft's own author and instant: the same draft on the same main is the same commit again.
    merged = record(
        repository,
        tree=tree,
        parents=[released.id, drafted.id],
        author=last.author,
        message=f"{name}: as it would be",
        at=last.at,
    )
    before = {file: _text(repository, released.tree, file) for file in texts}
    files = [file for file in texts if texts[file] != before[file]]
    return Change(
        draft=name,
        commit=str(drafted.id),
        released=str(released.id),
        merged=str(merged),
        writers=frozenset(commit.author.email for commit, _ in own_commits(repository, drafted)),
        before=MappingProxyType({file: before[file] for file in files}),
        after=MappingProxyType({file: texts[file] for file in files}),
        meaning=meaning_of(before=before, after=texts),
    )


def _merged_texts(
    repository: pygit2.Repository,
    released: pygit2.Commit,
    drafted: pygit2.Commit,
    resolved: Mapping[str, str | None],
) -> dict[str, str | None]:
    base = began_from(repository, drafted)
    texts: dict[str, str | None] = {}
    conflicts: list[FileConflict] = []
    for file in changed_files(drafted.tree, base.tree):
        began, ours, theirs = (
            _text(repository, tree, file) for tree in (base.tree, drafted.tree, released.tree)
        )
        if file in resolved:
            texts[file] = resolved[file]
        elif theirs in (began, ours):
            texts[file] = ours
        else:
            merged = merge_texts(path=file, base=began, ours=ours, theirs=theirs)
            texts[file] = merged.text
            if merged.clashes:
                found = conflict_over(repository, file, base=base.tree, ours=ours, theirs=released.tree)
                conflicts.append(
                    FileConflict(
                        file=file, base=found.base, ours=ours, theirs=found.theirs, clashes=merged.clashes
                    )
                )
    if conflicts:
        raise BaseChanged(conflicts=tuple(conflicts))
    return texts


def _text(repository: pygit2.Repository, tree: pygit2.Tree, file: str) -> str | None:
    blob = blob_at(tree, file)
    return None if blob is None else text_of(repository, blob, file)


def _merged_already(
    repository: pygit2.Repository, released: pygit2.Commit, drafted: pygit2.Commit
) -> pygit2.Oid | None:
    """Return the commit that merged `drafted`, if a kill came between moving main and deleting the draft."""
    if began_from(repository, drafted).id != drafted.id:
        return None
    merges = (c.id for c, _ in first_parents(repository, released.id) if drafted.id in c.parent_ids[1:])
    return next(merges, None)


def with_trailers(message: str, trailers: Mapping[str, str | tuple[str, ...]]) -> str:
    """Return the message with one line a trailer; one of several values has a line for each."""
    values = ((key, (value,) if isinstance(value, str) else value) for key, value in trailers.items())
    lines = (f"{key}: {' '.join(one.split())}" for key, several in values for one in several)
    return f"{message.strip()}\n\n" + "\n".join(lines)
