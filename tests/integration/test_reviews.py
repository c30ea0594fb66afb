"""A change needs two people: every step of its life, and every way in which somebody is refused."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pygit2
import pytest
from sqlalchemy import Connection, Engine, text
from sqlalchemy.exc import IntegrityError

from engine.releases import (
    BaseChanged,
    drafts,
    head,
    history,
    load,
    merge_draft,
    read_files,
    save_draft,
    tagged,
    update_draft,
)
from payments_core import audit, rulebooks
from payments_core.database import transaction
from payments_core.rulebooks import Actor, Desk
from tests.unit.releases.world import FEE, FILES, FORM, FORM_TEXT, T0, WANG, fee, make

OPS = Actor(login="wang", name="王磊", role="hq_ops")
OPS2 = Actor(login="gao", name="高远", role="hq_ops")
FINANCE = Actor(login="li", name="李娜", role="finance")
RISK = Actor(login="shen", name="沈默", role="risk")
V2 = fee(version=2, rate="0.0030", start="2025-03-01")
APPROVAL = "rules/approval.yaml"


@pytest.fixture
def desk(tmp_path: Path, engine: Engine) -> Desk:
    """A repository with one released commit, active, whose emergency rule lets ops go back alone."""
    path = tmp_path / "rulebook.git"
    make(path)
    chains = read_files(path, head(path))[APPROVAL]
    with_rule = f"{chains}roll_back: {{approve: [finance], emergency: [hq_ops]}}\n"
    save_draft(
        path=path,
        name="start",
        base=head(path),
        changes={APPROVAL: with_rule},
        author=WANG,
        message="x",
        at=T0,
    )
    merge_draft(path=path, name="start", author=WANG, message="start", at=T0)
    with transaction(engine) as connection:
        rulebooks.activate(
            connection, repository=path, commit=head(path), title="开业", actor="好店", reason="", now=T0
        )
    return Desk(repository=path)


def save(desk: Desk, text: str = V2, *, file: str = FEE, by: Actor = OPS, base: str = "") -> None:
    changes = {file: text}
    save_draft(
        path=desk.repository,
        name="d",
        base=base
        or (drafts(desk.repository)[0].commit if drafts(desk.repository) else head(desk.repository)),
        changes=changes,
        author=by.author,
        message="x",
        at=T0,
    )


def at(hours: int) -> datetime:
    return T0 + timedelta(hours=hours)


def request(engine: Engine, desk: Desk, *, by: Actor = OPS, impact_fen: int | None = 0) -> int:
    with transaction(engine) as connection:
        return rulebooks.request_review(
            connection,
            desk=desk,
            draft="d",
            by=by,
            title="降费率",
            reason="竞争",
            impact_fen=impact_fen,
            now=at(1),
        )


def approve(engine: Engine, desk: Desk, number: int, *, by: Actor = FINANCE) -> tuple[str, ...]:
    with transaction(engine) as connection:
        return rulebooks.approve(connection, desk=desk, review_no=number, by=by, words="同意", now=at(2))


def publish(engine: Engine, desk: Desk, number: int, *, by: Actor = OPS) -> int:
    with transaction(engine) as connection:
        return rulebooks.publish(connection, desk=desk, review_no=number, by=by, now=at(3))


def released(engine: Engine, desk: Desk) -> int:
    """Bring what is saved in the draft into force; return the number of its review."""
    number = request(engine, desk)
    approve(engine, desk, number)
    publish(engine, desk, number)
    return number


def review(engine: Engine, number: int) -> rulebooks.Review:
    with transaction(engine) as connection:
        return rulebooks.get_review(connection, review_no=number)


def test_from_draft_to_release_with_every_name_in_the_merge_commit(engine: Engine, desk: Desk) -> None:
    save(desk)
    number = request(engine, desk, impact_fen=-123_456)
    assert approve(engine, desk, number) == ()
    release_no = publish(engine, desk, number)
    found = review(engine, number)
    assert (found.state, found.release_no, drafts(desk.repository)) == ("PUBLISHED", release_no, ())
    newest = history(path=desk.repository, limit=1)[0]
    trailers = dict(line.split(": ", 1) for line in newest.message.split("\n\n")[1].splitlines())
    # How many claims there are about a rule is the affair of proofs.
    assert re.fullmatch(r"[1-9]\d* proved, 0 refuted, 0 undecided, 0 accepted", trailers.pop("Proofs"))
    assert trailers == {
        "Draft": "d",
        "Drafted-by": "王磊 <wang@haodian>",
        "Checked": "1 rules, no errors, 0 warnings",
        "Tests": "0 passed",
        "Impact": "-123456 fen a month",
        "Reason": "竞争",
        "Author": "王磊 <wang@haodian>",
        "Approved-by": "李娜 <li@haodian> (finance)",
        "Review": str(number),
        "Meaning": found.meaning,
    }
    with transaction(engine) as connection:
        assert rulebooks.active(connection) == (release_no, newest.sha)
        actions = [event.action for event in audit.list_events(connection)]
    assert actions == ["release.activate", "review.approve", "review.request", "release.activate"]


def test_an_author_never_approves_not_even_past_the_product(engine: Engine, desk: Desk) -> None:
    save(desk)
    save(desk, V2.replace("0.0030", "0.0031"), by=replace(OPS2, login="gao"))
    number = request(engine, desk)
    for writer in (OPS, OPS2):
        with pytest.raises(rulebooks.SelfApproval) as refusal:
            approve(engine, desk, number, by=replace(writer, role="finance"))
        assert refusal.value.code == "SELF_APPROVAL"
    row = "INSERT INTO approval (review_no, author, person, person_name, role, meaning, decision, at)"
    for author, person in (("wang", "wang"), ("other", "wang")):
        values = {"no": number, "author": author, "person": person}
        with pytest.raises(IntegrityError), transaction(engine) as connection:
            connection.execute(
                text(f"{row} VALUES (:no, :author, :person, 'x', 'finance', 'm', 'APPROVE', now())"), values
            )


def test_an_approval_is_never_altered(engine: Engine, desk: Desk) -> None:
    save(desk)
    approve(engine, desk, request(engine, desk))
    for statement in ("UPDATE approval SET meaning = 'other'", "DELETE FROM approval"):
        with pytest.raises(IntegrityError, match="append-only"), transaction(engine) as connection:
            connection.execute(text(statement))


def test_without_approval_nothing_is_published(engine: Engine, desk: Desk) -> None:
    save(desk)
    number, before = request(engine, desk), head(desk.repository)
    with pytest.raises(rulebooks.NotApproved) as refusal:
        publish(engine, desk, number)
    assert (refusal.value.code, refusal.value.fields) == ("NOT_APPROVED", {"roles": ["finance"]})
    assert (head(desk.repository), review(engine, number).state) == (before, "OPEN")


def test_reformatting_keeps_an_approval_and_an_edit_voids_it(engine: Engine, desk: Desk) -> None:
    save(desk)
    number = request(engine, desk)
    approve(engine, desk, number)
    save(desk, f"# told better\n{V2}")
    assert request(engine, desk) == number
    save(desk, V2.replace("0.0030", "0.0001"))
    for step in (publish, approve):
        with pytest.raises(rulebooks.ApprovalVoid) as refusal:
            step(engine, desk, number, by=FINANCE if step is approve else OPS)
        assert refusal.value.code == "APPROVAL_VOID"
    again = request(engine, desk)
    assert (again != number, review(engine, number).state) == (True, "WITHDRAWN")
    with pytest.raises(rulebooks.NotApproved):
        publish(engine, desk, again)
    with pytest.raises(rulebooks.ReviewClosed) as closed:
        approve(engine, desk, number)
    assert closed.value.code == "REVIEW_CLOSED"


def test_what_does_not_check_or_prove_is_not_reviewed(engine: Engine, desk: Desk) -> None:
    save(desk, V2.replace('"0.0030"', "0.0030"))
    with pytest.raises(rulebooks.CheckFailed) as refusal:
        request(engine, desk)
    assert (refusal.value.code, refusal.value.diagnostics[0].code) == ("CHECK_FAILED", "RATE_NOT_STRING")
    save(desk, V2.replace('when: "true"', 'when: "txn.amount_fen > 5 && txn.amount_fen < 5"'))
    with pytest.raises(rulebooks.ProofRefuted) as refuted:
        request(engine, desk)
    assert refuted.value.code == "PROOF_REFUTED"
    assert "CONDITION_CAN_HOLD" in {proof.code for proof in refuted.value.proofs}


def test_each_step_has_its_roles(engine: Engine, desk: Desk) -> None:
    save(desk)
    with pytest.raises(rulebooks.NotEntitled) as refusal:
        request(engine, desk, by=FINANCE)
    assert (refusal.value.code, refusal.value.fields["step"]) == ("NOT_ENTITLED", "write")
    number = request(engine, desk)
    with pytest.raises(rulebooks.NotEntitled):
        approve(engine, desk, number, by=RISK)
    approve(engine, desk, number)
    with pytest.raises(rulebooks.NotEntitled):
        publish(engine, desk, number, by=FINANCE)
    with pytest.raises(rulebooks.NotEntitled), transaction(engine) as connection:
        rulebooks.withdraw(connection, review_no=number, by=OPS2, now=at(2))
    with pytest.raises(rulebooks.ReviewUnknown) as unknown:
        approve(engine, desk, 999)
    assert unknown.value.code == "REVIEW_UNKNOWN"


def test_a_refusal_needs_words_and_ends_the_review(engine: Engine, desk: Desk) -> None:
    save(desk)
    number = request(engine, desk)
    with pytest.raises(rulebooks.ReasonMissing) as refusal, transaction(engine) as connection:
        rulebooks.refuse(connection, desk=desk, review_no=number, by=FINANCE, words=" ", now=at(2))
    assert refusal.value.code == "REASON_MISSING"
    with transaction(engine) as connection:
        rulebooks.refuse(connection, desk=desk, review_no=number, by=FINANCE, words="太低", now=at(2))
    found = review(engine, number)
    assert (found.state, found.decisions[0].words) == ("REFUSED", "太低")
    assert [draft.name for draft in drafts(desk.repository)] == ["d"]
    with pytest.raises(rulebooks.ReviewClosed):
        publish(engine, desk, number)


def test_a_draft_of_the_approvals_decides_nothing_about_itself(engine: Engine, desk: Desk) -> None:
    own = read_files(desk.repository, head(desk.repository))[APPROVAL].replace("[finance]", "[hq_ops]")
    save(desk, own, file=APPROVAL)
    number = request(engine, desk)
    with pytest.raises(rulebooks.NotEntitled):
        approve(engine, desk, number, by=OPS2)
    assert approve(engine, desk, number) == ()


def test_what_another_released_meanwhile_is_kept_or_clashes(engine: Engine, desk: Desk) -> None:
    two_rows = '    - {when: "txn.amount_fen > 5", rate: "0.0050"}\n    - {when: "true", rate: "0.0038"}\n'
    first = V2.replace('    - {when: "true", rate: "0.0030"}\n', two_rows)
    save(desk, first)
    number = request(engine, desk)
    approve(engine, desk, number)
    publish(engine, desk, number)
    base = head(desk.repository)
    third = first.replace("version: 2", "version: 3").replace("2025-03-01", "2025-04-01")
    save(desk, third.replace("0.0038", "0.0036"), base=base)
    save_draft(
        path=desk.repository,
        name="other",
        base=base,
        changes={FEE: third.replace("0.0050", "0.0045")},
        author=OPS2.author,
        message="x",
        at=T0,
    )
    merge_draft(path=desk.repository, name="other", author=OPS2.author, message="other", at=at(3))
    # Both rows changed, each by one: merged, but version 3 is out already, so the author has to raise it.
    with pytest.raises(rulebooks.CheckFailed) as refusal:
        request(engine, desk)
    assert [one.code for one in refusal.value.diagnostics] == ["VERSION_IMMUTABLE"]
    mine = (
        third.replace("0.0038", "0.0036")
        .replace("version: 3", "version: 4")
        .replace("2025-04-01", "2025-05-01")
    )
    save(desk, mine)
    with pytest.raises(BaseChanged) as clash:
        request(engine, desk)
    [conflict] = clash.value.conflicts
    assert [one.where for one in conflict.clashes] == ["effective.from"]
    both = mine.replace("0.0050", "0.0045")
    update_draft(path=desk.repository, name="d", author=OPS.author, at=at(4), resolved={FEE: both})
    number = request(engine, desk)
    approve(engine, desk, number)
    publish(engine, desk, number)
    assert read_files(desk.repository, head(desk.repository))[FEE] == both


def test_a_publishing_cut_off_after_the_merge_is_completed(engine: Engine, desk: Desk) -> None:
    save(desk)
    number = request(engine, desk)
    approve(engine, desk, number)
    with engine.connect() as connection:
        rulebooks.publish(connection, desk=desk, review_no=number, by=OPS, now=at(3))
        connection.rollback()
    merged = head(desk.repository)
    assert review(engine, number).state == "OPEN"
    release_no = publish(engine, desk, number)
    with transaction(engine) as connection:
        assert rulebooks.active(connection) == (release_no, merged)


def schedule(engine: Engine, desk: Desk, number: int, due: datetime) -> None:
    with transaction(engine) as connection:
        rulebooks.schedule(connection, desk=desk, review_no=number, due_at=due, by=OPS, now=at(3))


def test_a_planned_activation_comes_when_it_is_due(engine: Engine, desk: Desk) -> None:
    save(desk)
    number = request(engine, desk)
    with pytest.raises(rulebooks.NotApproved):
        schedule(engine, desk, number, at(10))
    approve(engine, desk, number)
    with pytest.raises(rulebooks.ScheduleInPast) as refusal:
        schedule(engine, desk, number, at(3))
    assert refusal.value.code == "SCHEDULE_IN_PAST"
    schedule(engine, desk, number, at(20))
    schedule(engine, desk, number, at(10))
    assert review(engine, number).due_at == at(10)
    assert rulebooks.activate_due(engine, desk=desk, now=at(9)) == ()
    [done] = rulebooks.activate_due(engine, desk=desk, now=at(10))
    assert (done.refusal, review(engine, number).release_no) == ("", done.release_no)
    assert rulebooks.activate_due(engine, desk=desk, now=at(21)) == ()


def test_a_planned_activation_looks_again_at_what_was_approved(engine: Engine, desk: Desk) -> None:
    save(desk)
    number = request(engine, desk)
    approve(engine, desk, number)
    schedule(engine, desk, number, at(10))
    save(desk, V2.replace("0.0030", "0.0001"))
    before = head(desk.repository)
    [done] = rulebooks.activate_due(engine, desk=desk, now=at(11))
    assert (done.refusal, done.release_no, head(desk.repository)) == ("APPROVAL_VOID", None, before)
    found = review(engine, number)
    assert (found.state, found.outcome, found.due_at) == ("OPEN", "APPROVAL_VOID", None)
    assert rulebooks.activate_due(engine, desk=desk, now=at(12)) == ()


def test_going_back_alone_is_an_emergency_with_a_reason(engine: Engine, desk: Desk) -> None:
    save(desk)
    number = released(engine, desk)
    with transaction(engine) as connection:
        first = rulebooks.list_activations(connection)[-1].release_no

    def back(by: Actor, reason: str) -> int:
        with transaction(engine) as connection:
            return rulebooks.roll_back(
                connection, desk=desk, release_no=first, by=by, reason=reason, now=at(5)
            )

    with pytest.raises(rulebooks.ReasonMissing):
        back(OPS, "")
    with pytest.raises(rulebooks.NotEntitled):
        back(FINANCE, "错了")
    again = back(OPS, "费率错了")
    assert again not in (first, review(engine, number).release_no)
    newest, _, before = history(path=desk.repository)[:3]
    assert read_files(desk.repository, newest.sha) == read_files(desk.repository, before.sha)
    assert f"Goes-back-to: {before.sha}" in newest.message
    with transaction(engine) as connection:
        assert rulebooks.active(connection) == (again, newest.sha)
        told = [event for event in audit.list_events(connection) if event.action == "release.roll_back"]
    assert told[0].detail == {"emergency": True, "reason": "费率错了"}


def test_going_back_otherwise_needs_an_approver(engine: Engine, desk: Desk) -> None:
    save(desk, FORM_TEXT.replace("Hello", "Hi"), file=FORM)
    released(engine, desk)
    with transaction(engine) as connection:
        first = rulebooks.list_activations(connection)[-1].release_no
        back = rulebooks.request_roll_back(
            connection, desk=desk, release_no=first, by=OPS, reason="词不对", now=at(5)
        )
    with pytest.raises(rulebooks.NotApproved):
        publish(engine, desk, back)
    approve(engine, desk, back)
    again = publish(engine, desk, back)
    found = review(engine, back)
    assert (found.state, found.release_no) == ("PUBLISHED", again)
    newest = history(path=desk.repository, limit=1)[0]
    assert newest.files == (FORM,)
    assert "Approved-by: 李娜 <li@haodian> (finance)" in newest.message
    with transaction(engine) as connection:
        assert rulebooks.active(connection) == (again, newest.sha)


def test_the_next_change_after_going_back_is_written_on_what_is_in_force(engine: Engine, desk: Desk) -> None:
    save(desk)
    released(engine, desk)
    with transaction(engine) as connection:
        first = rulebooks.list_activations(connection)[-1].release_no
        rulebooks.roll_back(connection, desk=desk, release_no=first, by=OPS, reason="错了", now=at(5))
    save(desk, FORM_TEXT.replace("Hello", "Hi"), file=FORM)
    later = request(engine, desk)
    approve(engine, desk, later)
    publish(engine, desk, later)
    assert read_files(desk.repository, head(desk.repository))[FEE] == FILES[FEE]
    rule = load(path=desk.repository, commit=head(desk.repository)).rulebook.in_force(
        kind="merchant_fee", at=at(24 * 365), scope={}
    )
    assert rule.version == 1


def test_a_going_back_cut_off_after_its_commit_is_completed(engine: Engine, desk: Desk) -> None:
    save(desk)
    released(engine, desk)
    with transaction(engine) as connection:
        first = rulebooks.list_activations(connection)[-1].release_no

    def back(connection: Connection) -> int:
        return rulebooks.roll_back(connection, desk=desk, release_no=first, by=OPS, reason="错了", now=at(5))

    with engine.connect() as connection:
        back(connection)
        connection.rollback()
    tip = head(desk.repository)
    with transaction(engine) as connection:
        again = back(connection)
        assert rulebooks.active(connection) == (again, tip)
    assert head(desk.repository) == tip


def test_every_release_is_tagged_and_sent_and_a_remote_away_is_written_down(
    engine: Engine, desk: Desk, tmp_path: Path
) -> None:
    remote = tmp_path / "remote.git"

    def mirror(hours: int) -> rulebooks.Remote | None:
        return rulebooks.mirror(engine, repository=desk.repository, remote=str(remote), now=at(hours))

    away = mirror(1)
    assert away is not None
    assert (away.state, away.main) == ("AWAY", "")
    pygit2.init_repository(str(remote), bare=True)
    level = mirror(2)
    assert level is not None
    assert (level.state, level.main) == ("LEVEL", head(desk.repository))
    with transaction(engine) as connection:
        assert rulebooks.find_remote(connection) == level
        numbers = {row.release_no: row.commit for row in rulebooks.list_activations(connection)}
    assert tagged(remote) == tagged(desk.repository) == numbers


def test_nothing_is_merged_while_the_remote_has_gone_another_way(
    engine: Engine, desk: Desk, tmp_path: Path
) -> None:
    remote = tmp_path / "remote.git"
    make(remote)
    save_draft(
        path=remote, name="x", base=head(remote), changes={FEE: V2}, author=WANG, message="x", at=at(1)
    )
    merge_draft(path=remote, name="x", author=WANG, message="x", at=at(1))
    rulebooks.mirror(engine, repository=desk.repository, remote=str(remote), now=at(1))
    save(desk)
    number, before = request(engine, desk), head(desk.repository)
    approve(engine, desk, number)
    with pytest.raises(rulebooks.HistoryDiverged) as refusal:
        publish(engine, desk, number)
    assert (refusal.value.code, head(desk.repository)) == ("REMOTE_DIVERGED", before)
