"""The group committer: what arrives within a few milliseconds shares one transaction.

    accepted = await committer.submit(AcceptRequest(...), now=now)      from the event loop of the gateway
    answers = committer.accept_batch(requests, now=now)                 from a program with many at hand

A thread collects what `submit` was given: the first item waits at most LINGER_S for company, and while a
batch commits the next one gathers by itself. Answers of one batch go back to an event loop in one call.
"""

from __future__ import annotations

import asyncio
import queue
import threading
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from types import TracebackType

from sqlalchemy import Engine

from payments_core.merchants.directory import Directory
from payments_core.payments.errors import Overloaded
from payments_core.payments.model import (
    AcceptRequest,
    Answer,
    Capture,
    Failure,
    Item,
    RefundRequest,
    RefundResult,
)
from payments_core.payments.policy import Rulebooks
from payments_core.payments.writer import LaneWriter, Result

LINGER_S = 0.002
BACKOFF_S = 0.02
BATCH_LIMIT = 1000
QUEUE_LIMIT = 20_000


@dataclass(frozen=True, slots=True)
class _Waiting:
    item: Item
    now: datetime
    loop: asyncio.AbstractEventLoop
    future: asyncio.Future[Answer]


class Committer:
    """Commits payments, captures and refunds of one lane in groups. `close` it, or use it in a `with`."""

    def __init__(
        self,
        *,
        engine: Engine,
        rulebooks: Rulebooks,
        directory: Directory | None = None,
        lane_no: int = 0,
        batch_limit: int = BATCH_LIMIT,
        queue_limit: int = QUEUE_LIMIT,
    ) -> None:
        """Commit to lane `lane_no` by the release it names; the thread starts with the first `submit`."""
        self._pause = threading.Event()  # never set: it only waits
        self._writer = LaneWriter(
            engine=engine,
            rulebooks=rulebooks,
            directory=directory or Directory(),
            lane_no=lane_no,
            wait=self._back_off,
        )
        self._batch_limit = batch_limit
        self._queue: queue.Queue[_Waiting | None] = queue.Queue(maxsize=queue_limit)
        self._thread: threading.Thread | None = None
        self._starting = threading.Lock()

    async def submit(self, item: Item, *, now: datetime) -> Answer:
        """Return the answer to one item once it is committed, or raise its refusal. Raises Overloaded."""
        loop = asyncio.get_running_loop()
        future: asyncio.Future[Answer] = loop.create_future()
        self._start()
        try:
            self._queue.put_nowait(_Waiting(item, now, loop, future))
        except queue.Full as full:
            raise Overloaded() from full
        return await future

    @property
    def waiting(self) -> int:
        """How many items wait for a batch."""
        return self._queue.qsize()

    def commit(self, items: Sequence[Item], *, now: datetime) -> list[Result]:
        """Commit any items, in batches; return an answer or an exception for each, in order."""
        results: list[Result] = []
        for start in range(0, len(items), self._batch_limit):
            results += self._writer.run(items[start : start + self._batch_limit], now=now)
        return results

    def accept_batch(self, requests: Sequence[AcceptRequest], *, now: datetime) -> list[Result]:
        """Accept many orders: Accepted or a refusal for each."""
        return self.commit(requests, now=now)

    def capture_batch(self, captures: Sequence[Capture | Failure], *, now: datetime) -> list[Result]:
        """Record what the channels said of many orders: Settled or a refusal for each."""
        return self.commit(captures, now=now)

    def refund_batch(
        self, requests: Sequence[RefundRequest | RefundResult], *, now: datetime
    ) -> list[Result]:
        """Reserve refunds, or book what the channels said of them: an answer or a refusal for each."""
        return self.commit(requests, now=now)

    def close(self) -> None:
        """Commit what waits, then stop the thread. Whoever submits later starts it again."""
        with self._starting:
            thread, self._thread = self._thread, None
        if thread is not None:
            self._queue.put(None)
            thread.join()

    def __enter__(self) -> Committer:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _back_off(self, attempt: int) -> None:
        self._pause.wait(BACKOFF_S * 2**attempt)

    def _start(self) -> None:
        if self._thread is None:
            with self._starting:
                if self._thread is None:
                    self._thread = threading.Thread(target=self._serve, name="committer", daemon=True)
                    self._thread.start()

    def _serve(self) -> None:
        while True:
            first = self._queue.get()
            if first is None:
                return
            gathered, stop = self._gather(first)
            self._answer(gathered)
            if stop:
                return

    def _gather(self, first: _Waiting) -> tuple[list[_Waiting], bool]:
        gathered = [first]
        while len(gathered) < self._batch_limit:
            try:
                # Only a lonely item lingers; where others already wait the batch is what is there.
                following = (
                    self._queue.get(timeout=LINGER_S) if len(gathered) == 1 else self._queue.get_nowait()
                )
            except queue.Empty:
                break
            if following is None:
                return gathered, True
            gathered.append(following)
        return gathered, False

    def _answer(self, gathered: list[_Waiting]) -> None:
        try:
            results = self._writer.run([w.item for w in gathered], now=max(w.now for w in gathered))
        except Exception as error:  # noqa: BLE001 - the thread serves everyone; its callers get the error
            results = [error for _ in gathered]
        by_loop: defaultdict[asyncio.AbstractEventLoop, list[tuple[asyncio.Future[Answer], Result]]]
        by_loop = defaultdict(list)
        for waiting, result in zip(gathered, results, strict=True):
            by_loop[waiting.loop].append((waiting.future, result))
        for loop, answers in by_loop.items():
            if not loop.is_closed():
                loop.call_soon_threadsafe(_resolve, answers)


def _resolve(answers: list[tuple[asyncio.Future[Answer], Result]]) -> None:
    for future, result in answers:
        if future.done():
            continue  # its caller has gone away
        if isinstance(result, Exception):
            future.set_exception(result)
        else:
            future.set_result(result)


def raised(result: Result) -> Answer:
    """Return an answer of a batch, or raise the refusal it is."""
    if isinstance(result, Exception):
        raise result
    return result
