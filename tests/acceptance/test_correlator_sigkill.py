"""SIGKILL to the correlator under load: no match is lost, none is written twice."""

from __future__ import annotations

import os
import random
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from pathlib import Path

import httpx
import pytest
from sqlalchemy import Engine, text

from bench._payments_world import build, rule_files
from engine.releases import Author, create_repository, head
from haodian import clock
from haodian.clock import DemoWorld, WorldClock
from haodian.serving import free_port
from payments_core import rulebooks
from payments_core.database import transaction
from payments_core.fees import EVALUATORS
from payments_core.payments import Accepted, AcceptRequest, Capture, Committer
from tests.integration.sequences.conftest import NOON, by_hand, rule

KILLS, LONGEST_S = 3, 60.0
PAUSE_S = 0.05
TEAM = Author(name="风控", email="risk@haodian")
SHORT = {"lateness": "1s"}
RULES = {
    "rules/sequence/seq.then.yaml": rule("seq.then", "first: small, then: large, within: 1s", **SHORT),
    "rules/sequence/seq.without.yaml": rule(
        "seq.without", "first: small, without: large, within: 2s", **SHORT
    ),
    "rules/sequence/seq.times.yaml": rule("seq.times", "first: large, times: 3, within: 1s", **SHORT),
}


class Load:
    """Sells from a thread of its own, some payments booked later than the rules allow."""

    def __init__(self, engine: Engine, repository: Path) -> None:
        self._engine, self._clock = engine, WorldClock(engine)
        self._releases = rulebooks.ActiveRulebook(repository, engine)
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run)
        self.batches = 0

    def __enter__(self) -> Load:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stopped.set()
        self._thread.join()

    def _run(self) -> None:
        rng = random.Random(7)
        with Committer(engine=self._engine, rulebooks=self._releases) as committer:
            while not self._stopped.wait(PAUSE_S):
                self._sell(committer, rng)
                self.batches += 1

    def _sell(self, committer: Committer, rng: random.Random) -> None:
        at = self._clock.now()
        orders = [
            AcceptRequest(
                merchant_id=f"M{rng.randint(1, 3):05d}",
                merchant_order_no=f"o{self.batches}-{number}",
                amount_fen=rng.choice((50, 5_000)),
                channel="WECHAT",
                mode="SCANNED",
                payer_id=f"p{rng.randint(1, 60)}",
                created_at=at,
            )
            for number in range(4)
        ]
        accepted = [one for one in committer.accept_batch(orders, now=at) if isinstance(one, Accepted)]
        captures = [
            Capture(
                merchant_id=one.merchant_id,
                payment_id=one.payment_id,
                paid_at=at - timedelta(milliseconds=rng.choice((0, 0, 0, 300, 900, 5_000))),
                channel_order_no=f"42{one.payment_id}",
            )
            for one in accepted
            if one.state == "PAYING"
        ]
        committer.capture_batch(captures, now=self._clock.now())


class Process:
    """The correlator's process, to be killed and started again."""

    def __init__(self, home: Path, *, database_url: str, repository: Path) -> None:
        self._port = free_port(host="127.0.0.1", wanted=0)
        self._command = [sys.executable, "-m", "haodian.correlator", "--home", str(home)]
        self._environment = {
            **os.environ,
            "HAODIAN_DATABASE_URL": database_url,
            "HAODIAN_RULEBOOK": str(repository),
            "HAODIAN_CORRELATOR_PORT": str(self._port),
        }
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        self._process = subprocess.Popen(self._command, env=self._environment)

    def kill(self) -> None:
        assert self._process is not None
        self._process.kill()
        self._process.wait()

    def stop(self) -> None:
        assert self._process is not None
        self._process.terminate()
        self._process.wait(timeout=LONGEST_S)

    def metrics(self) -> str:
        return httpx.get(f"http://127.0.0.1:{self._port}/metrics").text


@pytest.fixture
def home() -> Iterator[Path]:
    made = Path(tempfile.mkdtemp(prefix="haodian-correlator-"))
    yield made
    shutil.rmtree(made, ignore_errors=True)


def _prepare(engine: Engine, repository: Path) -> None:
    """Merchants, a world whose clock runs, and the rules above in force."""
    build(engine, merchants=3)
    files = rule_files(RULES)
    create_repository(path=repository, files=files, author=TEAM, at=NOON)
    with transaction(engine) as connection:
        rulebooks.activate(
            connection,
            repository=repository,
            commit=head(repository),
            title="短窗口",
            actor="风控",
            reason="试",
            now=NOON,
            evaluators=EVALUATORS,
        )
        world = DemoWorld(scale="0.002", since=date(2025, 4, 15))
        clock.open_world(connection, world=world, world_at=NOON, real_at=clock.machine_now())


def _wait_until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + LONGEST_S
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.01)


@pytest.mark.slow
def test_a_correlator_killed_under_load_loses_nothing_and_writes_nothing_twice(
    engine: Engine, database_url: str, home: Path
) -> None:
    repository = home / "rulebook.git"
    _prepare(engine, repository)

    def asked(sql: str) -> int:
        with transaction(engine) as connection:
            return int(connection.execute(text(sql)).scalar_one())

    def position() -> int:
        return asked("SELECT commit_no FROM sequence_reader")

    process = Process(home, database_url=database_url, repository=repository)
    with Load(engine, repository):
        for _ in range(KILLS):
            before = position()
            process.start()
            _wait_until(lambda before=before: position() > before)
            process.kill()
        process.start()
        before = position()
        _wait_until(lambda: position() > before)
    with transaction(engine) as connection:
        clock.advance_world(connection, world_at=NOON + timedelta(hours=1), real_at=clock.machine_now())
    passed = "SELECT count(*) FROM sequence_reader WHERE clock_at > '2025-04-15T12:59:00+08:00'"
    _wait_until(lambda: asked(passed) == 1)
    assert "haodian_sequence_matches_total" in process.metrics()
    process.stop()

    with transaction(engine) as connection:
        rows = connection.execute(text("SELECT rule_id, version, events FROM sequence_match")).all()
    written = [(row.rule_id, row.version, tuple(row.events)) for row in rows]
    book = rulebooks.ActiveRulebook(repository, engine).get(head(repository)).rulebook
    expected = by_hand(engine, book)
    assert {rule_id for rule_id, _, _ in expected} >= {"seq.then", "seq.without", "seq.times"}
    assert sorted(written) == sorted(expected)
