"""What people do in every journey: sign in, type over a line of the editor."""

from __future__ import annotations

from playwright.sync_api import Page, expect


def sign_in(page: Page, login: str) -> None:
    """Begin a session of a demo person, whoever was signed in before."""
    page.context.clear_cookies()
    page.goto("/login")
    page.fill("#login", login)
    page.fill("#password", "haodian-2025")
    page.click("button[type=submit]")
    page.wait_for_url(lambda url: "/login" not in url)


def replace_in_line(page: Page, line: str, *, by: str) -> None:
    """Type over the one line of the editor that contains `line`: click, select, type."""
    found = page.locator(".cm-line").filter(has_text=line)
    expect(found).to_have_count(1)
    old = found.inner_text().splitlines()[-1]
    found.click()
    page.keyboard.press("Home")
    page.keyboard.press("Home")  # the first press stops at the indentation
    page.keyboard.press("Shift+End")
    page.keyboard.insert_text(old.replace(line, by))


def measure(page: Page) -> None:
    """Measure the change on the page of its review, and wait until the review knows the figure."""
    expect(page.locator(".review")).to_contain_text("影响：未测算")
    page.get_by_role("button", name="开始测算").click()
    expect(page.locator(".review")).to_contain_text("影响：折合每月牵动", timeout=60_000)
