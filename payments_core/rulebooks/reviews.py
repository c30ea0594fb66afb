"""The life of a change: request a review, approve or refuse it, publish it now or later, go back.

Who may do what stands in rules/approval.yaml of the released history: a draft of that file decides nothing
about itself. Approvals are bound to what the change means, so each step holds the draft as it is now against
the review, and refuses where they differ.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from sqlalchemy import Connection, insert, update
from sqlalchemy.dialects.postgresql import insert as upsert

from engine.releases import (
    Chain,
    Change,
    MeaningChanged,
    Release,
    ReleaseBroken,
    Signer,
    chains_of,
    find_change,
    head,
    history,
    load,
    meaning_of_roll_back,
    merge_draft,
    outstanding,
    read_approvals,
    requirements,
)
from engine.rulebook import Evaluator
from payments_core import audit
from payments_core.rulebooks import operations
from payments_core.rulebooks.errors import (
    ApprovalVoid,
    CheckFailed,
    HistoryDiverged,
    NotApproved,
    NotEntitled,
    ReasonMissing,
    ReleaseUnknown,
    ReviewClosed,
    ScheduleInPast,
    SelfApproval,
)
from payments_core.rulebooks.evidence import Evidence, examine
from payments_core.rulebooks.mirror import find_remote
from payments_core.rulebooks.model import Actor, Review
from payments_core.rulebooks.queries import active, commit_of_release, get_review
from payments_core.rulebooks.tables import approval, review, scheduled_activation


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """What every step works with: the repository, how tests compute money, how commits are signed."""

    repository: Path
    evaluators: Mapping[str, Evaluator] = field(default_factory=dict)
    sign: Signer | None = None

    def examine(self, draft: str, *, now: datetime) -> Evidence:
        """Return the evidence about a draft."""
        return examine(repository=self.repository, draft=draft, evaluators=self.evaluators, now=now)


def request_review(
    connection: Connection,
    *,
    desk: Desk,
    draft: str,
    by: Actor,
    title: str,
    reason: str = "",
    impact_fen: int | None = None,
    now: datetime,
) -> int:
    """Ask for a review of `draft` and return its number; asking again for the same meaning gives the same.

    A review of the draft that was open for another meaning is withdrawn. Raises CheckFailed, ProofRefuted,
    NotEntitled where the role does not write such files, and what engine.releases raises.
    """
    evidence = desk.examine(draft, now=now)
    evidence.refuse_unsound()
    change = evidence.change
    chains = _chains(desk, change)
    if not all(by.role in chain.write for chain in chains):
        raise NotEntitled(role=by.role, step="write")
    of_draft = (review.c.draft == draft) & (review.c.state == "OPEN")
    known = connection.execute(review.select().where(of_draft).with_for_update()).one_or_none()
    if known is not None and known.meaning == change.meaning:
        return int(known.review_no)
    if known is not None:
        _close(connection, known.review_no, "WITHDRAWN")
    values = {"draft": draft, "commit_sha": change.commit, "summary": dict(evidence.summary())}
    return _open(
        connection,
        values,
        meaning=change.meaning,
        by=by,
        title=title,
        reason=reason,
        impact=impact_fen,
        now=now,
    )


def request_roll_back(
    connection: Connection, *, desk: Desk, release_no: int, by: Actor, reason: str, now: datetime
) -> int:
    """Ask for a review of going back to an earlier release; return its number. Raises ReleaseUnknown."""
    wanted = commit_of_release(connection, release_no=release_no)
    values = {"rolls_back_to": release_no, "commit_sha": wanted, "summary": {}}
    meaning, title = _meaning_of_going_back(connection, release_no), f"← R-{release_no}"
    return _open(connection, values, meaning=meaning, by=by, title=title, reason=reason, impact=None, now=now)


def approve(
    connection: Connection, *, desk: Desk, review_no: int, by: Actor, words: str = "", now: datetime
) -> tuple[str, ...]:
    """Say yes to the review as it stands; return the roles that are still to say so. Twice is once.

    Raises SelfApproval, NotEntitled, ApprovalVoid where the draft was edited since, ReviewClosed.
    """
    _decide(connection, desk, review_no, by, "APPROVE", words, now)
    return outstanding_for(desk, get_review(connection, review_no=review_no))


def refuse(
    connection: Connection, *, desk: Desk, review_no: int, by: Actor, words: str, now: datetime
) -> None:
    """Say no, in words; the review is closed, the draft stays. Raises as `approve`, and ReasonMissing."""
    if not words.strip():
        raise ReasonMissing
    _decide(connection, desk, review_no, by, "REFUSE", words, now)
    _close(connection, review_no, "REFUSED")


def withdraw(connection: Connection, *, review_no: int, by: Actor, now: datetime) -> None:
    """Take the review back. Raises NotEntitled for anybody but its author, ReviewClosed."""
    found = _open_review(connection, review_no)
    if found.author != by.login:
        raise NotEntitled(role=by.role, step="withdraw")
    _close(connection, review_no, "WITHDRAWN")
    _tell(connection, "review.withdraw", review_no, by, {}, now)


def publish(connection: Connection, *, desk: Desk, review_no: int, by: Actor, now: datetime) -> int:
    """Merge the reviewed draft into the released history and activate it; return the release's number.

    Everything is asked again first: checks, tests, proofs, meaning, approvals, the publisher's role. Raises
    NotApproved, ApprovalVoid, CheckFailed, ProofRefuted, NotEntitled, ReviewClosed, BaseChanged and its kin.
    The merge stays on main even if the caller's transaction is rolled back; publishing again completes it.
    """
    found = _open_review(connection, review_no)
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
    _close(connection, review_no, "PUBLISHED", release_no=number)
    return number


def schedule(
    connection: Connection, *, desk: Desk, review_no: int, due_at: datetime, by: Actor, now: datetime
) -> None:
    """Plan the publishing of an approved review for `due_at`; a plan there was gives way.

    What would be refused now, or is known to be refused then, is refused here: see `publish`.
    """
    found = _open_review(connection, review_no)
    if due_at <= now:
        raise ScheduleInPast
    if found.rolls_back_to is None:
        _sound_and_approved(desk, found, by, due_at)
    _stop_waiting(connection, review_no)
    who = {"person": by.login, "person_name": by.name, "role": by.role}
    row = {"review_no": review_no, "due_at": due_at, "asked_at": now, **who}
    connection.execute(insert(scheduled_activation).values(row))
    _tell(connection, "review.schedule", review_no, by, {"due_at": due_at.isoformat()}, now)


def roll_back(
    connection: Connection, *, desk: Desk, release_no: int, by: Actor, reason: str, now: datetime
) -> int:
    """Go back to an earlier release at once and alone, by approval.yaml's emergency rule; return its number.

    Raises ReasonMissing, NotEntitled where the rule does not name the role, ReleaseUnknown.
    """
    if not reason.strip():
        raise ReasonMissing
    if by.role not in read_approvals(_released(desk)).emergency:
        raise NotEntitled(role=by.role, step="roll_back")
    commit, title = commit_of_release(connection, release_no=release_no), f"← R-{release_no}"
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
    return _activate(connection, desk, commit=commit, title=title, by=by, reason=reason, now=now)


def needed_for(desk: Desk, found: Review, *, change: Change | None = None) -> tuple[str, ...]:
    """Return the roles that must approve the review, one for each person; [] where the draft is gone."""
    if found.rolls_back_to is not None:
        return read_approvals(_released(desk)).roll_back
    change = change or find_change(path=desk.repository, name=found.draft)
    return requirements(chains=_chains(desk, change), impact_fen=found.impact_fen)


def outstanding_for(desk: Desk, found: Review, *, change: Change | None = None) -> tuple[str, ...]:
    """Return the roles that have still to approve the review, as the draft is now."""
    if found.rolls_back_to is not None:
        writers, meaning = frozenset[str](), found.meaning
    else:
        change = change or find_change(path=desk.repository, name=found.draft)
        writers, meaning = change.writers, change.meaning
    return outstanding(
        needed_for(desk, found, change=change),
        given=[one.given for one in found.approvals],
        meaning=meaning,
        writers=writers | {f"{found.author}@haodian"},
    )


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
    if not all(by.role in chain.publish for chain in _chains(desk, change)):
        raise NotEntitled(role=by.role, step="publish")
    missing = outstanding_for(desk, found, change=change)
    if missing:
        raise NotApproved(roles=list(missing))
    evidence.refuse_unsound()
    return evidence


def _publish_roll_back(connection: Connection, desk: Desk, found: Review, by: Actor, now: datetime) -> int:
    release_no = found.rolls_back_to or 0
    if _meaning_of_going_back(connection, release_no) != found.meaning:
        raise ApprovalVoid
    if not any(by.role in chain.publish for chain in read_approvals(_released(desk)).chains.values()):
        raise NotEntitled(role=by.role, step="publish")
    missing = outstanding_for(desk, found)
    if missing:
        raise NotApproved(roles=list(missing))
    return _activate(
        connection, desk, commit=found.commit, title=found.title, by=by, reason=found.reason, now=now
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
    approvers = {f"{one.person_name} <{one.given.person}> ({one.role})" for one in found.approvals}
    said: dict[str, str | tuple[str, ...]] = {
        "Checked": f"{checked['rules']} rules, no errors, {checked['warnings']} warnings",
        "Proofs": ", ".join(f"{number} {name}" for name, number in proofs.items()),
        "Tests": f"{summary['tests']} passed",
        "Impact": impact,
        "Reason": found.reason,
        "Author": f"{found.author_name} <{found.author}@haodian>",
        "Approved-by": tuple(sorted(approvers)),
        "Review": str(found.review_no),
        "Meaning": found.meaning,
    }
    return {name: value for name, value in said.items() if value}


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


def _decide(
    connection: Connection, desk: Desk, review_no: int, by: Actor, decision: str, words: str, now: datetime
) -> None:
    found = _open_review(connection, review_no)
    change = None if found.rolls_back_to is not None else find_change(path=desk.repository, name=found.draft)
    writers = {f"{found.author}@haodian", *(change.writers if change is not None else ())}
    if by.author.email in writers:
        raise SelfApproval
    if by.role not in needed_for(desk, found, change=change):
        raise NotEntitled(role=by.role, step="approve")
    if change is not None and change.meaning != found.meaning:
        raise ApprovalVoid
    row = {
        "review_no": review_no,
        "author": found.author,
        "person": by.login,
        "person_name": by.name,
        "role": by.role,
        "meaning": found.meaning,
        "decision": decision,
        "words": words,
        "at": now,
    }
    connection.execute(upsert(approval).values(row).on_conflict_do_nothing())
    detail = {"meaning": found.meaning, "words": words}
    _tell(connection, f"review.{decision.lower()}", review_no, by, detail, now)


def _open(
    connection: Connection,
    values: Mapping[str, object],
    *,
    meaning: str,
    by: Actor,
    title: str,
    reason: str,
    impact: int | None,
    now: datetime,
) -> int:
    who = {"author": by.login, "author_name": by.name, "requested_at": now}
    row = {**values, **who, "meaning": meaning, "title": title, "reason": reason, "impact_fen": impact}
    number = int(connection.execute(insert(review).values(row).returning(review.c.review_no)).scalar_one())
    _tell(connection, "review.request", number, by, {"title": title, "meaning": meaning}, now)
    return number


def _open_review(connection: Connection, review_no: int) -> Review:
    """Return the open review, locked until the transaction ends. Raises ReviewUnknown, ReviewClosed."""
    connection.execute(review.select().where(review.c.review_no == review_no).with_for_update())
    found = get_review(connection, review_no=review_no)
    if not found.is_open:
        raise ReviewClosed(state=found.state)
    return found


def _close(connection: Connection, review_no: int, state: str, *, release_no: int | None = None) -> None:
    values = {"state": state, "release_no": release_no}
    connection.execute(update(review).where(review.c.review_no == review_no).values(values))
    _stop_waiting(connection, review_no)


def _stop_waiting(connection: Connection, review_no: int) -> None:
    waiting = (scheduled_activation.c.review_no == review_no) & (scheduled_activation.c.state == "WAITING")
    connection.execute(update(scheduled_activation).where(waiting).values(state="CANCELLED"))


def _meaning_of_going_back(connection: Connection, release_no: int) -> str:
    present = active(connection)
    if present is None:
        raise ReleaseUnknown(release_no=release_no)
    wanted = commit_of_release(connection, release_no=release_no)
    return meaning_of_roll_back(present=present[1], wanted=wanted)


def _chains(desk: Desk, change: Change) -> tuple[Chain, ...]:
    released = load(path=desk.repository, commit=change.released)
    return chains_of(read_approvals(released), released, files=change.files)


def _released(desk: Desk) -> Release:
    return load(path=desk.repository, commit=head(desk.repository))


def _tell(
    connection: Connection,
    action: str,
    review_no: int,
    by: Actor,
    detail: Mapping[str, object],
    now: datetime,
) -> None:
    audit.append(
        connection,
        actor=by.name,
        role=by.role,
        action=action,
        subject=f"review {review_no}",
        detail=dict(detail),
        now=now,
    )
