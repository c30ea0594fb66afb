"""A page reads only within its person's scope, and asks again before it writes."""

from __future__ import annotations

from dataclasses import replace

import pytest
from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError

from payments_core import access
from payments_core.access import Action
from payments_core.database import transaction
from tests.unit.ui_http.conftest import NOW, PASSWORD
from ui.services import Services
from ui.visit import NotAllowed, Visit


@pytest.fixture
def visit(services: Services) -> Visit:
    """Ops on a page, just signed in."""
    identity = access.authenticate(services.engine, login="ops", password=PASSWORD, address="", now=NOW)
    with transaction(services.engine) as connection:
        token = access.open_session(
            connection, identity=identity, grant=identity.grants[0], address="", now=NOW
        )
        person = access.find_session(connection, token=token, now=NOW)
    assert person is not None
    return Visit(services=services, person=person, token=token, now=NOW, path="/", dark=False)


def _whoami(connection: Connection, *, extra: str = "") -> str:
    return str(connection.execute(text("SELECT current_user")).scalar_one()) + extra


async def test_a_read_runs_as_the_console_and_cannot_write(visit: Visit) -> None:
    assert await visit.read(_whoami, extra="!") == "haodian_console!"
    with pytest.raises(DBAPIError):
        await visit.read(lambda connection: connection.execute(text("DELETE FROM org_node")))


async def test_a_write_runs_for_whoever_may(visit: Visit) -> None:
    assert await visit.write(Action.EDIT_MONEY_RULES, _whoami) == "postgres"
    assert await visit.call(Action.EDIT_MONEY_RULES, lambda: 7) == 7


async def test_a_write_the_role_does_not_include_is_refused(visit: Visit) -> None:
    with pytest.raises(NotAllowed):
        await visit.write(Action.APPROVE_MONEY_RULES, _whoami)
    with pytest.raises(NotAllowed):
        await visit.call(Action.APPROVE_MONEY_RULES, lambda: 7)


async def test_a_page_left_open_after_the_session_ended_can_write_nothing(visit: Visit) -> None:
    with transaction(visit.services.engine) as connection:
        access.revoke(connection, token=visit.token, now=NOW)
    with pytest.raises(NotAllowed):
        await visit.write(Action.EDIT_MONEY_RULES, _whoami)


async def test_a_page_of_one_role_cannot_write_with_the_session_of_another(visit: Visit) -> None:
    other = replace(visit, person=replace(visit.person, role=access.Role.RISK))
    with pytest.raises(NotAllowed):
        await other.write(Action.EDIT_MONEY_RULES, _whoami)
