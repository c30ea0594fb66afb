"""The hierarchy report as a manager uses it: drill down, compare, switch, export."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from tests.browser.test_shell import sign_in

LEVELS = ("城市", "商圈", "门店", "经纪人", "商户")


def test_headquarters_drills_down_to_one_merchant(page: Page) -> None:
    sign_in(page, "ops", "/hierarchy/HQ")
    for level in LEVELS:
        expect(page.locator("section.pan h2").last).to_have_text(f"{level}排名")
        amount = page.locator(".tile .v").first.inner_text()
        expect(page.locator("tfoot")).to_contain_text(amount)  # the tile is the totals row
        name = page.locator("tbody a").first.inner_text()
        page.locator("tbody a").first.click()
        expect(page.locator("h1")).to_contain_text(name)
    expect(page.locator("section.pan h2").last).to_have_text("每日明细")
    expect(page.locator("h1 .crumb a")).to_have_count(5)


def test_the_choice_stands_in_the_address(page: Page) -> None:
    sign_in(page, "ops", "/hierarchy/HQ")
    page.click("a:has-text('按现在组织')")
    page.wait_for_url("**basis=now**")
    page.click("a:has-text('有效笔数')")
    page.wait_for_url(lambda url: "by=count" in url and "basis=now" in url)
    page.go_back()
    page.wait_for_url(lambda url: "by=amount" in url and "basis=now" in url)


@pytest.mark.parametrize("kind", ["csv", "xlsx"])
def test_the_table_can_be_taken_away(page: Page, kind: str) -> None:
    sign_in(page, "ops", "/hierarchy/HQ")
    page.click("summary:has-text('导出')")
    with page.expect_download() as caught:
        page.click(f"a[href*='export.{kind}']")
    assert caught.value.suggested_filename.endswith(f".{kind}")


def test_a_city_manager_begins_at_his_city_and_finds_no_other(page: Page) -> None:
    sign_in(page, "bj", "/hierarchy")
    expect(page.locator("h1 .crumb")).to_have_count(0)
    for outside in ("HQ", "no-such-node"):
        answer = page.request.get(f"/hierarchy/{outside}")
        assert answer.status == 404
        assert "编号有误，或不在你的范围" in answer.text()


def test_a_reversed_range_is_told_in_words(page: Page) -> None:
    sign_in(page, "ops", "/hierarchy/HQ")
    answer = page.request.get("/hierarchy/HQ?first=2025-04-02&last=2025-04-01")
    assert answer.status == 400
    assert "结束早于开始" in answer.text()
