"""One person looking at one page: how a page is registered, who may see it, how it reads.

    @page("/things", action=Action.READ_REPORT)
    async def things(visit: Visit, q: str = "") -> None:
        rows = await visit.read(queries.list_things, text=q)
        with shell.frame(visit, section="people", title=t("things.title")):
            ...

`page` checks the permission, sets theme and language, and turns refusals into the pages everybody knows:
NotFound looks the same whether an object is missing or outside the scope.
"""

from __future__ import annotations

import functools
import inspect
import logging
import secrets
import typing
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Concatenate, ParamSpec, TypeVar

from nicegui import ui
from nicegui.context import context
from sqlalchemy import Connection
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from payments_core.access import Action, Person, find_session, may
from payments_core.calendar import business_date_of
from payments_core.database import scoped_transaction, transaction
from payments_core.errors import Conflict, Invalid, NotFound
from payments_core.reporting import surroundings
from ui import theme
from ui.i18n import QUASAR_LANGUAGE, language, use_language
from ui.pages import failures
from ui.security import LOOK_COOKIE
from ui.services import Services

log = logging.getLogger("haodian.ui")
P = ParamSpec("P")
T = TypeVar("T")

_MAY_TAKE_S = 30.0


class NotAllowed(NotFound):
    """There is no such page for you."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Visit:
    """The person, the instant and the services a page is built with; `path` is where it stands."""

    services: Services
    person: Person
    token: str
    now: datetime
    path: str
    dark: bool

    @property
    def today(self) -> date:
        """The business date of `now`."""
        return business_date_of(self.now)

    def may(self, action: Action) -> bool:
        """Tell whether the person's role includes `action`."""
        return may(self.person, action)

    async def read(
        self, query: Callable[Concatenate[Connection, P], T], *args: P.args, **kwargs: P.kwargs
    ) -> T:
        """Return `query(connection, …)`, run in a thread and in a transaction that sees only the person's
        rows.
        """

        def run() -> T:
            with scoped_transaction(self.services.engine, scope=self.person.scope) as connection:
                return query(connection, *args, **kwargs)

        return await run_in_threadpool(run)

    async def write(
        self,
        action: Action,
        operation: Callable[Concatenate[Connection, P], T],
        *args: P.args,
        **kwargs: P.kwargs,
    ) -> T:
        """Run `operation(connection, …)` in one transaction, after asking again whether the person may.

        The session may have ended and the role may have changed since the page was built. Raises NotAllowed.
        """

        def run() -> T:
            with transaction(self.services.engine) as connection:
                self._ensure_may(connection, action)
                return operation(connection, *args, **kwargs)

        return await run_in_threadpool(run)

    async def call(self, action: Action, operation: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Run `operation(…)`, which opens its own transactions, in a thread after the same check."""

        def run() -> T:
            with transaction(self.services.engine) as connection:
                self._ensure_may(connection, action)
            return operation(*args, **kwargs)

        return await run_in_threadpool(run)

    def _ensure_may(self, connection: Connection, action: Action) -> None:
        person = find_session(connection, token=self.token, now=self.services.machine_now())
        if (
            person is None
            or (person.role, person.scope) != (self.person.role, self.person.scope)
            or not may(person, action)
        ):
            raise NotAllowed


class _Page(ui.page):
    """A page that speaks the reader's language."""

    def resolve_language(self) -> Any:
        """Return Quasar's name of the reader's language."""
        return QUASAR_LANGUAGE[language()]


Build = Callable[..., Awaitable[Response | None]]


def page(path: str, *, action: Action | None) -> Callable[[Build], Build]:
    """Register an async function as a page; its first parameter is the Visit, the rest come from path and
    query.

    `action` None lets every signed-in person in.
    """

    def decorate(build: Build) -> Build:
        hints = typing.get_type_hints(build)
        own = [
            p.replace(annotation=hints[p.name])
            for p in list(inspect.signature(build).parameters.values())[1:]
        ]

        @functools.wraps(build)
        async def built(request: Request, **values: Any) -> Response | None:
            visit = visit_of(request)
            theme.apply(dark=visit.dark)
            try:
                if action is not None and not visit.may(action):
                    raise NotAllowed
                return await build(visit, **values)
            except (NotFound, Invalid, Conflict) as refusal:
                _start_again(404 if isinstance(refusal, NotFound) else 400)
                around = await visit.read(surroundings, scope=visit.person.scope, now=visit.now)
                failures.refused(visit, refusal, around)
            except Exception:
                reference = secrets.token_hex(4)
                log.exception("page %s failed, reference %s", path, reference)
                _start_again(500)
                failures.failed(visit, reference)
            return None

        del built.__wrapped__  # FastAPI would read the signature of `build`, which has no request
        request_parameter = inspect.Parameter(
            "request", inspect.Parameter.POSITIONAL_OR_KEYWORD, annotation=Request
        )
        vars(built)["__signature__"] = inspect.Signature([request_parameter, *own])
        built.__annotations__ = {"request": Request, **{p.name: p.annotation for p in own}}
        _Page(path, response_timeout=_MAY_TAKE_S, reconnect_timeout=30.0)(built)
        return build

    return decorate


def visit_of(request: Request) -> Visit:
    """Return the visit behind a request that passed the gate; for routes that answer with a file."""
    person: Person = request.state.person
    services: Services = request.state.services
    use_language(person.language)
    query = f"?{request.url.query}" if request.url.query else ""
    return Visit(
        services=services,
        person=person,
        token=request.state.token,
        now=services.now(),
        path=request.url.path + query,
        dark=request.cookies.get(LOOK_COOKIE) == "dark",
    )


def _start_again(status: int) -> None:
    """Throw away what the page had built before it was refused."""
    client = context.client
    client.content.clear()
    client.status_code = status
