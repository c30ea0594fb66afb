"""The names of the facts that decisions read: given a number once, so that a payment stores values only.

A number once given stays, so each process keeps those it has met. A new one is committed at once on a
connection of its own: were it part of a batch, its rollback would leave this process with a number that
means nothing.
"""

from __future__ import annotations

from hashlib import blake2b

from sqlalchemy import Engine, select
from sqlalchemy.dialects.postgresql import insert

from payments_core.payments.tables import fact_set


class FactSets:
    """Names by number and numbers by name, of one database."""

    def __init__(self, engine: Engine) -> None:
        """Know none yet."""
        self._engine = engine
        self._names: dict[int, tuple[str, ...]] = {}

    def number_of(self, names: tuple[str, ...]) -> int:
        """Return the number of these sorted names, giving one where they have none."""
        digest = blake2b("\n".join(names).encode(), digest_size=16).digest()
        with self._engine.begin() as own:
            own.execute(insert(fact_set).values(names=names, digest=digest).on_conflict_do_nothing())
            number = own.execute(select(fact_set.c.fact_set_no).where(fact_set.c.digest == digest))
            return int(number.scalar_one())

    def names_of(self, number: int) -> tuple[str, ...]:
        """Return the names of a number that a payment holds."""
        if number not in self._names:
            with self._engine.begin() as own:
                query = select(fact_set.c.names).where(fact_set.c.fact_set_no == number)
                self._names[number] = tuple(own.execute(query).scalar_one())
        return self._names[number]
