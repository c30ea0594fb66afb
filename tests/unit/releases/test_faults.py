"""What the machine can do to the repository: each ends in a clear refusal, and what was released stays."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from engine.releases import (
    CommitMissing,
    RepositoryCorrupt,
    RepositoryUnwritable,
    drafts,
    head,
    load,
    merge_draft,
    read_files,
    save_draft,
)
from tests.unit.releases.world import FEE, FORM, FORM_TEXT, LI, T0, WANG, fee, make

ROOT = Path(__file__).parents[3]
V2 = fee(version=2, rate="0.0030", start="2025-03-01")
# The system refuses to let any file grow beyond a limit, in the middle of the work, as on a full disk.
_ON_A_FULL_DISK = """
import resource, sys
from pathlib import Path
from engine.releases import ReleaseError, create_repository, merge_draft, save_draft
from tests.unit.releases.world import FILES, FORM, FORM_TEXT, LI, T0, WANG
what, path, base, limit = sys.argv[1], Path(sys.argv[2]), sys.argv[3], int(sys.argv[4])
sys.stdout.reconfigure(line_buffering=True)
resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
try:
    if what == "save":
        changes = {FORM: FORM_TEXT.replace("Hello", "Bye")}
        save_draft(path=path, name="late", base=base, changes=changes, author=WANG, message="x", at=T0)
    elif what == "merge":
        merge_draft(path=path, name="ready", author=LI, message="m", at=T0)
    else:
        create_repository(path=path.parent / "new.git", files=FILES, author=WANG, at=T0)
except ReleaseError as refusal:
    print(refusal.code)
else:
    print("done")
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A repository with one release and one draft that is ready to be merged."""
    made = tmp_path / "rulebook.git"
    base = make(made)
    save_draft(path=made, name="ready", base=base, changes={FEE: V2}, author=WANG, message="x", at=T0)
    return made


def on_a_full_disk(what: str, path: Path, *, base: str, limit: int) -> str:
    command = [sys.executable, "-c", _ON_A_FULL_DISK, what, str(path), base, str(limit)]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout.strip()


def git(path: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = ["git", "-C", str(path), *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def loose(path: Path, sha: str) -> Path:
    return path / "objects" / sha[:2] / sha[2:]


# At 100 bytes a branch fits and a commit does not: then libgit2 itself says nothing.
@pytest.mark.parametrize(("what", "limit"), [("save", 0), ("save", 200), ("merge", 0), ("merge", 100)])
def test_on_a_full_disk_nothing_is_half_written(path: Path, what: str, limit: int) -> None:
    released, known = head(path), [draft.name for draft in drafts(path)]
    assert on_a_full_disk(what, path, base=released, limit=limit) == "REPOSITORY_UNWRITABLE"
    assert (head(path), [draft.name for draft in drafts(path)]) == (released, known)
    assert git(path, "fsck", "--strict").returncode == 0
    load(path=path, commit=released)
    assert merge_draft(path=path, name="ready", author=LI, message="m", at=T0) == head(path)


def test_no_repository_is_made_on_a_full_disk(path: Path) -> None:
    assert on_a_full_disk("create", path, base="", limit=0) == "REPOSITORY_UNWRITABLE"
    made = make(path.parent / "new.git")  # what was left is built upon
    load(path=path.parent / "new.git", commit=made)


@pytest.mark.parametrize("part", ["", "^{tree}", f":{FEE}"], ids=["commit", "tree", "file"])
def test_a_corrupt_object_is_refused_and_named(path: Path, part: str) -> None:
    released = head(path)
    sha = git(path, "rev-parse", f"{released}{part}").stdout.strip()
    damaged = loose(path, sha)
    damaged.chmod(0o644)
    damaged.write_bytes(b"\x00" * damaged.stat().st_size)
    with pytest.raises((RepositoryCorrupt, CommitMissing)) as refusal:
        load(path=path, commit=released)
    assert str(path) in str(refusal.value) or released in str(refusal.value)


def test_a_truncated_pack_is_refused(path: Path) -> None:
    released = head(path)
    git(path, "repack", "-a", "-d", "-q")
    git(path, "prune-packed", "-q")
    (pack,) = (path / "objects" / "pack").glob("*.pack")
    pack.chmod(0o644)
    pack.write_bytes(pack.read_bytes()[: pack.stat().st_size // 2])
    with pytest.raises((RepositoryCorrupt, CommitMissing)):
        load(path=path, commit=released)


def test_a_missing_commit_is_named(path: Path) -> None:
    with pytest.raises(CommitMissing, match="deadbeef"):
        load(path=path, commit="deadbeef" * 5)


def test_without_main_there_is_no_repository_of_rules(path: Path) -> None:
    git(path, "update-ref", "-d", "refs/heads/main")
    with pytest.raises(RepositoryCorrupt, match="no branch main"):
        head(path)


def test_what_was_loaded_outlives_its_repository(path: Path) -> None:
    """A process goes on with the release it has, whatever happens to the files."""
    released = load(path=path, commit=head(path))
    for file in sorted((path / "objects").rglob("*"), reverse=True):
        file.rmdir() if file.is_dir() else file.unlink()
    assert load(path=path, commit=released.commit) is released
    with pytest.raises((RepositoryCorrupt, CommitMissing)):
        read_files(path, released.commit)


def test_a_folder_that_may_not_be_written_is_refused(path: Path) -> None:
    changes = {FORM: FORM_TEXT.replace("Hello", "Bye")}
    (path / "haodian.lock").unlink()
    (path / "haodian.lock").mkdir()  # also for root, whom no permission stops
    with pytest.raises(RepositoryUnwritable):
        save_draft(path=path, name="d", base=head(path), changes=changes, author=WANG, message="x", at=T0)
