"""Which version applies when and for whom; every boundary is half-open."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta

import pytest

from engine.rulebook import NoRuleInForce, Rule, Rulebook, RuleNotFound, parse_rule


def fee(
    *,
    rule_id: str = "fee.test",
    version: int = 1,
    start: str = "2025-01-01",
    end: str | None = None,
    rate: str = "0.0038",
    city: str = "",
) -> str:
    """Return a merchant_fee file of one rate; dates begin at midnight in Shanghai."""
    to = f'"{end}T00:00:00+08:00"' if end else "null"
    scope = f"scope: {{city: [{city}]}}\n" if city else ""
    return (
        f"kind: merchant_fee\nid: {rule_id}\nversion: {version}\ntitle: 费率\nowner: 测试\n"
        f'effective: {{from: "{start}T00:00:00+08:00", to: {to}}}\n{scope}spec:\n'
        "  basis: settle_amount_fen\n  clock: txn.paid_at\n"
        "  rounding: {unit: fen, mode: HALF_UP, per: txn}\n  refund: return_cumulative\n"
        f'  rows:\n    - {{when: "true", rate: "{rate}"}}\n'
    )


def rate_at(rulebook: Rulebook, instant: str, city: str = "BJ") -> str:
    """Return the rate in force."""
    rule = rulebook.in_force(
        kind="merchant_fee", at=datetime.fromisoformat(instant), scope={"city": city, "mcc": "5812"}
    )
    return str(rule.spec["rows"][0]["rate"])


def earlier(rulebook: Rulebook, text: str) -> Rule:
    """Return an earlier version, as a reader of history would make it."""
    rule, findings = parse_rule(
        path="rules/merchant_fee/fee.test.yaml", text=text, context=rulebook.context, commit="c0ffee"
    )
    assert rule is not None, findings
    return rule


@pytest.fixture
def two_versions(book: Callable[..., Rulebook]) -> Rulebook:
    """Return W7's rulebook: 0.38 % until 2025-03-01 in Shanghai, then 0.30 %."""
    now = book(fee(version=2, start="2025-03-01", rate="0.0030"))
    return now.with_earlier([earlier(now, fee(version=1, rate="0.0038"))])


@pytest.mark.parametrize(
    ("instant", "rate"),
    [
        ("2025-01-01T00:00:00+08:00", "0.0038"),
        ("2025-02-28T23:59:59.999999+08:00", "0.0038"),
        ("2025-03-01T00:00:00+08:00", "0.0030"),
        ("2025-02-28T16:00:00+00:00", "0.0030"),  # the same instant in UTC
        ("2025-02-28T15:59:59.999999+00:00", "0.0038"),
        ("2030-01-01T00:00:00+08:00", "0.0030"),
    ],
)
def test_the_version_of_the_instant_applies(two_versions: Rulebook, instant: str, rate: str) -> None:
    assert rate_at(two_versions, instant) == rate


def test_before_the_first_version_there_is_no_rule(two_versions: Rulebook) -> None:
    with pytest.raises(NoRuleInForce):
        rate_at(two_versions, "2024-12-31T23:59:59+08:00")


def test_an_end_is_not_included(book: Callable[..., Rulebook]) -> None:
    rulebook = book(fee(end="2025-02-01", city="BJ"))
    assert rate_at(rulebook, "2025-01-31T23:59:59+08:00") == "0.0038"
    with pytest.raises(NoRuleInForce):
        rate_at(rulebook, "2025-02-01T00:00:00+08:00")


def test_the_more_specific_scope_applies_while_it_is_in_force(book: Callable[..., Rulebook]) -> None:
    rulebook = book(
        fee(rule_id="fee.all", rate="0.0060"),
        fee(rule_id="fee.bj", start="2025-03-01", end="2025-04-01", rate="0.0030", city="BJ"),
    )
    cases = (
        ("2025-02-28T23:59:59+08:00", "BJ", "0.0060"),
        ("2025-03-01T00:00:00+08:00", "BJ", "0.0030"),
        ("2025-03-01T00:00:00+08:00", "SH", "0.0060"),
        ("2025-04-01T00:00:00+08:00", "BJ", "0.0060"),
    )
    for instant, city, rate in cases:
        assert rate_at(rulebook, instant, city) == rate


def test_a_gap_between_versions_is_a_gap(book: Callable[..., Rulebook]) -> None:
    now = book(fee(version=2, start="2025-03-01", rate="0.0030"))
    rulebook = now.with_earlier([earlier(now, fee(version=1, end="2025-02-01"))])
    with pytest.raises(NoRuleInForce):
        rate_at(rulebook, "2025-02-15T00:00:00+08:00")
    assert rate_at(rulebook, "2025-01-31T00:00:00+08:00") == "0.0038"


def test_all_in_force_gives_every_rule_of_the_kind(shipped_book: Rulebook) -> None:
    at = datetime(2025, 4, 1, tzinfo=UTC)
    rules = shipped_book.all_in_force(kind="risk", at=at, scope={"city": "BJ"})
    assert [rule.id for rule in rules] == [
        "risk.limits",
        "risk.merchant",
        "risk.split_order",
        "risk.split_order.strict",
        "risk.velocity",
    ]
    assert shipped_book.all_in_force(kind="risk", at=at - timedelta(days=365), scope={}) == ()


def test_find_gives_the_version_asked_for(two_versions: Rulebook) -> None:
    assert two_versions.find(rule_id="fee.test").version == 2
    assert two_versions.find(rule_id="fee.test", version=1).commit == "c0ffee"
    with pytest.raises(RuleNotFound):
        two_versions.find(rule_id="fee.test", version=3)


def test_reads_unites_all_versions(book: Callable[..., Rulebook]) -> None:
    now = book(fee(version=2, start="2025-03-01"))
    old = fee(version=1).replace(
        '    - {when: "true"', '    - {when: "merchant.mcc == \'5812\'", rate: "0.0030"}\n    - {when: "true"'
    )
    rulebook = now.with_earlier([earlier(now, old)])
    assert now.reads(kind="merchant_fee") == frozenset()
    assert rulebook.reads(kind="merchant_fee") == {"merchant.mcc"}


def test_an_earlier_text_of_the_same_version_does_not_replace_the_files(
    book: Callable[..., Rulebook],
) -> None:
    now = book(fee(version=2, start="2025-03-01", rate="0.0030"))
    later = now.with_earlier([earlier(now, fee(version=3, start="2025-03-02", rate="0.0090"))])
    assert rate_at(later, "2025-03-05T00:00:00+08:00") == "0.0030"


def test_one_timeline_serves_all_scopes_that_no_rule_tells_apart(shipped_book: Rulebook) -> None:
    one = shipped_book.timeline(kind="merchant_fee", scope={"city": "SH", "merchant": "M1"})
    other = shipped_book.timeline(kind="merchant_fee", scope={"city": "GZ", "merchant": "M2"})
    assert one is other
    assert one is not shipped_book.timeline(kind="merchant_fee", scope={"city": "BJ"})


def test_a_line_can_be_found_for_any_value(shipped_book: Rulebook, shipped: Mapping[str, str]) -> None:
    rule = shipped_book.find(rule_id="ps.beijing.default")
    line = shipped[rule.path].splitlines()[rule.line_of(("spec", "shares", 1, "rate")) - 1]
    assert 'role: maintainer, rate: "0.16"' in line
