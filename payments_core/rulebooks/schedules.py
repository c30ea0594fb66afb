"""Planned activations: what is due is published, or told why not. Run by the worker, again and again."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Engine, select, update

from engine.releases import ReleaseError
from payments_core import audit
from payments_core.database import transaction
from payments_core.errors import PaymentsCoreError
from payments_core.rulebooks.model import Actor
from payments_core.rulebooks.publishing import publish
from payments_core.rulebooks.standing import Desk
from payments_core.rulebooks.tables import scheduled_activation


@dataclass(frozen=True, slots=True, kw_only=True)
class Planned:
    """What became of one planned activation: the release, or the code of the refusal."""

    review_no: int
    release_no: int | None
    refusal: str


def activate_due(engine: Engine, *, desk: Desk, now: datetime) -> tuple[Planned, ...]:
    """Publish every review whose moment has come, the earliest first; each in a transaction of its own.

    Approvals, checks and proofs are looked at again. What is refused is not tried again: its review stays
    open with the refusal's code, and people decide.
    """
    with transaction(engine) as connection:
        due = (scheduled_activation.c.state == "WAITING") & (scheduled_activation.c.due_at <= now)
        query = select(scheduled_activation).where(due)
        rows = connection.execute(query.order_by(scheduled_activation.c.due_at)).all()
    done: list[Planned] = []
    for row in rows:
        by = Actor(login=row.person, name=row.person_name, role=row.role)
        one = scheduled_activation.c.schedule_no == row.schedule_no
        try:
            with transaction(engine) as connection:
                number = publish(connection, desk=desk, review_no=row.review_no, by=by, now=now)
                connection.execute(update(scheduled_activation).where(one).values(state="DONE"))
            done.append(Planned(review_no=row.review_no, release_no=number, refusal=""))
        except (PaymentsCoreError, ReleaseError) as error:
            with transaction(engine) as connection:
                failed = {"state": "FAILED", "outcome": error.code}
                connection.execute(update(scheduled_activation).where(one).values(failed))
                audit.append(
                    connection,
                    actor=by.name,
                    role=by.role,
                    action="review.schedule.failed",
                    subject=f"review {row.review_no}",
                    detail={"code": error.code},
                    now=now,
                )
            done.append(Planned(review_no=row.review_no, release_no=None, refusal=error.code))
    return tuple(done)
