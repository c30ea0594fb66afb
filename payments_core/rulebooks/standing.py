"""Where a review stands: what publishing works with, who must approve, who has still to.

Who may do what stands in rules/approval.yaml of the released history: a draft of that file decides nothing
about itself.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from sqlalchemy import Connection, update

from engine.releases import (
    Chain,
    Change,
    Release,
    Signer,
    chains_of,
    find_change,
    head,
    load,
    meaning_of_roll_back,
    outstanding,
    read_approvals,
    requirements,
)
from engine.rulebook import Evaluator
from payments_core import audit
from payments_core.rulebooks.errors import ReleaseUnknown, ReviewClosed
from payments_core.rulebooks.evidence import Evidence, examine
from payments_core.rulebooks.model import MAIL, Actor, Review
from payments_core.rulebooks.queries import active, commit_of_release, get_review
from payments_core.rulebooks.tables import review, scheduled_activation


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """What every step works with: the repository, how tests compute money, how commits are signed."""

    repository: Path
    evaluators: Mapping[str, Evaluator] = field(default_factory=dict)
    sign: Signer | None = None

    def examine(self, draft: str, *, now: datetime) -> Evidence:
        """Return the evidence about a draft."""
        return examine(repository=self.repository, draft=draft, evaluators=self.evaluators, now=now)


def needed_for(desk: Desk, found: Review, *, change: Change | None = None) -> tuple[str, ...]:
    """Return the roles that must approve the review, one for each person; [] where the draft is gone."""
    if found.rolls_back_to is not None:
        return read_approvals(released(desk)).roll_back
    change = change or find_change(path=desk.repository, name=found.draft)
    return requirements(chains=chains_for(desk, change), impact_fen=found.impact_fen)


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
        writers=writers | {f"{found.author}{MAIL}"},
    )


def chains_for(desk: Desk, change: Change) -> tuple[Chain, ...]:
    """Return the chains of approval.yaml that a change passes."""
    released = load(path=desk.repository, commit=change.released)
    return chains_of(read_approvals(released), released, files=change.files)


def released(desk: Desk) -> Release:
    """Return the release at the tip of main."""
    return load(path=desk.repository, commit=head(desk.repository))


def meaning_of_going_back(connection: Connection, release_no: int) -> str:
    """Return what going back from the active release would mean. Raises ReleaseUnknown."""
    present = active(connection)
    if present is None:
        raise ReleaseUnknown(release_no=release_no)
    wanted = commit_of_release(connection, release_no=release_no)
    return meaning_of_roll_back(present=present[1], wanted=wanted)


def open_review(connection: Connection, review_no: int) -> Review:
    """Return the open review, locked until the transaction ends. Raises ReviewUnknown, ReviewClosed."""
    connection.execute(review.select().where(review.c.review_no == review_no).with_for_update())
    found = get_review(connection, review_no=review_no)
    if not found.is_open:
        raise ReviewClosed(state=found.state)
    return found


def tell(
    connection: Connection,
    action: str,
    review_no: int,
    by: Actor,
    detail: Mapping[str, object],
    now: datetime,
) -> None:
    """Add a step of a review to the audit log."""
    audit.append(
        connection,
        actor=by.name,
        role=by.role,
        action=action,
        subject=f"review {review_no}",
        detail=dict(detail),
        now=now,
    )


def close(connection: Connection, review_no: int, state: str, *, release_no: int | None = None) -> None:
    """End a review in `state`; what was planned for it is cancelled."""
    values = {"state": state, "release_no": release_no}
    connection.execute(update(review).where(review.c.review_no == review_no).values(values))
    stop_waiting(connection, review_no)


def stop_waiting(connection: Connection, review_no: int) -> None:
    """Cancel the planned activation of a review, if there is one."""
    waiting = (scheduled_activation.c.review_no == review_no) & (scheduled_activation.c.state == "WAITING")
    connection.execute(update(scheduled_activation).where(waiting).values(state="CANCELLED"))
