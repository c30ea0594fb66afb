"""`haodian diff`: folders, releases and commits, and the driver that git calls in an auditor's clone."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from datetime import datetime, timedelta
from pathlib import Path

import pygit2
import pytest
from typer.testing import CliRunner

from engine import releases
from engine.rulebook.prove.compare import Effect
from haodian import differing
from haodian.checking import read_folder
from haodian.cli import app
from haodian.differing_text import EFFECTS, as_text
from payments_core.calendar import SHANGHAI

ROOT = Path(__file__).parents[3]
HAODIAN = Path(sys.executable).with_name("haodian")
FEE = "rules/merchant_fee/fee.community.std.yaml"
AUTHOR = releases.Author(name="刘洋", email="ops@haodian")
NOW = datetime(2025, 3, 1, 9, tzinfo=SHANGHAI)
EDITS = (("version: 4", "version: 5"), ('rate: "0.0038", label: 标准', 'rate: "0.0060", label: 标准'),
         ("2025-03-01", "2025-05-01"))  # fmt: skip
DEARER = "手续费（2025-05-01 00:00 起）：只升"


def raised(text: str) -> str:
    for old, new in EDITS:
        assert old in text
        text = text.replace(old, new, 1)
    return text


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, Path | str]:
    """A rulebook repository with two releases, tagged, and a clone of it."""
    at = tmp_path_factory.mktemp("diff")
    bare, clone = at / "rulebook.git", at / "clone"
    files = read_folder(ROOT)
    first = releases.create_repository(path=bare, files=files, author=AUTHOR, at=NOW)
    # Its tests say what the fee was: the new version brings its own.
    new = raised(files[FEE]).partition("\ntests:")[0] + "\n"
    releases.save_draft(
        path=bare, name="d", base=first, changes={FEE: new}, author=AUTHOR, message="更贵",
        at=NOW + timedelta(hours=1),
    )  # fmt: skip
    draft = pygit2.Repository(str(bare)).references["refs/heads/draft/d"].target
    repository = pygit2.Repository(str(bare))
    for number, commit in ((1, first), (2, draft)):
        repository.references.create(f"refs/tags/release/{number}", commit)
    repository.references["refs/heads/main"].set_target(draft)
    run("git", "clone", "-q", str(bare), str(clone), cwd=at)
    return {"bare": bare, "clone": clone, "first": first}


def run(*command: str, cwd: Path) -> str:
    # The auditor has installed haodian: it is found by name.
    environment = {**os.environ, "PATH": f"{HAODIAN.parent}:{os.environ['PATH']}", "GIT_PAGER": "cat"}
    done = subprocess.run(command, cwd=cwd, capture_output=True, text=True, check=False, env=environment)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_a_new_repository_tells_git_which_driver_its_rules_want(world: Mapping[str, Path]) -> None:
    assert "rules/*/*.yaml diff=haodian" in (world["clone"] / ".gitattributes").read_text("utf-8")


def test_without_the_driver_git_shows_the_lines_as_ever(world: Mapping[str, Path]) -> None:
    shown = run("git", "diff", "release/1", "release/2", cwd=world["clone"])
    assert '+    - {when: "true", rate: "0.0060", label: 标准}' in shown
    assert DEARER not in shown


def test_git_diff_says_what_a_change_does(world: Mapping[str, Path]) -> None:
    shown = run(
        "git", "-c", "diff.haodian.command=haodian diff --git", "diff", "release/1", "release/2",
        cwd=world["clone"],
    )  # fmt: skip
    assert f"{FEE}  社区商户标准费率  v4 → v5" in shown
    assert "「标准」 · 费率：0.38 % → 0.6 %" in shown
    assert DEARER in shown
    assert "支付渠道 BANKCARD  等价" in shown


@pytest.mark.parametrize(
    ("path", "old", "new", "told"),
    [
        ("rules/kinds/brand.yaml", "Brand", "Brands", ["+title: {zh: 品牌, en: Brands}"]),
        (FEE, "txn.channel ==", "txn.chanel ==", ["FACT_UNKNOWN", '+    - {when: "txn.chanel ==']),
    ],
)
def test_what_cannot_be_compared_is_shown_as_lines_with_the_reason(
    path: str, old: str, new: str, told: list[str], world: Mapping[str, Path], tmp_path: Path
) -> None:
    before, after = world["clone"] / path, tmp_path / "after.yaml"
    after.write_text(before.read_text("utf-8").replace(old, new), "utf-8")
    given = (path, str(before), "0" * 40, "100644", str(after), "0" * 40, "100644")
    shown = as_text([differing.change_for_git(given, folder=world["clone"])], language="zh")
    assert [one for one in told if one not in shown] == []


def test_a_file_that_git_says_is_new_has_no_other_side(world: Mapping[str, Path]) -> None:
    given = (FEE, "/dev/null", ".", ".", str(world["clone"] / FEE), "0" * 40, "100644")
    change = differing.change_for_git(given, folder=world["clone"])
    assert as_text([change], language="zh") == f"{FEE}  新增  社区商户标准费率  v5"
    with pytest.raises(differing.UnknownVersion):
        differing.change_for_git(given[:3], folder=world["clone"])


def test_releases_tags_commits_and_folders_are_versions(world: Mapping[str, Path], tmp_path: Path) -> None:
    old, new = (differing.files_of(one, repository=world["clone"]) for one in ("1", "2"))
    assert {path for path in new if old[path] != new[path]} == {FEE}
    for one, expected in (("release/1", old), ("main", new), ("HEAD", new), (str(world["first"])[:10], old)):
        assert differing.files_of(one, repository=world["clone"]) == expected
    for path, text in old.items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(text, "utf-8")
    assert differing.files_of(str(tmp_path), repository=world["bare"]) == old
    with pytest.raises(differing.UnknownVersion, match="99"):
        differing.files_of("99", repository=world["clone"])


def diff(world: Mapping[str, Path], *arguments: str) -> str:
    done = CliRunner().invoke(app, ["diff", *arguments, "--repository", str(world["bare"])])
    assert done.exit_code == 0, done.output
    return done.output


def test_the_command_prints_either_language(world: Mapping[str, Path]) -> None:
    assert DEARER in diff(world, "1", "2")
    assert "Fee from 2025-05-01 00:00 on: dearer" in diff(world, "1", "2", "--lang", "en", "--file", FEE)
    assert diff(world, "2", "2").strip() == "没有差异"
    assert diff(world, "1", "2", "--lang", "en", "--file", "forms/other.yaml").strip() == "no differences"


def test_json_has_every_slice_with_its_witness(world: Mapping[str, Path]) -> None:
    (change,) = json.loads(diff(world, "1", "2", "--json"))
    (comparison,) = change["comparisons"]
    assert comparison["whole"]["effect"] == "dearer"
    (witness,) = comparison["whole"]["witnesses"]
    assert (witness["old"]["amounts"], witness["new"]["amounts"]) == ([38], [60])
    assert {one["value"]: one["effect"] for one in comparison["slices"]}["BANKCARD"] == "equal"


@pytest.mark.parametrize("one", ["zh", "en"])
def test_every_effect_has_words(one: str) -> None:
    assert set(EFFECTS) == set(Effect)
    assert all(EFFECTS[effect][("zh", "en").index(one)] for effect in Effect)


def test_rules_that_come_and_go_are_named(world: Mapping[str, Path]) -> None:
    files = differing.files_of("1", repository=world["bare"])
    without = {path: text for path, text in files.items() if path != FEE}
    (gone,), (come,) = (
        differing.changes_between(before, after) for before, after in ((files, without), (without, files))
    )
    assert as_text([gone], language="zh") == f"{FEE}  删除  社区商户标准费率  v4"
    assert as_text([come], language="en") == f"{FEE}  added  社区商户标准费率  v4"


def test_values_by_date_are_compared_at_each_date(world: Mapping[str, Path]) -> None:
    files = differing.files_of("1", repository=world["bare"])
    first = '{from: 2025-03-01, value: "0.0038", reference: 甲}'
    later = '{from: 2025-07-01, value: "0.0060", reference: 乙}'
    dated = f"[{first}, {later}]"
    changed = files[FEE].replace('rate: "0.0038", label: 标准', f"rate: {dated}, label: 标准")
    (change,) = differing.changes_between(files, {**files, FEE: changed})
    assert [(since.date().isoformat(), one.whole.effect) for since, one in change.comparisons] == [
        ("2025-03-01", Effect.EQUAL),
        ("2025-07-01", Effect.DEARER),
    ]
