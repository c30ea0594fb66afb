"""From activating a release to every process having it: gateway, console, worker and correlator of a product.

A whole product runs in a folder of its own, with its embedded PostgreSQL. A change is merged and activated;
from that commit on each process is asked, over HTTP and without a pause, which release it has ready. The
peer is the least that any such signal costs: PostgreSQL's NOTIFY to one listener, same server, same moment.
"""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from itertools import count
from pathlib import Path
from statistics import median
from time import perf_counter

import httpx
import psycopg
from sqlalchemy import Engine

from bench.figure import Figure, Row
from engine.releases import Author, head, merge_draft, read_files, save_draft
from haodian.clock import machine_now
from haodian.database import url_of
from haodian.trial import Trial, trial
from payments_core import rulebooks
from payments_core.database import connect, transaction
from payments_core.fees import EVALUATORS

LIMIT_S = 1.0
STARTS_WITHIN_S, TAKES_WITHIN_S = 240.0, 30.0
EDITED = "rules/merchant_fee/fee.default.yaml"
CHANNEL = "haodian_bench"
BENCH = Author(name="bench", email="bench@haodian")


def run(*, quick: bool) -> Figure:
    """Measure activations, in seconds until the last process is ready."""
    with trial(within_s=STARTS_WITHIN_S, HAODIAN_DEMO="off") as product:
        engine = connect(url=url_of(product.settings), pool_size=2)
        names, urls = zip(*_processes(product).items(), strict=True)
        numbers = count(1)
        rounds = [_activated(engine, product, urls, next(numbers)) for _ in range(4 if quick else 16)]
        told = _notified(url_of(product.settings), rounds=20 if quick else 200)
        engine.dispose()
    rounds = rounds[1:]  # the first warms up what asks
    last = median(max(each) for each in rounds)
    return Figure(
        name="activate",
        value=last,
        unit="s until the last of four processes",
        peer="PostgreSQL NOTIFY to one listener",
        peer_value=told,
        goal=f"≤ {LIMIT_S:g} s",
        met=max(max(each) for each in rounds) <= LIMIT_S,
        rows=(
            *(
                Row(label=f"{name}, median", shown=f"{median(each) * 1000:.0f} ms")
                for name, each in zip(names, zip(*rounds, strict=True), strict=True)
            ),
            Row(label="slowest of all", shown=f"{max(max(each) for each in rounds) * 1000:.0f} ms"),
            Row(label="activations", shown=f"{len(rounds)}"),
        ),
    )


def _processes(product: Trial) -> dict[str, str]:
    running = product.running
    return {
        "gateway": running.gateway_url,
        "console": running.console_url,
        "worker": running.worker_url,
        "correlator": running.correlator_url,
    }


def _activated(engine: Engine, product: Trial, urls: Sequence[str], number: int) -> list[float]:
    """Activate one more release; return the seconds from its commit until each process has it."""
    path, now = product.settings.rulebook, machine_now()
    commit = _merged(path, number, now)
    with ThreadPoolExecutor(max_workers=len(urls)) as pool, transaction(engine) as connection:
        release_no = rulebooks.activate(
            connection,
            repository=path,
            commit=commit,
            title=f"bench {number}",
            actor="bench",
            reason="bench",
            now=now,
            evaluators=EVALUATORS,
        )
        connection.commit()
        started = perf_counter()
        return [
            ready - started
            for ready in pool.map(_ready_at, urls, [release_no] * len(urls), [started] * len(urls))
        ]


def _merged(path: Path, number: int, now: datetime) -> str:
    base = head(path)
    text = read_files(path, base)[EDITED]
    titled = "".join(
        f"title: 默认费率 {number}\n" if line.startswith("title: ") else line
        for line in text.splitlines(keepends=True)
    )
    draft = f"bench-{number}"
    save_draft(path=path, name=draft, base=base, changes={EDITED: titled}, author=BENCH, message="x", at=now)
    return merge_draft(path=path, name=draft, author=BENCH, message="bench", at=now, evaluators=EVALUATORS)


def _ready_at(url: str, release_no: int, started: float) -> float:
    with httpx.Client(base_url=url, timeout=5.0) as client:
        while client.get("/healthz").json().get("release_no") != release_no:
            if perf_counter() - started > TAKES_WITHIN_S:
                raise RuntimeError(f"{url} does not take release {release_no}")
    return perf_counter()


def _notified(url: str, *, rounds: int) -> float:
    """Return the median seconds from NOTIFY to the listener hearing it."""
    with psycopg.connect(url, autocommit=True) as told, psycopg.connect(url, autocommit=True) as telling:
        told.execute(f"LISTEN {CHANNEL}")
        seconds = []
        for _ in range(rounds):
            started = perf_counter()
            telling.execute(f"NOTIFY {CHANNEL}")
            for _heard in told.notifies(timeout=5.0, stop_after=1):
                seconds.append(perf_counter() - started)
    return median(seconds)
