"""A draft is measured from the workbench: started, watched, read, and read again after an edit."""

from __future__ import annotations

from playwright.sync_api import Page, expect

from tests.browser.people import replace_in_line, sign_in


def test_a_draft_is_measured_in_the_workbench(page: Page) -> None:
    sign_in(page, "ops2")
    page.goto("/rules/cost.channels")
    expect(page.locator(".cm-content")).to_contain_text("cost.channels")
    page.get_by_role("tab", name="回测").click()
    expect(page.locator(".backtest-view")).to_contain_text("还没有测算过")
    start = page.get_by_role("button", name="开始测算")
    start.click()
    expect(page.locator(".q-notification")).to_contain_text("没有改动")

    page.get_by_role("tab", name="YAML").click()
    page.get_by_role("button", name="升版本").click()
    expect(page.locator(".cm-content")).to_contain_text("version: 3")
    page.get_by_role("tab", name="回测").click()
    start.click()
    found = page.locator(".backtest-view")
    expect(found).to_contain_text("各方得失", timeout=60_000)
    expect(found).to_contain_text("与草稿一致")
    expect(found).to_contain_text("没有差别")

    page.get_by_role("tab", name="YAML").click()
    replace_in_line(page, "title: 通道成本", by="title: 通道成本（新）")
    page.get_by_role("tab", name="回测").click()
    expect(found).to_contain_text("编辑器里有未存的改动")
    # A line of the rows that apply leads to the YAML.
    found.get_by_role("button", name="cost.channels v3:").first.click()
    expect(page.locator(".cm-content")).to_be_visible()
    page.goto("/rules/cost.channels")
    page.get_by_role("button", name="放弃草稿").click()
    expect(page.get_by_role("button", name="放弃草稿")).to_have_count(0)
