"""The connection of a batch as a wire: statements are queued, and the database works while Python thinks.

    wire.execute(sql, parameters)      queued; sent as soon as the statement before it has been answered
    wire.copy(sql, lines)              likewise; `lines()` is asked when its turn has come
    stream = wire.stream(sql)          rows of a COPY, written as they are made
    wire.advance()                     does what can be done without waiting; call it every few items
    wire.wait_for(reply)               waits until one statement has been answered
    wire.finish()                      waits until everything queued has been answered

One connection, one transaction, one statement after the other, no second thread: all that is gained is that
nobody waits. An error of the database is raised by `advance` or `finish` as psycopg would raise it. Whoever
uses the connection otherwise calls `finish` first; whoever gives up calls `abandon` and then rolls back.
"""

from __future__ import annotations

import select
from collections import deque
from collections.abc import Callable, Generator, Sequence
from typing import Any

import psycopg
from psycopg.errors import error_from_result
from psycopg.pq import ConnStatus, ExecStatus
from psycopg.pq.abc import PGconn, PGresult

from payments_core.errors import ensure

WAIT_MS = 1_000
"""A wait is looked at again after this long; the socket normally ends it."""
_PIECE = 32_768
_GOOD = (ExecStatus.COMMAND_OK, ExecStatus.TUPLES_OK, ExecStatus.COPY_IN)
Task = Generator[None, None, None]


class Reply:
    """What a queued statement will have done once its turn was: the number of rows it touched."""

    __slots__ = ("rows",)

    def __init__(self) -> None:
        """Begin unanswered."""
        self.rows = -1


class Stream:
    """Rows on their way into one COPY."""

    __slots__ = ("ended", "pieces")

    def __init__(self) -> None:
        """Begin without rows."""
        self.pieces: deque[bytes] = deque()
        self.ended = False

    def write(self, lines: Sequence[str]) -> None:
        """Add lines of COPY text."""
        self.pieces.append("".join(lines).encode())

    def end(self) -> None:
        """Say that no more lines come."""
        self.ended = True


class Wire:
    """A queue of statements on one psycopg connection that is inside a transaction."""

    def __init__(self, connection: psycopg.Connection[Any]) -> None:
        """Queue statements for `connection`, which psycopg has made non-blocking."""
        self._pgconn: PGconn = connection.pgconn
        self._tasks: deque[Task] = deque()
        self._open: Stream | None = None
        self._is_full = False  # what was put is not all sent: go on when the socket takes more

    def execute(self, sql: str, parameters: Sequence[str]) -> Reply:
        """Queue a statement with parameters $1, $2 … as text."""
        reply = Reply()
        self._tasks.append(self._executed(sql.encode(), [p.encode() for p in parameters], reply))
        self.advance()
        return reply

    def copy(self, sql: str, lines: Callable[[], Sequence[str]]) -> None:
        """Queue a COPY of what `lines` returns when the statements before it are done; nothing if empty."""
        self._tasks.append(self._copied(sql.encode(), lines))
        self.advance()

    def stream(self, sql: str) -> Stream:
        """Queue a COPY whose rows are still being made. `end` it before the next `finish`."""
        stream = self._open = Stream()
        self._tasks.append(self._streamed(sql.encode(), stream))
        self.advance()
        return stream

    def advance(self) -> None:
        """Do what can be done without waiting. Raises what the database raised."""
        while self._tasks:
            try:
                next(self._tasks[0])
            except StopIteration:
                self._tasks.popleft()
                continue
            return

    def wait_for(self, reply: Reply) -> int:
        """Wait for one answer and return its number of rows. Raises what the database raised."""
        self._wait_until(lambda: reply.rows >= 0)
        return reply.rows

    def finish(self) -> None:
        """Wait until everything queued has been answered. Raises what the database raised."""
        if self._tasks:
            ended = self._open is None or self._open.ended
            ensure(ended, "a stream is ended before the wire is waited for")
            self._wait_until(lambda: not self._tasks)

    def abandon(self) -> None:
        """Forget what is queued and end what is running, so that the transaction can be rolled back."""
        self._tasks.clear()
        self._open = None
        if self._pgconn.status != ConnStatus.OK:
            return
        while (result := self._pgconn.get_result()) is not None:
            if result.status == ExecStatus.COPY_IN:
                self._pgconn.put_copy_end(b"abandoned")

    def _wait_until(self, answered: Callable[[], bool]) -> None:
        poll = select.poll()
        self.advance()
        while not answered():
            # Not asked of libpq: what drains between two looks would leave nobody to go on.
            wanted = select.POLLIN | (select.POLLOUT if self._is_full else 0)
            poll.register(self._pgconn.socket, wanted)
            poll.poll(WAIT_MS)
            self.advance()

    def _executed(self, sql: bytes, parameters: Sequence[bytes], reply: Reply) -> Task:
        self._pgconn.send_query_params(sql, parameters)
        yield from self._sent()
        result = yield from self._answer()
        # A command says how many rows it touched, a query how many it found.
        reply.rows = result.ntuples if result.status == ExecStatus.TUPLES_OK else result.command_tuples or 0
        yield from self._ended()

    def _copied(self, sql: bytes, lines: Callable[[], Sequence[str]]) -> Task:
        stream = Stream()
        stream.write(lines())
        stream.end()
        if stream.pieces[0]:
            yield from self._streamed(sql, stream)

    def _streamed(self, sql: bytes, stream: Stream) -> Task:
        self._pgconn.send_query(sql)
        yield from self._sent()
        yield from self._answer()
        while stream.pieces or not stream.ended:
            if not stream.pieces:
                yield
                continue
            whole = stream.pieces.popleft()
            for start in range(0, len(whole), _PIECE):
                self._pgconn.put_copy_data(whole[start : start + _PIECE])
                yield from self._sent()
        self._pgconn.put_copy_end()
        yield from self._sent()
        yield from self._answer()
        yield from self._ended()

    def _sent(self) -> Task:
        while self._pgconn.flush():
            self._is_full = True
            yield
            self._pgconn.consume_input()
        self._is_full = False

    def _answer(self) -> Generator[None, None, PGresult]:
        while True:
            self._pgconn.consume_input()
            if not self._pgconn.is_busy():
                break
            yield
        result = self._pgconn.get_result()
        ensure(result is not None, "a statement has an answer")
        assert result is not None
        if result.status not in _GOOD:
            if self._pgconn.status != ConnStatus.OK:
                raise psycopg.OperationalError(result.error_message.decode(errors="replace"))
            raise error_from_result(result)
        return result

    def _ended(self) -> Task:
        while True:
            self._pgconn.consume_input()
            if not self._pgconn.is_busy():
                break
            yield
        ensure(self._pgconn.get_result() is None, "a statement has one answer")
