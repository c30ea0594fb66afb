"""Drafts: saved beside the released history, merged file by file, refused where somebody else was first."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from engine.releases import (
    BaseChanged,
    CommitMissing,
    DraftMissing,
    DraftNameInvalid,
    NothingChanged,
    PathRefused,
    ReleaseBroken,
    RepositoryCorrupt,
    RepositoryExists,
    create_repository,
    discard_draft,
    drafts,
    find_draft,
    head,
    history,
    load,
    merge_draft,
    read_files,
    save_draft,
)
from tests.unit.releases.world import FEE, FILES, FORM, FORM_TEXT, LI, T0, WANG, fee, make

V2 = fee(version=2, rate="0.0030", start="2025-03-01")
V3 = fee(version=3, rate="0.0035", start="2025-04-01")
LATER = T0 + timedelta(hours=1)
FORM_2 = FORM_TEXT.replace("en: Hello", "en: Welcome")


@pytest.fixture
def repo(tmp_path: Path) -> Path:
    make(tmp_path / "rulebook.git")
    return tmp_path / "rulebook.git"


def _save(
    repo: Path, *, name: str = "lower-fee", text: str = V2, file: str = FEE, base: str = "", author=WANG
) -> str:
    return save_draft(
        path=repo,
        name=name,
        base=base or head(repo),
        changes={file: text},
        author=author,
        message="降费率",
        at=T0,
    )


def _merge(repo: Path, *, name: str = "lower-fee") -> str:
    return merge_draft(
        path=repo, name=name, author=LI, message="三月降费率", at=LATER, trailers={"Approved-by": "李娜"}
    )


def test_a_new_repository_holds_its_files_on_main(repo: Path) -> None:
    assert read_files(repo, head(repo)) == FILES
    assert [commit.author for commit in history(path=repo)] == [WANG]
    assert history(path=repo)[0].at == T0


def test_a_repository_is_not_made_twice(repo: Path) -> None:
    with pytest.raises(RepositoryExists) as refusal:
        make(repo)
    assert refusal.value.code == "REPOSITORY_EXISTS"


def test_a_repository_whose_making_was_killed_is_made_on_the_next_try(tmp_path: Path) -> None:
    path = tmp_path / "half.git"
    make(path)
    (path / "refs/heads/main").unlink()  # what a kill before the last step leaves
    (path / "refs/heads/main.lock").touch()
    assert read_files(path, make(path)) == FILES


def test_a_draft_leaves_the_released_history_alone(repo: Path) -> None:
    before = head(repo)
    sha = _save(repo)
    assert head(repo) == before
    assert read_files(repo, sha)[FEE] == V2
    [draft] = drafts(repo)
    assert (draft.name, draft.commit, draft.base, draft.author, draft.files) == (
        "lower-fee",
        sha,
        before,
        WANG,
        (FEE,),
    )


def test_merging_makes_one_commit_with_author_and_trailers_and_ends_the_draft(repo: Path) -> None:
    drafted, before = _save(repo), head(repo)
    merged = _merge(repo)
    assert head(repo) == merged
    assert read_files(repo, merged) == {**FILES, FEE: V2}
    assert drafts(repo) == ()
    newest, first = history(path=repo)
    assert (newest.sha, newest.author, newest.at, newest.files) == (merged, LI, LATER, (FEE,))
    assert newest.message == (
        "三月降费率\n\nDraft: lower-fee\nDrafted-by: 王磊 <wang@haodian>\nApproved-by: 李娜"
    )
    assert (first.sha, load(path=repo, commit=merged).rulebook.find(rule_id="fee.std").commit) == (
        before,
        merged,
    )
    assert read_files(repo, drafted)[FEE] == V2


def test_a_change_of_another_file_meanwhile_is_merged(repo: Path) -> None:
    base = head(repo)
    _save(repo)
    _save(repo, name="form", file=FORM, text=FORM_2, base=base)
    _merge(repo, name="form")
    assert read_files(repo, _merge(repo)) == {**FILES, FEE: V2, FORM: FORM_2}


def test_a_change_of_the_same_file_meanwhile_is_refused_with_the_three_texts(repo: Path) -> None:
    base = head(repo)
    _save(repo)
    _save(repo, name="other", text=V2.replace("0.0030", "0.0032"), base=base, author=LI)
    main = _merge(repo, name="other")
    with pytest.raises(BaseChanged) as refusal:
        _merge(repo)
    (found,) = refusal.value.conflicts
    assert (refusal.value.code, found.file) == ("BASE_CHANGED", FEE)
    assert (found.base, found.ours, found.theirs) == (FILES[FEE], V2, V2.replace("0.0030", "0.0032"))
    assert head(repo) == main
    assert [draft.name for draft in drafts(repo)] == ["lower-fee"]


def test_the_same_change_on_both_sides_is_no_conflict_but_nothing_to_merge(repo: Path) -> None:
    base = head(repo)
    _save(repo)
    _save(repo, name="twin", base=base, author=LI)
    _merge(repo, name="twin")
    with pytest.raises(NothingChanged) as refusal:
        _merge(repo)
    assert refusal.value.code == "NOTHING_CHANGED"


def test_a_draft_that_does_not_check_is_not_merged_and_says_everything(repo: Path) -> None:
    before = head(repo)
    save_draft(
        path=repo,
        name="broken",
        base=before,
        changes={
            FEE: V2.replace('"true"', '"txn.amout_fen > 5"'),
            FORM: FORM_TEXT.replace("fields: [name]", "fields: [nome]"),
        },
        author=WANG,
        message="x",
        at=T0,
    )
    with pytest.raises(ReleaseBroken) as refusal:
        _merge(repo, name="broken")
    assert refusal.value.code == "RELEASE_BROKEN"
    found = {(one.location.file, one.code) for one in refusal.value.diagnostics}
    assert {file for file, _ in found} == {FEE, FORM}
    assert (FORM, "FORM_FIELD_UNKNOWN") in found
    assert head(repo) == before
    assert [draft.name for draft in drafts(repo)] == ["broken"]


@pytest.mark.parametrize(
    ("text", "code"),
    [
        (FILES[FEE].replace("0.0038", "0.0036"), "VERSION_IMMUTABLE"),
        (fee(version=2, rate="0.0036", start="2024-10-01"), "VERSION_ORDER"),
        (fee(version=2, rate="0.0036", start="2024-12-01"), "EFFECTIVE_PAST"),  # merged on 2025-01-01
    ],
)
def test_what_was_released_is_not_rewritten(repo: Path, text: str, code: str) -> None:
    _save(repo, text=text)
    with pytest.raises(ReleaseBroken) as refusal:
        _merge(repo)
    assert code in {one.code for one in refusal.value.diagnostics}


def test_saving_again_follows_ones_own_save(repo: Path) -> None:
    base = head(repo)
    first = _save(repo)
    assert _save(repo, text=V3, base=base) != _save(repo, text=V2, base=first)
    assert read_files(repo, find_draft(path=repo, name="lower-fee").commit)[FEE] == V2


def test_saving_over_what_another_person_saved_in_the_draft_is_refused(repo: Path) -> None:
    base = head(repo)
    _save(repo)
    with pytest.raises(BaseChanged) as refusal:
        _save(repo, text=V3, base=base, author=LI)
    (found,) = refusal.value.conflicts
    assert (found.base, found.ours, found.theirs) == (FILES[FEE], V3, V2)
    seen = find_draft(path=repo, name="lower-fee").commit
    assert read_files(repo, _save(repo, text=V3, base=seen, author=LI))[FEE] == V3


def test_a_draft_can_add_and_remove_files(repo: Path) -> None:
    sha = save_draft(
        path=repo,
        name="tidy",
        base=head(repo),
        changes={FORM: None, "forms/bye.yaml": FORM_TEXT.replace("hello", "bye")},
        author=WANG,
        message="换表单",
        at=T0,
    )
    assert FORM not in read_files(repo, sha)
    merged = _merge(repo, name="tidy")
    assert set(load(path=repo, commit=merged).forms) == {"bye"}
    assert history(path=repo)[0].files == ("forms/bye.yaml", FORM)


def test_a_discarded_draft_is_gone(repo: Path) -> None:
    _save(repo)
    discard_draft(repo, "lower-fee")
    assert drafts(repo) == ()
    for act in (lambda: discard_draft(repo, "lower-fee"), lambda: _merge(repo)):
        with pytest.raises(DraftMissing) as refusal:
            act()
        assert refusal.value.code == "DRAFT_MISSING"


def test_a_kill_between_moving_main_and_ending_the_draft_is_healed(repo: Path) -> None:
    drafted = _save(repo)
    merged = _merge(repo)
    reference = repo / "refs/heads/draft/lower-fee"
    reference.parent.mkdir(exist_ok=True)
    reference.write_text(f"{drafted}\n")  # what the kill leaves
    assert drafts(repo) == ()
    assert _merge(repo) == merged
    assert not reference.exists()


def test_a_lock_file_left_by_a_kill_does_not_block(repo: Path) -> None:
    (repo / "refs/heads/main.lock").touch()
    _save(repo)
    merged = _merge(repo)
    assert head(repo) == merged


@pytest.mark.parametrize("name", ["", "a b", "../x", "x.lock", "a..b", "x/y", "-x", "名" * 81, "x\n"])
def test_a_name_that_cannot_be_a_branch_is_refused(repo: Path, name: str) -> None:
    with pytest.raises(DraftNameInvalid) as refusal:
        _save(repo, name=name)
    assert refusal.value.code == "DRAFT_NAME_INVALID"


def test_a_chinese_name_is_a_name(repo: Path) -> None:
    _save(repo, name="三月降费率")
    assert _merge(repo, name="三月降费率") == head(repo)


@pytest.mark.parametrize(
    "file",
    [
        "README.md",
        "rules/../x.yaml",
        "/rules/x.yaml",
        "rules/.git/x.yaml",
        "rules/x.py",
        "rules",
        "forms/x.yaml\n",
    ],
)
def test_a_file_that_is_no_rule_and_no_form_is_refused(repo: Path, file: str) -> None:
    with pytest.raises(PathRefused) as refusal:
        _save(repo, file=file, text="x")
    assert refusal.value.code == "PATH_REFUSED"


def test_saving_the_text_that_is_there_is_refused(repo: Path) -> None:
    with pytest.raises(NothingChanged):
        _save(repo, text=FILES[FEE])


@pytest.mark.parametrize("base", ["0" * 40, "main", "HEAD~1", "ad2c55e", ""])
def test_an_unknown_commit_is_refused(repo: Path, base: str) -> None:
    with pytest.raises(CommitMissing) as refusal:
        read_files(repo, base)
    assert refusal.value.code == "COMMIT_MISSING"


def test_a_folder_that_is_no_repository_is_refused(tmp_path: Path) -> None:
    with pytest.raises(RepositoryCorrupt) as refusal:
        head(tmp_path)
    assert refusal.value.code == "REPOSITORY_CORRUPT"


def test_names_with_brackets_and_line_ends_cannot_forge_trailers(tmp_path: Path) -> None:
    path = tmp_path / "r.git"
    create_repository(path=path, files=FILES, author=WANG, at=T0)
    _save(path)
    forged = merge_draft(
        path=path,
        name="lower-fee",
        author=LI,
        message="x",
        at=LATER,
        trailers={"Reason": "ok\nApproved-by: 总部"},
    )
    assert "Reason: ok Approved-by: 总部" in history(path=path)[0].message.splitlines()
    assert head(path) == forged
