"""What a table answers when none, one or several of its rows match, for every DMN hit policy."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

import pytest

from engine.expressions import EvaluationError
from engine.rulebook import HitConflict, NoRowMatches, Rulebook, Table

SCHEMA = json.dumps({"type": "object", "required": ["spec"]})
ROWS = (
    # when, outputs
    ("txn.amount_fen >= 100", {"grade": "LOW", "points": 1}),
    ("txn.amount_fen >= 200", {"grade": "HIGH", "points": 20}),
    ("txn.amount_fen >= 300", {"grade": "MID", "points": 3}),
)


def table(
    book: Callable[..., Rulebook],
    policy: str,
    rows: tuple[tuple[str, Mapping[str, Any]], ...] = ROWS,
) -> Table:
    """Return a table with these rows under a kind made for the test."""
    kind = (
        "kind: grading\ntitle: {zh: 分级, en: Grading}\nshape: table\nnamespaces: [txn]\n"
        f"approval: operations\nhit_policy: {policy}\npriority: {{output: grade, order: [HIGH, MID, LOW]}}\n"
    )
    written = "".join(f"    - {json.dumps({'when': when, **outputs})}\n" for when, outputs in rows)
    text = (
        "kind: grading\nid: grading.test\nversion: 1\ntitle: 分级\nowner: 测试\n"
        'effective: {from: "2025-01-01T00:00:00+08:00", to: null}\nspec:\n  rows:\n' + written
    )
    files = {"rules/kinds/grading.yaml": kind, "rules/kinds/grading.schema.json": SCHEMA}
    (rule,) = book(text, kinds=files).rules
    assert isinstance(rule.shape, Table)
    return rule.shape


@pytest.mark.parametrize(
    ("policy", "amount_fen", "rows"),
    [
        ("first", 100, [0]),
        ("first", 300, [0]),
        ("unique", 150, [0]),
        ("any", 150, [0]),
        ("priority", 150, [0]),
        ("priority", 250, [1]),  # HIGH before LOW
        ("priority", 300, [1]),  # HIGH before MID before LOW
        ("rule_order", 300, [0, 1, 2]),
        ("output_order", 300, [1, 2, 0]),
        ("collect_list", 250, [0, 1]),
    ],
)
def test_policy_chooses(book: Callable[..., Rulebook], policy: str, amount_fen: int, rows: list[int]) -> None:
    made = table(book, policy)
    facts = {"txn.amount_fen": amount_fen}
    assert [row.row_no for row in made.decide_all(facts)] == rows
    assert made.decide(facts).row_no == rows[0]


@pytest.mark.parametrize(
    ("policy", "amount_fen", "expected"),
    [
        ("collect_sum", 300, 24),  # 1 + 20 + 3
        ("collect_sum", 250, 21),  # 1 + 20
        ("collect_sum", 0, 0),
        ("collect_min", 300, 1),
        ("collect_max", 300, 20),
        ("collect_max", 0, None),
        ("collect_count", 300, 3),
        ("collect_count", 0, 0),
        ("collect_list", 250, (1, 20)),
        ("collect_list", 0, ()),
    ],
)
def test_collect(book: Callable[..., Rulebook], policy: str, amount_fen: int, expected: object) -> None:
    assert table(book, policy).collect({"txn.amount_fen": amount_fen}, output="points") == expected


@pytest.mark.parametrize("policy", ["first", "unique", "any", "priority", "rule_order", "output_order"])
def test_no_row_is_said(book: Callable[..., Rulebook], policy: str) -> None:
    with pytest.raises(NoRowMatches):
        table(book, policy).decide({"txn.amount_fen": 0})


@pytest.mark.parametrize("policy", ["unique", "any"])
def test_contradicting_rows_are_refused(book: Callable[..., Rulebook], policy: str) -> None:
    with pytest.raises(HitConflict):
        table(book, policy).decide({"txn.amount_fen": 200})


def test_any_accepts_rows_that_agree(book: Callable[..., Rulebook]) -> None:
    same = ({"grade": "LOW"}, {"grade": "LOW"})
    rows = (("txn.amount_fen >= 100", same[0]), ("txn.amount_fen >= 200", same[1]))
    assert table(book, "any", rows).decide({"txn.amount_fen": 250}).row_no == 0


@pytest.mark.parametrize("policy", ["unique", "any"])
def test_a_last_true_row_is_otherwise(book: Callable[..., Rulebook], policy: str) -> None:
    rows = (("txn.amount_fen >= 100", {"grade": "HIGH"}), ("true", {"grade": "LOW"}))
    made = table(book, policy, rows)
    assert made.decide({"txn.amount_fen": 100}).row_no == 0
    assert made.decide({"txn.amount_fen": 99}).row_no == 1


def test_an_error_is_never_false(book: Callable[..., Rulebook]) -> None:
    rows = (("1000 / txn.amount_fen > 5", {"grade": "HIGH"}), ("true", {"grade": "LOW"}))
    with pytest.raises(EvaluationError):
        table(book, "first", rows).decide({"txn.amount_fen": 0})


def test_rows_know_their_line(book: Callable[..., Rulebook]) -> None:
    assert [row.line for row in table(book, "first").rows] == [9, 10, 11]
