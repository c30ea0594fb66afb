"""`haodian up` holds the product together, whatever is killed."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import httpx
import pytest

from haodian import postgres
from haodian.serving import free_port

LONGEST_S = 120.0


class Up:
    """One home, and `haodian up` on it as often as wanted."""

    def __init__(self, home: Path) -> None:
        self.home = home
        first = free_port(host="127.0.0.1", wanted=0)
        ports = [free_port(host="127.0.0.1", wanted=first + n) for n in (0, 10, 20, 30)]
        names = [f"HAODIAN_{name}_PORT" for name in ("CONSOLE", "GATEWAY", "WORKER", "CORRELATOR")]
        self.ports = dict(zip(names, ports, strict=True))
        self.environment = {
            **os.environ,
            "HAODIAN_HOME": str(home),
            "HAODIAN_DEMO": "off",
            **{name: str(port) for name, port in self.ports.items()},
        }
        self.environment.pop("HAODIAN_DATABASE_URL", None)
        self.output = home / "up.out"
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        with self.output.open("wb") as output:
            command = [sys.executable, "-c", "from haodian.cli import main; main()", "up"]
            self.process = subprocess.Popen(
                command, env=self.environment, stdout=output, stderr=subprocess.STDOUT
            )
        self.wait_until(lambda: "好店已启动" in self.said())

    def said(self) -> str:
        return self.output.read_text(encoding="utf-8", errors="replace")

    def children(self) -> dict[str, int]:
        try:
            recorded = json.loads((self.home / "run" / "children.json").read_text(encoding="utf-8"))
        except FileNotFoundError:
            return {}
        return {name: int(pid) for pid, name in recorded.items()}

    def is_healthy(self) -> bool:
        running = json.loads((self.home / "run" / "product.json").read_text(encoding="utf-8"))
        try:
            paths = (running["console_url"] + "/healthz", running["gateway_url"] + "/readyz")
            return all(httpx.get(path, timeout=2).status_code == 200 for path in paths)
        except httpx.HTTPError:
            return False

    def wait_until(self, condition: Callable[[], bool]) -> None:
        deadline = time.monotonic() + LONGEST_S
        while not condition():
            assert self.process is not None
            assert self.process.poll() is None, self.said()
            assert time.monotonic() < deadline, self.said()
            time.sleep(0.1)

    def end(self, number: signal.Signals) -> int:
        assert self.process is not None
        self.process.send_signal(number)
        return self.process.wait(timeout=60)


@pytest.fixture
def up() -> Iterator[Up]:
    home = Path(tempfile.mkdtemp(prefix="haodian-up-"))
    home.chmod(0o755)
    made = Up(home)
    yield made
    if made.process is not None and made.process.poll() is None:
        made.end(signal.SIGTERM)
    for pid in made.children().values():
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    postgres.stop(postgres.cluster_of(home / "postgres"))
    shutil.rmtree(home, ignore_errors=True)


@pytest.mark.slow
def test_whatever_is_killed_comes_back(up: Up) -> None:
    with socket.create_server(("127.0.0.1", up.ports["HAODIAN_CONSOLE_PORT"])):  # somebody else has the port
        up.start()
    assert "已被占用" in up.said()
    assert up.is_healthy()

    first = up.children()
    assert set(first) == {"gateway", "console", "worker", "correlator"}
    os.kill(first["gateway"], signal.SIGKILL)
    os.kill(int((up.home / "postgres" / "postmaster.pid").read_text().split()[0]), signal.SIGKILL)
    up.wait_until(lambda: up.children().get("gateway") not in (first["gateway"], None) and up.is_healthy())

    orphans = up.children()
    up.end(signal.SIGKILL)
    # A child that lost its database may just be between two lives; the others are there.
    assert any(postgres.command_of(pid) for pid in orphans.values())
    up.start()
    assert "遗留进程" in up.said()
    assert not any("haodian" in postgres.command_of(pid) for pid in orphans.values())
    assert up.is_healthy()

    second = up.children()
    assert up.end(signal.SIGTERM) == 0
    assert not any("haodian" in postgres.command_of(pid) for pid in second.values())
    assert not postgres.is_answering(postgres.cluster_of(up.home / "postgres"))
