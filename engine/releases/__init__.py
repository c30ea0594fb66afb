"""Rules and forms in git: a commit becomes a checked Release; edits are drafts until they are merged.

    first = create_repository(path=path, files=files, author=…, at=now)
    save_draft(path=path, name="share-45", base=first, changes={file: text}, author=…, message="…", at=now)
    commit = merge_draft(path=path, name="share-45", author=…, message="…", at=now)
    release = load(path=path, commit=commit)

Which commit is active, and since when, is the database's affair (payments_core.rulebooks).
"""

from engine.releases.approval import (
    Approvals,
    Chain,
    Given,
    chains_of,
    outstanding,
    read_approvals,
    requirements,
)
from engine.releases.changes import Change, find_change, merge_draft, update_draft
from engine.releases.drafts import Draft, discard_draft, drafts, find_draft, save_draft
from engine.releases.errors import (
    BaseChanged,
    Clash,
    CommitMissing,
    DraftMissing,
    DraftNameInvalid,
    FileConflict,
    MeaningChanged,
    NothingChanged,
    PathRefused,
    ReleaseBroken,
    ReleaseError,
    RemoteAway,
    RemoteDiverged,
    RepositoryCorrupt,
    RepositoryExists,
    RepositoryUnwritable,
    SigningFailed,
)
from engine.releases.going_back import go_back
from engine.releases.history import Commit, history
from engine.releases.loading import Release, check_commit, load
from engine.releases.meaning import meaning_of, meaning_of_roll_back
from engine.releases.remote import Lag, fetch_released, push_released
from engine.releases.repository import Author, Signer, create_repository, head, read_files
from engine.releases.signing import ssh_signer
from engine.releases.tags import tag_release, tagged

__all__ = [
    "Approvals",
    "Author",
    "BaseChanged",
    "Chain",
    "Change",
    "Clash",
    "Commit",
    "CommitMissing",
    "Draft",
    "DraftMissing",
    "DraftNameInvalid",
    "FileConflict",
    "Given",
    "Lag",
    "MeaningChanged",
    "NothingChanged",
    "PathRefused",
    "Release",
    "ReleaseBroken",
    "ReleaseError",
    "RemoteAway",
    "RemoteDiverged",
    "RepositoryCorrupt",
    "RepositoryExists",
    "RepositoryUnwritable",
    "Signer",
    "SigningFailed",
    "chains_of",
    "check_commit",
    "create_repository",
    "discard_draft",
    "drafts",
    "fetch_released",
    "find_change",
    "find_draft",
    "go_back",
    "head",
    "history",
    "load",
    "meaning_of",
    "meaning_of_roll_back",
    "merge_draft",
    "outstanding",
    "push_released",
    "read_approvals",
    "read_files",
    "requirements",
    "save_draft",
    "ssh_signer",
    "tag_release",
    "tagged",
    "update_draft",
]
