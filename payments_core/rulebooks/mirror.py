"""Every release tagged, and the history sent to the remote: whatever is not there yet, again and again.

Nothing waits in a queue: what is missing is seen from the database and the two repositories, so a remote that
was away gets everything once it is back. The one row of `rulebook_remote` tells the console how it stands.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, Select, func, select
from sqlalchemy.dialects.postgresql import insert

from engine.releases import (
    Author,
    RemoteAway,
    RemoteDiverged,
    Signer,
    head,
    push_released,
    tag_release,
    tagged,
)
from payments_core.database import transaction
from payments_core.rulebooks.tables import activation, release, rulebook_remote


@dataclass(frozen=True, slots=True, kw_only=True)
class Remote:
    """How the remote stands: LEVEL, AWAY or DIVERGED; `main` is the last commit it is known to hold."""

    state: str
    main: str
    checked_at: datetime
    told: str


def mirror(
    engine: Engine, *, repository: Path, remote: str | None, sign: Signer | None = None, now: datetime
) -> Remote | None:
    """Tag the releases that have no tag, send what `remote` lacks, and keep how it went; None without one.

    A remote that is away or went another way stops nothing here: it is written down. Raises SigningFailed.
    """
    with transaction(engine) as connection:
        rows = connection.execute(_first_activations()).all()
    known = tagged(repository)
    for row in rows:
        if row.release_no in known:
            continue
        said = (
            f"{row.title}\n\nActivated-at: {row.activated_at.isoformat()}\nActivated-by: {row.activated_by}"
        )
        tag_release(
            path=repository,
            number=row.release_no,
            commit=row.commit_sha,
            message=f"{said}\nReason: {row.reason}" if row.reason else said,
            author=Author(name=row.activated_by, email="rules@haodian"),
            at=row.activated_at,
            sign=sign,
        )
    return _send(engine, repository, remote, now) if remote is not None else None


def find_remote(connection: Connection) -> Remote | None:
    """Return how the remote stood when it was asked last, None where there is none."""
    row = connection.execute(select(rulebook_remote)).one_or_none()
    if row is None:
        return None
    return Remote(state=row.state, main=row.main_sha, checked_at=row.checked_at, told=row.told)


def _send(engine: Engine, repository: Path, remote: str, now: datetime) -> Remote:
    with transaction(engine) as connection:
        before = find_remote(connection)
    main = before.main if before is not None else ""
    present = head(repository)
    try:
        push_released(path=repository, remote=remote)
        found = Remote(state="LEVEL", main=present, checked_at=now, told="")
    except RemoteAway as error:
        found = Remote(state="AWAY", main=main, checked_at=now, told=str(error))
    except RemoteDiverged as error:
        found = Remote(state="DIVERGED", main=main, checked_at=now, told=str(error))
    values = {"state": found.state, "main_sha": found.main, "checked_at": now, "told": found.told}
    row = insert(rulebook_remote).values(remote_no=0, **values)
    with transaction(engine) as connection:
        connection.execute(row.on_conflict_do_update(index_elements=["remote_no"], set_=values))
    return found


def _first_activations() -> Select[*tuple[Any, ...]]:
    first = select(func.min(activation.c.activation_no)).group_by(activation.c.release_no)
    columns = (
        release.c.release_no,
        release.c.commit_sha,
        release.c.title,
        activation.c.activated_at,
        activation.c.activated_by,
        activation.c.reason,
    )
    joined = release.join(activation)
    chosen = select(*columns).select_from(joined).where(activation.c.activation_no.in_(first))
    return chosen.order_by(release.c.release_no)
