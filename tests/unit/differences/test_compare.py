"""Two versions compared: each verdict, proved or with a witness that the deciding function confirms."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping

import pytest

from engine.rulebook import Context, Rule, parse_rule, read_context
from engine.rulebook.prove.compare import Comparison, Effect, Slice, compare
from payments_core.fees import EVALUATORS, evaluate_fee
from tests.unit.differences.conftest import FEE, Versions

SHARE = "rules/profit_share/ps.beijing.default.yaml"
RISK = "rules/risk/risk.velocity.yaml"
ROUTE = "rules/channel_route/route.default.yaml"
POLICY = "rules/settlement_policy/settle.d1.yaml"
STANDARD = 'rate: "0.0038", label: 标准'
Compare = Callable[..., Comparison]


@pytest.fixture
def compared(versions: Versions, context: Context) -> Compare:
    """Compare a shipped rule with the same after `edits`."""

    def of(*edits: tuple[str, str], path: str = FEE) -> Comparison:
        old, new = versions(*edits, path=path)
        return compare(old=old, new=new, kind=context.kinds[new.kind], evaluators=EVALUATORS)

    return of


def effects(comparison: Comparison, fact: str) -> dict[str | None, Effect]:
    return {one.value: one.effect for one in comparison.slices if one.fact and one.fact.name == fact}


@pytest.mark.parametrize(
    ("path", "edits", "effect"),
    [
        (FEE, [("version: 4", "version: 5")], Effect.EQUAL),
        (FEE, [("label: 标准", "label: 改名")], Effect.EQUAL),
        (FEE, [("margin: false", "margin: true")], Effect.EQUAL),
        (FEE, [(STANDARD, 'rate: "0.0060", label: 标准')], Effect.DEARER),
        (FEE, [(STANDARD, 'rate: "0.0038", min_fen: 1, label: 标准')], Effect.DEARER),
        (FEE, [("mode: marginal", "mode: whole")], Effect.DEARER),
        (FEE, [("cap_fen: 2000", "cap_fen: 1999")], Effect.CHEAPER),
        (FEE, [("mode: HALF_UP", "mode: DOWN")], Effect.CHEAPER),
        # Below the cap 0.60 % is more than 0.50 %; above it ¥15.00 is less than ¥20.00.
        (FEE, [('"0.0050", cap_fen: 2000', '"0.0060", cap_fen: 1500')], Effect.MIXED),
        # Only what lies above ¥1,000.00 is charged less.
        (FEE, [('{rate: "0.0060"}]', '{rate: "0.0037"}]')], Effect.CHEAPER),
        (SHARE, [('"0.24"', '"0.25"')], Effect.DEARER),
        (SHARE, [("['P4', 'P5']", "['P5']")], Effect.CHEAPER),
        (SHARE, [('"0.24"', '"0.26"'), ('"0.16"', '"0.14"')], Effect.MIXED),
        (SHARE, [("zero_for_broker", "share_loss")], Effect.CHANGED),
        (RISK, [("payer_cnt_1d >= 50", "payer_cnt_1d >= 40")], Effect.CHANGED),
        (RISK, [("label: 同人一日五十笔", "label: 别名")], Effect.EQUAL),
        (RISK, [("mode: enforce", "mode: shadow")], Effect.CHANGED),
        (ROUTE, [("SIM_ALIPAY", "SIM_WECHAT")], Effect.CHANGED),
        (ROUTE, [("label: 支付宝", "label: 花呗")], Effect.EQUAL),
        (POLICY, [("version: 1", "version: 2")], Effect.EQUAL),
    ],
)
def test_each_verdict(path: str, edits: list[tuple[str, str]], effect: Effect, compared: Compare) -> None:
    comparison = compared(*edits, path=path)
    assert comparison.whole.effect == effect
    ways = {Effect.EQUAL: 0, Effect.DEARER: 1, Effect.CHEAPER: 1, Effect.MIXED: 2}
    if effect in ways:
        assert len(comparison.whole.witnesses) == ways[effect]
    for witness in comparison.whole.witnesses:
        assert witness.old.ways_to(witness.new)


def test_a_dearer_rate_shows_the_fen_of_a_hundred_yuan(compared: Compare) -> None:
    whole = compared((STANDARD, 'rate: "0.0060", label: 标准')).whole
    (witness,) = whole.witnesses
    assert witness.facts["txn.settle_amount_fen"] == 10_000
    assert (witness.old.amounts, witness.new.amounts) == ((38,), (60,))  # 100.00 × 0.38 % → 100.00 × 0.60 %
    assert witness.new.lines == (22,)
    assert witness.words(language="zh").endswith("¥0.38（第 22 行「标准」） → ¥0.60（第 22 行「标准」）")
    assert witness.words(language="en").endswith("¥0.38 (line 22 “标准”) → ¥0.60 (line 22 “标准”)")
    assert whole.name.zh == "全部情况"


def test_only_the_slices_that_differ_say_so(compared: Compare) -> None:
    by_channel = effects(compared(('"0.0060", label: 信用卡', '"0.0050", label: 信用卡')), "txn.channel")
    assert by_channel == {
        "WECHAT": Effect.EQUAL, "ALIPAY": Effect.EQUAL, "UNIONPAY_QR": Effect.EQUAL,
        "BANKCARD": Effect.CHEAPER,
    }  # fmt: skip
    by_level = effects(compared(("['P4', 'P5']", "['P3', 'P4']"), path=SHARE), "broker.level")
    assert by_level == {
        "P1": Effect.EQUAL, "P2": Effect.EQUAL, "P3": Effect.DEARER, "P4": Effect.EQUAL, "P5": Effect.CHEAPER,
    }  # fmt: skip


def test_a_wider_scope_is_said_in_its_slice_and_disturbs_no_other(compared: Compare) -> None:
    comparison = compared((STANDARD, 'rate: "0.0060", label: 标准'), ("city: [BJ]", "city: [BJ, SH]"))
    assert effects(comparison, "merchant.city") == {"BJ": Effect.DEARER, "SH": Effect.CHANGED}
    assert comparison.whole.effect == Effect.DEARER
    (witness,) = next(one for one in comparison.slices if one.value == "SH").witnesses
    assert witness.old.said.zh == "不适用"


def test_a_value_no_condition_names_is_a_slice_of_its_own(compared: Compare) -> None:
    row = '    - {when: "merchant.mcc == \'5411\'", rate: "0.0038", label: 超市}\n    - {when: "true"'
    comparison = compared(('    - {when: "true"', row), (STANDARD, 'rate: "0.0030", label: 标准'))
    assert effects(comparison, "merchant.mcc") == {"5411": Effect.EQUAL, None: Effect.CHEAPER}
    other: Slice = next(one for one in comparison.slices if one.fact and one.value is None)
    assert (other.name.zh, other.name.en) == ("行业码 其他", "any other MCC")


def test_a_scope_that_no_fact_answers_to_is_a_setting(compared: Compare) -> None:
    comparison = compared(("city: [BJ]", "store: [S1]"))
    assert [one.zh for one in comparison.settings] == ["新增 适用范围 · 门店：S1"]
    assert comparison.whole.effect == Effect.CHANGED


def test_rates_that_round_to_the_same_fen_are_equal(compared: Compare) -> None:
    small = (
        '    - {when: "true"',
        '    - {when: "txn.settle_amount_fen < 100", rate: "0.0038", label: 零}\n    - {when: "true"',
    )
    old = compared(small).whole
    assert old.effect == Effect.EQUAL  # the row is new, what it charges is not
    # 0.99 × 0.0038 = 0.38 fen and 0.99 × 0.0040 = 0.40 fen: both round to nothing.
    tiny = (small[0], small[1].replace("0.0038", "0.0040"))
    assert compared(tiny).whole.effect == Effect.EQUAL


def test_a_version_that_errs_where_the_other_answers_has_changed(compared: Compare) -> None:
    comparison = compared(
        (
            'R201, label: 同人同店十分钟十笔, when: "agg',
            'R201, label: 同人同店十分钟十笔, when: "1000 / txn.amount_fen < 0 || agg',
        ),
        path=RISK,
    )
    assert comparison.whole.effect == Effect.CHANGED


LIST = """kind: made
title: {zh: 试, en: Made}
shape: table
hit_policy: collect_list
namespaces: [txn, merchant]
approval: operations
"""
RULE = """kind: made
id: made.test
version: 1
title: 试
owner: 测试
effective: {from: "2025-01-01T00:00:00+08:00", to: null}
spec:
  rows:
    - {when: "txn.channel == 'ALIPAY'", gift: A}
    - {when: "txn.channel == 'WECHAT'", gift: B}
"""


@pytest.mark.parametrize(
    ("edit", "effect"),
    [
        (("gift: B", "gift: C"), Effect.CHANGED),
        (("'WECHAT'", "'WECHAT' && txn.amount_fen < -1 && txn.amount_fen > 1"), Effect.CHANGED),
        (("version: 1", "version: 2"), Effect.EQUAL),
        # A row more that never holds: provably nothing.
        (
            (
                "    - {when: \"txn.channel == 'W",
                '    - {when: "txn.channel != txn.channel", gift: D}\n    - {when: "txn.channel == \'W',
            ),
            Effect.EQUAL,
        ),
        # Another row that gives the same: the formulas do not say, so it is not decided.
        (
            (
                "'ALIPAY'\", gift: A}",
                "'ALIPAY'\", gift: A}\n    - {when: \"merchant.tags == ['X', 'Y']\", gift: A}",
            ),
            Effect.UNDECIDED,
        ),
    ],
)
def test_tables_of_other_hit_policies(
    edit: tuple[str, str], effect: Effect, shipped: Mapping[str, str]
) -> None:
    schema = json.dumps({"type": "object", "required": ["spec"]})
    files = {**shipped, "rules/kinds/made.yaml": LIST, "rules/kinds/made.schema.json": schema}
    context, findings = read_context(files)
    assert not findings
    old, new = (made(text, context) for text in (RULE, RULE.replace(*edit)))
    comparison = compare(old=old, new=new, kind=context.kinds["made"], evaluators={})
    assert comparison.whole.effect == effect
    assert bool(comparison.whole.reason) == (effect == Effect.UNDECIDED)


def made(text: str, context: Context) -> Rule:
    rule, findings = parse_rule(path="rules/made/made.test.yaml", text=text, context=context)
    assert rule is not None, [one.render(text) for one in findings]
    return rule


def test_less_can_be_dearer(versions: Versions, shipped: Mapping[str, str]) -> None:
    path = "rules/kinds/merchant_fee.yaml"
    kind = read_context({**shipped, path: shipped[path] + "  dearer: less\n"})[0].kinds["merchant_fee"]
    old, new = versions((STANDARD, 'rate: "0.0060", label: 标准'))
    assert compare(old=old, new=new, kind=kind, evaluators=EVALUATORS).whole.effect == Effect.CHEAPER


def test_amounts_are_those_of_the_function_that_prices(versions: Versions, context: Context) -> None:
    old, new = versions((STANDARD, 'rate: "0.0060", label: 标准'))
    (witness,) = compare(
        old=old, new=new, kind=context.kinds["merchant_fee"], evaluators=EVALUATORS
    ).whole.witnesses
    facts = context.kinds["merchant_fee"].vocabulary.conform(witness.facts)
    assert witness.new.amounts == (evaluate_fee(new, facts)["fee_fen"],)
    with pytest.raises(ValueError, match="fee_fen"):
        compare(old=old, new=new, kind=context.kinds["merchant_fee"], evaluators={})


@pytest.mark.parametrize(
    "line",
    [
        "  charge: {zh: 费, en: Fee, basis: txn.nothing, output: fee_fen}",
        "  slices: {city: merchant.nowhere}",
    ],
)
def test_a_kind_that_compares_by_no_fact_is_refused(line: str, shipped: Mapping[str, str]) -> None:
    path = "rules/kinds/merchant_state.yaml"
    _, findings = read_context({**shipped, path: shipped[path] + f"compare:\n{line}\n"})
    assert [(one.code, one.location.file) for one in findings] == [("KIND_INVALID", path)]
