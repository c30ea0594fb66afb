"""Rules and forms in git: a commit becomes a checked Release; edits are drafts until they are merged.

    first = create_repository(path=path, files=files, author=…, at=now)
    save_draft(path=path, name="share-45", base=first, changes={file: text}, author=…, message="…", at=now)
    commit = merge_draft(path=path, name="share-45", author=…, message="…", at=now)
    release = load(path=path, commit=commit)

Which commit is active, and since when, is the database's affair (payments_core.rulebooks).
"""

from engine.releases.drafts import Draft, discard_draft, drafts, find_draft, merge_draft, save_draft
from engine.releases.errors import (
    BaseChanged,
    CommitMissing,
    DraftMissing,
    DraftNameInvalid,
    FileConflict,
    NothingChanged,
    PathRefused,
    ReleaseBroken,
    ReleaseError,
    RepositoryCorrupt,
    RepositoryExists,
)
from engine.releases.history import Commit, history
from engine.releases.loading import Release, check_commit, load
from engine.releases.repository import Author, create_repository, head, read_files

__all__ = [
    "Author",
    "BaseChanged",
    "Commit",
    "CommitMissing",
    "Draft",
    "DraftMissing",
    "DraftNameInvalid",
    "FileConflict",
    "NothingChanged",
    "PathRefused",
    "Release",
    "ReleaseBroken",
    "ReleaseError",
    "RepositoryCorrupt",
    "RepositoryExists",
    "check_commit",
    "create_repository",
    "discard_draft",
    "drafts",
    "find_draft",
    "head",
    "history",
    "load",
    "merge_draft",
    "read_files",
    "save_draft",
]
