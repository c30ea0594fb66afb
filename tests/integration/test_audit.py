"""The audit chain: append-only, in order under concurrency, and every kind of tampering is found."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

import pytest
from sqlalchemy import Engine, text
from sqlalchemy.exc import DBAPIError

from payments_core import audit
from payments_core.database import Scope, scoped_transaction, transaction
from payments_core.errors import InvariantBroken

NOW = datetime(2025, 4, 16, 2, 30, 0, 123456, tzinfo=UTC)


def _append(engine: Engine, *, subject: str = "release 1", **detail: object) -> int:
    with transaction(engine) as connection:
        return audit.append(
            connection,
            actor="wang",
            role="hq_ops",
            action="release.activate",
            subject=subject,
            detail=detail,
            now=NOW,
        )


def _first_broken(engine: Engine, *, kept: audit.Head | None = None) -> int | None:
    with transaction(engine) as connection:
        return audit.verify(connection, kept=kept)


def _tamper(engine: Engine, sql: str) -> None:
    """Change the table as only someone with the owner's rights could: with its trigger off."""
    with transaction(engine) as connection:
        connection.execute(text("ALTER TABLE audit_event DISABLE TRIGGER audit_event_append_only"))
        connection.execute(text(sql))


def test_an_empty_chain_is_unbroken(engine: Engine) -> None:
    assert _first_broken(engine) is None


def test_events_are_numbered_from_one_and_the_chain_holds(engine: Engine) -> None:
    seqs = [
        _append(engine, commit="abc", 原因="费率下调", nested={"b": [1, None, True], "a": "é"}) for _ in "123"
    ]
    assert seqs == [1, 2, 3]
    assert _first_broken(engine) is None


@pytest.mark.parametrize(
    ("sql", "broken"),
    [
        ("UPDATE audit_event SET actor = 'li' WHERE seq = 2", 2),
        ('UPDATE audit_event SET detail = \'{"rate": "0.45"}\' WHERE seq = 3', 3),
        ("UPDATE audit_event SET at = at + interval '1 microsecond' WHERE seq = 1", 1),
        ("UPDATE audit_event SET hash = decode(repeat('00', 32), 'hex') WHERE seq = 4", 4),
        ("UPDATE audit_event SET prev_hash = decode(repeat('00', 32), 'hex') WHERE seq = 3", 3),
        ("DELETE FROM audit_event WHERE seq = 1", 1),
        ("DELETE FROM audit_event WHERE seq = 3", 3),
        ("UPDATE audit_event SET seq = 9 WHERE seq = 5", 5),
    ],
)
def test_tampering_is_found_at_the_first_event_it_touched(engine: Engine, sql: str, broken: int) -> None:
    for number in range(5):
        _append(engine, number=number)
    _tamper(engine, sql)
    assert _first_broken(engine) == broken


def test_a_cut_off_end_is_found_with_a_kept_head(engine: Engine) -> None:
    for number in range(3):
        _append(engine, number=number)
    with transaction(engine) as connection:
        kept = audit.head(connection)
    _tamper(engine, "DELETE FROM audit_event WHERE seq >= 2")
    assert _first_broken(engine) is None  # what is left is a whole chain: only the kept head knows
    assert _first_broken(engine, kept=kept) == 2


def test_a_chain_rewritten_from_the_start_is_found_with_a_kept_head(engine: Engine) -> None:
    _append(engine, number=1)
    with transaction(engine) as connection:
        kept = audit.head(connection)
    _tamper(engine, "DELETE FROM audit_event")
    _append(engine, number=2)
    assert _first_broken(engine) is None
    assert _first_broken(engine, kept=kept) == 1


@pytest.mark.parametrize(
    "sql", ["UPDATE audit_event SET actor = 'x'", "DELETE FROM audit_event", "TRUNCATE audit_event"]
)
def test_the_database_refuses_to_change_the_log(engine: Engine, sql: str) -> None:
    _append(engine)
    with pytest.raises(DBAPIError, match="append-only"), transaction(engine) as connection:
        connection.execute(text(sql))


def test_appenders_at_once_make_one_unbroken_chain(engine: Engine) -> None:
    with ThreadPoolExecutor(max_workers=4) as pool:
        seqs = list(pool.map(lambda number: _append(engine, number=number), range(20)))
    assert sorted(seqs) == list(range(1, 21))
    assert _first_broken(engine) is None


def test_a_rolled_back_event_leaves_no_gap(engine: Engine) -> None:
    with engine.connect() as connection:
        audit.append(connection, actor="a", role="r", action="x", subject="s", detail={}, now=NOW)
        connection.rollback()
    assert _append(engine) == 1


@pytest.mark.parametrize(
    "detail", [{"rate": 0.45}, {"deep": [{"x": 1.0}]}, {"keys": {1: "x"}}, {"nul": "a\0b"}]
)
def test_a_detail_the_database_would_not_give_back_is_our_bug(
    engine: Engine, detail: dict[str, object]
) -> None:
    with pytest.raises(InvariantBroken):
        _append(engine, **detail)


def test_the_log_is_read_newest_first_page_by_page_and_by_subject(engine: Engine) -> None:
    for number in range(5):
        _append(engine, subject=f"release {number % 2}", number=number)
    with scoped_transaction(engine, scope=Scope(kind="all")) as connection:
        first = audit.list_events(connection, limit=2)
        rest = audit.list_events(connection, before_seq=first[-1].seq)
        odd = audit.list_events(connection, subject="release 1")
    assert [event.seq for event in first + rest] == [5, 4, 3, 2, 1]
    assert [event.detail["number"] for event in odd] == [3, 1]


def test_a_manager_sees_nothing_of_the_log(engine: Engine) -> None:
    _append(engine)
    with scoped_transaction(engine, scope=Scope(kind="city", id="BJ")) as connection:
        assert audit.list_events(connection) == ()
