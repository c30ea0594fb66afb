"""A whole product in a folder of its own, and a page of Chromium that tolerates no error and no stranger."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Page, Request, sync_playwright

from haodian.serving import free_port
from haodian.settings import Settings, read_settings
from haodian.supervisor import Running, find_running

HERE = Path(__file__).parent
NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
STARTS_WITHIN_S = 180.0
MISSING = "browser tests skipped: no Chromium here; install it with `apt-get install chromium fonts-noto-cjk`"


def find_chromium() -> str | None:
    """Return the path of a Chromium, the one named by HAODIAN_CHROMIUM first."""
    named = os.environ.get("HAODIAN_CHROMIUM")
    return named or next((found for name in NAMES if (found := shutil.which(name))), None)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark every test here, and skip it where there is no browser."""
    for item in items:
        if HERE in item.path.parents:
            item.add_marker(pytest.mark.browser)
            if find_chromium() is None:
                item.add_marker(pytest.mark.skip(reason=MISSING))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say once that browser tests were skipped, and what to install."""
    skipped = [r for r in terminalreporter.stats.get("skipped", []) if MISSING in str(r.longrepr)]
    if skipped:
        terminalreporter.write_line(f"{len(skipped)} {MISSING}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Product:
    """A running product: where it is reached, and the settings to run commands on it."""

    settings: Settings
    running: Running
    environment: dict[str, str]

    @property
    def url(self) -> str:
        """The console's address."""
        return self.running.console_url

    def command(self, *arguments: str) -> str:
        """Run `haodian …` on this product and return what it printed; it must succeed."""
        done = subprocess.run(
            [sys.executable, "-c", "from haodian.cli import main; main()", *arguments],
            env=self.environment,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout


@pytest.fixture(scope="session")
def product() -> Iterator[Product]:
    """The product with a tiny demo world, started as a user starts it."""
    home = Path(tempfile.mkdtemp(prefix="haodian-browser-"))
    home.chmod(0o755)
    environment = {
        **os.environ,
        "HAODIAN_HOME": str(home),
        "HAODIAN_DEMO_SCALE": "0.002",
        "HAODIAN_DEMO_DAYS": "2",
        **_free_ports(),
    }
    environment.pop("HAODIAN_DATABASE_URL", None)
    settings = read_settings(environment)
    output = home / "up.out"
    with output.open("wb") as handle:
        process = subprocess.Popen(
            [sys.executable, "-c", "from haodian.cli import main; main()", "up"],
            env=environment,
            stdout=handle,
            stderr=subprocess.STDOUT,
        )
    try:
        _wait_until_announced(process, output)
        running = find_running(settings)
        assert running is not None
        yield Product(settings=settings, running=running, environment=environment)
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(timeout=60)
        shutil.rmtree(home, ignore_errors=True)


def _free_ports() -> dict[str, str]:
    taken: list[int] = []
    for _ in range(3):
        taken.append(free_port(host="127.0.0.1", wanted=0, taken=taken))
    names = ("HAODIAN_CONSOLE_PORT", "HAODIAN_GATEWAY_PORT", "HAODIAN_WORKER_PORT")
    return dict(zip(names, map(str, taken), strict=True))


def _wait_until_announced(process: subprocess.Popen[bytes], output: Path) -> None:
    deadline = time.monotonic() + STARTS_WITHIN_S
    while "好店已启动" not in (said := output.read_text(encoding="utf-8", errors="replace")):
        assert process.poll() is None, said
        assert time.monotonic() < deadline, said
        time.sleep(0.2)


@pytest.fixture(scope="module")
def browser(product: Product) -> Iterator[Browser]:
    """One Chromium a module: while it lives it holds an event loop that async tests would meet."""
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=find_chromium(), args=["--no-sandbox"])
        yield started
        started.close()


@pytest.fixture
def page(browser: Browser, product: Product) -> Iterator[Page]:
    """A page of a desktop; the test fails where it logs an error or asks any other host."""
    yield from _watched_page(browser, product, width=1440, height=900)


@pytest.fixture
def phone(browser: Browser, product: Product) -> Iterator[Page]:
    """A page of a phone, watched likewise."""
    yield from _watched_page(browser, product, width=390, height=844)


def _watched_page(browser: Browser, product: Product, *, width: int, height: int) -> Iterator[Page]:
    context = browser.new_context(
        base_url=product.url,
        viewport={"width": width, "height": height},
        locale="zh-CN",
        reduced_motion="reduce",
    )
    opened = context.new_page()
    errors: list[str] = []
    strangers: list[str] = []

    def on_console(message: ConsoleMessage) -> None:
        if message.type == "error":
            errors.append(f"{message.text} {message.location}")

    def on_request(request: Request) -> None:
        asked = urlsplit(request.url)
        if asked.scheme in ("http", "https", "ws", "wss") and asked.hostname not in (
            "127.0.0.1",
            "localhost",
        ):
            strangers.append(request.url)

    opened.on("console", on_console)
    opened.on("pageerror", lambda error: errors.append(str(error)))
    opened.on("request", on_request)
    yield opened
    context.close()
    assert (errors, strangers) == ([], [])
