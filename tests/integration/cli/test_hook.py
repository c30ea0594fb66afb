"""The pre-commit hook with real git: what is staged decides, not what lies in the folder."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest
import yaml

from haodian import hook

ROOT = Path(__file__).parents[3]
FEE = "rules/merchant_fee/fee.default.yaml"
GOOD, WRONG = 'when: "true", rate: "0.0038"', 'when: "true", rate: 0.0038'


def git(*arguments: str, folder: Path) -> subprocess.CompletedProcess[str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    who = {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_SYSTEM": os.devnull, "HOME": str(folder)}
    for part in ("AUTHOR", "COMMITTER"):
        who |= {f"GIT_{part}_NAME": "测试", f"GIT_{part}_EMAIL": "test@haodian"}
    return subprocess.run(
        ["git", *arguments], cwd=folder, capture_output=True, text=True, check=False, env={**kept, **who}
    )


def rewrite(folder: Path, old: str, new: str) -> None:
    text = (folder / FEE).read_text("utf-8")
    assert old in text
    (folder / FEE).write_text(text.replace(old, new), "utf-8")


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """A repository of the product's rules, everything committed."""
    shutil.copytree(ROOT / "rules", tmp_path / "rules")
    git("init", "-q", folder=tmp_path)
    git("add", "rules", folder=tmp_path)
    git("commit", "-q", "-m", "rules", folder=tmp_path)
    return tmp_path


def staged(folder: Path) -> list[str] | None:
    checked = hook.check_staged(folder)
    return None if checked is None else [found.code for found in checked.findings]


def test_git_commits_what_is_right_and_not_what_is_wrong(repository: Path) -> None:
    hook.install(repository)
    rewrite(repository, GOOD, WRONG)
    refused = git("commit", "-a", "-m", "wrong", folder=repository)  # from an index of its own
    assert refused.returncode != 0
    assert "RATE_NOT_STRING" in refused.stdout + refused.stderr
    rewrite(repository, WRONG, GOOD)
    rewrite(repository, "全国默认费率", "全国默认")
    done = git("commit", "-a", "-m", "right", folder=repository)
    assert done.returncode == 0, done.stdout + done.stderr
    assert git("rev-list", "--count", "HEAD", folder=repository).stdout == "2\n"


def test_a_wrong_folder_does_not_stop_a_right_commit(repository: Path) -> None:
    rewrite(repository, "全国默认费率", "全国默认")
    git("add", FEE, folder=repository)
    rewrite(repository, GOOD, WRONG)
    assert staged(repository) == []


def test_a_right_folder_does_not_save_a_wrong_commit(repository: Path) -> None:
    rewrite(repository, GOOD, WRONG)
    git("add", FEE, folder=repository)
    rewrite(repository, WRONG, GOOD)
    assert staged(repository) == ["RATE_NOT_STRING"]


def test_a_commit_without_rules_is_not_looked_at(repository: Path) -> None:
    rewrite(repository, GOOD, WRONG)
    (repository / "README").write_text("x", "utf-8")
    git("add", "README", folder=repository)
    assert staged(repository) is None


def test_a_declaration_that_is_taken_away_stops_the_commit(repository: Path) -> None:
    git("rm", "-q", "rules/approval.yaml", folder=repository)
    assert staged(repository) == ["FILE_MISSING"]


def test_bytes_that_are_no_utf_8_are_refused(repository: Path) -> None:
    content = (repository / FEE).read_bytes()
    (repository / FEE).write_bytes(content.replace("全国".encode(), "全国".encode("gbk")))
    git("add", FEE, folder=repository)
    assert staged(repository) == ["YAML_NOT_UTF8"]


def test_a_hook_of_somebody_else_is_left_alone(repository: Path) -> None:
    theirs = repository / ".git/hooks/pre-commit"
    theirs.write_text("#!/bin/sh\nexit 0\n", "utf-8")
    with pytest.raises(hook.HookTaken):
        hook.install(repository)
    assert theirs.read_text("utf-8") == "#!/bin/sh\nexit 0\n"


def test_our_own_hook_may_be_installed_again(repository: Path) -> None:
    assert hook.install(repository) == hook.install(repository)


def test_outside_a_repository_there_is_nothing_to_hook(tmp_path: Path) -> None:
    with pytest.raises(hook.NoRepository):
        hook.install(tmp_path)


def test_the_pre_commit_framework_is_offered_the_same_command() -> None:
    (offered,) = yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text("utf-8"))
    assert offered["entry"] == "haodian hook run"
    assert offered["pass_filenames"] is False
