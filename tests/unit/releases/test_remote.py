"""The released history outside: tags, signatures that plain git verifies, a bare remote."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from engine.releases import (
    Lag,
    RemoteAway,
    RemoteDiverged,
    RepositoryCorrupt,
    SigningFailed,
    fetch_released,
    head,
    merge_draft,
    push_released,
    save_draft,
    ssh_signer,
    tag_release,
    tagged,
)
from tests.unit.releases.world import FEE, LI, T0, WANG, fee, make


def git(*arguments: str, at: Path) -> str:
    done = subprocess.run(["git", *arguments], cwd=at, capture_output=True, text=True, check=True)
    return done.stdout + done.stderr


@pytest.fixture
def repo(tmp_path: Path) -> Path:
    make(tmp_path / "rulebook.git")
    return tmp_path / "rulebook.git"


@pytest.fixture
def remote(tmp_path: Path) -> Path:
    git("init", "--bare", "--quiet", "remote.git", at=tmp_path)
    return tmp_path / "remote.git"


@pytest.fixture
def key(tmp_path: Path) -> Path:
    path = tmp_path / "key"
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(path)], check=True)
    (tmp_path / "signers").write_text(f"li@haodian {path.with_suffix('.pub').read_text()}")
    return path


def release(repo: Path, *, version: int = 2, key: Path | None = None) -> str:
    text = fee(version=version, rate="0.0030", start=f"2025-0{version}-01")
    save_draft(path=repo, name="d", base=head(repo), changes={FEE: text}, author=WANG, message="x", at=T0)
    return merge_draft(
        path=repo, name="d", author=LI, message="三月", at=T0, sign=ssh_signer(key) if key else None
    )


def tag(repo: Path, number: int, commit: str, *, key: Path | None = None) -> None:
    sign = ssh_signer(key) if key else None
    tag_release(
        path=repo, number=number, commit=commit, message="三月\n\nWhy: x", author=LI, at=T0, sign=sign
    )


def test_plain_git_verifies_a_signed_merge_and_tag(repo: Path, key: Path, tmp_path: Path) -> None:
    commit = release(repo, key=key)
    tag(repo, 7, commit, key=key)
    signers = ("-c", f"gpg.ssh.allowedSignersFile={tmp_path / 'signers'}", "-c", "gpg.format=ssh")
    for command in (("verify-commit", commit), ("tag", "-v", "release/7")):
        assert 'Good "git" signature for li@haodian' in git(*signers, *command, at=repo)
    git("fsck", "--strict", at=repo)


def test_a_key_that_cannot_sign_leaves_main_where_it_was(repo: Path, tmp_path: Path) -> None:
    before = head(repo)
    with pytest.raises(SigningFailed):
        release(repo, key=tmp_path / "none")
    assert head(repo) == before


def test_a_tag_says_which_release_a_commit_was_and_never_moves(repo: Path) -> None:
    first, second = head(repo), release(repo)
    tag(repo, 1, first)
    tag(repo, 1, first)
    tag(repo, 2, second)
    assert tagged(repo) == {1: first, 2: second}
    assert git("tag", "-l", "--format=%(refname:short) %(contents:subject)", at=repo).split("\n")[0] == (
        "release/1 三月"
    )
    with pytest.raises(RepositoryCorrupt):
        tag(repo, 1, second)


def test_a_remote_gets_what_is_released_and_nothing_else(repo: Path, remote: Path, tmp_path: Path) -> None:
    tag(repo, 1, head(repo))
    assert push_released(path=repo, remote=str(remote)) == Lag(commits=1, tags=1)
    release(repo)
    save_draft(
        path=repo, name="mine", base=head(repo), changes={FEE: "x: 1\n"}, author=WANG, message="x", at=T0
    )
    tag(repo, 2, head(repo))
    assert push_released(path=repo, remote=str(remote)) == Lag(commits=1, tags=1)
    assert push_released(path=repo, remote=str(remote)).is_level
    refs = git("for-each-ref", "--format=%(refname)", at=remote).split()
    assert refs == ["refs/heads/main", "refs/tags/release/1", "refs/tags/release/2"]
    clone = tmp_path / "again.git"
    assert fetch_released(path=clone, remote=str(remote)) == head(repo)
    assert (head(clone), tagged(clone)) == (head(repo), tagged(repo))


def test_a_remote_that_is_away_costs_nothing_but_time(repo: Path, remote: Path) -> None:
    away = remote.rename(remote.with_name("away.git"))
    before = release(repo)
    with pytest.raises(RemoteAway) as refusal:
        push_released(path=repo, remote=str(remote))
    assert (refusal.value.code, head(repo)) == ("REMOTE_AWAY", before)
    away.rename(remote)
    assert push_released(path=repo, remote=str(remote)) == Lag(commits=2, tags=0)


def test_a_remote_that_went_another_way_is_refused(repo: Path, remote: Path, tmp_path: Path) -> None:
    push_released(path=repo, remote=str(remote))
    other = tmp_path / "other.git"
    fetch_released(path=other, remote=str(remote))
    theirs = release(other, version=3)
    push_released(path=other, remote=str(remote))
    ours = release(repo)
    for step in (push_released, fetch_released):
        with pytest.raises(RemoteDiverged) as refusal:
            step(path=repo, remote=str(remote))
        assert refusal.value.code == "REMOTE_DIVERGED"
    assert (head(repo), head(remote)) == (ours, theirs)


def test_a_lost_machine_goes_on_from_the_remote(repo: Path, remote: Path, tmp_path: Path) -> None:
    behind = tmp_path / "restored.git"
    push_released(path=repo, remote=str(remote))
    fetch_released(path=behind, remote=str(remote))
    newest = release(repo)
    push_released(path=repo, remote=str(remote))
    assert fetch_released(path=behind, remote=str(remote)) == newest == head(behind)
    assert fetch_released(path=repo, remote=str(remote)) == newest
