"""Record and activate releases.

Activation is one row, one number in every lane and one notification, in one transaction: each process
changes over at its next batch or page. A commit that does not check is refused before anything is written,
so the last good release stays active.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from pathlib import Path

from sqlalchemy import Connection, insert, select, text

from engine.diagnostics import Diagnostic, Severity
from engine.releases import check_commit
from engine.rulebook import Evaluator
from payments_core import audit
from payments_core.rulebooks.errors import ReleaseRejected
from payments_core.rulebooks.tables import activation, release

CHANNEL = "haodian_release"
"""PostgreSQL channel on which the number of a newly active release is told."""


def record_release(connection: Connection, *, commit: str, title: str, now: datetime) -> int:
    """Return the number of the release of `commit`, recording it first where it is new."""
    found = connection.execute(select(release.c.release_no).where(release.c.commit_sha == commit)).scalar()
    if found is not None:
        return int(found)
    values = {"commit_sha": commit, "title": title, "created_at": now}
    made = connection.execute(insert(release).values(values).returning(release.c.release_no))
    return int(made.scalar_one())


def activate(
    connection: Connection,
    *,
    repository: Path,
    commit: str,
    title: str,
    actor: str,
    reason: str,
    now: datetime,
    role: str = "hq_ops",
    evaluators: Mapping[str, Evaluator] | None = None,
) -> int:
    """Make `commit` the release every lane runs on from its next batch; return its number.

    The last step of `publish` and `roll_back`, which ask who may; by itself only for the starting rulebook
    and the demo world. Activating an earlier release again is how a change is undone. Raises ReleaseRejected
    with every error where the commit does not check, and what engine.releases raises where it cannot be read.
    """
    checked, findings = check_commit(path=repository, commit=commit, evaluators=evaluators or {})
    if checked is None:
        raise _rejected(commit, tuple(one for one in findings if one.severity == Severity.ERROR))
    # Past this point the operation must succeed. The lanes are locked first, and in their order: of two
    # activations at once, the later row is then also the one the lanes are left with.
    connection.execute(text("SELECT lane_no FROM lane ORDER BY lane_no FOR UPDATE"))
    release_no = record_release(connection, commit=commit, title=title, now=now)
    row = {"release_no": release_no, "activated_at": now, "activated_by": actor, "reason": reason}
    connection.execute(insert(activation).values(row))
    connection.execute(text("UPDATE lane SET release_no = :release_no"), {"release_no": release_no})
    connection.execute(text("SELECT pg_notify(:channel, :no)"), {"channel": CHANNEL, "no": str(release_no)})
    audit.append(
        connection,
        actor=actor,
        role=role,
        action="release.activate",
        subject=f"release {release_no}",
        detail={"commit": commit, "title": title, "reason": reason},
        now=now,
    )
    return release_no


def _rejected(commit: str, diagnostics: tuple[Diagnostic, ...]) -> ReleaseRejected:
    message = f"commit {commit[:12]} has {len(diagnostics)} errors and was not activated"
    return ReleaseRejected(message, commit=commit, diagnostics=diagnostics)
