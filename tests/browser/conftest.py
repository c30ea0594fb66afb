"""A whole product in a folder of its own, and a page of Chromium that tolerates no error and no stranger."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Page, Request, sync_playwright

from haodian.trial import Trial, find_chromium, trial

HERE = Path(__file__).parent
STARTS_WITHIN_S = 180.0
MISSING = "browser tests skipped: no Chromium here; install it with `apt-get install chromium fonts-noto-cjk`"


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


@pytest.fixture(scope="session")
def product() -> Iterator[Trial]:
    """The product with a tiny demo world, started as a user starts it."""
    with trial(within_s=STARTS_WITHIN_S, HAODIAN_DEMO_SCALE="0.002", HAODIAN_DEMO_DAYS="2") as started:
        yield started


@pytest.fixture(scope="module")
def browser(product: Trial) -> Iterator[Browser]:
    """One Chromium a module: while it lives it holds an event loop that async tests would meet."""
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=find_chromium(), args=["--no-sandbox"])
        yield started
        started.close()


@pytest.fixture
def page(browser: Browser, product: Trial) -> Iterator[Page]:
    """A page of a desktop; the test fails where it logs an error or asks any other host."""
    yield from _watched_page(browser, product, width=1440, height=900)


@pytest.fixture
def phone(browser: Browser, product: Trial) -> Iterator[Page]:
    """A page of a phone, watched likewise."""
    yield from _watched_page(browser, product, width=390, height=844)


def _watched_page(browser: Browser, product: Trial, *, width: int, height: int) -> Iterator[Page]:
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
