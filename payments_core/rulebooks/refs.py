"""Short numbers for rule lines, so that every payment can say by which line it was priced.

A number once given stays, so each process keeps those it has met. New ones are committed at once on a
connection of their own: were they part of the caller's transaction, its rollback would leave this process
with numbers that mean nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import NamedTuple
from weakref import WeakKeyDictionary

from sqlalchemy import Connection, Engine, tuple_
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.sql import select

from payments_core.rulebooks.tables import rule_ref

_Key = tuple[str, str, int, int, int]


class RuleRefKey(NamedTuple):
    """A line of a rule: `row_no` is the 0-based row, -1 the rule itself; `line` is 1-based in its file."""

    kind: str
    rule_id: str
    version: int
    row_no: int
    line: int
    label: str = ""


_KNOWN: WeakKeyDictionary[Engine, dict[_Key, int]] = WeakKeyDictionary()


def intern_refs(connection: Connection, refs: Iterable[RuleRefKey]) -> Mapping[RuleRefKey, int]:
    """Return the number of each of `refs`, numbering the new ones; the label tells no two apart."""
    known = _KNOWN.setdefault(connection.engine, {})
    wanted = tuple(refs)
    new = {_key(ref): ref for ref in wanted if _key(ref) not in known}
    if new:
        known.update(_numbered(connection.engine, new))
    return {ref: known[_key(ref)] for ref in wanted}


def _numbered(engine: Engine, new: Mapping[_Key, RuleRefKey]) -> dict[_Key, int]:
    columns = (rule_ref.c.kind, rule_ref.c.rule_id, rule_ref.c.version, rule_ref.c.row_no, rule_ref.c.line)
    # In one order, so that two processes adding the same lines cannot wait for each other.
    rows = [new[key]._asdict() for key in sorted(new)]
    with engine.begin() as own:
        own.execute(insert(rule_ref).on_conflict_do_nothing(), rows)
        found = own.execute(select(rule_ref.c.ref_no, *columns).where(tuple_(*columns).in_(list(new))))
        return {tuple(row)[1:]: row.ref_no for row in found}


def _key(ref: RuleRefKey) -> _Key:
    return ref.kind, ref.rule_id, ref.version, ref.row_no, ref.line
