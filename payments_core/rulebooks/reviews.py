"""The review of a change: request, approve, refuse, withdraw.

Approvals are bound to what the change means, so each step holds the draft as it is now against the review,
and refuses where they differ.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import Connection, insert, update
from sqlalchemy.dialects.postgresql import insert as upsert

from engine.releases import find_change
from payments_core import audit
from payments_core.rulebooks.errors import ApprovalVoid, NotEntitled, ReasonMissing, SelfApproval
from payments_core.rulebooks.model import MAIL, Actor
from payments_core.rulebooks.queries import commit_of_release, get_review
from payments_core.rulebooks.standing import (
    Desk,
    chains_for,
    close,
    meaning_of_going_back,
    needed_for,
    open_review,
    outstanding_for,
    tell,
)
from payments_core.rulebooks.tables import approval, review


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
    chains = chains_for(desk, change)
    if not all(by.role in chain.write for chain in chains):
        raise NotEntitled(role=by.role, step="write")
    of_draft = (review.c.draft == draft) & (review.c.state == "OPEN")
    known = connection.execute(review.select().where(of_draft).with_for_update()).one_or_none()
    if known is not None and known.meaning == change.meaning:
        return int(known.review_no)
    if known is not None:
        close(connection, known.review_no, "WITHDRAWN")
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
    meaning, title = meaning_of_going_back(connection, release_no), f"← R-{release_no}"
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
    close(connection, review_no, "REFUSED")


def withdraw(connection: Connection, *, review_no: int, by: Actor, now: datetime) -> None:
    """Take the review back. Raises NotEntitled for anybody but its author, ReviewClosed."""
    found = open_review(connection, review_no)
    if found.author != by.login:
        raise NotEntitled(role=by.role, step="withdraw")
    close(connection, review_no, "WITHDRAWN")
    tell(connection, "review.withdraw", review_no, by, {}, now)


def note_impact(
    connection: Connection, *, meaning: str, impact_fen: int, by: str, now: datetime
) -> tuple[int, ...]:
    """Write what a change moves in a month to the open reviews of it; return those it was news to."""
    of_change = (review.c.meaning == meaning) & (review.c.state == "OPEN")
    is_news = review.c.impact_fen.is_distinct_from(impact_fen)
    statement = update(review).where(of_change & is_news).values(impact_fen=impact_fen)
    noted = tuple(connection.execute(statement.returning(review.c.review_no)).scalars())
    for number in noted:
        audit.append(
            connection,
            actor=by,
            role="backtest",
            action="review.measure",
            subject=f"review {number}",
            detail={"meaning": meaning, "impact_fen": impact_fen},
            now=now,
        )
    return noted


def _decide(
    connection: Connection, desk: Desk, review_no: int, by: Actor, decision: str, words: str, now: datetime
) -> None:
    found = open_review(connection, review_no)
    change = None if found.rolls_back_to is not None else find_change(path=desk.repository, name=found.draft)
    writers = {f"{found.author}{MAIL}", *(change.writers if change is not None else ())}
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
    tell(connection, f"review.{decision.lower()}", review_no, by, detail, now)


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
    tell(connection, "review.request", number, by, {"title": title, "meaning": meaning}, now)
    return number
