"""Scores, explanations, kinds as data, in-file tests, the shipped rules."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

import pytest

from engine.diagnostics import Diagnostic, Severity
from engine.expressions import EvaluationError
from engine.rulebook import Definition, Rulebook, Scored, Table, check

FEE = "rules/merchant_fee/fee.community.std.yaml"


def facts_of(rulebook: Rulebook, **given: Any) -> dict[str, Any]:
    """Return every fact, those given as txn__amount_fen=… in place of their defaults."""
    return rulebook.vocabulary.conform({name.replace("__", "."): value for name, value in given.items()})


# ── the shipped rules ────────────────────────────────────────────────────────────────────────────────


def test_shipped_rules_check_clean(shipped: Mapping[str, str]) -> None:
    rulebook, findings = check(files=shipped)
    assert rulebook is not None
    assert [one.render(None) for one in findings if one.severity != Severity.INFO] == []


def test_shipped_rules_name_their_schema(shipped: Mapping[str, str], shipped_book: Rulebook) -> None:
    for rule in shipped_book.rules:
        first = shipped[rule.path].splitlines()[0]
        assert first == f"# yaml-language-server: $schema=../kinds/{rule.kind}.schema.json", rule.path


def test_shipped_risk_has_about_thirty_rules(shipped_book: Rulebook) -> None:
    shapes = [rule.shape for rule in shipped_book.rules if rule.kind == "risk"]
    ids = [one.id for shape in shapes if isinstance(shape, Scored) for one in shape.rules]
    assert len(ids) >= 30
    assert len(set(ids)) == len(ids)


def test_every_kind_that_ships_has_a_rule(shipped_book: Rulebook) -> None:
    assert {rule.kind for rule in shipped_book.rules} == set(shipped_book.kinds)


# ── scored ───────────────────────────────────────────────────────────────────────────────────────────

RISK = """kind: risk
id: risk.test
version: 1
title: 测试
owner: 风控
effective: {from: "2025-01-01T00:00:00+08:00", to: null}
spec:
  stage: pre_auth
  mode: enforce
  fail_mode: open
  rules:
    - {id: R901, label: 甲, when: "txn.amount_fen >= 1", score: 40}
    - {id: R902, label: 乙, when: "txn.amount_fen >= 2", score: 20}
    - {id: R903, label: 丙, when: "txn.amount_fen >= 3", score: 40}
    - {id: R904, label: 丁, when: "txn.hour_cst == 3", score: 5, decision: REVIEW}
    - {id: R905, label: 戊, when: "txn.hour_cst == 4", decision: REJECT}
  score_bands: [{min: 60, decision: REVIEW}, {min: 100, decision: REJECT}]
"""


@pytest.mark.parametrize(
    ("amount_fen", "hour", "decision", "score"),
    [
        (0, 12, "PASS", 0),
        (1, 12, "PASS", 40),
        (2, 12, "REVIEW", 60),  # 40 + 20 reaches the first band
        (3, 12, "REJECT", 100),  # 40 + 20 + 40 reaches the second
        (0, 3, "REVIEW", 5),  # decides by itself
        (3, 3, "REJECT", 105),  # reject wins over review
        (2, 4, "REJECT", 60),  # a hard decision wins over a band
    ],
)
def test_scores_bands_and_hard_decisions(
    book: Callable[..., Rulebook], amount_fen: int, hour: int, decision: str, score: int
) -> None:
    rulebook = book(RISK)
    shape = rulebook.find(rule_id="risk.test").shape
    assert isinstance(shape, Scored)
    verdict = shape.decide(facts_of(rulebook, txn__amount_fen=amount_fen, txn__hour_cst=hour))
    assert (verdict.decision, verdict.score) == (decision, score)


def test_w24_the_fifth_payment_within_ten_minutes_is_reviewed(shipped_book: Rulebook) -> None:
    shape = shipped_book.find(rule_id="risk.split_order").shape
    assert isinstance(shape, Scored)
    four = facts_of(shipped_book, agg__payer_merchant_cnt_10m=4, agg__payer_merchant_sum_10m_fen=160_000)
    five = facts_of(shipped_book, agg__payer_merchant_cnt_10m=5, agg__payer_merchant_sum_10m_fen=200_000)
    assert shape.decide(four).decision == "PASS"
    verdict = shape.decide(five)
    assert (verdict.decision, verdict.score, [hit.id for hit in verdict.hits]) == ("REVIEW", 40, ["R101"])


def test_an_error_in_one_scored_rule_is_raised(book: Callable[..., Rulebook]) -> None:
    rulebook = book(RISK.replace("txn.hour_cst == 4", "10 / txn.amount_fen > 1"))
    with pytest.raises(EvaluationError):
        rulebook.find(rule_id="risk.test").shape.decide(facts_of(rulebook))


# ── explanations ─────────────────────────────────────────────────────────────────────────────────────


def test_a_table_explains_its_row_and_why_the_others_did_not_fire(shipped_book: Rulebook) -> None:
    rule = shipped_book.find(rule_id="fee.community.std")
    assert isinstance(rule.shape, Table)
    facts = facts_of(shipped_book, txn__channel="BANKCARD", txn__card_type="CREDIT")
    told = rule.shape.explain(facts, language="zh")
    assert str(told.rule) == "fee.community.std@4"
    assert told.outputs["rate"] == "0.0060"
    assert [(entry.fired, entry.reason) for entry in told.entries] == [
        (False, "unmet"),
        (True, "fired"),
        (False, "unmet"),
        (False, "superseded"),
    ]
    assert [clause.met for clause in told.entries[0].clauses] == [True, False]  # card, but not debit
    assert "卡类型 CREDIT" in told.entries[0].clauses[1].value
    assert told.entries[1].line == rule.line_of(("spec", "rows", 1))
    assert told.facts["txn.channel"] == "BANKCARD"
    assert set(told.facts) == {"txn.channel", "txn.card_type", "merchant.tags"}


def test_scores_explain_every_rule_with_amounts_as_people_read_them(book: Callable[..., Rulebook]) -> None:
    rulebook = book(RISK)
    shape = rulebook.find(rule_id="risk.test").shape
    assert isinstance(shape, Scored)
    told = shape.explain(facts_of(rulebook, txn__amount_fen=2), language="en")
    assert told.decision == "REVIEW"
    assert told.outputs == {"score": 60, "hits": ("R901", "R902")}
    assert [entry.fired for entry in told.entries] == [True, True, False, False, False]
    assert told.entries[2].clauses[0].value == "order amount ¥0.02"


def test_a_definition_explains_each_condition(shipped_book: Rulebook) -> None:
    shape = shipped_book.find(rule_id="ps.beijing.default").shape
    assert isinstance(shape, Definition)
    told = shape.explain(facts_of(shipped_book, txn__payer_is_broker=True))
    assert told.outputs == {"eligible": False, "uplifts.0.when": False, "store_override.when": False}
    assert [clause.met for clause in told.entries[0].clauses] == [True, True, False]


def test_an_explanation_says_why_there_is_no_decision(book: Callable[..., Rulebook]) -> None:
    rulebook = book(RISK.replace("txn.hour_cst == 4", "10 / txn.amount_fen > 1"))
    shape = rulebook.find(rule_id="risk.test").shape
    told = shape.explain(facts_of(rulebook))
    assert told.decision == ""
    assert "DIVISION_BY_ZERO" in told.error
    assert [entry.reason for entry in told.entries] == ["unmet"] * 4 + ["error"]


# ── kinds are data ───────────────────────────────────────────────────────────────────────────────────

KIND = """kind: greeting
title: {zh: 问候, en: Greeting}
shape: table
hit_policy: first
complete: true
namespaces: [broker]
outputs: [text]
approval: operations
"""
KIND_SCHEMA = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "type": "object",
    "additionalProperties": False,
    "required": ["kind", "id", "version", "title", "owner", "effective", "spec"],
    "properties": {
        "kind": {"const": "greeting"},
        **{name: {"$ref": f"common.schema.json#/$defs/{name}"} for name in ("id", "version", "title")},
        **{name: {"$ref": f"common.schema.json#/$defs/{name}"} for name in ("owner", "effective", "tests")},
        "spec": {
            "type": "object",
            "additionalProperties": False,
            "required": ["rows"],
            "properties": {
                "rows": {
                    "type": "array",
                    "items": {
                        "type": "object",
                        "additionalProperties": False,
                        "properties": {"when": {"type": "string"}, "text": {"type": "string"}},
                    },
                }
            },
        },
    },
}
GREETING = """kind: greeting
id: greeting.default
version: 1
title: 问候
owner: 测试
effective: {from: "2025-01-01T00:00:00+08:00", to: null}
spec:
  rows:
    - {when: "broker.level == 'P5'", text: 您好}
    - {when: "true", text: 你好}
tests:
  - {facts: {broker.level: P5}, expect: {text: 您好, row: 0}}
"""
NEW_KIND = {
    "rules/kinds/greeting.yaml": KIND,
    "rules/kinds/greeting.schema.json": json.dumps(KIND_SCHEMA),
}


def test_a_new_kind_needs_no_code(book: Callable[..., Rulebook]) -> None:
    rulebook = book(GREETING, kinds=NEW_KIND)
    shape = rulebook.find(rule_id="greeting.default").shape
    assert isinstance(shape, Table)
    assert shape.decide(facts_of(rulebook, broker__level="P1")).outputs == {"text": "你好"}
    assert rulebook.reads(kind="greeting") == {"broker.level"}


@pytest.mark.parametrize(
    ("old", "new", "code"),
    [
        ("broker.level == 'P5'", "txn.channel == 'WECHAT'", "FACT_WITHHELD"),
        ("text: 你好", "txt: 你好", "SCHEMA_UNKNOWN_FIELD"),
        ('when: "true"', "when: \"broker.level == 'P1'\"", "NO_DEFAULT_ROW"),
        ("row: 0", "row: 1", "TEST_FAILED"),
    ],
)
def test_a_new_kind_is_checked_like_any_other(
    findings: Callable[..., tuple[Diagnostic, ...]], old: str, new: str, code: str
) -> None:
    assert [one.code for one in findings(GREETING.replace(old, new), others=NEW_KIND)] == [code]


@pytest.mark.parametrize(
    ("old", "new", "code"),
    [
        ("spec:\n  rows:", "spec:\n  lines:", "SCHEMA_MISSING_FIELD"),
        ('when: "true", ', "", "SCHEMA_MISSING_FIELD"),
        ("owner: 测试\n", "", "SCHEMA_MISSING_FIELD"),
        ("effective: {from", "effective: {since", "SCHEMA_MISSING_FIELD"),
        ("version: 1", "version: one", "SCHEMA_TYPE"),
        ("text: 您好}", "text: 您好, tone: 敬}", "SCHEMA_UNKNOWN_FIELD"),
        ("greeting.default\n", "greeting.default\nscope: {planet: [earth]}\n", "SCHEMA_UNKNOWN_FIELD"),
        ("expect: {text: 您好, row: 0}", "expect: 您好", "SCHEMA_TYPE"),
        ("greeting.default\n", "greeting.default\nscope: BJ\n", "SCHEMA_TYPE"),
    ],
)
def test_a_kind_that_lets_everything_pass_still_gets_whole_rules(
    findings: Callable[..., tuple[Diagnostic, ...]], old: str, new: str, code: str
) -> None:
    assert old in GREETING
    lax = {**NEW_KIND, "rules/kinds/greeting.schema.json": "{}"}
    text = GREETING.replace(old, new)
    assert code in {one.code for one in findings(text, others=lax)}


# ── in-file tests ────────────────────────────────────────────────────────────────────────────────────


def test_money_is_not_evaluated_without_an_evaluator(shipped: Mapping[str, str]) -> None:
    _, findings = check(files=shipped)
    mine = [one for one in findings if one.location.file == FEE]
    assert {one.code for one in mine} == {"TEST_NOT_EVALUATED"}
    assert {one.severity for one in mine} == {Severity.INFO}


def test_an_evaluator_answers_what_the_shape_cannot(shipped: Mapping[str, str]) -> None:
    _, findings = check(files=shipped, evaluators={"merchant_fee": lambda rule, facts: {"fee_fen": 500}})
    failed = [one for one in findings if one.location.file == FEE]
    # Of the three expected fees 500, 2000 and 19, only the first is what this evaluator says.
    assert [one.code for one in failed] == ["TEST_FAILED", "TEST_FAILED"]
    assert "2000" in failed[0].message
    assert "500" in failed[0].message


def test_a_test_that_cannot_be_evaluated_says_so(findings: Callable[..., tuple[Diagnostic, ...]]) -> None:
    text = RISK.replace("txn.hour_cst == 4", "10 / txn.amount_fen > 1")
    found = findings(text + "tests:\n  - facts: {txn.amount_fen: 0}\n    expect: {decision: PASS}\n")
    assert [(one.code, one.location.line) for one in found] == [("TEST_ERROR", 19)]
