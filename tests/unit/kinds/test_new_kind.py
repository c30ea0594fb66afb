"""A new kind is a kind file, a schema and a rule: no code, and it is checked and decides like any other."""

from __future__ import annotations

import json
from collections.abc import Mapping

import pytest

from engine.diagnostics import Diagnostic, Severity
from engine.rulebook import Definition, Rulebook, check

KIND = """kind: loyalty
title: {zh: 店庆, en: Anniversary}
shape: definition
in_use: false
applies: all
namespaces: [merchant, member, now]
approval: growth
conditions: [eligible, gifts.*.when]
checks:
  - {check: unique, at: [gifts.*.id]}
  - {check: sum_is, at: [funding.*.bp], total: 10000}
  - {check: less_than, at: [gifts.*.off_fen], against: gifts.*.min_fen}
"""
WHEN = {"$ref": "common.schema.json#/$defs/when"}
FEN = {"$ref": "common.schema.json#/$defs/fen"}
GIFT = {"id": {"type": "string"}, "when": WHEN, "min_fen": FEN, "off_fen": FEN}
PART = {"party": {"type": "string"}, "bp": {"type": "integer", "minimum": 1}}


def listed(item: Mapping[str, object]) -> dict[str, object]:
    content = {"type": "object", "additionalProperties": False, "required": list(item), "properties": item}
    return {"type": "array", "minItems": 1, "items": content}


SPEC = {"eligible": WHEN, "gifts": listed(GIFT), "funding": listed(PART)}
NAMES = ("id", "version", "title", "owner", "effective", "scope", "tests")
SCHEMA = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "type": "object",
    "additionalProperties": False,
    "required": ["kind", "id", "version", "title", "owner", "effective", "spec"],
    "properties": {
        "kind": {"const": "loyalty"},
        **{name: {"$ref": f"common.schema.json#/$defs/{name}"} for name in NAMES},
        "spec": {
            "type": "object",
            "additionalProperties": False,
            "required": list(SPEC),
            "properties": SPEC,
        },
    },
}
RULE = """kind: loyalty
id: loyalty.spring
version: 1
title: 春季店庆
owner: 总部运营
effective: {from: "2025-04-01T00:00:00+08:00", to: null}
spec:
  eligible: "merchant.days_since_active >= 365"
  gifts:
    - {id: big, when: "member.monetary_90d_fen >= 100000", min_fen: 5000, off_fen: 1000}
    - {id: small, when: "member.frequency_90d >= 3", min_fen: 2000, off_fen: 300}
  funding: [{party: platform, bp: 6000}, {party: merchant, bp: 4000}]
tests:
  - {name: 满一年, facts: {merchant.days_since_active: 365}, expect: {eligible: true, gifts.1.when: false}}
  - {name: 差一天, facts: {merchant.days_since_active: 364}, expect: {eligible: false}}
"""
PATH = "rules/loyalty/loyalty.spring.yaml"


def read(
    files: Mapping[str, str], rule: str = RULE, kind: str = KIND
) -> tuple[Rulebook | None, list[Diagnostic]]:
    """Check the shipped files with the new kind among them."""
    added = {
        "rules/kinds/loyalty.yaml": kind,
        "rules/kinds/loyalty.schema.json": json.dumps(SCHEMA),
        PATH: rule,
    }
    rulebook, findings = check(files={**files, **added})
    return rulebook, [one for one in findings if one.severity is not Severity.INFO]


def test_the_kind_decides(files: Mapping[str, str]) -> None:
    rulebook, findings = read(files)
    assert rulebook is not None
    assert findings == []
    shape = rulebook.find(rule_id="loyalty.spring").shape
    assert isinstance(shape, Definition)
    given = {"merchant.days_since_active": 400, "member.monetary_90d_fen": 100_000}
    told = shape.explain(rulebook.vocabulary.conform(given))
    assert told.outputs == {"eligible": True, "gifts.0.when": True, "gifts.1.when": False}
    assert rulebook.reads(kind="loyalty") == {
        "merchant.days_since_active", "member.monetary_90d_fen", "member.frequency_90d",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("old", "new", "code", "line"),
    [
        ("days_since_active >= 365", "days_since_activ >= 365", "FACT_UNKNOWN", 8),
        ("member.frequency_90d >= 3", "txn.amount_fen >= 3", "FACT_WITHHELD", 11),
        ("bp: 4000", "bp: 4001", "SPLIT_SUM", 12),
        ("id: small", "id: big", "ID_DUPLICATE", 11),
        ("off_fen: 300", "off_fen: 2000", "OVER_LIMIT", 11),
        ("min_fen: 2000, ", "", "SCHEMA_MISSING_FIELD", 11),
        ("gifts.1.when: false", "gifts.1.when: true", "TEST_FAILED", 14),
    ],
)
def test_its_rules_are_checked(files: Mapping[str, str], old: str, new: str, code: str, line: int) -> None:
    assert old in RULE
    rulebook, findings = read(files, RULE.replace(old, new, 1))
    assert rulebook is None
    assert [(one.code, one.location.file, one.location.line) for one in findings] == [(code, PATH, line)]


def test_facts_without_a_source_are_warned_about_once_the_kind_is_in_use(files: Mapping[str, str]) -> None:
    rulebook, findings = read(files, kind=KIND.replace("in_use: false\n", ""))
    assert rulebook is not None
    assert [(one.code, one.location.line) for one in findings] == [
        ("FACT_NOT_SUPPLIED", 10), ("FACT_NOT_SUPPLIED", 11),
    ]  # fmt: skip
