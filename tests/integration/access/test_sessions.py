"""Logging in, and what a session is good for."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import Engine, text

from payments_core import access
from payments_core.access import Grant, Identity, Role
from payments_core.database import Scope, transaction

NOW = datetime(2025, 4, 15, 2, 0, tzinfo=UTC)
OPS = Grant(role=Role.HQ_OPS, scope=Scope(kind="all"))
CITY = Grant(role=Role.CITY_MANAGER, scope=Scope(kind="city", id="BJ"))
PASSWORD = "correct horse"


@pytest.fixture
def person(engine: Engine) -> int:
    with transaction(engine) as connection:
        return access.create_user(
            connection,
            login="ops",
            name="运营",
            password_hash=access.hash_password(PASSWORD),
            grants=(OPS, CITY),
        )


def _login(
    engine: Engine, *, password: str = PASSWORD, now: datetime = NOW, address: str = "10.0.0.1"
) -> Identity:
    return access.authenticate(engine, login="ops", password=password, address=address, now=now)


def _open(engine: Engine, *, grant: Grant = OPS, replaces: str | None = None) -> str:
    identity = _login(engine)
    with transaction(engine) as connection:
        return access.open_session(
            connection, identity=identity, grant=grant, address="10.0.0.1", now=NOW, replaces=replaces
        )


def _find(engine: Engine, token: str, now: datetime = NOW) -> access.Person | None:
    with transaction(engine) as connection:
        return access.find_session(connection, token=token, now=now)


def test_a_person_with_two_roles_chooses_one(engine: Engine, person: int) -> None:
    assert _login(engine).grants == (OPS, CITY)
    found = _find(engine, _open(engine, grant=CITY))
    assert found is not None
    assert (found.user_id, found.role, found.scope) == (
        person,
        Role.CITY_MANAGER,
        Scope(kind="city", id="BJ"),
    )


def test_a_role_that_is_not_held_is_refused(engine: Engine, person: int) -> None:
    with pytest.raises(access.RoleNotHeld):
        _open(engine, grant=Grant(role=Role.ADMIN, scope=Scope(kind="all")))


def test_only_the_hash_of_a_token_is_stored(engine: Engine, person: int) -> None:
    token = _open(engine)
    with transaction(engine) as connection:
        stored = connection.execute(text("SELECT * FROM user_session")).one()
    assert token not in str(stored)


def test_a_session_ends_by_time_by_revocation_and_at_the_next_login(engine: Engine, person: int) -> None:
    token = _open(engine)
    assert _find(engine, token, now=NOW + timedelta(hours=11, minutes=59)) is not None
    assert _find(engine, token, now=NOW + timedelta(hours=12)) is None
    second = _open(engine, replaces=token)
    assert _find(engine, token) is None
    with transaction(engine) as connection:
        access.revoke(connection, token=second, now=NOW)
    assert _find(engine, second) is None
    assert _find(engine, "never given out") is None


def test_a_session_ends_when_the_role_is_taken_away(engine: Engine, person: int) -> None:
    token = _open(engine)
    with transaction(engine) as connection:
        connection.execute(text("DELETE FROM user_role WHERE role = 'hq_ops'"))
    assert _find(engine, token) is None


def test_a_new_password_ends_every_session(engine: Engine, person: int) -> None:
    token = _open(engine)
    with transaction(engine) as connection:
        access.set_password(connection, user_id=person, password="another one", now=NOW)
    assert _find(engine, token) is None
    assert _login(engine, password="another one").user_id == person


def test_a_disabled_person_can_neither_log_in_nor_go_on(engine: Engine, person: int) -> None:
    token = _open(engine)
    with transaction(engine) as connection:
        access.disable_user(connection, user_id=person, now=NOW)
    assert _find(engine, token) is None
    with pytest.raises(access.LoginRefused):
        _login(engine)


def test_wrong_password_and_unknown_login_are_refused_alike(engine: Engine, person: int) -> None:
    with pytest.raises(access.LoginRefused) as wrong:
        _login(engine, password="not this one")
    with pytest.raises(access.LoginRefused) as unknown:
        access.authenticate(engine, login="nobody", password=PASSWORD, address="10.0.0.1", now=NOW)
    assert str(wrong.value) == str(unknown.value)


def test_five_wrong_passwords_lock_the_account_for_a_quarter_of_an_hour(engine: Engine, person: int) -> None:
    for _ in range(5):
        with pytest.raises(access.LoginRefused):
            _login(engine, password="not this one")
    with pytest.raises(access.AccountLocked) as locked:
        _login(engine, address="10.0.0.2")
    assert locked.value.fields["retry_after_s"] == 15 * 60 + 1
    assert _login(engine, now=NOW + timedelta(minutes=15)).user_id == person


def test_an_address_that_guesses_is_locked_whatever_the_login(engine: Engine, person: int) -> None:
    with transaction(
        engine
    ) as connection:  # 29 failures from before, written directly: argon2 is slow on purpose
        connection.execute(
            text(
                "INSERT INTO login_attempt (address, login, at)"
                " SELECT '10.0.0.9', 'x', :at FROM generate_series(1, 29)"
            ),
            {"at": NOW - timedelta(minutes=1)},
        )
    with pytest.raises(access.LoginRefused):
        access.authenticate(engine, login="nobody", password=PASSWORD, address="10.0.0.9", now=NOW)
    with pytest.raises(access.TooManyAttempts):
        _login(engine, address="10.0.0.9")
    assert _login(engine, address="10.0.0.1").user_id == person


def test_a_login_is_given_once_and_a_password_has_eight_characters(engine: Engine, person: int) -> None:
    with transaction(engine) as connection, pytest.raises(access.LoginTaken):
        access.create_user(connection, login="ops", name="另一位", password_hash="x", grants=())
    with pytest.raises(access.PasswordTooWeak):
        access.hash_password("short")


def test_old_sessions_are_purged_and_live_ones_listed(engine: Engine, person: int) -> None:
    token = _open(engine)
    with transaction(engine) as connection:
        (listed,) = access.list_sessions(connection, now=NOW, user_id=person)
        assert (listed.login, listed.role) == ("ops", Role.HQ_OPS)
        assert access.purge_sessions(connection, now=NOW + timedelta(days=1)) == 0
        assert access.purge_sessions(connection, now=NOW + timedelta(days=31)) == 1
    assert _find(engine, token) is None
