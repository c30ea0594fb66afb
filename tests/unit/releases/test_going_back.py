"""Going back makes one more release: files and history of the earlier one, on one line."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.releases import (
    BaseChanged,
    CommitMissing,
    check_commit,
    go_back,
    head,
    history,
    load,
    merge_draft,
    read_files,
    save_draft,
)
from tests.unit.releases.world import CST, FEE, FORM, FORM_TEXT, LI, T0, WANG, fee, make

OTHER = "rules/merchant_fee/fee.other.yaml"
SECOND = fee(version=2, rate="0.0030", start="2025-03-01")


@pytest.fixture
def repo(tmp_path: Path) -> Path:
    make(tmp_path / "rulebook.git")
    return tmp_path / "rulebook.git"


def release(repo: Path, changes: dict[str, str | None], *, base: str = "", message: str = "x") -> str:
    started = base or head(repo)
    save_draft(path=repo, name="d", base=started, changes=changes, author=WANG, message="x", at=T0)
    return merge_draft(path=repo, name="d", author=LI, message=message, at=T0)


def back(repo: Path, to: str) -> str:
    return go_back(path=repo, to=to, author=LI, message="back", at=T0)


def rates(repo: Path, commit: str) -> list[str]:
    """The rate at the middle of each month of a year."""
    book = load(path=repo, commit=commit).rulebook
    months = (datetime(2025, month, 15, tzinfo=CST) for month in range(1, 13))
    rules = (book.in_force(kind="merchant_fee", at=at, scope={}) for at in months)
    return [rule.shape.decide({"txn.amount_fen": 1}).outputs["rate"] for rule in rules]


def test_what_was_released_in_between_never_comes_back_by_itself(repo: Path) -> None:
    first = head(repo)
    second = release(repo, {FEE: SECOND})
    again = back(repo, first)
    assert [one.sha for one in history(path=repo)] == [again, second, first]
    assert rates(repo, again) == ["0.0038"] * 12
    # Version 3 begins in June: from March to May it is version 1, not the withdrawn version 2.
    third = release(repo, {FEE: fee(version=3, rate="0.0020", start="2025-06-01")})
    assert rates(repo, third) == ["0.0038"] * 5 + ["0.0020"] * 7


def test_the_numbers_of_withdrawn_versions_are_taken(repo: Path) -> None:
    first = head(repo)
    release(repo, {FEE: SECOND})
    again = load(path=repo, commit=back(repo, first))
    (rule,) = again.rulebook.rules
    assert ([one.version for one in again.withdrawn], again.next_version(rule)) == ([2], 3)
    changed = {FEE: SECOND.replace("0.0030", "0.0025")}
    commit = save_draft(
        path=repo, name="d", base=head(repo), changes=changed, author=WANG, message="x", at=T0
    )
    _, found = check_commit(path=repo, commit=commit)
    assert [one.code for one in found] == ["VERSION_IMMUTABLE"]


def test_the_same_version_can_be_released_again_when_somebody_says_so(repo: Path) -> None:
    first = head(repo)
    second = release(repo, {FEE: SECOND})
    back(repo, first)
    assert rates(repo, release(repo, {FEE: SECOND})) == rates(repo, second)


def test_a_rule_added_in_between_is_gone_and_one_removed_is_back(repo: Path) -> None:
    old = back_then = release(repo, {FEE: SECOND})
    named = FORM_TEXT.replace("Hello", "Hi")
    release(repo, {OTHER: SECOND.replace("fee.std", "fee.other"), FEE: None, FORM: named})
    again = load(path=repo, commit=back(repo, old))
    assert [(rule.id, rule.version) for rule in again.rulebook.rules] == [("fee.std", 2)]
    assert rates(repo, again.commit) == rates(repo, back_then)
    assert read_files(repo, again.commit) == read_files(repo, old)


def test_a_draft_from_before_brings_nothing_back_but_its_own(repo: Path) -> None:
    first = head(repo)
    second = release(repo, {FEE: SECOND})
    back(repo, first)
    merged = release(repo, {FORM: FORM_TEXT.replace("Hello", "Hi")}, base=second)
    assert rates(repo, merged) == rates(repo, first)
    # Written on top of the withdrawn version: both began from it, so the author is asked.
    with pytest.raises(BaseChanged):
        release(repo, {FEE: fee(version=3, rate="0.0030", start="2025-06-01")}, base=second)


def test_going_back_where_one_is_makes_no_commit(repo: Path) -> None:
    first = head(repo)
    release(repo, {FEE: SECOND})
    again = back(repo, first)
    assert back(repo, first) == again == head(repo)


def test_only_what_was_released_can_be_gone_back_to(repo: Path) -> None:
    drafted = save_draft(
        path=repo, name="d", base=head(repo), changes={FEE: SECOND}, author=WANG, message="x", at=T0
    )
    before = head(repo)
    for commit in (drafted, "f" * 40):
        with pytest.raises(CommitMissing):
            back(repo, commit)
    assert head(repo) == before


def test_the_words_alone_are_not_believed(repo: Path) -> None:
    first = head(repo)
    release(repo, {FEE: SECOND})
    said = f"x\n\nGoes-back-to: {first}"
    forged = release(repo, {FORM: FORM_TEXT.replace("Hello", "Hi")}, message=said)
    assert load(path=repo, commit=forged).withdrawn == ()
    assert rates(repo, forged)[-1] == "0.0030"


@settings(max_examples=12, deadline=None)
@given(steps=st.lists(st.one_of(st.none(), st.integers(0, 5)), min_size=2, max_size=6))
def test_to_go_back_is_to_decide_as_then(steps: list[int | None]) -> None:
    """None releases the next version; a number goes back to that release, counted from the first."""
    with TemporaryDirectory() as folder:
        repo = Path(folder) / "rulebook.git"
        released = [make(repo)]
        for step in steps:
            if step is None:
                present = load(path=repo, commit=head(repo))
                number = present.next_version(present.rulebook.rules[0])
                start = (datetime(2025, 1, 1, tzinfo=CST) + timedelta(days=31 * number)).date().isoformat()
                text = fee(version=number, rate=f"0.00{40 + number}", start=start)
                released.append(release(repo, {FEE: text}))
            else:
                wanted = released[step % len(released)]
                released.append(back(repo, wanted))
                assert rates(repo, released[-1]) == rates(repo, wanted)
        assert head(repo) == released[-1]
