"""A change lives through two people: nobody approves their own, edits void, going back restores the fen."""

from __future__ import annotations

from datetime import UTC, datetime

from playwright.sync_api import Page, expect

from haodian.database import url_of
from haodian.trial import Trial
from payments_core.database import connect, transaction
from payments_core.fees import EVALUATORS
from payments_core.rulebooks import ActiveRulebook
from tests.browser.people import measure, replace_in_line, sign_in

NEXT_WEEK = datetime(2025, 4, 23, 4, 0, tzinfo=UTC)


def request_review(page: Page, *, reason: str) -> str:
    request = page.get_by_role("button", name="提交复核", exact=True)
    expect(request).to_be_enabled()
    request.click()
    page.get_by_role("dialog").get_by_label("原因").fill(reason)
    page.get_by_role("button", name="的身份提交").click()
    page.wait_for_url("**/reviews/*")
    return page.url


def fee_of_ten_thousand_yuan(product: Trial) -> int:
    """Return the fee of ¥10,000 next week, in fen, by whatever release is active in the product."""
    engine = connect(url=url_of(product.settings))
    with transaction(engine) as connection:
        release = ActiveRulebook(product.settings.rulebook, engine).release(connection)
    engine.dispose()
    rule = release.rulebook.in_force(kind="merchant_fee", at=NEXT_WEEK, scope={"city": "BJ"})
    facts = {name: fact.default for name, fact in release.rulebook.vocabulary.facts.items()}
    answer = EVALUATORS["merchant_fee"](rule, {**facts, "txn.settle_amount_fen": 1_000_000})
    return int(answer["fee_fen"])


def test_a_change_lives_through_two_people_and_back(page: Page, product: Trial) -> None:
    assert fee_of_ten_thousand_yuan(product) == 3800
    # Ops lowers the fee and asks for a review; ops cannot approve it, nor publish it alone.
    sign_in(page, "ops")
    page.goto("/rules/fee.community.std")
    expect(page.locator(".cm-content")).to_contain_text("fee.community.std")
    page.get_by_role("button", name="升版本").click()
    expect(page.locator(".cm-content")).to_contain_text("version: 5")
    replace_in_line(page, '"0.0038", label: 标准', by='"0.0036", label: 标准')
    replace_in_line(page, 'rate: "0.0038", fee_fen: 19', by='rate: "0.0036", fee_fen: 18')
    review = request_review(page, reason="竞争")
    expect(page.locator(".head")).to_contain_text("作者不能批准自己的变更")
    expect(page.get_by_role("button", name="批准", exact=True)).to_have_count(0)
    expect(page.get_by_role("button", name="立即发布")).to_have_count(0)

    # Unmeasured it needs finance and risk; measured, what so little money needs.
    expect(page.locator(".head")).to_contain_text("还缺：财务、风控")
    measure(page)
    expect(page.locator(".head")).to_contain_text("还缺：财务。")

    # Finance sees what changes and approves; then ops edits the draft, and the approval is void.
    sign_in(page, "finance")
    page.goto("/reviews")
    page.get_by_role("link", name="社区商户标准费率 v5").click()
    expect(page.locator(".grid-box").first).to_contain_text("0.36 %")
    page.get_by_role("button", name="批准", exact=True).click()
    expect(page.locator(".head")).to_contain_text("批准齐全")
    sign_in(page, "ops")
    page.goto("/rules/fee.community.std")
    expect(page.locator(".cm-content")).to_contain_text("version: 5")
    replace_in_line(page, '"0.0036", label: 标准', by='"0.0035", label: 标准')
    replace_in_line(page, 'rate: "0.0036", fee_fen: 18', by='rate: "0.0035", fee_fen: 18')
    page.get_by_role("button", name="存草稿").click()
    expect(page.get_by_text("草稿已保存")).to_be_visible()
    page.goto(review)
    expect(page.locator(".head")).to_contain_text("批准已失效")
    expect(page.get_by_role("button", name="立即发布")).to_have_count(0)

    # Asked again, approved again, published: the fen follow the rule that was approved.
    page.goto("/rules/fee.community.std")
    expect(page.locator(".cm-content")).to_contain_text('"0.0035"')
    again = request_review(page, reason="竞争加剧")
    assert again != review
    for approver in ("finance", "risk"):
        sign_in(page, approver)
        page.goto(again)
        page.get_by_role("button", name="批准", exact=True).click()
        expect(page.locator(".decision")).to_contain_text("财务")
    expect(page.locator(".head")).to_contain_text("批准齐全")
    sign_in(page, "ops")
    page.goto(again)
    page.get_by_role("button", name="立即发布").click()
    page.wait_for_url("**/releases?r=*")
    assert fee_of_ten_thousand_yuan(product) == 3500

    # Finance asks to go back and cannot agree alone; who may do it alone does, with one click and a reason.
    sign_in(page, "finance")
    page.goto("/releases")
    page.get_by_role("button", name="申请回到这一版").first.click()
    page.get_by_role("dialog").get_by_label("原因").fill("降得太多")
    page.get_by_role("dialog").get_by_role("button", name="的身份提交").click()
    page.wait_for_url("**/reviews/*")
    expect(page.locator(".grid-box").first).to_contain_text("0.38 %")
    expect(page.locator(".head")).to_contain_text("作者不能批准自己的变更")
    sign_in(page, "ops")
    page.goto("/releases")
    page.get_by_role("button", name="回到这一版", exact=True).first.click()
    page.get_by_role("dialog").get_by_label("原因").fill("降得太多")
    page.get_by_role("dialog").get_by_role("button", name="的身份激活").click()
    expect(page.locator(".release-row").first).to_contain_text("降得太多")
    assert fee_of_ten_thousand_yuan(product) == 3800

    # What is edited next is what is in force, under a number that was never given.
    page.goto("/rules/fee.community.std")
    expect(page.locator(".cm-content")).to_contain_text("version: 4")
    page.get_by_role("button", name="升版本").click()
    expect(page.locator(".cm-content")).to_contain_text("version: 6")
