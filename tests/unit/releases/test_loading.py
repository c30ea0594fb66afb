"""A release holds every version of every rule that its first-parent history released, and nothing else."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path

import pygit2
import pytest

from engine.releases import (
    CommitMissing,
    ReleaseBroken,
    RepositoryCorrupt,
    discard_draft,
    head,
    history,
    load,
    merge_draft,
    save_draft,
)
from tests.unit.releases.world import CST, FEE, FILES, FORM, FORM_TEXT, LI, T0, WANG, fee, make


@pytest.fixture
def repo(tmp_path: Path) -> Path:
    make(tmp_path / "rulebook.git")
    return tmp_path / "rulebook.git"


def _release(repo: Path, changes: dict[str, str | None], *, at: datetime = T0) -> str:
    save_draft(path=repo, name="d", base=head(repo), changes=changes, author=WANG, message="x", at=at)
    return merge_draft(path=repo, name="d", author=LI, message="x", at=at)


def _push(repo: Path, files: dict[str, str]) -> str:
    """Commit `files` straight onto main, as somebody with access to the disk could."""
    repository = pygit2.Repository(str(repo))
    index = pygit2.Index()
    for file, text in files.items():
        index.add(pygit2.IndexEntry(file, repository.create_blob(text.encode()), pygit2.enums.FileMode.BLOB))
    tree, signature = index.write_tree(repository), pygit2.Signature("x", "x@x", 0, 0)
    parents = [repository.references["refs/heads/main"].target]
    return str(repository.create_commit("refs/heads/main", signature, signature, "x", tree, parents))


def _push_often(repo: Path, *, times: int) -> None:
    """Put `times` commits on main that change the form to and fro."""
    repository = pygit2.Repository(str(repo))
    tip, signature = repository.references["refs/heads/main"].target, pygit2.Signature("x", "x@x", 0, 0)
    trees = []
    for word in ("Hello", "Hi"):
        index = pygit2.Index()
        index.read_tree(repository[tip].tree)
        blob = repository.create_blob(FORM_TEXT.replace("Hello", word).encode())
        index.add(pygit2.IndexEntry(FORM, blob, pygit2.enums.FileMode.BLOB))
        trees.append(index.write_tree(repository))
    for number in range(times):
        tip = repository.create_commit(None, signature, signature, str(number), trees[number % 2], [tip])
    repository.references["refs/heads/main"].set_target(tip)


def _rate(repo: Path, commit: str, at: datetime) -> tuple[int, str]:
    rule = load(path=repo, commit=commit).rulebook.in_force(kind="merchant_fee", at=at, scope={})
    return rule.version, rule.shape.decide({"txn.amount_fen": 1}).outputs["rate"]


def test_each_instant_is_priced_by_the_version_of_its_time(repo: Path) -> None:
    _release(repo, {FEE: fee(version=2, rate="0.0030", start="2025-03-01")})
    commit = _release(repo, {FEE: fee(version=3, rate="0.0035", start="2025-04-01")})
    midnight = datetime(2025, 3, 1, tzinfo=CST)
    assert _rate(repo, commit, midnight - timedelta(milliseconds=1)) == (1, "0.0038")
    assert _rate(repo, commit, midnight) == (2, "0.0030")
    assert _rate(repo, commit, datetime(2025, 4, 1, tzinfo=CST)) == (3, "0.0035")


def test_every_version_carries_the_commit_that_brought_it(repo: Path) -> None:
    first = head(repo)
    second = _release(repo, {FEE: fee(version=2, rate="0.0030", start="2025-03-01")})
    last = _release(repo, {FORM: FORM_TEXT.replace("Hello", "Hi")})
    rulebook = load(path=repo, commit=last).rulebook
    brought = {version: rulebook.find(rule_id="fee.std", version=version).commit for version in (1, 2)}
    assert brought == {1: first, 2: second}


def test_an_earlier_release_does_not_know_what_came_after_it(repo: Path) -> None:
    first = head(repo)
    _release(repo, {FEE: fee(version=2, rate="0.0030", start="2025-03-01")})
    assert _rate(repo, first, datetime(2025, 6, 1, tzinfo=CST)) == (1, "0.0038")


def test_what_a_draft_tried_before_its_last_save_was_never_released(repo: Path) -> None:
    base = head(repo)
    for rate in ("0.0010", "0.0030"):
        changes = {FEE: fee(version=2, rate=rate, start="2025-03-01")}
        save_draft(path=repo, name="d", base=base, changes=changes, author=WANG, message="x", at=T0)
    commit = merge_draft(path=repo, name="d", author=LI, message="x", at=T0)
    assert _rate(repo, commit, datetime(2025, 3, 2, tzinfo=CST)) == (2, "0.0030")
    assert len(load(path=repo, commit=commit).rulebook.versions) == 2


def test_a_removed_rule_is_no_longer_in_force_but_can_still_be_found(repo: Path) -> None:
    commit = _release(repo, {FEE: None})
    rulebook = load(path=repo, commit=commit).rulebook
    assert rulebook.spans(kind="merchant_fee") == ()
    assert rulebook.find(rule_id="fee.std", version=1).spec["rows"][0]["rate"] == "0.0038"


def test_a_release_is_loaded_once(repo: Path) -> None:
    assert load(path=repo, commit=head(repo)) is load(path=repo, commit=head(repo))


def test_a_long_history_with_few_changes_of_rules_loads_and_knows_them_all(repo: Path) -> None:
    for version in range(2, 5):
        _push_often(repo, times=400)
        _release(repo, {FEE: fee(version=version, rate="0.0030", start=f"2025-0{version}-01")})
    assert len(history(path=repo)) == 1204  # the first, 3 × 400 on forms, 3 releases
    assert [rule.version for rule in load(path=repo, commit=head(repo)).rulebook.versions] == [1, 2, 3, 4]
    assert len(history(path=repo, file=FEE)) == 4
    assert [one.files for one in history(path=repo, file=FEE, limit=2)] == [(FEE,), (FEE,)]


def test_history_stops_at_its_limit(repo: Path) -> None:
    _release(repo, {FORM: FORM_TEXT.replace("Hello", "Hi")})
    assert [one.sha for one in history(path=repo, limit=1)] == [head(repo)]


def test_a_version_rewritten_past_the_product_breaks_the_release(repo: Path) -> None:
    commit = _push(repo, {**FILES, FEE: FILES[FEE].replace("0.0038", "0.0010")})
    with pytest.raises(ReleaseBroken) as refusal:
        load(path=repo, commit=commit)
    assert [one.code for one in refusal.value.diagnostics] == ["VERSION_IMMUTABLE"]


def test_a_change_of_vocabulary_that_an_old_version_cannot_bear_names_that_version(repo: Path) -> None:
    first = head(repo)
    reading = fee(version=2, rate="0.0030", start="2025-03-01").replace('"true"', '"txn.amount_fen >= 0"')
    second = _release(repo, {FEE: reading})
    _release(repo, {FEE: fee(version=3, rate="0.0030", start="2025-04-01")})
    facts = FILES["rules/facts.yaml"].replace("amount_fen", "total_fen")
    commit = _push(
        repo, {**FILES, FEE: fee(version=3, rate="0.0030", start="2025-04-01"), "rules/facts.yaml": facts}
    )
    with pytest.raises(ReleaseBroken) as refusal:
        load(path=repo, commit=commit)
    [found] = refusal.value.diagnostics
    assert (found.location.file, found.location.line) == (f"{FEE}@{second[:12]}", 10)
    assert load(path=repo, commit=second).rulebook.find(rule_id="fee.std").version == 2
    assert first != second


def test_everything_wrong_is_reported_at_once(repo: Path) -> None:
    broken = {
        FEE: FILES[FEE].replace('"0.0038"', "0.0038").replace('"true"', '"txn.amout_fen > 1"'),
        FORM: FORM_TEXT.replace("[FIELD_REQUIRED]", "[FIELD_TYPE]"),
        "forms/bad.yaml": "kind: form\nid: [",
    }
    commit = _push(repo, {**FILES, **broken})
    with pytest.raises(ReleaseBroken) as refusal:
        load(path=repo, commit=commit)
    codes = {(one.location.file, one.code) for one in refusal.value.diagnostics}
    assert {file for file, _ in codes} == {FEE, FORM, "forms/bad.yaml"}
    assert (FEE, "RATE_NOT_STRING") in codes
    assert (FORM, "FORM_TEST_FAILED") in codes
    assert ("forms/bad.yaml", "YAML_SYNTAX") in codes


def test_a_missing_commit_is_said(repo: Path) -> None:
    with pytest.raises(CommitMissing):
        load(path=repo, commit="f" * 40)


def test_a_lost_object_is_said_and_the_release_in_memory_goes_on(repo: Path) -> None:
    first = load(path=repo, commit=head(repo))
    commit = _release(repo, {FEE: fee(version=2, rate="0.0030", start="2025-03-01")})
    blob = pygit2.Repository(str(repo)).get(commit).tree[FEE].id
    lost = repo / "objects" / str(blob)[:2] / str(blob)[2:]
    lost.unlink()
    with pytest.raises(RepositoryCorrupt) as refusal:
        load(path=repo, commit=commit)
    assert refusal.value.code == "REPOSITORY_CORRUPT"
    assert load(path=repo, commit=first.commit) is first


def test_a_file_that_is_no_text_is_said(repo: Path) -> None:
    repository = pygit2.Repository(str(repo))
    index = pygit2.Index()
    index.add(
        pygit2.IndexEntry(FEE, repository.create_blob("费率".encode("gbk")), pygit2.enums.FileMode.BLOB)
    )
    signature, parent = pygit2.Signature("x", "x@x", 0, 0), repository.references["refs/heads/main"].target
    tree = index.write_tree(repository)
    commit = repository.create_commit("refs/heads/main", signature, signature, "x", tree, [parent])
    with pytest.raises(RepositoryCorrupt, match="not UTF-8"):
        load(path=repo, commit=str(commit))


def test_discarding_a_draft_changes_no_release(repo: Path) -> None:
    before = load(path=repo, commit=head(repo))
    save_draft(path=repo, name="d", base=head(repo), changes={FEE: "x"}, author=WANG, message="x", at=T0)
    discard_draft(repo, "d")
    assert load(path=repo, commit=head(repo)) is before
