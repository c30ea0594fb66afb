"""From an approved review to a release: publish now or when it is due, and go back.

Everything is asked again at that moment: checks, tests, proofs, meaning, approvals, the publisher's role.
"""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

from sqlalchemy import Connection, insert

from engine.releases import MeaningChanged, ReleaseBroken, go_back, history, merge_draft, read_approvals
from payments_core import audit
from payments_core.rulebooks import operations
from payments_core.rulebooks.errors import (
    ApprovalVoid,
    CheckFailed,
    HistoryDiverged,
    NotApproved,
    NotEntitled,
    ReasonMissing,
    ScheduleInPast,
)
from payments_core.rulebooks.evidence import Evidence
from payments_core.rulebooks.mirror import find_remote
from payments_core.rulebooks.model import MAIL, Actor, Review
from payments_core.rulebooks.queries import commit_of_release
from payments_core.rulebooks.standing import (
    Desk,
    chains_for,
    close,
    meaning_of_going_back,
    open_review,
    outstanding_for,
    released,
    stop_waiting,
    tell,
)
from payments_core.rulebooks.tables import scheduled_activation


def publish(connection: Connection, *, desk: Desk, review_no: int, by: Actor, now: datetime) -> int:
    """Merge the reviewed draft into the released history and activate it; return the release's number.

    Everything is asked again first: checks, tests, proofs, meaning, approvals, the publisher's role. Raises
    NotApproved, ApprovalVoid, CheckFailed, ProofRefuted, NotEntitled, ReviewClosed, BaseChanged and its kin.
    The merge stays on main even if the caller's transaction is rolled back; publishing again completes it.
    """
    found = open_review(connection, review_no)
    if found.rolls_back_to is not None:
        number = _publish_roll_back(connection, desk, found, by, now)
    else:
        remote = find_remote(connection)
        if remote is not None and remote.state == "DIVERGED":
            raise HistoryDiverged
        commit = _merged_before(desk.repository, found) or _merge(desk, found, by, now)
        number = _activate(
            connection, desk, commit=commit, title=found.title, by=by, reason=found.reason, now=now
        )
    close(connection, review_no, "PUBLISHED", release_no=number)
    return number


def schedule(
    connection: Connection, *, desk: Desk, review_no: int, due_at: datetime, by: Actor, now: datetime
) -> None:
    """Plan the publishing of an approved review for `due_at`; a plan there was gives way.

    What would be refused now, or is known to be refused then, is refused here: see `publish`.
    """
    found = open_review(connection, review_no)
    if due_at <= now:
        raise ScheduleInPast
    if found.rolls_back_to is None:
        _sound_and_approved(desk, found, by, due_at)
    stop_waiting(connection, review_no)
    who = {"person": by.login, "person_name": by.name, "role": by.role}
    row = {"review_no": review_no, "due_at": due_at, "asked_at": now, **who}
    connection.execute(insert(scheduled_activation).values(row))
    tell(connection, "review.schedule", review_no, by, {"due_at": due_at.isoformat()}, now)


def roll_back(
    connection: Connection, *, desk: Desk, release_no: int, by: Actor, reason: str, now: datetime
) -> int:
    """Go back to an earlier release at once and alone, by approval.yaml's emergency rule.

    Returns the number of the new release that holds its files. A remote that went another way does not stop
    it: money comes first. Raises ReasonMissing, NotEntitled where the rule does not name the role,
    ReleaseUnknown.
    """
    if not reason.strip():
        raise ReasonMissing
    if by.role not in read_approvals(released(desk)).emergency:
        raise NotEntitled(role=by.role, step="roll_back")
    wanted, title = commit_of_release(connection, release_no=release_no), f"← R-{release_no}"
    detail = {"emergency": True, "reason": reason}
    audit.append(
        connection,
        actor=by.name,
        role=by.role,
        action="release.roll_back",
        subject=f"release {release_no}",
        detail=detail,
        now=now,
    )
    commit = _go_back(desk, wanted, title=title, by=by, now=now, said={"Reason": reason, "Emergency": "yes"})
    return _activate(connection, desk, commit=commit, title=title, by=by, reason=reason, now=now)


def _merge(desk: Desk, found: Review, by: Actor, now: datetime) -> str:
    evidence = _sound_and_approved(desk, found, by, now)
    try:
        return merge_draft(
            path=desk.repository,
            name=found.draft,
            author=by.author,
            message=found.title,
            at=now,
            trailers=_trailers(found, evidence),
            evaluators=desk.evaluators,
            meaning=found.meaning,
            sign=desk.sign,
        )
    except MeaningChanged as error:
        raise ApprovalVoid from error
    except ReleaseBroken as error:
        raise CheckFailed(diagnostics=error.diagnostics) from error


def _sound_and_approved(desk: Desk, found: Review, by: Actor, at: datetime) -> Evidence:
    """Return the evidence for publishing at `at`, after every refusal there is."""
    evidence = desk.examine(found.draft, now=at)
    change = evidence.change
    if change.meaning != found.meaning:
        raise ApprovalVoid
    if not all(by.role in chain.publish for chain in chains_for(desk, change)):
        raise NotEntitled(role=by.role, step="publish")
    missing = outstanding_for(desk, found, change=change)
    if missing:
        raise NotApproved(roles=list(missing))
    evidence.refuse_unsound()
    return evidence


def _publish_roll_back(connection: Connection, desk: Desk, found: Review, by: Actor, now: datetime) -> int:
    release_no = found.rolls_back_to or 0
    if meaning_of_going_back(connection, release_no) != found.meaning:
        raise ApprovalVoid
    if not any(by.role in chain.publish for chain in read_approvals(released(desk)).chains.values()):
        raise NotEntitled(role=by.role, step="publish")
    missing = outstanding_for(desk, found)
    if missing:
        raise NotApproved(roles=list(missing))
    said: dict[str, str | tuple[str, ...]] = {
        "Reason": found.reason,
        "Author": f"{found.author_name} <{found.author}{MAIL}>",
        "Approved-by": _approvers(found),
        "Review": str(found.review_no),
        "Meaning": found.meaning,
    }
    commit = _go_back(desk, found.commit, title=found.title, by=by, now=now, said=said)
    return _activate(connection, desk, commit=commit, title=found.title, by=by, reason=found.reason, now=now)


def _go_back(
    desk: Desk, commit: str, *, title: str, by: Actor, now: datetime, said: dict[str, str | tuple[str, ...]]
) -> str:
    return go_back(
        path=desk.repository,
        to=commit,
        author=by.author,
        message=title,
        at=now,
        trailers={name: value for name, value in said.items() if value},
        sign=desk.sign,
    )


def _merged_before(repository: Path, found: Review) -> str | None:
    """Return the merge that an earlier, cut-off publishing of the review left on main."""
    said = f"Review: {found.review_no}\nMeaning: {found.meaning}"
    since = (one for one in history(path=repository, limit=50) if one.message.endswith(said))
    return next((one.sha for one in since), None)


def _trailers(found: Review, evidence: Evidence) -> dict[str, str | tuple[str, ...]]:
    summary = evidence.summary()
    checked, proofs = summary["checked"], summary["proofs"]
    impact = "not measured" if found.impact_fen is None else f"{found.impact_fen} fen a month"
    said: dict[str, str | tuple[str, ...]] = {
        "Checked": f"{checked['rules']} rules, no errors, {checked['warnings']} warnings",
        "Proofs": ", ".join(f"{number} {name}" for name, number in proofs.items()),
        "Tests": f"{summary['tests']} passed",
        "Impact": impact,
        "Reason": found.reason,
        "Author": f"{found.author_name} <{found.author}{MAIL}>",
        "Approved-by": _approvers(found),
        "Review": str(found.review_no),
        "Meaning": found.meaning,
    }
    return {name: value for name, value in said.items() if value}


def _approvers(found: Review) -> tuple[str, ...]:
    return tuple(sorted({f"{one.person_name} <{one.given.person}> ({one.role})" for one in found.approvals}))


def _activate(
    connection: Connection, desk: Desk, *, commit: str, title: str, by: Actor, reason: str, now: datetime
) -> int:
    return operations.activate(
        connection,
        repository=desk.repository,
        commit=commit,
        title=title,
        actor=by.name,
        reason=reason,
        now=now,
        role=by.role,
        evaluators=desk.evaluators,
    )
