"""Bounds of facts: refused where facts are given, and taken for granted by proofs."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import pytest

from engine.expressions import EvaluationError, Fact, FactType
from engine.rulebook import Rule, Rulebook, check
from engine.rulebook.prove import Proof, glance

Prove = Callable[..., tuple[Proof, ...]]
Made = Callable[..., Rule]
TABLE = "shape: table\nhit_policy: collect_list\n"


@pytest.mark.parametrize(
    ("when", "verdicts"),
    [
        ("txn.amount_fen < 0", ["refuted"]),
        ("txn.hour_cst > 23", ["refuted"]),
        ("txn.hour_cst >= 23", ["proved"]),
        # No box: the solver knows the bounds as well.
        ("txn.hour_cst + 1 > 24", ["refuted"]),
        ("txn.hour_cst + 1 > 23", ["proved"]),
    ],
)
def test_a_condition_that_only_a_value_out_of_bounds_meets_never_holds(
    proofs: Prove, when: str, verdicts: list[str]
) -> None:
    found = proofs("CONDITION_CAN_HOLD", {"rows": [{"when": when}]}, kind=TABLE)
    assert [str(one.verdict) for one in found] == verdicts


def test_a_condition_that_every_value_within_bounds_meets_always_holds(made: Made) -> None:
    spec: Mapping[str, Any] = {"rows": [{"when": "txn.hour_cst >= 0 && txn.hour_cst <= 23"}]}
    assert [one.code for one in glance(rule=made(spec, kind=TABLE)).refuted] == ["CONDITION_CAN_MISS"]


def test_a_witness_is_within_bounds(proofs: Prove) -> None:
    (proof,) = proofs("CONDITION_CAN_MISS", {"rows": [{"when": "txn.weekday_cst + 0 != 7"}]}, kind=TABLE)
    assert proof.witness == {"txn.weekday_cst": 7}


def test_a_value_out_of_bounds_is_refused(shipped_book: Rulebook) -> None:
    vocabulary = shipped_book.vocabulary
    assert vocabulary.conform({"txn.hour_cst": 23})["txn.hour_cst"] == 23
    with pytest.raises(EvaluationError, match="FACT_VALUE"):
        vocabulary.conform({"txn.hour_cst": 24})


def test_a_test_in_a_file_with_a_value_out_of_bounds_is_a_finding(shipped: Mapping[str, str]) -> None:
    path = "rules/merchant_fee/fee.default.yaml"
    text = shipped[path].replace("txn.settle_amount_fen: 5000", "txn.settle_amount_fen: -1")
    _, found = check(files={**shipped, path: text})
    wrong = [one for one in found if one.code == "FACT_TYPE"]
    assert [(one.location.line, one.message_en) for one in wrong] == [
        (20, "fact “txn.settle_amount_fen” must be a whole number (0…100000000000); it is -1")
    ]


@pytest.mark.parametrize("bounds", ["min: 1", "max: -1", "min: 5, max: 3"])
def test_bounds_that_leave_out_the_default_are_a_finding(shipped: Mapping[str, str], bounds: str) -> None:
    path = "rules/facts.yaml"
    text = shipped[path].replace("default: 0, min: 0, max: 100000000000", f"default: 0, {bounds}", 1)
    _, found = check(files={**shipped, path: text})
    assert "FACT_DEFAULT" in {one.code for one in found}


def test_only_ints_have_bounds() -> None:
    with pytest.raises(ValueError, match="only ints have bounds"):
        Fact(name="a.b", type=FactType.STRING, default="", min=0, title="", title_en="")
