"""A bare remote that holds the released history too, for auditors' clones and for a machine that is lost.

Only what is released leaves: `main` and the tags of releases, never a draft. This installation is the only
writer of main, so a remote whose main went elsewhere is refused, not merged.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pygit2

from engine.releases.errors import RemoteAway, RemoteDiverged, RepositoryCorrupt
from engine.releases.history import first_parents
from engine.releases.repository import MAIN, move, opened, tip, writing

_TAGS = "refs/tags/release/"


@dataclass(frozen=True, slots=True, kw_only=True)
class Lag:
    """What the remote does not hold yet: released commits, and tags."""

    commits: int
    tags: int

    @property
    def is_level(self) -> bool:
        """Whether the remote holds everything."""
        return not (self.commits or self.tags)


def push_released(*, path: Path, remote: str) -> Lag:
    """Send main and the tags to `remote`; return what it had lacked. Raises RemoteAway, RemoteDiverged."""
    repository = opened(path)
    there = _asked(repository, remote)
    missing = [
        name
        for name in repository.references
        if name.startswith(_TAGS) and there.get(name) != _id(repository, name)
    ]
    lag = Lag(commits=_ahead_of(repository, there.get(MAIN)), tags=len(missing))
    if not lag.is_level:
        specs = [f"{name}:{name}" for name in [*([MAIN] if lag.commits else []), *missing]]
        try:
            repository.remotes.create_anonymous(remote).push(specs)
        except pygit2.GitError as error:
            raise RemoteAway(f"{remote} does not take the release: {error}") from error
    return lag


def fetch_released(*, path: Path, remote: str) -> str | None:
    """Bring main and the tags of `remote` here where they are ahead; return main, None for an empty remote.

    A repository that is not there yet is made. Raises RemoteAway, and RemoteDiverged where main holds
    commits that the remote does not descend from.
    """
    path.mkdir(parents=True, exist_ok=True)
    with writing(path, create=True) as repository:
        there = _asked(repository, remote)
        if MAIN not in there:
            return None
        ours, theirs = tip(repository, MAIN), pygit2.Oid(hex=there[MAIN])
        tags = [f"{name}:{name}" for name in there if name.startswith(_TAGS) and not name.endswith("^{}")]
        try:
            repository.remotes.create_anonymous(remote).fetch([f"+{MAIN}:refs/remotes/released/main", *tags])
        except pygit2.GitError as error:
            raise RemoteAway(f"{remote} cannot be read: {error}") from error
        if ours is not None and repository.merge_base(ours, theirs) == theirs:
            return str(ours)
        if ours is not None and repository.merge_base(ours, theirs) != ours:
            raise RemoteDiverged(f"main of {remote} has gone another way than main here")
        move(repository, MAIN, to=theirs, expected=ours)
        return str(theirs)


def _asked(repository: pygit2.Repository, remote: str) -> dict[str, str]:
    """Return the references of the remote."""
    try:
        heads = repository.remotes.create_anonymous(remote).list_heads()
    except pygit2.GitError as error:
        raise RemoteAway(f"{remote} does not answer: {error}") from error
    return {str(head.name): str(head.oid) for head in heads}


def _ahead_of(repository: pygit2.Repository, theirs: str | None) -> int:
    """Return how many released commits the remote lacks. Raises RemoteDiverged."""
    ours = tip(repository, MAIN)
    if ours is None:
        raise RepositoryCorrupt("there is no main to send")
    count = 0
    for commit, _ in first_parents(repository, ours):
        if str(commit.id) == theirs:
            return count
        count += 1
    if theirs is not None:
        raise RemoteDiverged("main of the remote is no released commit of this repository")
    return count


def _id(repository: pygit2.Repository, name: str) -> str:
    return str(repository.references[name].target)
