"""Child processes: start them, start again what ends or hangs, stop them, know them after a crash.

The pids are kept in a file. A supervisor that was killed leaves its children running; the next one reads
the file and ends those that are still ours. Ours is a process whose command line names our module and our
home: the number alone may belong to a stranger by now.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import structlog

from haodian.postgres import command_of

FIRST_WAIT_S, LONGEST_WAIT_S = 0.5, 30.0
STEADY_AFTER_S = 60.0
STARTS_WITHIN_S, HANGS_AFTER_S, ASKED_EVERY_S = 90.0, 30.0, 3.0
STOPS_WITHIN_S = 10.0

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Program:
    """What to run: a module of ours, and where it says that it is well."""

    name: str
    module: str
    environment: Mapping[str, str]
    health_url: str | None = None


@dataclass(slots=True, kw_only=True)
class _Child:
    program: Program
    process: subprocess.Popen[bytes] | None = None
    started_at: float = 0.0
    start_at: float = 0.0
    wait_s: float = FIRST_WAIT_S
    well_at: float | None = None
    asked_at: float = 0.0
    restarts: int = field(default=0)


class Children:
    """The children of one supervisor. Times are `time.monotonic` seconds."""

    def __init__(self, *, home: Path, pid_file: Path, output: Path) -> None:
        """Keep pids in `pid_file`; what children print before their logs are set up goes to `output`."""
        self._home, self._pid_file, self._output = home, pid_file, output
        self._children: dict[str, _Child] = {}

    def start(self, program: Program) -> None:
        """Start `program` and keep it running from now on."""
        child = _Child(program=program)
        self._children[program.name] = child
        self._spawn(child)

    def tend(self) -> None:
        """Start again what has ended, after a growing wait; kill what hangs. Call it twice a second."""
        for child in self._children.values():
            if child.process is None:
                if time.monotonic() >= child.start_at:
                    self._spawn(child)
            elif (code := child.process.poll()) is not None:
                self._plan_restart(child, code)
            else:
                self._ask_health(child)

    def are_well(self) -> bool:
        """Tell whether every child has answered since its last start."""
        return all(c.well_at is not None or c.program.health_url is None for c in self._children.values())

    def pids(self) -> dict[str, int]:
        """Return the pid of every child that runs."""
        return {name: c.process.pid for name, c in self._children.items() if c.process is not None}

    def restarts(self) -> dict[str, int]:
        """Return how often each child was started again."""
        return {name: child.restarts for name, child in self._children.items()}

    def stop(self) -> None:
        """Ask every child to end, in the reverse order of their start; kill those that do not within 10 s."""
        running = [c.process for c in reversed(self._children.values()) if c.process is not None]
        self._children.clear()
        for process in running:
            process.terminate()
        deadline = time.monotonic() + STOPS_WITHIN_S
        for process in running:
            try:
                process.wait(timeout=max(0.1, deadline - time.monotonic()))
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        self._pid_file.unlink(missing_ok=True)

    def _spawn(self, child: _Child) -> None:
        program = child.program
        with self._output.open("ab") as output:
            child.process = subprocess.Popen(
                [sys.executable, "-m", program.module, "--home", str(self._home)],
                env={**os.environ, **program.environment},
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,  # a Ctrl-C of the terminal is the supervisor's to pass on
            )
        child.started_at, child.well_at = time.monotonic(), None
        self._remember()
        log.info("child_started", name=program.name, pid=child.process.pid, restarts=child.restarts)

    def _plan_restart(self, child: _Child, code: int) -> None:
        lived_s = time.monotonic() - child.started_at
        child.wait_s = FIRST_WAIT_S if lived_s > STEADY_AFTER_S else min(child.wait_s * 2, LONGEST_WAIT_S)
        child.process, child.start_at = None, time.monotonic() + child.wait_s
        child.restarts += 1
        log.warning(
            "child_ended", name=child.program.name, code=code, lived_s=round(lived_s), wait_s=child.wait_s
        )

    def _ask_health(self, child: _Child) -> None:
        url, now = child.program.health_url, time.monotonic()
        wait_s = ASKED_EVERY_S if child.well_at is not None else 0.2
        if url is None or child.process is None or now - child.asked_at < wait_s:
            return
        try:
            well = httpx.get(url, timeout=2.0).status_code == 200
        except httpx.HTTPError:
            well = False
        child.asked_at = time.monotonic()
        if well:
            child.well_at = child.asked_at
            return
        silent_s = child.asked_at - (child.well_at or child.started_at)
        if silent_s > (HANGS_AFTER_S if child.well_at is not None else STARTS_WITHIN_S):
            log.error("child_hangs", name=child.program.name, silent_s=round(silent_s))
            child.process.kill()

    def _remember(self) -> None:
        unfinished = self._pid_file.with_suffix(".new")
        unfinished.write_text(json.dumps({str(pid): name for name, pid in self.pids().items()}))
        unfinished.replace(self._pid_file)


def end_stale_children(*, home: Path, pid_file: Path) -> tuple[int, ...]:
    """End the children that an earlier, killed supervisor left behind and return their pids."""
    try:
        recorded = [int(pid) for pid in json.loads(pid_file.read_text(encoding="utf-8"))]
    except (FileNotFoundError, ValueError):
        return ()
    stale = tuple(pid for pid in recorded if _is_ours(pid, home))
    for pid in stale:
        _signal(pid, signal.SIGTERM)
    deadline = time.monotonic() + STOPS_WITHIN_S
    while any(_is_ours(pid, home) for pid in stale):
        if time.monotonic() > deadline:
            for pid in stale:
                _signal(pid, signal.SIGKILL)
        time.sleep(0.05)
    pid_file.unlink(missing_ok=True)
    return stale


def _is_ours(pid: int, home: Path) -> bool:
    command = command_of(pid)
    return "-m haodian." in command and f"--home {home}" in command


def _signal(pid: int, number: signal.Signals) -> None:
    try:
        os.kill(pid, number)
    except ProcessLookupError:
        return
