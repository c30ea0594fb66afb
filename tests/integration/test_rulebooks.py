"""Releases in the database: activation is one step seen everywhere, and a broken release changes nothing."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import Engine, text

from engine.releases import (
    BaseChanged,
    CommitMissing,
    DraftMissing,
    RepositoryCorrupt,
    drafts,
    head,
    history,
    save_draft,
)
from payments_core import audit, rulebooks
from payments_core.database import transaction
from payments_core.rulebooks import ActiveRulebook, Actor, Desk, RuleRefKey, intern_refs
from tests.unit.releases.world import FEE, FORM, FORM_TEXT, T0, WANG, fee, make

OPS = Actor(login="wang", name="王磊", role="hq_ops")
FINANCE = Actor(login="li", name="李娜", role="finance")
V2 = fee(version=2, rate="0.0030", start="2025-03-01")


@pytest.fixture
def repo(tmp_path: Path) -> Path:
    make(tmp_path / "rulebook.git")
    return tmp_path / "rulebook.git"


def _activate(engine: Engine, repo: Path, commit: str = "", *, now: datetime = T0) -> int:
    with transaction(engine) as connection:
        return rulebooks.activate(
            connection,
            repository=repo,
            commit=commit or head(repo),
            title="首个规则版本",
            actor="王磊",
            reason="开业",
            now=now,
        )


def _draft(repo: Path, text: str = V2, *, file: str = FEE, name: str = "d", base: str = "") -> None:
    changes = {file: text}
    save_draft(
        path=repo, name=name, base=base or head(repo), changes=changes, author=WANG, message="x", at=T0
    )


def _publish(engine: Engine, repo: Path, name: str = "d") -> int:
    """Publish a draft the way everybody has to: requested by its author, approved by finance."""
    desk, now = Desk(repository=repo), T0 + timedelta(hours=1)
    with transaction(engine) as connection:
        number = rulebooks.request_review(
            connection, desk=desk, draft=name, by=OPS, title="三月降费率", reason="竞争", now=now
        )
        rulebooks.approve(connection, desk=desk, review_no=number, by=FINANCE, now=now)
        return rulebooks.publish(connection, desk=desk, review_no=number, by=OPS, now=now)


def _lane(engine: Engine) -> int | None:
    with transaction(engine) as connection:
        return connection.execute(text("SELECT release_no FROM lane WHERE lane_no = 0")).scalar()


def test_nothing_is_active_at_first(engine: Engine, repo: Path) -> None:
    with transaction(engine) as connection:
        assert rulebooks.active(connection) is None
        assert rulebooks.list_activations(connection) == ()
        with pytest.raises(rulebooks.NoActiveRelease) as refusal:
            ActiveRulebook(repo, engine).release(connection)
    assert refusal.value.code == "NO_ACTIVE_RELEASE"


def test_an_activation_reaches_the_lane_the_log_and_the_audit(engine: Engine, repo: Path) -> None:
    release_no = _activate(engine, repo)
    assert _lane(engine) == release_no
    with transaction(engine) as connection:
        assert rulebooks.active(connection) == (release_no, head(repo))
        [row] = rulebooks.list_activations(connection)
        [event] = audit.list_events(connection)
    assert (row.release_no, row.activated_by, row.reason, row.activated_at) == (
        release_no,
        "王磊",
        "开业",
        T0,
    )
    assert (event.action, event.subject, event.actor) == ("release.activate", f"release {release_no}", "王磊")
    assert event.detail["commit"] == head(repo)


def test_an_activation_is_told_to_every_process(engine: Engine, repo: Path, database_url: str) -> None:
    with psycopg.connect(database_url, autocommit=True) as listener:
        listener.execute(f"LISTEN {rulebooks.CHANNEL}")
        release_no = _activate(engine, repo)
        told = [note.payload for note in listener.notifies(timeout=10, stop_after=1)]
    assert told == [str(release_no)]


def test_going_back_is_activating_the_earlier_release_again(engine: Engine, repo: Path) -> None:
    first_commit = head(repo)
    first = _activate(engine, repo)
    _draft(repo)
    second = _publish(engine, repo)
    assert _activate(engine, repo, first_commit, now=T0 + timedelta(hours=2)) == first != second
    assert _lane(engine) == first
    with transaction(engine) as connection:
        numbers = [row.release_no for row in rulebooks.list_activations(connection)]
    assert numbers == [first, second, first]


def test_publishing_merges_the_draft_and_activates_it(engine: Engine, repo: Path) -> None:
    _activate(engine, repo)
    _draft(repo)
    release_no = _publish(engine, repo)
    assert drafts(repo) == ()
    with transaction(engine) as connection:
        assert rulebooks.active(connection) == (release_no, head(repo))
    newest = history(path=repo)[0]
    assert newest.author == WANG
    assert "Author: 王磊 <wang@haodian>\nApproved-by: 李娜 <li@haodian> (finance)" in newest.message


def test_a_draft_that_does_not_check_is_refused_and_nothing_changes(engine: Engine, repo: Path) -> None:
    before, release_no = head(repo), _activate(engine, repo)
    _draft(repo, V2.replace('"0.0030"', "0.0030"))
    with pytest.raises(rulebooks.CheckFailed) as refusal:
        _publish(engine, repo)
    [found] = refusal.value.diagnostics
    assert (refusal.value.code, found.code) == ("CHECK_FAILED", "RATE_NOT_STRING")
    assert (found.location.file, found.location.line) == (FEE, 10)
    assert (head(repo), _lane(engine)) == (before, release_no)


def test_a_commit_that_does_not_check_is_not_activated(engine: Engine, repo: Path) -> None:
    release_no = _activate(engine, repo)
    _draft(repo, "kind: form\n", file=FORM)
    with pytest.raises(rulebooks.ReleaseRejected):
        _activate(engine, repo, drafts(repo)[0].commit)
    assert _lane(engine) == release_no
    with transaction(engine) as connection:
        assert len(rulebooks.list_activations(connection)) == 1
        assert len(audit.list_events(connection)) == 1


def test_a_conflict_reaches_the_caller_with_its_code(engine: Engine, repo: Path) -> None:
    base = head(repo)
    _draft(repo)
    _draft(repo, V2.replace("0.0030", "0.0031"), name="other", base=base)
    _publish(engine, repo, "other")
    with pytest.raises(BaseChanged) as refusal:
        _publish(engine, repo)
    assert refusal.value.code == "BASE_CHANGED"


def test_a_missing_draft_commit_or_repository_is_refused(engine: Engine, repo: Path, tmp_path: Path) -> None:
    with pytest.raises(DraftMissing):
        _publish(engine, repo)
    with pytest.raises(CommitMissing):
        _activate(engine, repo, "0" * 40)
    with pytest.raises(RepositoryCorrupt):
        _activate(engine, tmp_path / "none", "0" * 40)
    assert _lane(engine) is None


def test_a_process_keeps_the_releases_it_compiled(engine: Engine, repo: Path) -> None:
    book = ActiveRulebook(repo, engine)
    release_no = _activate(engine, repo)
    release = book.get(release_no)
    assert release.commit == head(repo)
    with transaction(engine) as connection:
        assert book.release(connection) is release
    for thing in (repo / "objects").iterdir():
        thing.rename(thing.with_name(f"lost-{thing.name}"))
    assert book.get(release_no) is release
    assert book.get(release.commit) is release


def test_a_number_that_was_never_given_is_unknown(engine: Engine, repo: Path) -> None:
    with pytest.raises(rulebooks.ReleaseUnknown) as refusal:
        ActiveRulebook(repo, engine).get(99)
    assert (refusal.value.code, refusal.value.fields) == ("RELEASE_UNKNOWN", {"release_no": 99})


def test_activations_at_once_each_leave_a_row_and_one_of_them_is_active(engine: Engine, repo: Path) -> None:
    first = head(repo)
    _draft(repo, FORM_TEXT.replace("Hello", "Hi"), file=FORM)
    _publish(engine, repo)
    commits = [first, head(repo)] * 3
    with ThreadPoolExecutor(max_workers=3) as pool:
        numbers = set(pool.map(lambda commit: _activate(engine, repo, commit), commits))
    with transaction(engine) as connection:
        assert len(rulebooks.list_activations(connection)) == 7
        newest = rulebooks.active(connection)
        assert audit.verify(connection) is None
    assert len(numbers) == 2
    assert newest is not None
    assert _lane(engine) == newest[0]


REFS = (
    RuleRefKey("merchant_fee", "fee.std", 1, 0, 10, "标准"),
    RuleRefKey("merchant_fee", "fee.std", 1, -1, 1),
    RuleRefKey("merchant_fee", "fee.std", 2, 0, 10),
)


def test_a_rule_line_gets_one_number_for_good(engine: Engine) -> None:
    with transaction(engine) as connection:
        first = intern_refs(connection, REFS[:2])
        again = intern_refs(connection, REFS)
    assert len(set(again.values())) == 3
    assert {ref: again[ref] for ref in REFS[:2]} == first


def test_numbers_survive_the_rollback_of_whoever_asked_for_them(engine: Engine) -> None:
    with engine.connect() as connection:
        given = intern_refs(connection, REFS)
        connection.rollback()
    with transaction(engine) as connection:
        stored = connection.execute(text("SELECT ref_no, version, row_no, line, label FROM rule_ref")).all()
    assert {row.ref_no for row in stored} == set(given.values())
    assert (given[REFS[0]], 1, 0, 10, "标准") in [tuple(row) for row in stored]


def test_lines_asked_for_at_once_get_the_same_numbers(engine: Engine) -> None:
    def ask(_: int) -> dict[RuleRefKey, int]:
        with transaction(engine) as connection:
            return dict(intern_refs(connection, REFS))

    with ThreadPoolExecutor(max_workers=4) as pool:
        answers = list(pool.map(ask, range(4)))
    assert all(answer == answers[0] for answer in answers)
