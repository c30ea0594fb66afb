"""The first journey: ops raises the broker share from 40 % to 45 %, and everybody sees the fen.

The expected figures are computed here from the day's payments and refunds, one stream at a time, by a
reading that shares nothing with the product's SQL: pool = 45 % of the stream's eligible margin, half up,
split 27 : 18.
"""

from __future__ import annotations

from collections import defaultdict
from fractions import Fraction
from math import floor

from playwright.sync_api import Page, expect
from sqlalchemy import Connection, text

from haodian.trial import Trial
from payments_core.database import connect
from payments_core.money import format_fen
from tests.browser.people import measure, replace_in_line, sign_in

DAY = "2025-04-16"
BROKER = "B0001"


def test_ops_raises_the_broker_share_and_everybody_sees_the_fen(
    page: Page, phone: Page, product: Trial
) -> None:
    # Ops writes a new version with a mistake; the editor names the line and refuses to activate.
    sign_in(page, "ops")
    page.goto("/rules/ps.beijing.default")
    expect(page.locator(".cm-content")).to_contain_text("ps.beijing.default")
    page.get_by_role("button", name="升版本").click()
    expect(page.locator(".cm-content")).to_contain_text("version: 4")
    replace_in_line(page, 'rate: "0.24"', by='rate: "0.27"')
    replace_in_line(page, 'rate: "0.16"', by='rate: "0.18"')
    replace_in_line(page, "merchant.status ==", by="merchant.statsu ==")
    finding = page.locator(".bench-side .finding")
    expect(finding).to_contain_text("FACT_UNKNOWN")
    expect(finding).to_contain_text("12 行")
    expect(finding).to_contain_text("merchant.status")
    request = page.get_by_role("button", name="提交复核", exact=True)
    expect(request).to_be_disabled()

    # The mistake mended, a review is requested; finance approves it, and ops publishes it.
    replace_in_line(page, "merchant.statsu ==", by="merchant.status ==")
    expect(request).to_be_enabled()
    request.click()
    expect(page.get_by_role("dialog")).to_contain_text("24 %")
    page.get_by_role("button", name="的身份提交").click()
    page.wait_for_url("**/reviews/*")
    review = page.url
    measure(page)
    sign_in(page, "finance")
    page.goto(review)
    expect(page.locator(".grid-box").first).to_contain_text("27 %")
    page.get_by_role("button", name="批准", exact=True).click()
    expect(page.locator(".head")).to_contain_text("批准齐全")
    sign_in(page, "ops")
    page.goto(review)
    page.get_by_role("button", name="立即发布").click()
    page.wait_for_url("**/releases?r=*")
    number = page.url.rpartition("=")[2]
    expect(page.locator(".top")).to_contain_text(f"R-{number}")

    # Two business days run: the rest of today under the old version, tomorrow under the new one.
    product.command("day")
    assert "借贷相等" in product.command("day")
    engine = connect(url=database_url(product))
    with engine.connect() as connection:
        expected = expected_by_merchant(connection, BROKER)
        everybody = sum(expected_by_party(connection).values())
        assert released(connection) == {int(number)}
    engine.dispose()
    assert sum(expected.values()) > 0

    # The broker sees the day, its fen, the rule line and the release.
    sign_in(phone, "b0001")
    phone.goto("/m/income?month=2025-04")
    row = phone.locator("details.fold").filter(has_text="04-16")
    expect(row.locator("summary")).to_contain_text(format_fen(sum(expected.values()), signed=True))
    expect(phone.locator("#how")).to_contain_text("ps.beijing.default v4:16")
    row.locator("summary").click()
    row.locator("a.li").first.click()
    expect(phone.locator(".hero")).to_contain_text(f"R-{number}")

    # The city manager's report of that day shows the same release and the sum over all brokers.
    sign_in(page, "bj")
    page.goto(f"/hierarchy/BJ?first={DAY}&last={DAY}")
    expect(page.locator(".top")).to_contain_text(f"R-{number}")
    expect(page.locator("tfoot")).to_contain_text(format_fen(everybody))


def test_after_going_back_the_rules_are_those_in_force(page: Page) -> None:
    sign_in(page, "ops")
    page.goto("/releases")
    page.get_by_role("button", name="回到这一版").first.click()
    page.get_by_role("dialog").get_by_label("原因").fill("演练回退")
    page.get_by_role("dialog").get_by_role("button", name="的身份激活").click()
    page.wait_for_url("**/releases?r=*")
    page.goto("/rules")
    expect(page.locator("tbody tr").filter(has_text="ps.beijing.default")).to_contain_text("v3")
    expect(page.locator("main .lost")).to_have_count(0)


def database_url(product: Trial) -> str:
    from haodian.database import url_of

    return url_of(product.settings)


def released(connection: Connection) -> set[int]:
    found = connection.execute(
        text("SELECT DISTINCT release_no FROM share_entry WHERE business_date = :day"), {"day": DAY}
    )
    return set(found.scalars())


def expected_by_merchant(connection: Connection, broker: str) -> dict[str, int]:
    return {m: fen for (m, party), fen in expected_by_party(connection).items() if party == broker}


def expected_by_party(connection: Connection) -> dict[tuple[str, str], int]:
    """Return what each broker earns of each merchant on DAY, from the rows of the day alone."""
    margins: dict[tuple[str, str, str], int] = defaultdict(int)
    for row in connection.execute(text(_MARGINS), {"day": DAY}):
        margins[row.merchant_id, row.opener_id, row.broker_id] += row.fen
    earned: dict[tuple[str, str], int] = defaultdict(int)
    for (merchant, opener, maintainer), margin in margins.items():
        assert margin >= 0
        pool = floor(Fraction(45, 100) * margin + Fraction(1, 2))
        exact = Fraction(pool * 27, 45)
        opened = floor(exact) + (exact - floor(exact) >= Fraction(1, 2))  # two parts: the larger remainder
        earned[merchant, opener] += opened
        earned[merchant, maintainer] += pool - opened
    return dict(earned)


# Refunds of earlier payments stay in the streams of version 3: only what was paid on DAY is of version 4.
_MARGINS = """
  SELECT merchant_id, opener_id, broker_id, eligible_margin_fen AS fen FROM payment WHERE business_date = :day
  UNION ALL
  SELECT r.merchant_id, r.opener_id, r.broker_id, r.eligible_margin_delta_fen FROM refund r
  JOIN payment p USING (merchant_id, payment_id)
  WHERE r.business_date = :day AND p.business_date = :day AND r.state = 'SUCCESS'
"""
