"""Statements on a wire are answered in order; errors are raised as psycopg raises them."""

from __future__ import annotations

import select
from collections.abc import Iterator
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import psycopg
import pytest

from payments_core.errors import InvariantBroken
from payments_core.payments import RefundRequest, State
from payments_core.payments.wire import Wire

NOW = datetime(2025, 4, 15, 2, 0, tzinfo=UTC)
COPY = "COPY seen (n, word) FROM STDIN"


@pytest.fixture
def connection(database_url: str) -> Iterator[psycopg.Connection[Any]]:
    with psycopg.connect(database_url) as made:
        made.execute("CREATE TEMP TABLE seen (n int PRIMARY KEY, word text)")
        yield made
        if not made.broken:
            made.rollback()


def rows(connection: psycopg.Connection[Any]) -> list[tuple[Any, ...]]:
    return connection.execute("SELECT n, word FROM seen ORDER BY n").fetchall()


def test_statements_run_in_order_and_say_how_many_rows(connection: psycopg.Connection[Any]) -> None:
    wire = Wire(connection)
    gathered = ["1\ta\n"]
    wire.copy(COPY, lambda: gathered)
    wire.copy(COPY, list)  # nothing to write is nothing to send
    changed = wire.execute("UPDATE seen SET word = $1 WHERE n = ANY ($2::int[])", ("b", "{1,2}"))
    found = wire.execute("SELECT FROM seen WHERE word = $1", ("b",))
    stream = wire.stream(COPY)
    assert wire.wait_for(found) == 1
    stream.write(["2\tc\n"])
    wire.advance()
    stream.write([f"{n}\t{'x' * 100}\n" for n in range(3, 20_003)])  # more than any buffer holds
    stream.end()
    wire.finish()
    assert changed.rows == 1
    assert rows(connection)[:2] == [(1, "b"), (2, "c")]
    assert len(rows(connection)) == 20_002


class LateFlush:
    """A libpq connection whose buffer is found full, and has drained by the time it is looked at again."""

    def __init__(self, real: Any) -> None:
        self._real = real
        self._was_full = False

    def __getattr__(self, name: str) -> Any:
        return getattr(self._real, name)

    def flush(self) -> int:
        while self._real.flush():
            select.select([], [self._real.socket], [])
        self._was_full = not self._was_full
        return int(self._was_full)


class Watched:
    """A poll that fails where nothing but the clock would end it."""

    def __init__(self) -> None:
        self._real = real_poll()

    def register(self, fd: int, wanted: int) -> None:
        self._real.register(fd, wanted)

    def poll(self, timeout_ms: int) -> None:
        assert self._real.poll(timeout_ms), "the wire waits for nothing"


real_poll = select.poll


def test_nothing_waits_for_the_clock(
    connection: psycopg.Connection[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(select, "poll", Watched)
    wire = Wire(SimpleNamespace(pgconn=LateFlush(connection.pgconn)))
    connection.execute("SELECT 1")
    wire.copy(COPY, lambda: [f"{n}\t{'x' * 100}\n" for n in range(2_000)])
    wire.finish()
    monkeypatch.undo()
    assert len(rows(connection)) == 2_000


def test_an_error_is_raised_and_giving_up_leaves_the_connection_usable(
    connection: psycopg.Connection[Any],
) -> None:
    connection.commit()
    connection.execute("SELECT 1")
    wire = Wire(connection)
    later = []

    def queue_and_wait() -> None:  # whichever call learns of the error raises it
        wire.copy(COPY, lambda: ["1\ta\n", "1\tb\n"])
        later.append(wire.execute("UPDATE seen SET word = $1", ("c",)))
        wire.finish()

    with pytest.raises(psycopg.errors.UniqueViolation):
        queue_and_wait()
    wire.abandon()
    connection.rollback()
    assert [reply.rows for reply in later] in ([], [-1])
    assert rows(connection) == []


@pytest.mark.parametrize("written", [0, 1, 20_000])
def test_a_copy_that_is_still_open_can_be_given_up(connection: psycopg.Connection[Any], written: int) -> None:
    connection.commit()
    connection.execute("SELECT 1")
    wire = Wire(connection)
    stream = wire.stream(COPY)
    stream.write([f"{n}\t{'x' * 100}\n" for n in range(written)])
    wire.advance()
    with pytest.raises(InvariantBroken):
        wire.finish()
    wire.abandon()
    connection.rollback()
    assert rows(connection) == []


def test_a_lost_connection_is_an_operational_error(
    connection: psycopg.Connection[Any], database_url: str
) -> None:
    wire = Wire(connection)
    with psycopg.connect(database_url, autocommit=True) as other:
        other.execute("SELECT pg_terminate_backend(%s)", [connection.info.backend_pid])

    def use() -> None:  # the loss shows at one of the two
        wire.execute("SELECT pg_sleep($1::int)", ("1",))
        wire.finish()

    with pytest.raises(psycopg.OperationalError):
        use()
    wire.abandon()


def test_one_batch_may_hold_everything(till: Any) -> None:
    first, second, third = till.accept(5000), till.accept(7000), till.accept(9000)
    till.commit(till.capture_of(first))
    refund = RefundRequest(
        merchant_id="M00001",
        payment_id=first.payment_id,
        merchant_refund_no="r1",
        amount_fen=1000,
        requested_at=NOW,
    )
    items = (
        till.capture_of(first),
        till.order(3000),
        till.capture_of(second),
        refund,
        till.capture_of(third),
    )
    again, accepted, captured, reserved, other = till.commit(*items)
    assert (again.replayed, again.state) == (True, State.SUCCESS)
    assert accepted.state is State.PAYING
    assert [(a.replayed, a.state) for a in (captured, other)] == [(False, State.SUCCESS)] * 2
    assert reserved.amount_fen == 1000
    # 5,000 + 7,000 + 9,000, each once
    assert till.one("SELECT sum(amount_fen)::int FROM transfer WHERE code = 'PAYMENT'") == 21_000
    assert till.one("SELECT count(*) FROM outbox WHERE topic = 'payment.succeeded'") == 3


def test_a_refused_order_takes_nothing_of_its_batch_with_it(till: Any) -> None:
    paid = till.accept(5000)
    till.world.change_directory("ALTER TABLE payment ADD CONSTRAINT poison CHECK (amount_fen <> 4444)")
    captured, bad, good = till.commit(till.capture_of(paid), till.order(4444), till.order(3000))
    assert (captured.state, captured.replayed) == (State.SUCCESS, False)
    assert isinstance(bad, Exception)
    assert good.state is State.PAYING
    assert till.one("SELECT count(*) FROM transfer WHERE code = 'PAYMENT'") == 1
