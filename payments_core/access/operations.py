"""Log in, open and end sessions, keep accounts.

`authenticate` takes the engine, not a connection: a refused attempt must be remembered although the caller's
work is rolled back, so it is committed on its own before the refusal is raised.
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Engine, Row, delete, func, insert, select, update
from sqlalchemy.dialects.postgresql import insert as upsert

from payments_core.access.errors import AccountLocked, LoginRefused, LoginTaken, RoleNotHeld, TooManyAttempts
from payments_core.access.model import Grant, Identity
from payments_core.access.passwords import hash_password, is_password
from payments_core.access.queries import grants_of, hash_token
from payments_core.access.tables import login_attempt, user_account, user_role, user_session
from payments_core.database import transaction

SESSION_LIFETIME = timedelta(hours=12)
FAILURES_PER_ACCOUNT = 5
FAILURES_PER_ADDRESS = 30
LOCK = timedelta(minutes=15)


def authenticate(engine: Engine, *, login: str, password: str, address: str, now: datetime) -> Identity:
    """Return whose `login` and `password` these are, with the roles to choose from.

    The fifth wrong password in a row locks the account for 15 minutes, thirty wrong ones from one address
    within 15 minutes lock the address; while locked even the right password is refused.
    Raises LoginRefused, AccountLocked, TooManyAttempts.
    """
    with transaction(engine) as connection:
        if _failures_from(connection, address=address, now=now) >= FAILURES_PER_ADDRESS:
            raise TooManyAttempts(retry_after_s=int(LOCK.total_seconds()))
        account = connection.execute(select(user_account).where(user_account.c.login == login)).one_or_none()
    # Argon2 takes 50 ms: no transaction is open meanwhile.
    matches = is_password(password, password_hash=account.password_hash if account else None)
    if account is not None and account.locked_until is not None and account.locked_until > now:
        raise AccountLocked(retry_after_s=int((account.locked_until - now).total_seconds()) + 1)
    accepted = matches and account is not None and account.disabled_at is None
    with transaction(engine) as connection:
        _remember_attempt(
            connection, account=account, login=login, address=address, accepted=accepted, now=now
        )
        if accepted and account is not None:
            return Identity(
                user_id=account.user_id,
                login=account.login,
                name=account.name,
                language=account.language,
                grants=grants_of(connection, user_id=account.user_id),
            )
    raise LoginRefused


def open_session(
    connection: Connection,
    *,
    identity: Identity,
    grant: Grant,
    address: str,
    now: datetime,
    replaces: str | None = None,
) -> str:
    """Open a session in one role and return its token, which is stored nowhere; end the session `replaces`.

    Raises RoleNotHeld where the person does not hold `grant` any more.
    """
    if grant not in grants_of(connection, user_id=identity.user_id):
        raise RoleNotHeld(role=grant.role)
    if replaces:
        revoke(connection, token=replaces, now=now)
    token = secrets.token_urlsafe(32)
    connection.execute(
        insert(user_session).values(
            session_hash=hash_token(token),
            user_id=identity.user_id,
            role=grant.role,
            scope_kind=grant.scope.kind,
            scope_id=grant.scope.id,
            created_at=now,
            expires_at=now + SESSION_LIFETIME,
            address=address,
        )
    )
    return token


def revoke(connection: Connection, *, token: str, now: datetime) -> None:
    """End the session of `token`; ending it twice or ending no session changes nothing."""
    connection.execute(
        update(user_session)
        .where(user_session.c.session_hash == hash_token(token), user_session.c.revoked_at.is_(None))
        .values(revoked_at=now)
    )


def revoke_all(connection: Connection, *, user_id: int, now: datetime) -> int:
    """End every session of a person and return how many there were."""
    live = (user_session.c.user_id == user_id) & user_session.c.revoked_at.is_(None)
    return connection.execute(update(user_session).where(live).values(revoked_at=now)).rowcount


def create_user(
    connection: Connection,
    *,
    login: str,
    name: str,
    password_hash: str,
    grants: Sequence[Grant],
    language: str = "zh",
) -> int:
    """Create an account (`password_hash` from `hash_password`) and return its user_id. Raises LoginTaken."""
    row = upsert(user_account).values(login=login, name=name, password_hash=password_hash, language=language)
    user_id = connection.execute(
        row.on_conflict_do_nothing().returning(user_account.c.user_id)
    ).scalar_one_or_none()
    if user_id is None:
        raise LoginTaken(login=login)
    for grant in grants:
        connection.execute(
            insert(user_role).values(
                user_id=user_id, role=grant.role, scope_kind=grant.scope.kind, scope_id=grant.scope.id
            )
        )
    return int(user_id)


def set_password(connection: Connection, *, user_id: int, password: str, now: datetime) -> None:
    """Give the person a new password, end their sessions and lift a lock. Raises PasswordTooWeak."""
    values = {"password_hash": hash_password(password), "failed_count": 0, "locked_until": None}
    connection.execute(update(user_account).where(user_account.c.user_id == user_id).values(values))
    revoke_all(connection, user_id=user_id, now=now)


def set_language(connection: Connection, *, user_id: int, language: str) -> None:
    """Remember the language in which the person reads the console (`zh` or `en`)."""
    connection.execute(
        update(user_account).where(user_account.c.user_id == user_id).values(language=language)
    )


def disable_user(connection: Connection, *, user_id: int, now: datetime) -> None:
    """Close the account and end its sessions; what the person did stays."""
    connection.execute(update(user_account).where(user_account.c.user_id == user_id).values(disabled_at=now))
    revoke_all(connection, user_id=user_id, now=now)


def purge_sessions(connection: Connection, *, now: datetime, keep: timedelta = timedelta(days=30)) -> int:
    """Delete sessions and login attempts that ended more than `keep` ago; return how many sessions."""
    connection.execute(delete(login_attempt).where(login_attempt.c.at < now - keep))
    return connection.execute(delete(user_session).where(user_session.c.expires_at < now - keep)).rowcount


def _failures_from(connection: Connection, *, address: str, now: datetime) -> int:
    recent = (login_attempt.c.address == address) & (login_attempt.c.at > now - LOCK)
    failed = recent & login_attempt.c.succeeded_as.is_(None)
    return int(connection.execute(select(func.count()).select_from(login_attempt).where(failed)).scalar_one())


def _remember_attempt(
    connection: Connection,
    *,
    account: Row[Any] | None,
    login: str,
    address: str,
    accepted: bool,
    now: datetime,
) -> None:
    user_id = account.user_id if account is not None else None
    connection.execute(
        insert(login_attempt).values(
            address=address, login=login[:100], at=now, succeeded_as=user_id if accepted else None
        )
    )
    if user_id is None:
        return
    one = update(user_account).where(user_account.c.user_id == user_id)
    if accepted:
        connection.execute(one.values(failed_count=0, locked_until=None))
        return
    failures = connection.execute(
        one.values(failed_count=user_account.c.failed_count + 1).returning(user_account.c.failed_count)
    ).scalar_one()
    if failures >= FAILURES_PER_ACCOUNT:
        connection.execute(one.values(failed_count=0, locked_until=now + LOCK))
