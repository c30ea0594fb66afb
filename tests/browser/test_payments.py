"""Payments as people use them: find, open, follow a figure to its rule line, take the list away."""

from __future__ import annotations

from playwright.sync_api import Page, expect

from tests.browser.test_shell import sign_in

# W1's sale of ¥128.50, the first showcase day of the demo world
W1_SALE = "/payments?first=2025-03-11&last=2025-03-11&place=M00001&least=128.50&most=128.50"


def test_a_filtered_list_leads_to_one_payment_and_on_to_the_rule_line(page: Page) -> None:
    sign_in(page, "ops", W1_SALE)
    expect(page.locator("tbody tr")).to_have_count(1)
    expect(page.locator("tfoot")).to_contain_text("¥128.50")
    page.locator("tbody a.mono").first.click()
    expect(page.locator("h2").nth(1)).to_have_text("这 ¥128.50 里好店留下多少？")
    for figure in ("¥0.4900", "−¥0.2800", "¥0.2100", "¥0.0504", "¥0.0336", "¥0.1260"):
        expect(page.locator(".wf")).to_contain_text(figure)
    expect(page.locator(".ledger tfoot").first).to_contain_text("借贷相等")
    page.locator(".wf a", has_text="fee.community.std").click()
    page.wait_for_url("**/rules/fee.community.std?v=*")


def test_the_list_is_taken_away_as_it_was_filtered(page: Page) -> None:
    sign_in(page, "ops", W1_SALE)
    with page.expect_download() as caught:
        page.click("a[href*='/payments/export.csv']")
    lines = caught.value.path().read_text(encoding="utf-8-sig").splitlines()
    assert len(lines) == 3  # head, one payment, sums
    assert ",128.50," in lines[1]


def test_a_merchant_sees_neither_cost_nor_shares(phone: Page) -> None:
    sign_in(phone, "m00001", W1_SALE)
    phone.locator("tbody a").first.click()
    expect(phone.locator("h1")).to_contain_text("P2503")
    for hidden in ("通道成本", "分润支出", "毛利"):
        expect(phone.locator("#body")).not_to_contain_text(hidden)


def test_a_payment_outside_the_scope_is_not_found(page: Page) -> None:
    sign_in(page, "ops", "/payments?first=2025-03-11&last=2025-03-11&place=M00001")
    address = page.locator("tbody a").first.get_attribute("href") or ""
    page.context.clear_cookies()
    sign_in(page, "bj", "/settlement")
    assert page.request.get(address).status == 404


def test_settlement_opens_on_the_last_settled_day(page: Page) -> None:
    sign_in(page, "finance", "/settlement")
    expect(page.locator(".step.done")).to_have_count(6)
    table = page.locator("table:has(tfoot)")
    heads = [text.split()[0] for text in table.locator("thead th").all_inner_texts()]
    real = table.locator("tfoot td").nth(heads.index("实付")).inner_text()
    expect(page.locator(".head .ans")).to_contain_text(f"¥{real}")
    expect(page.locator(".proofs > div").first).to_be_visible()
