"""One text, several views: what is typed in the grid or the form, or pasted from a spreadsheet, is YAML."""

from __future__ import annotations

import re

from playwright.sync_api import Locator, Page, expect

from tests.browser.test_rate_change import sign_in

RULE = "/rules/fee.community.std"
# A paste as the browser makes it of a spreadsheet's clipboard.
PASTE = """(cell, text) => {
  const carried = new DataTransfer();
  carried.setData('text/plain', text);
  const how = { clipboardData: carried, bubbles: true, cancelable: true };
  cell.dispatchEvent(new ClipboardEvent('paste', how));
}"""


def open_rule(page: Page, tab: str) -> None:
    sign_in(page, "ops")
    page.goto(RULE)
    expect(page.locator(".yaml-editor .cm-content[data-completes]")).to_be_visible()
    expect(page.locator(".bench-side .ph").first).to_be_visible()
    page.get_by_role("tab", name=tab).click()


def cell(page: Page, row: int, column: str) -> Locator:
    return page.locator(f".ag-row[row-index='{row}'] .ag-cell[col-id='{column}']")


def yaml(page: Page) -> Locator:
    page.get_by_role("tab", name="YAML").click()
    return page.locator(".yaml-editor .cm-content")


def test_a_rate_typed_in_the_grid_is_in_the_yaml_with_its_findings_and_can_be_taken_back(page: Page) -> None:
    open_rule(page, "表格")
    cell(page, 1, "o_rate").click()
    page.keyboard.type("1.5.5")
    page.keyboard.press("Enter")
    expect(page.locator(".bench-side")).to_contain_text("SCHEMA_FORMAT")
    expect(cell(page, 1, "o_rate")).to_have_class(re.compile(r"\bcell-bad\b"))
    cell(page, 1, "o_rate").click()
    page.keyboard.type("0.61%")
    page.keyboard.press("Enter")
    expect(cell(page, 1, "o_rate")).to_have_text("0.61 %")
    expect(page.locator(".ans")).to_contain_text("0.61 %")
    expect(yaml(page)).to_contain_text('rate: "0.0061", label: 信用卡')
    page.get_by_role("tab", name="表格").click()
    cell(page, 2, "when").click()
    page.keyboard.press("Control+z")
    expect(cell(page, 1, "o_rate")).to_have_text("1.5.5")
    page.get_by_role("button", name="撤销").click()
    expect(page.locator(".ans")).to_contain_text("与已发布的")


def test_a_block_from_a_spreadsheet_stays_text_whatever_it_holds(page: Page) -> None:
    open_rule(page, "表格")
    hostile = ":onclick\t=1+1\r\n<img src=x onerror=alert(1)>\t0.4%\r\n"
    cell(page, 1, "when").click()
    cell(page, 1, "when").evaluate(PASTE, "txn.channel == 'ALIPAY'\t0.33%\r\n")
    expect(cell(page, 1, "o_rate")).to_have_text("0.33 %")
    cell(page, 1, "when").evaluate(PASTE, hostile)
    expect(cell(page, 1, "when")).to_have_text(":onclick")
    expect(cell(page, 2, "when")).to_have_text("<img src=x onerror=alert(1)>")
    expect(page.locator(".bench-side .finding").first).to_be_visible()
    expect(yaml(page)).to_contain_text('- {when: ":onclick", rate: "=1+1"')


def test_a_row_comes_and_moves(page: Page) -> None:
    open_rule(page, "表格")
    cell(page, 0, "when").click()
    page.get_by_role("button", name="在下方加一行").click()
    expect(page.locator(".grid-foot")).to_contain_text("5 行")
    cell(page, 1, "when").click()
    page.keyboard.type("txn.is_round_amount")
    page.keyboard.press("Enter")
    cell(page, 1, "when").click()
    page.get_by_role("button", name="上移一行").click()
    expect(cell(page, 0, "when")).to_have_text("txn.is_round_amount")


def test_facts_values_and_fields_are_completed_and_a_fact_tells_of_itself(page: Page) -> None:
    open_rule(page, "YAML")
    line = page.locator(".cm-line").filter(has_text="label: 标准")
    line.click()
    page.keyboard.press("End")
    page.keyboard.press("Enter")
    page.keyboard.type('- {when: "txn.chan')
    offered = page.locator(".cm-tooltip-autocomplete li")
    expect(offered.first).to_contain_text("txn.channel")
    offered.first.click()
    page.keyboard.type(" == ")
    page.keyboard.press("Control+Space")
    expect(offered.first).to_contain_text("'WECHAT'")
    page.keyboard.press("Escape")
    expect(page.locator(".bench-side")).to_contain_text("错误")  # checked: nothing moves from here on
    place = page.locator(".cm-line").filter(has_text="by: txn.settle_amount_fen").bounding_box()
    assert place is not None
    page.mouse.move(place["x"] + 250, place["y"] + 8)
    page.mouse.move(place["x"] + 252, place["y"] + 9)
    expect(page.locator(".fact-card")).to_contain_text("应结金额")


def test_the_form_edits_the_yaml_in_place(page: Page) -> None:
    sign_in(page, "ops")
    page.goto("/rules/ps.beijing.default")
    expect(page.locator(".bench-side .ph").first).to_be_visible()
    page.get_by_role("tab", name="表单").click()
    page.locator(".rule-item").first.get_by_label("比例").fill("23%")
    page.keyboard.press("Tab")
    expect(page.locator(".ans")).to_contain_text("23 %")
    condition = page.locator(".condition-editor .cm-content").first
    condition.click()
    page.keyboard.press("End")
    page.keyboard.type(" && broker.lev")
    expect(page.locator(".rule-told.bad").first).to_contain_text("broker.lev")
    expect(yaml(page)).to_contain_text('rate: "0.23", label: 签约人')


def test_proofs_name_a_case_that_can_be_tried_and_kept(page: Page) -> None:
    open_rule(page, "表格")
    cell(page, 1, "o_rate").click()
    page.keyboard.type("0.01%")
    page.keyboard.press("Enter")
    expect(cell(page, 1, "o_rate")).to_have_text("0.01 %")
    page.get_by_role("tab", name="证明").click()
    expect(page.locator(".proof-head")).to_contain_text("成立", timeout=30_000)
    page.get_by_role("tab", name="试算").click()
    page.get_by_role("button", name="存为测试用例").click()
    expect(yaml(page)).to_contain_text("试算 6")


def test_the_facts_of_a_payment_are_tried_and_rules_are_found_by_a_fact(page: Page) -> None:
    sign_in(page, "ops")
    page.goto("/payments")
    payment = page.locator("a[href^='/payments/P']").first
    number = (payment.get_attribute("href") or "").rpartition("/")[2]
    page.goto(RULE)
    expect(page.locator(".bench-side .ph").first).to_be_visible()
    page.get_by_role("tab", name="试算").click()
    page.get_by_label("支付单号").fill(number)
    page.get_by_role("button", name="载入").click()
    expect(page.locator(".q-notification")).to_contain_text("个事实中的")
    expect(page.get_by_label("应结金额")).not_to_have_value("0")
    page.get_by_label("名称、编号或事实").fill("broker.level")
    expect(page.locator(".tree-rule").filter(has_text="北京默认分润")).to_be_visible()
    expect(page.locator(".tree-rule").filter(has_text="社区商户")).to_be_hidden()
    page.locator(".bench-side").get_by_role("link", name="txn.channel").click()
    expect(page.locator("h1")).to_contain_text("txn.channel")
    expect(page.locator(".uses-flow")).to_contain_text("社区商户标准费率")
    expect(page.locator(".use").first).to_be_visible()
