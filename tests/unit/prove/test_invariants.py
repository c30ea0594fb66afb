"""What an author states under `prove`: that it holds of every answer, or the case in which it does not."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import pytest

from engine.rulebook import check
from engine.rulebook.prove import Proof

Prove = Callable[..., tuple[Proof, ...]]
FIRST = "shape: table\nhit_policy: first\n"
COLLECT = "shape: table\nhit_policy: collect_list\n"
FEES: Mapping[str, Any] = {
    "rows": [
        {"when": "txn.channel == 'BANKCARD' && txn.amount_fen > 1000", "rate": "0.0070", "cap_fen": 2000},
        {"when": "txn.channel == 'BANKCARD'", "rate": "0.0060"},
        {"when": "true", "rate": "0.0038"},
    ]
}
SCORES: Mapping[str, Any] = {
    "rules": [
        {"id": "A", "label": "A", "when": "txn.amount_fen > 1000", "score": 40},
        {"id": "B", "label": "B", "when": "txn.is_round_amount", "score": 30},
        {"id": "C", "label": "C", "when": "txn.payer_is_broker", "decision": "REJECT"},
    ],
    "score_bands": [{"min": 60, "decision": "REVIEW"}],
}
PLAIN: Mapping[str, Any] = {
    "eligible": "txn.amount_fen > 1000",
    "caps": {"day_fen": 5000, "rate": "0.5", "on_cap": "reject"},
}
DEFINITION = "shape: definition\nconditions: [eligible]\n"


@pytest.mark.parametrize(
    ("kind", "spec", "stated", "verdict", "witness"),
    [
        (FIRST, FEES, {"that": "output.rate_ppm <= 7000"}, "proved", None),
        (
            FIRST,
            FEES,
            {"that": "output.rate_ppm <= 6000"},
            "refuted",
            {"txn.amount_fen": 1001, "txn.channel": "BANKCARD"},
        ),
        # The dear row never decides below 10.01: only the row that decides is asked.
        (FIRST, FEES, {"when": "txn.amount_fen <= 1000", "that": "output.rate_ppm <= 6000"}, "proved", None),
        # Only one row has a cap.
        (FIRST, FEES, {"that": "output.cap_fen == 2000"}, "proved", None),
        (
            FIRST,
            FEES,
            {"when": "output.row == 2", "that": "txn.channel != 'ALIPAY'"},
            "refuted",
            {"txn.amount_fen": 0, "txn.channel": "ALIPAY"},
        ),
        # Every row that matches is asked: the last two match a small card payment together.
        (
            COLLECT,
            FEES,
            {"when": "txn.channel == 'BANKCARD'", "that": "output.rate_ppm > 3800"},
            "refuted",
            {"txn.amount_fen": 0, "txn.channel": "BANKCARD"},
        ),
        (
            "shape: scored\n",
            SCORES,
            {"when": "output.score > 60", "that": "output.decision != 'PASS'"},
            "proved",
            None,
        ),
        (
            "shape: scored\n",
            SCORES,
            {"that": "output.decision != 'REJECT' || output.score > 0"},
            "refuted",
            {"txn.amount_fen": 0, "txn.is_round_amount": False, "txn.payer_is_broker": True},
        ),
        (
            DEFINITION,
            PLAIN,
            {"that": "!output.eligible || output.caps_day_fen > 4999 && output.caps_on_cap == 'reject'"},
            "proved",
            None,
        ),
        (
            DEFINITION,
            PLAIN,
            {"that": "!output.eligible || txn.amount_fen > output.caps_day_fen"},
            "refuted",
            {"txn.amount_fen": 1001},
        ),
        # What cannot be evaluated does not hold.
        (DEFINITION, PLAIN, {"that": "100 / txn.amount_fen >= 0"}, "refuted", {"txn.amount_fen": 0}),
    ],
)
def test_an_invariant_holds_of_every_answer_or_is_refuted_by_one(
    proofs: Prove,
    kind: str,
    spec: Mapping[str, Any],
    stated: Mapping[str, str],
    verdict: str,
    witness: Mapping[str, Any] | None,
) -> None:
    (proof,) = proofs("INVARIANT_HOLDS", spec, kind=kind, beside={"prove": [{"name": "so", **stated}]})
    assert (str(proof.verdict), proof.witness) == (verdict, witness)


def test_a_refuted_invariant_is_told_with_the_answer(proofs: Prove) -> None:
    stated = {"prove": [{"name": "不超过六厘", "that": "output.rate_ppm <= 6000"}]}
    (proof,) = proofs("INVARIANT_HOLDS", FEES, kind=FIRST, beside=stated)
    assert proof.zh == "“不超过六厘”不成立，结果 rate_ppm：0.7 %：订单金额：¥10.01；支付渠道：BANKCARD"
    assert proof.en == (
        "“不超过六厘” does not hold, output rate_ppm: 0.7 %, with order amount: ¥10.01; channel: BANKCARD"
    )


@pytest.mark.parametrize(
    ("that", "code"),
    [("output.rate <= 6000", "FACT_UNKNOWN"), ("output.rate_ppm", "NOT_BOOLEAN"), ("(", "CEL_SYNTAX")],
)
def test_an_invariant_is_checked_like_any_condition(shipped: Mapping[str, str], that: str, code: str) -> None:
    path = "rules/merchant_fee/fee.default.yaml"
    text = shipped[path] + f'prove:\n  - {{name: 试, that: "{that}"}}\n'
    rulebook, found = check(files={**shipped, path: text})
    assert rulebook is None
    assert [(one.code, one.location.file) for one in found if one.severity == "error"] == [(code, path)]
