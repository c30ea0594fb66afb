"""Every way to write a sequence wrong, with the code and the place it gets."""

from __future__ import annotations

import pytest

from engine.rulebook import check

TEXT = """\
kind: sequence
id: seq.wrong
version: 1
title: 试
owner: 试
effective: {from: "2025-01-01T00:00:00+08:00", to: null}
spec:
  key: [txn.payer_id]
  steps:
    a: "event.type == 'PAYMENT_CAPTURED'"
    b: "txn.amount_fen > 5"
  pattern: {first: a, then: b, within: 10m}
  lateness: 1m
  outcome: {label: 试, severity: LOW}
"""


def test_the_text_itself_is_right(files: dict[str, str]) -> None:
    assert found(files, TEXT) == []


@pytest.mark.parametrize(
    ("right", "wrong", "findings"),
    [
        ("then: b", "then: c", [("STEP_UNUSED", 11, 5), ("NAME_UNKNOWN", 12, 29)]),
        ("first: a", "first: b", [("STEP_UNUSED", 10, 5)]),
        ("then: b, ", "times: 3, ", [("STEP_UNUSED", 11, 5)]),
        ("then: b, ", "then: b, times: 3, ", [("SCHEMA_CHOICE", 12, 12)]),
        ("then: b, ", "", [("STEP_UNUSED", 11, 5), ("SCHEMA_CHOICE", 12, 12)]),
        ('"txn.amount_fen > 5"', '"true"', [("STEP_ALWAYS", 11, 9)]),
        ('"txn.amount_fen > 5"', '"txn.amout_fen > 5"', [("FACT_UNKNOWN", 11, 9)]),
        ('"txn.amount_fen > 5"', '"agg.payer_cnt_1d > 5"', [("FACT_WITHHELD", 11, 9)]),
        ("    b: ", "    c: 'false'\n    b: ", [("SCHEMA_COUNT", 10, 5), ("STEP_UNUSED", 11, 5)]),
        ("key: [txn.payer_id]", "key: []", [("SCHEMA_COUNT", 8, 8)]),
        ("key: [txn.payer_id]", "key: [txn.payer]", [("FACT_UNKNOWN", 8, 9)]),
        ("key: [txn.payer_id]", "key: [agg.payer_cnt_1d]", [("FACT_WITHHELD", 8, 9)]),
        ("key: [txn.payer_id]", "key: [txn.paid_at]", [("FACT_TYPE", 8, 9)]),
        ("key: [txn.payer_id]", "key: [merchant.tags]", [("FACT_TYPE", 8, 9)]),
        ("key: [txn.payer_id]", "key: [txn.is_round_amount]", [("FACT_TYPE", 8, 9)]),
        ("within: 10m", "within: 91d", [("WINDOW_MAX", 12, 40)]),
        ("within: 10m", "within: 0m", [("SCHEMA_FORMAT", 12, 40)]),
        ("within: 10m", "within: 10", [("SCHEMA_TYPE", 12, 40)]),
        ("within: 10m", "within: ten", [("SCHEMA_FORMAT", 12, 40)]),
        ("lateness: 1m", "lateness: 25h", [("WINDOW_MAX", 13, 13)]),
        ("first: a, then: b", "first: a, times: 1", [("STEP_UNUSED", 11, 5), ("SCHEMA_RANGE", 12, 30)]),
        ("first: a, then: b", "first: a, times: 101", [("STEP_UNUSED", 11, 5), ("SCHEMA_RANGE", 12, 30)]),
        (
            "spec:\n",
            "scope: {city: [BJ]}\nspec:\n",
            [("SCHEMA_UNKNOWN_FIELD", 7, 1), ("SCHEMA_UNKNOWN_FIELD", 7, 9)],
        ),
    ],
)
def test_what_is_wrong_is_found_in_its_place(
    files: dict[str, str], right: str, wrong: str, findings: list[tuple[str, int, int]]
) -> None:
    assert right in TEXT
    assert found(files, TEXT.replace(right, wrong, 1)) == findings


@pytest.mark.parametrize(
    ("wrong", "codes"),
    [
        ("spec: 5\n", {"SCHEMA_TYPE"}),
        (
            "spec: {key: 5, steps: 4, pattern: [then], lateness: 3, outcome: 1}\n",
            {"SCHEMA_TYPE", "SCHEMA_CHOICE"},
        ),
        ("spec: {}\n", {"SCHEMA_MISSING_FIELD"}),
    ],
)
def test_nothing_at_all_right_is_still_only_findings(
    files: dict[str, str], wrong: str, codes: set[str]
) -> None:
    assert {code for code, _, _ in found(files, TEXT.split("spec:")[0] + wrong)} == codes


def found(files: dict[str, str], text: str) -> list[tuple[str, int, int]]:
    path = "rules/sequence/seq.wrong.yaml"
    _, findings = check(files={**files, path: text})
    return [
        (one.code, one.location.line, one.location.column) for one in findings if one.location.file == path
    ]
