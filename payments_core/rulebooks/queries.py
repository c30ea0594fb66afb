"""Which release is active, which were, and the compiled releases a process keeps."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, Row, Select, select

from engine.releases import Release, load
from payments_core.rulebooks.errors import NoActiveRelease, ReleaseUnknown, ReviewUnknown
from payments_core.rulebooks.model import Decision, Review
from payments_core.rulebooks.tables import activation, approval, release, review, scheduled_activation


@dataclass(frozen=True, slots=True, kw_only=True)
class Activation:
    """One activation: which release, when, by whom, why."""

    activation_no: int
    release_no: int
    commit: str
    title: str
    activated_at: datetime
    activated_by: str
    reason: str


def active(connection: Connection) -> tuple[int, str] | None:
    """Return number and commit of the active release, None where nothing was ever activated."""
    newest = _activations().limit(1)
    found = connection.execute(newest).first()
    return (found.release_no, found.commit) if found else None


def list_activations(connection: Connection, *, limit: int = 100) -> tuple[Activation, ...]:
    """Return the activations, newest first; the first is the active one."""
    return tuple(Activation(**row._mapping) for row in connection.execute(_activations().limit(limit)))


def commit_of_release(connection: Connection, *, release_no: int) -> str:
    """Return the commit of a release. Raises ReleaseUnknown."""
    by_number = select(release.c.commit_sha).where(release.c.release_no == release_no)
    found = connection.execute(by_number).scalar()
    if found is None:
        raise ReleaseUnknown(release_no=release_no)
    return str(found)


def get_review(connection: Connection, *, review_no: int) -> Review:
    """Return a review with its decisions. Raises ReviewUnknown."""
    row = connection.execute(select(review).where(review.c.review_no == review_no)).one_or_none()
    if row is None:
        raise ReviewUnknown(review_no=review_no)
    return _review(connection, row)


def list_reviews(connection: Connection, *, limit: int = 100) -> tuple[Review, ...]:
    """Return the reviews: the open ones first, of each the newest first."""
    order = ((review.c.state != "OPEN"), review.c.review_no.desc())
    rows = connection.execute(select(review).order_by(*order).limit(limit)).all()
    return tuple(_review(connection, row) for row in rows)


class ActiveRulebook:
    """The compiled releases of a process, by number and by commit.

    A release once compiled stays usable whatever happens to the repository or the database, so a process
    goes on with the releases it has. May be shared between threads: the worst of a race is one wasted lookup.
    """

    def __init__(self, path: Path, engine: Engine) -> None:
        """Take the bare repository of rules and the database of activations; nothing is read yet."""
        self.path = path
        self._engine = engine
        self._commits: dict[int, str] = {}
        self._releases: dict[str, Release] = {}

    def get(self, release: int | str, /) -> Release:
        """Return a release by its number or its commit, compiled once and kept.

        Raises ReleaseUnknown, and what engine.releases raises for a commit that cannot be loaded.
        """
        commit = release if isinstance(release, str) else self._commit(release)
        if commit not in self._releases:
            self._releases[commit] = load(path=self.path, commit=commit)
        return self._releases[commit]

    def release(self, connection: Connection) -> Release:
        """Return the active release as `connection`'s transaction sees it. Raises NoActiveRelease."""
        found = active(connection)
        if found is None:
            raise NoActiveRelease
        self._commits[found[0]] = found[1]
        return self.get(found[1])

    def _commit(self, release_no: int) -> str:
        if release_no not in self._commits:
            by_number = select(release.c.commit_sha).where(release.c.release_no == release_no)
            with self._engine.connect() as connection:
                found = connection.execute(by_number).scalar()
            if found is None:
                raise ReleaseUnknown(release_no=release_no)
            self._commits[release_no] = str(found)
        return self._commits[release_no]


def _activations() -> Select[*tuple[Any, ...]]:
    columns = (
        activation.c.activation_no,
        activation.c.release_no,
        release.c.commit_sha.label("commit"),
        release.c.title,
        activation.c.activated_at,
        activation.c.activated_by,
        activation.c.reason,
    )
    joined = activation.join(release)
    return select(*columns).select_from(joined).order_by(activation.c.activation_no.desc())


def _review(connection: Connection, row: Row[Any]) -> Review:
    said = select(approval).where(approval.c.review_no == row.review_no).order_by(approval.c.approval_no)
    plans = select(scheduled_activation).where(scheduled_activation.c.review_no == row.review_no)
    plan = connection.execute(plans.order_by(scheduled_activation.c.schedule_no.desc()).limit(1)).first()
    names = Decision.__dataclass_fields__
    values = row._asdict()
    return Review(
        **{name: values[name] for name in Review.__dataclass_fields__ if name in values},
        commit=row.commit_sha,
        decisions=tuple(
            Decision(**{name: one._mapping[name] for name in names}) for one in connection.execute(said)
        ),
        due_at=plan.due_at if plan is not None and plan.state == "WAITING" else None,
        outcome=plan.outcome if plan is not None else "",
    )
