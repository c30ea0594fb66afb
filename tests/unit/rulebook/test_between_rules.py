"""Findings that need more than one rule: overlaps, versions, floors, ids; and broken declarations."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

import pytest

from engine.diagnostics import Diagnostic
from engine.rulebook import Rulebook, check, check_file, parse_rule

Findings = Callable[..., tuple[Diagnostic, ...]]
FEE_PATH = "rules/merchant_fee/fee.test.yaml"


def fee(
    *,
    rule_id: str = "fee.test",
    version: int = 1,
    title: str = "费率",
    start: str = "2025-01-01",
    scope: str = "",
    rate: str = "0.0038",
    allow: bool = False,
    end: str = "",
) -> str:
    """Return a merchant_fee file of one rate."""
    until = f'"{end}T00:00:00+08:00"' if end else "null"
    scoped = f"scope: {scope}\n" if scope else ""
    allowed = "  allow_negative_margin: true\n" if allow else ""
    return (
        f"kind: merchant_fee\nid: {rule_id}\nversion: {version}\ntitle: {title}\nowner: 测试\n"
        f'effective: {{from: "{start}T00:00:00+08:00", to: {until}}}\n{scoped}spec:\n'
        "  basis: settle_amount_fen\n  clock: txn.paid_at\n"
        f"  rounding: {{unit: fen, mode: HALF_UP, per: txn}}\n  refund: return_cumulative\n{allowed}"
        f'  rows:\n    - {{when: "true", rate: "{rate}"}}\n'
    )


@pytest.mark.parametrize(
    ("one", "other", "overlaps"),
    [
        ("", "", True),
        ("{city: [BJ]}", "{city: [BJ]}", True),
        ("{city: [BJ, SH]}", "{city: [SH, GZ]}", True),
        ("{city: [BJ]}", "{mcc: ['5812']}", True),  # equally specific for a Beijing restaurant
        ("{city: [BJ]}", "{city: [SH]}", False),
        ("", "{city: [BJ]}", False),
        ("{city: [BJ]}", "{city: [BJ], mcc: ['5812']}", False),
    ],
)
def test_equally_specific_rules_may_not_overlap(
    findings: Findings, one: str, other: str, overlaps: bool
) -> None:
    found = findings(fee(rule_id="fee.a", scope=one), fee(rule_id="fee.b", scope=other, start="2025-02-01"))
    assert [item.code for item in found] == (["EFFECTIVE_OVERLAP"] if overlaps else [])
    if overlaps:
        assert found[0].location.file == "rules/merchant_fee/fee.b.yaml"
        assert "fee.a" in found[0].message


class TestGaps:
    """A fee must be in force at every instant after the first one has begun."""

    @pytest.mark.parametrize(
        ("end", "next_start", "until"),
        [
            ("2025-03-01", "2025-03-01", None),  # half-open: the next takes over at that instant
            ("2025-03-01", "2025-03-02", "2025-03-02T00:00:00+08:00"),
            ("2025-03-01", "", "∞"),
            ("", "", None),
        ],
    )
    def test_the_instants_without_a_fee_are_found(
        self, findings: Findings, end: str, next_start: str, until: str | None
    ) -> None:
        files = [fee(rule_id="fee.a", end=end)]
        if next_start:
            files.append(fee(rule_id="fee.b", start=next_start))
        found = findings(*files)
        assert [item.code for item in found] == ([] if until is None else ["EFFECTIVE_GAP"])
        if until is not None:
            assert found[0].location.file == "rules/merchant_fee/fee.a.yaml"
            assert f"2025-03-01T00:00:00+08:00 到 {until}" in found[0].message

    def test_a_fee_for_some_may_end(self, findings: Findings) -> None:
        assert findings(fee(), fee(rule_id="fee.bj", scope="{city: [BJ]}", end="2025-03-01")) == ()

    def test_a_version_that_begins_too_late_is_told_where_it_begins(
        self, declarations: Mapping[str, str]
    ) -> None:
        whole, _ = check(files={**declarations, FEE_PATH: fee()})
        assert whole is not None
        first, _ = parse_rule(path=FEE_PATH, text=fee(end="2025-03-01"), context=whole.context)
        assert first is not None
        files = {**declarations, FEE_PATH: fee(version=2, start="2025-04-01")}
        _, found = check(files=files, earlier=[first])
        assert [(item.code, item.location.line) for item in found] == [("EFFECTIVE_GAP", 6)]


def corrected(*, reason: str = "录错", **changes: Any) -> str:
    """A version that says why it begins in the past."""
    said = f"correction: {{reason: {reason}, reference: 补充协议}}"
    return fee(**changes).replace("\nspec:", f"\n{said}\nspec:")


@pytest.mark.parametrize(
    ("changed", "codes"),
    [
        (fee(), []),
        (fee(title="改了标题"), []),
        (fee(rate="0.0039"), ["VERSION_IMMUTABLE"]),
        (fee(start="2025-01-02"), ["VERSION_IMMUTABLE"]),
        (fee(scope="{city: [BJ]}"), ["VERSION_IMMUTABLE"]),
        (fee(version=2, start="2025-05-01", rate="0.0039"), []),
        (fee(version=2, rate="0.0039"), ["EFFECTIVE_PAST", "VERSION_ORDER"]),
        (fee(version=2, start="2025-01-02", rate="0.0039"), ["EFFECTIVE_PAST"]),
        (corrected(version=2, start="2025-01-02", rate="0.0039"), []),
        (corrected(version=2, start="2025-01-01", rate="0.0039"), []),
        (corrected(version=2, start="2024-12-01", rate="0.0039"), []),
        (corrected(version=1, start="2025-01-01"), ["VERSION_IMMUTABLE"]),
        (corrected(version=2, start="2024-04-14"), []),  # 366 days before
        (corrected(version=2, start="2024-04-13"), ["CORRECTION_TOO_OLD"]),
        (corrected(version=2, start="2025-05-01"), ["CORRECTION_NOT_PAST"]),
    ],
)
def test_what_is_published_stays(declarations: Mapping[str, str], changed: str, codes: list[str]) -> None:
    before, _ = check(files={**declarations, FEE_PATH: fee()})
    now = datetime.fromisoformat("2025-04-15T00:00:00+08:00")
    found = check_file(path=FEE_PATH, text=changed, files=declarations, previous=before, now=now)
    assert [one.code for one in found] == codes


def test_what_a_correction_says_is_published_with_it(declarations: Mapping[str, str]) -> None:
    before, _ = check(files={**declarations, FEE_PATH: corrected(version=2)})
    said = corrected(version=2, reason="别的")
    found = check_file(path=FEE_PATH, text=said, files=declarations, previous=before)
    assert [one.code for one in found] == ["VERSION_IMMUTABLE"]


def test_a_correction_stands_in_the_place_of_every_version_from_its_start(
    declarations: Mapping[str, str],
) -> None:
    first, _ = check(files={**declarations, FEE_PATH: fee()})
    second, _ = check(files={**declarations, FEE_PATH: fee(version=2, start="2025-03-01")})
    third, wrong = check(files={**declarations, FEE_PATH: corrected(version=3, start="2025-02-01")})
    assert first is not None
    assert second is not None
    assert third is not None, wrong
    book = third.with_earlier((*first.versions, *second.versions))
    in_force = [
        book.in_force(kind="merchant_fee", at=datetime.fromisoformat(f"{day}T00:00:00+08:00"), scope={})
        for day in ("2025-01-31", "2025-02-01", "2025-03-01")
    ]
    assert [rule.version for rule in in_force] == [1, 3, 3]


def test_a_lower_version_is_refused(declarations: Mapping[str, str]) -> None:
    before, _ = check(files={**declarations, FEE_PATH: fee(version=3)})
    found = check_file(path=FEE_PATH, text=fee(version=2), files=declarations, previous=before)
    assert [(one.code, one.location.line) for one in found] == [("VERSION_ORDER", 3)]


def test_an_earlier_version_may_not_be_published_again_changed(declarations: Mapping[str, str]) -> None:
    latest, _ = check(files={**declarations, FEE_PATH: fee(version=2, start="2025-02-01")})
    assert latest is not None
    first, _ = parse_rule(path=FEE_PATH, text=fee(version=1), context=latest.context)
    assert first is not None
    before = latest.with_earlier([first])
    found = check_file(path=FEE_PATH, text=fee(version=1, rate="0.0050"), files=declarations, previous=before)
    assert [one.code for one in found] == ["VERSION_IMMUTABLE"]
    assert "version 改为 3" in found[0].hint


@pytest.mark.parametrize(
    ("rate", "allow", "codes"),
    [
        ("0.0022", False, ["NEGATIVE_MARGIN"]),  # cards cost 0.52 %
        ("0.0052", False, []),
        ("0.0010", True, []),
    ],
)
def test_a_fee_below_cost_needs_permission(
    shipped: Mapping[str, str], declarations: Mapping[str, str], rate: str, allow: bool, codes: list[str]
) -> None:
    cost = "rules/channel_cost/cost.channels.yaml"
    files = {**declarations, cost: shipped[cost]}
    found = check_file(path=FEE_PATH, text=fee(rate=rate, allow=allow), files=files)
    assert [one.code for one in found] == codes


@pytest.mark.parametrize(
    ("when", "codes"),
    [
        ("txn.settle_amount_fen > 0", ["NEGATIVE_MARGIN"]),
        ("txn.settle_amount_fen < 300000", []),
        ("txn.settle_amount_fen <= 384615", []),  # credit cards: 0.52 % of it is 1,999.998
        ("txn.settle_amount_fen <= 384616", ["NEGATIVE_MARGIN"]),  # 2,000.0032
        ("'NEW' in merchant.tags && !(txn.settle_amount_fen >= 300000)", []),
        ("txn.settle_amount_fen + 1 < 300000", ["NEGATIVE_MARGIN"]),  # no interval: taken for any amount
    ],
)
def test_a_cap_is_below_cost_only_where_amounts_grow_so_far(
    shipped: Mapping[str, str], declarations: Mapping[str, str], when: str, codes: list[str]
) -> None:
    cost = "rules/channel_cost/cost.channels.yaml"
    capped = f'  rows:\n    - {{when: "{when}", rate: "0.0060", cap_fen: 2000}}\n'
    text = fee(rate="0.0060").replace("  rows:\n", capped)
    found = check_file(path=FEE_PATH, text=text, files={**declarations, cost: shipped[cost]})
    assert [one.code for one in found] == codes


def test_two_rules_may_not_share_an_id(findings: Findings) -> None:
    found = findings(fee(), others={"rules/merchant_fee/copy.yaml": fee()})
    assert sorted(one.code for one in found if one.location.file.endswith("copy.yaml")) == ["PATH_MISMATCH"]
    brand = fee(rule_id="fee.test", scope="{city: [BJ]}").replace("merchant_fee", "channel_cost")
    assert "SCHEMA_UNKNOWN_FIELD" in {one.code for one in findings(brand)}


def test_ids_are_unique_over_kinds(findings: Findings, shipped: Mapping[str, str]) -> None:
    cost = shipped["rules/channel_cost/cost.channels.yaml"].replace("id: cost.channels", "id: fee.test")
    found = findings(fee(rate="0.0060"), others={"rules/channel_cost/fee.test.yaml": cost})
    assert [one.code for one in found if one.severity == "error"] == ["ID_DUPLICATE"]


# ── declarations ─────────────────────────────────────────────────────────────────────────────────────

BROKEN = (
    (
        "rules/facts.yaml",
        "type: {type: string, default: PAY",
        "type: {type: strin, default: PAY",
        "SCHEMA_ENUM",
    ),
    (
        "rules/facts.yaml",
        "hour_cst: {type: int, default: 12",
        "hour_cst: {type: int, default: x",
        "FACT_DEFAULT",
    ),
    ("rules/facts.yaml", '"2025-01-01T00:00:00+08:00"', '"2025-01-01T00:00:00"', "FACT_DEFAULT"),
    ("rules/aggregates.yaml", "fn: sum, field: txn.amount_fen", "fn: sum", "AGGREGATE_FIELD"),
    (
        "rules/aggregates.yaml",
        "fn: count, where",
        "fn: count, field: txn.amount_fen, where",
        "AGGREGATE_FIELD",
    ),
    ("rules/aggregates.yaml", "fn: sum, field: txn.amount_fen", "fn: sum, field: txn.id", "AGGREGATE_FIELD"),
    ("rules/aggregates.yaml", "field: txn.amount_fen", "field: txn.amout_fen", "FACT_UNKNOWN"),
    ("rules/aggregates.yaml", "key: [device.sn]", "key: [device.s]", "FACT_UNKNOWN"),
    ("rules/aggregates.yaml", "txn.type == 'REFUND'", "txn.typ == 'REFUND'", "FACT_UNKNOWN"),
    ("rules/aggregates.yaml", "window: 30d", "window: 91d", "WINDOW_MAX"),
    ("rules/aggregates.yaml", "window: 30d", "window: 1 month", "SCHEMA_FORMAT"),
    ("rules/aggregates.yaml", "name: payer_cnt_1d", "name: merchant_cnt_1h", "ID_DUPLICATE"),
    ("rules/approval.yaml", "write: [risk]", "writes: [risk]", "SCHEMA_UNKNOWN_FIELD"),
    ("rules/kinds/brand.yaml", "approval: operations", "approval: operation", "APPROVAL_UNKNOWN"),
    ("rules/kinds/brand.yaml", "namespaces: []", "namespaces: [brands]", "KIND_INVALID"),
    ("rules/kinds/brand.yaml", "kind: brand", "kind: brands", "PATH_MISMATCH"),
    ("rules/kinds/risk.yaml", "priority:", "# priority:", "KIND_INVALID"),
    ("rules/kinds/brand.schema.json", '"type": "object"', '"type": "objet"', "KIND_SCHEMA_INVALID"),
    ("rules/kinds/brand.schema.json", "{", "{,", "KIND_SCHEMA_INVALID"),
    ("rules/kinds/brand.schema.json", "^#[0-9a-f]{6}$", "^#[0-9", "KIND_SCHEMA_INVALID"),
    ("rules/kinds/common.schema.json", '"type": "integer"', '"type": "intege"', "KIND_SCHEMA_INVALID"),
    ("rules/kinds/brand.schema.json", "common.schema.json#/$defs/id", "nowhere.json", "KIND_SCHEMA_INVALID"),
)


@pytest.mark.parametrize(("path", "old", "new", "code"), BROKEN)
def test_a_broken_declaration_is_found(
    shipped: Mapping[str, str], path: str, old: str, new: str, code: str
) -> None:
    assert old in shipped[path]
    found = check_file(path=path, text=shipped[path].replace(old, new, 1), files=shipped)
    assert code in {one.code for one in found if one.location.file == path}


@pytest.mark.parametrize(
    "path",
    ["rules/facts.yaml", "rules/aggregates.yaml", "rules/approval.yaml", "rules/kinds/brand.schema.json"],
)
def test_a_missing_declaration_is_named(shipped: Mapping[str, str], path: str) -> None:
    files = {name: text for name, text in shipped.items() if name != path}
    rulebook, found = check(files=files)
    assert rulebook is None
    assert any(one.code == "FILE_MISSING" and path in one.message for one in found)


def test_a_file_in_the_wrong_place_is_not_overlooked(shipped: Mapping[str, str]) -> None:
    stray = "rules/merchant_fee/old/fee.yaml"
    rulebook, found = check(files={**shipped, stray: fee(), "rules/README.md": "text"})
    assert rulebook is not None
    assert [one.location.file for one in found if one.code == "FILE_UNEXPECTED"] == [stray]


def test_aggregates_become_facts_with_their_unit(shipped_book: Rulebook) -> None:
    facts = shipped_book.vocabulary.facts
    assert facts["agg.payer_merchant_cnt_10m"].unit == "cnt"
    assert facts["agg.payer_merchant_sum_10m_fen"].unit == "fen"
    ten_minutes = next(one for one in shipped_book.aggregates if one.name == "payer_merchant_cnt_10m")
    assert (ten_minutes.window_s, ten_minutes.key) == (600, ("txn.payer_id", "merchant.id"))
