"""Every page for everybody: names, contrast, one heading, room enough, visible focus, the right language."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

from haodian.trial import Trial
from tests.browser.test_shell import sign_in

FAULTS = (Path(__file__).parent / "accessible.js").read_text(encoding="utf-8")
DESK_WIDTHS, PHONE_WIDTHS = (1440, 768, 390, 360), (390, 360)
PAGES = {
    "ops": (
        "/", "/payments", "/payments/first", "/settlement", "/rules", "/rules/ps.beijing.default",
        "/rules/fee.community.std", "/releases", "/hierarchy/HQ", "/hierarchy/B0001", "/onboarding",
        "/search?q=B0001", "/onboarding/new", "/findings", "/uses?of=txn.channel",
    ),
    "b0001": ("/m/income", "/m/merchants", "/m/me"),
    "m00001": ("/m/bill", "/m/me"),
}  # fmt: skip


@pytest.mark.parametrize("look", ["light", "dark"])
@pytest.mark.parametrize("login", list(PAGES))
def test_every_page_is_accessible_at_every_width(page: Page, product: Trial, login: str, look: str) -> None:
    set_look(page, product, look)
    sign_in(page, login)
    faults = {}
    for path in PAGES[login]:
        open_page(page, path)
        for width in PHONE_WIDTHS if login in ("b0001", "m00001") else DESK_WIDTHS:
            if found := faults_at(page, width):
                faults[path, width] = found
    assert faults == {}


@pytest.mark.parametrize("look", ["light", "dark"])
def test_the_login_page_is_accessible(page: Page, product: Trial, look: str) -> None:
    set_look(page, product, look)
    page.goto("/login")
    for width in (1440, 360):
        assert faults_at(page, width) == []


@pytest.mark.parametrize("look", ["light", "dark"])
def test_pages_that_refuse_are_accessible_too(browser: Browser, product: Trial, look: str) -> None:
    # A page of its own: the browser logs an error where a page answers 404 or 400, as these must.
    context = browser.new_context(base_url=product.url, locale="zh-CN")
    page = context.new_page()
    set_look(page, product, look)
    sign_in(page, "ops")
    for path in ("/nothing/here", "/hierarchy/nowhere", "/hierarchy/HQ?first=2025-04-02&last=2025-04-01"):
        page.goto(path)
        for width in DESK_WIDTHS:
            assert (path, width, faults_at(page, width)) == (path, width, [])
    context.close()


@pytest.mark.parametrize(("login", "path"), [("ops", "/"), ("ops", "/payments"), ("b0001", "/m/income")])
def test_focus_can_be_seen_wherever_the_tab_key_leads(page: Page, login: str, path: str) -> None:
    sign_in(page, login, path)
    unseen = []
    for _ in range(30):
        page.keyboard.press("Tab")
        if told := page.evaluate(FOCUS_UNSEEN):
            unseen.append(told)
    assert unseen == []


@pytest.mark.parametrize(("choice", "expected"), [("en", "en"), ("zh", "zh")])
def test_the_page_says_which_language_it_is_in(page: Page, choice: str, expected: str) -> None:
    sign_in(page, "ops")
    switch_language(page, to=choice)
    for path in ("/", "/rules", "/payments"):
        page.goto(path)
        assert page.evaluate("document.documentElement.lang").split("-")[0] == expected
    switch_language(page, to="zh")


FOCUS_UNSEEN = """() => {
  const node = document.activeElement;
  if (!node || node === document.body) return '';
  const around = [node, node.parentElement, node.closest('.q-field__control, .q-btn, .search, .q-tab')];
  const drawn = around.some((one) => {
    if (!one) return false;
    const style = getComputedStyle(one);
    const outlined = style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) >= 1;
    return outlined || style.boxShadow !== 'none';
  });
  return drawn ? '' : node.outerHTML.slice(0, 120);
}"""


def faults_at(page: Page, width: int) -> list[str]:
    """Return what is wrong at a width, once charts have followed it."""
    page.set_viewport_size({"width": width, "height": 900})
    page.wait_for_timeout(250)
    found: list[str] = page.evaluate(FAULTS)
    return found


def set_look(page: Page, product: Trial, look: str) -> None:
    page.context.add_cookies([{"name": "haodian_look", "value": look, "url": product.url}])


def switch_language(page: Page, *, to: str) -> None:
    """Choose a language in the person's menu, where it is not the present one."""
    if page.evaluate("document.documentElement.lang").split("-")[0] == to:
        return
    page.click("details.menu summary:has(.ava)")
    page.click(f"button[name=code][value={to}]")
    page.wait_for_load_state()


def open_page(page: Page, path: str) -> None:
    """Go to `path`; `/payments/first` is the first payment of the list."""
    if path.endswith("/first"):
        page.goto(path.removesuffix("/first"))
        page.locator("a[href^='/payments/P']").first.click()
        page.wait_for_url("**/payments/P*")
    else:
        page.goto(path)
    page.wait_for_selector("h1", state="attached")
    page.wait_for_timeout(400)  # the socket fills in what is read after the page was built
