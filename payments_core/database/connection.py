"""Engines, transactions and the row-level scope of a transaction.

Writes run as the owner through `transaction`. Everything a person reads in the console runs through
`scoped_transaction`: it takes the role `haodian_console`, to which every row-level policy applies, and
tells PostgreSQL whose rows may be seen. A missing scope shows nothing.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Literal

import psycopg
from sqlalchemy import Connection, Engine, create_engine, text

ScopeKind = Literal["all", "city", "district", "store", "broker", "merchant"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """Whose rows a person may see: everything, or what lies below one node, broker or merchant."""

    kind: ScopeKind
    id: str = ""


def connect(*, url: str, pool_size: int = 5) -> Engine:
    """Return an engine for `url`; any `postgresql://` URL is read as psycopg 3."""
    driver_url = url.replace("postgresql://", "postgresql+psycopg://", 1).replace(
        "postgres://", "postgresql+psycopg://", 1
    )
    return create_engine(
        driver_url,
        pool_size=pool_size,
        max_overflow=pool_size,
        pool_pre_ping=True,
        pool_use_lifo=True,  # the connection whose server process worked last has its plans and pages at hand
    )


@contextmanager
def transaction(engine: Engine) -> Iterator[Connection]:
    """Open a connection and one transaction: commit at the end, roll back on any exception."""
    with engine.begin() as connection:
        yield connection


def driver_of(connection: Connection) -> psycopg.Connection[tuple[Any, ...]]:
    """Return the driver's own connection, for what SQLAlchemy has no words for: COPY, pipelines."""
    driver = connection.connection.driver_connection
    if not isinstance(driver, psycopg.Connection):
        raise TypeError(f"the driver is psycopg, not {type(driver).__name__}")
    return driver


@contextmanager
def scoped_transaction(engine: Engine, *, scope: Scope) -> Iterator[Connection]:
    """Open a read-only transaction that sees only the rows inside `scope`."""
    with engine.begin() as connection:
        connection.execute(text("SET TRANSACTION READ ONLY"))
        connection.execute(
            text(
                "SELECT set_config('haodian.scope_kind', :kind, true),"
                " set_config('haodian.scope_id', :id, true), set_config('role', 'haodian_console', true)"
            ),
            {"kind": scope.kind, "id": scope.id},
        )
        yield connection
