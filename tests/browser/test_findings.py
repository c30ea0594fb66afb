"""Findings as risk uses them: the list, one of them, and back to its rule line."""

from __future__ import annotations

from playwright.sync_api import Page, expect

from tests.browser.test_shell import sign_in

TRIES = 60


def test_a_finding_opens_to_its_events_and_its_rule_line(page: Page) -> None:
    sign_in(page, "risk", "/findings?q=seq.device_moved")
    for _ in range(TRIES):  # the correlator may still be reading the past
        if page.locator("tbody tr").count():
            break
        page.wait_for_timeout(500)
        page.reload()
    expect(page.locator(".head .ans")).to_contain_text("条发现")
    page.locator("tbody a.when").first.click()
    expect(page.locator("h1")).to_contain_text("掉线后异地上线")
    expect(page.locator("tbody tr")).to_have_count(2)
    page.locator("a.mono", has_text="seq.device_moved").click()
    page.wait_for_url("**/rules/seq.device_moved?v=1*")


def test_who_sees_no_risk_cases_sees_no_findings(page: Page) -> None:
    sign_in(page, "bj", "/settlement")
    assert page.request.get("/findings").status == 404


def test_nothing_found_says_so(page: Page) -> None:
    sign_in(page, "ops", "/findings?q=seq.nothing_like_it")
    expect(page.locator("#body")).to_contain_text("没有发现")
