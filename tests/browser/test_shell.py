"""The frame around every page: what each role may open, language, look, search, leaving."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from haodian.bootstrap import DEMO_LOGINS

PASSWORDS = {login: password for login, password, _ in DEMO_LOGINS}


def sign_in(page: Page, login: str, path: str = "/") -> None:
    """Sign in as one of the demo world's people, on the way to `path`."""
    page.goto(path)
    page.fill("#login", login)
    page.fill("#password", PASSWORDS[login])
    page.click("button[type=submit]")
    page.wait_for_url(lambda url: "/login" not in url)


@pytest.mark.parametrize(
    ("login", "sections"),
    [
        ("ops", ["今日", "资金", "结算", "发现", "规则", "人店", "进件"]),
        ("bj", ["今日", "结算", "规则", "人店", "进件"]),
        ("d01", ["今日", "规则", "人店", "进件"]),
        ("s002", ["今日", "规则", "人店", "进件"]),
    ],
)
def test_the_rail_shows_only_what_the_role_may_open(page: Page, login: str, sections: list[str]) -> None:
    sign_in(page, login)
    expect(page.locator(".rail-item")).to_have_text(sections)


@pytest.mark.parametrize(
    ("login", "tabs"), [("b0001", ["收入", "商户", "我的"]), ("m00001", ["账单", "我的"])]
)
def test_brokers_and_merchants_get_the_phone_frame(phone: Page, login: str, tabs: list[str]) -> None:
    sign_in(phone, login)
    expect(phone.locator(".ptabs a")).to_have_text(tabs)
    expect(phone.locator(".rail")).to_have_count(0)
    assert phone.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_the_language_stays_with_the_person(page: Page) -> None:
    sign_in(page, "ops")
    page.click("details.menu summary:has(.ava)")
    page.click("button:has-text('English')")
    expect(page.locator("h1")).to_have_text("Today")
    page.context.clear_cookies()
    sign_in(page, "ops")
    expect(page.locator("h1")).to_have_text("Today")
    page.click("details.menu summary:has(.ava)")
    page.click("button:has-text('中文')")
    expect(page.locator("h1")).to_have_text("今日")


def test_dark_is_one_click_away(page: Page) -> None:
    sign_in(page, "ops")
    page.click("details.menu summary:has(.ava)")
    page.click("button:has-text('深色')")
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")
    expect(page.locator("body")).to_have_class(re.compile("body--dark"))


def test_control_k_searches_within_the_scope(page: Page) -> None:
    sign_in(page, "ops")
    page.keyboard.press("Control+k")
    page.keyboard.type("B0001")
    page.keyboard.press("Enter")
    page.wait_for_url("**/search?q=B0001")
    page.click("tbody a")
    page.wait_for_url("**/hierarchy/B0001")


def test_leaving_closes_the_other_tabs(page: Page) -> None:
    sign_in(page, "ops")
    other = page.context.new_page()
    other.goto("/")
    expect(other.locator("h1")).to_have_text("今日")
    page.click("details.menu summary:has(.ava)")
    page.click("button:has-text('退出登录')")
    page.wait_for_url("**/login*")
    other.wait_for_url("**/login*")


def test_an_unknown_page_answers_in_our_words(page: Page) -> None:
    sign_in(page, "ops")
    answer = page.request.get("/nothing/here")
    assert answer.status == 404
    assert "未找到" in answer.text()
