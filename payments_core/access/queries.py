"""Who a session speaks for, and which sessions are open."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, select

from payments_core.access.model import Grant, Person, Role
from payments_core.access.tables import ROLES, user_account, user_role, user_session
from payments_core.database import Scope


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenSession:
    """One live session as an administrator or its owner sees it."""

    user_id: int
    login: str
    role: Role
    address: str
    created_at: datetime
    expires_at: datetime


def find_session(connection: Connection, *, token: str, now: datetime) -> Person | None:
    """Return whom `token` speaks for; None where session, account or role has ended."""
    query = (
        select(
            user_account.c.user_id, user_account.c.login, user_account.c.name, user_account.c.language,
            user_session.c.role, user_session.c.scope_kind, user_session.c.scope_id,
        )
        .join(user_account, user_account.c.user_id == user_session.c.user_id)
        .join(
            user_role,
            (user_role.c.user_id == user_session.c.user_id)
            & (user_role.c.role == user_session.c.role)
            & (user_role.c.scope_kind == user_session.c.scope_kind)
            & (user_role.c.scope_id == user_session.c.scope_id),
        )
        .where(
            user_session.c.session_hash == hash_token(token),
            user_session.c.revoked_at.is_(None),
            user_session.c.expires_at > now,
            user_account.c.disabled_at.is_(None),
        )
    )  # fmt: skip
    row = connection.execute(query).one_or_none()
    if row is None:
        return None
    return Person(
        user_id=row.user_id,
        login=row.login,
        name=row.name,
        role=Role(row.role),
        scope=Scope(kind=row.scope_kind, id=row.scope_id),
        language=row.language,
    )


def list_sessions(
    connection: Connection, *, now: datetime, user_id: int | None = None
) -> tuple[OpenSession, ...]:
    """Return the live sessions, newest first; of one person where `user_id` is given."""
    query = (
        select(user_session, user_account.c.login)
        .join(user_account, user_account.c.user_id == user_session.c.user_id)
        .where(user_session.c.revoked_at.is_(None), user_session.c.expires_at > now)
        .order_by(user_session.c.created_at.desc())
    )
    if user_id is not None:
        query = query.where(user_session.c.user_id == user_id)
    return tuple(
        OpenSession(
            user_id=row.user_id,
            login=row.login,
            role=Role(row.role),
            address=row.address,
            created_at=row.created_at,
            expires_at=row.expires_at,
        )
        for row in connection.execute(query)
    )


def grants_of(connection: Connection, *, user_id: int) -> tuple[Grant, ...]:
    """Return the roles a person holds, in the order of `ROLES`."""
    rows = connection.execute(select(user_role).where(user_role.c.user_id == user_id)).all()
    grants = [Grant(role=Role(row.role), scope=Scope(kind=row.scope_kind, id=row.scope_id)) for row in rows]
    return tuple(sorted(grants, key=lambda grant: (ROLES.index(grant.role), grant.scope.id)))


def hash_token(token: str) -> bytes:
    """Return what is stored of a session token: its SHA-256."""
    return hashlib.sha256(token.encode()).digest()
