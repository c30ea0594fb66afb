"""What differs line by line: in words of both languages, by identity of rows, never by position."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.rulebook import Context, check
from engine.rulebook.differences import pair_items, rule_differences, rulebook_differences
from tests.unit.differences.conftest import FEE, Versions

SHARE = "rules/profit_share/ps.beijing.default.yaml"
STANDARD = 'rate: "0.0038", label: 标准'
CASES: dict[str, tuple[str, tuple[str, str], tuple[int | None, int | None], str, str]] = {
    "rate": (
        FEE, (STANDARD, 'rate: "0.0060", label: 标准'), (22, 22),
        "「标准」 · 费率：0.38 % → 0.6 %", "“标准” · Rate: 0.38 % → 0.6 %",
    ),
    "fen": (
        FEE, ("cap_fen: 2000", "cap_fen: 123456"), (17, 17),
        "「借记卡」 · 封顶金额：¥20.00 → ¥1,234.56", "“借记卡” · Cap: ¥20.00 → ¥1,234.56",
    ),
    "open tier": (
        FEE, ('{rate: "0.0060"}]', '{rate: "0.0065"}]'), (20, 20),
        "「云闪付阶梯」 · 阶梯 · 档第 2 项 · 费率：0.6 % → 0.65 %",
        "“云闪付阶梯” · Tiers · Tier 2 · Rate: 0.6 % → 0.65 %",
    ),
    "instant in Shanghai": (
        FEE, ("2025-03-01T00:00:00+08:00", "2025-04-30T16:00:00Z"), (8, 8),
        "生效时间 · 自：2025-03-01 00:00 → 2025-05-01 00:00",
        "In force · From: 2025-03-01 00:00 → 2025-05-01 00:00",
    ),
    "open end": (
        FEE, ("to: null", 'to: "2026-01-01T00:00:01+08:00"'), (8, 8),
        "生效时间 · 至：长期 → 2026-01-01 00:00:01", "In force · Until: open → 2026-01-01 00:00:01",
    ),
    "scope": (
        FEE, ("city: [BJ]", "city: [BJ, SH]"), (9, 9),
        "适用范围 · 城市：BJ → BJ、SH", "Scope · City: BJ → BJ, SH",
    ),
    "condition": (
        SHARE, ("['P4', 'P5']", "['P5']"), (20, 20),
        "加成「高级别经纪人」 · 条件：经纪人级别 属于 P4、P5 → 经纪人级别 属于 P5",
        "Uplifts “高级别经纪人” · Condition: broker level is one of (P4, P5) → broker level is one of (P5)",
    ),
    "days": (
        SHARE, ("max_days: 180", "max_days: 30"), (22, 22),
        "冲回 · 最多天数：180 天 → 30 天", "Reversal · Most days: 180 d → 30 d",
    ),
    "truth": (
        FEE, ("margin: false", "margin: true"), (15, 15),
        "允许负毛利：不是 → 是", "Negative margin allowed: no → yes",
    ),
    "version, no quantity": (
        FEE, ("version: 4", "version: 1000"), (5, 5), "版本：4 → 1000", "Version: 4 → 1000",
    ),
    "field added": (
        FEE, ('rate: "0.0060", label', 'rate: "0.0060", min_fen: 1, label'), (None, 18),
        "新增 「信用卡」 · 最低金额：¥0.01", "added “信用卡” · Minimum: ¥0.01",
    ),
    "fact of a test": (
        FEE, ("amount_fen: 5000}", "amount_fen: 5100}"), (28, 28),
        "测试「五十元」 · 事实 · 应结金额：¥50.00 → ¥51.00",
        "Tests “五十元” · Facts · settlement amount: ¥50.00 → ¥51.00",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_one_value_is_one_line_in_both_languages(name: str, versions: Versions, context: Context) -> None:
    path, edit, lines, zh, en = CASES[name]
    old, new = versions(edit, path=path)
    (found,) = rule_differences(old=old, new=new, kind=context.kinds[new.kind])
    assert (found.old_line, found.new_line) == lines
    assert (found.words(language="zh"), found.words(language="en")) == (zh, en)


def told(versions: Versions, context: Context, *edits: tuple[str, str]) -> list[str]:
    old, new = versions(*edits)
    return [
        one.words(language="zh") for one in rule_differences(old=old, new=new, kind=context.kinds[new.kind])
    ]


def test_a_row_put_in_front_changes_no_other(versions: Versions, context: Context) -> None:
    row = '    - {when: "txn.channel == \'ALIPAY\'", rate: "0.0030", label: 支付宝}\n'
    assert told(versions, context, ("  rows:\n", f"  rows:\n{row}")) == [
        "新增 「支付宝」：条件 支付渠道 是 ALIPAY；费率 0.3 %；名称 支付宝"
    ]


def test_a_row_that_goes_is_said_with_its_old_line(versions: Versions, context: Context) -> None:
    row = '    - {when: "txn.channel == \'BANKCARD\'", rate: "0.0060", label: 信用卡}\n'
    old, new = versions((row, ""))
    (found,) = rule_differences(old=old, new=new, kind=context.kinds[new.kind])
    assert (found.old_line, found.new_line) == (18, None)
    assert found.words(language="en") == (
        "removed “信用卡”: Condition channel is BANKCARD; Rate 0.6 %; Label 信用卡"
    )


def test_a_row_that_moves_and_changes_is_two_lines(versions: Versions, context: Context) -> None:
    credit = '    - {when: "txn.channel == \'BANKCARD\'", rate: "0.0060", label: 信用卡}\n'
    raised = credit.replace("0.0060", "0.0065")
    assert told(versions, context, (credit, ""), ("  rows:\n", f"  rows:\n{raised}")) == [
        "「信用卡」 · 位置：第 2 个 → 第 1 个",
        "「信用卡」 · 费率：0.6 % → 0.65 %",
    ]


def test_a_row_without_label_is_known_by_its_condition(versions: Versions, context: Context) -> None:
    plain = (", label: 信用卡", "")
    old, new = versions(plain)[1], versions(plain, ('rate: "0.0060"}\n', 'rate: "0.0061"}\n'))[1]
    (found,) = rule_differences(old=old, new=new, kind=context.kinds[new.kind])
    assert found.words(language="zh") == "第 2 行 · 费率：0.6 % → 0.61 %"


def test_the_same_condition_written_otherwise_is_no_difference(versions: Versions, context: Context) -> None:
    edit = ("txn.channel == 'BANKCARD'\"", "( txn.channel=='BANKCARD' )\"")
    comment = ("# 北京社区", "# 改过的注释\n# 北京社区")
    assert told(versions, context, edit, comment) == []


def test_rulebooks_differ_by_rules_added_removed_and_changed(shipped: Mapping[str, str]) -> None:
    default = "rules/merchant_fee/fee.default.yaml"
    without = {path: text for path, text in shipped.items() if path != default}
    changed = {**shipped, FEE: shipped[FEE].replace("cap_fen: 2000", "cap_fen: 3000", 1)}
    before, after = (check(files=without_fee_tests(files))[0] for files in (without, changed))
    assert before is not None
    assert after is not None
    found = rulebook_differences(old=before, new=after)
    assert [(one.rule.id, one.old is None, one.new is None, len(one.lines)) for one in found] == [
        ("fee.community.std", False, False, 1),
        ("fee.default", True, False, 0),
    ]
    back = rulebook_differences(old=after, new=before)
    assert [(one.rule.id, one.new is None) for one in back][1] == ("fee.default", True)


def without_fee_tests(files: Mapping[str, str]) -> dict[str, str]:
    return {
        path: text.partition("\ntests:")[0] + "\n" if path.startswith("rules/merchant_fee") else text
        for path, text in files.items()
    }


def test_every_field_of_every_kind_has_a_title_in_both_languages(shipped: Mapping[str, str]) -> None:
    untitled = [
        f"{path}: {name}"
        for path, text in shipped.items()
        if path.endswith(".schema.json")
        for name, field in fields(json.loads(text))
        if " · " not in field.get("title", "")
    ]
    assert untitled == []


def fields(schema: Any) -> Iterator[tuple[str, Mapping[str, Any]]]:
    if isinstance(schema, list):
        for item in schema:
            yield from fields(item)
    elif isinstance(schema, dict):
        named = schema.get("properties")
        # Of a choice: only its names stand there, or an object without a place of its own.
        yield from named.items() if isinstance(named, dict) else ()
        for key, item in schema.items():
            yield from fields(list(item.values()) if key == "properties" else item)


ROWS = st.lists(
    st.fixed_dictionaries({"when": st.sampled_from("abcd"), "rate": st.sampled_from("123")}), max_size=7
)


@settings(max_examples=100)
@given(ROWS, ROWS)
def test_every_item_is_paired_once_or_stands_alone(old: list[Any], new: list[Any]) -> None:
    pairs = pair_items(old, new)
    here = [one for one, _ in pairs if one is not None]
    there = [other for _, other in pairs if other is not None]
    assert sorted(here) == list(range(len(old)))
    assert there == list(range(len(new)))
    # What is equal is never said to have come or gone.
    alone_old = [old[one] for one, other in pairs if other is None and one is not None]
    alone_new = [new[other] for one, other in pairs if one is None and other is not None]
    assert not [one for one in alone_old if one in alone_new]
