"""The one MetaData all tables belong to, and the SQL tables cannot say: triggers, functions, policies."""

from __future__ import annotations

from sqlalchemy import MetaData

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)

_PROGRAM: list[str] = []


def program(sql: str) -> None:
    """Register SQL to run after all tables exist, in the order of registration."""
    _PROGRAM.append(sql.strip())


def statements() -> tuple[str, ...]:
    """Return the registered SQL in order."""
    return tuple(_PROGRAM)
