"""A product on trial: a whole one in a folder of its own on free ports, gone again afterwards.

Browser tests and `make screenshots` work on it; the product of the checkout is never touched.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from haodian.serving import free_port
from haodian.settings import Settings, read_settings
from haodian.supervisor import Running, find_running

CHROMIUM_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
ANNOUNCED = "好店已启动"
LAUNCH = (sys.executable, "-c", "from haodian.cli import main; main()")
ENDS_WITHIN_S = 60.0


class TrialFailed(Exception):
    """The product did not start, or a command on it failed; the message is what it printed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """A running product: where it is reached, and the settings to run commands on it."""

    settings: Settings
    running: Running
    environment: Mapping[str, str]

    @property
    def url(self) -> str:
        """The console's address."""
        return self.running.console_url

    def command(self, *arguments: str) -> str:
        """Run `haodian …` on this product and return what it printed. Raises TrialFailed."""
        done = subprocess.run(
            [*LAUNCH, *arguments], env=self.environment, capture_output=True, text=True, check=False
        )
        if done.returncode != 0:
            raise TrialFailed(done.stdout + done.stderr)
        return done.stdout


@contextmanager
def trial(*, within_s: float, **environment: str) -> Iterator[Trial]:
    """Start a product with `environment` on top of this process's, give it, stop it, remove its folder.

    Raises TrialFailed where it does not answer `within_s` seconds after its start.
    """
    home = Path(tempfile.mkdtemp(prefix="haodian-trial-"))
    home.chmod(0o755)  # as root the database runs as another user, who must reach its folder
    inherited = {key: value for key, value in os.environ.items() if not key.startswith("HAODIAN_")}
    given = {**inherited, "HAODIAN_HOME": str(home), **_free_ports(), **environment}
    settings = read_settings(given)
    output = home / "up.out"
    with output.open("wb") as handle:
        process = subprocess.Popen([*LAUNCH, "up"], env=given, stdout=handle, stderr=subprocess.STDOUT)
    try:
        _wait_until_announced(process, output, within_s=within_s)
        running = find_running(settings)
        if running is None:
            raise TrialFailed(output.read_text(encoding="utf-8", errors="replace"))
        yield Trial(settings=settings, running=running, environment=given)
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(timeout=ENDS_WITHIN_S)
        shutil.rmtree(home, ignore_errors=True)


def find_chromium() -> str | None:
    """Return the path of a Chromium, the one named by HAODIAN_CHROMIUM first."""
    named = os.environ.get("HAODIAN_CHROMIUM")
    return named or next((found for name in CHROMIUM_NAMES if (found := shutil.which(name))), None)


def _free_ports() -> dict[str, str]:
    taken: list[int] = []
    names = tuple(f"HAODIAN_{name}_PORT" for name in ("CONSOLE", "GATEWAY", "WORKER", "CORRELATOR"))
    for _ in names:
        taken.append(free_port(host="127.0.0.1", wanted=0, taken=taken))
    return dict(zip(names, map(str, taken), strict=True))


def _wait_until_announced(process: subprocess.Popen[bytes], output: Path, *, within_s: float) -> None:
    deadline = time.monotonic() + within_s
    while ANNOUNCED not in (said := output.read_text(encoding="utf-8", errors="replace")):
        if process.poll() is not None or time.monotonic() > deadline:
            raise TrialFailed(said)
        time.sleep(0.2)
