"""The decision over several risk files."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from bench._payments_world import rule_files, rulebook
from engine.rulebook import Rulebook, check
from payments_core.fees import EVALUATORS
from payments_core.risk import PASS, REJECT, REVIEW, Decision, RiskPolicy

AT = datetime(2025, 4, 15, tzinfo=UTC)
FILE = """
kind: risk
id: {id}
version: 1
title: test
owner: test
effective: {{from: "2025-01-01T00:00:00+08:00", to: {to}}}
spec:
  stage: pre_auth
  mode: {mode}
  fail_mode: {fail_mode}{trial}
  rules:
    - {{id: {rule}, label: test, when: "{when}", score: {score}{decision}}}
  score_bands: [{{min: 60, decision: REVIEW}}, {{min: 100, decision: REJECT}}]
"""


def file(
    rule: str,
    *,
    when: str = "true",
    score: int = 10,
    decision: str = "",
    mode: str = "enforce",
    fail: str = "closed",
    instead_of: str = "",
    share: str = "0.30",
    to: str = '"2025-07-01T00:00:00+08:00"',
) -> dict[str, str]:
    name = f"risk.{rule.lower()}"
    trial = f"\n  in_place_of: {instead_of}" if instead_of else ""
    if mode == "rollout":
        trial += f'\n  rollout: {{share: "{share}", by: merchant.id, salt: s1}}'
    body = FILE.format(
        id=name,
        rule=rule,
        when=when,
        score=score,
        decision=f", decision: {decision}" if decision else "",
        mode=mode,
        fail_mode=fail,
        trial=trial,
        to="null" if mode == "enforce" else to,
    )
    return {f"rules/risk/{name}.yaml": body}


def book(*files: dict[str, str]) -> Rulebook:
    base = {path: body for path, body in rule_files().items() if not path.startswith("rules/risk/")}
    for one in files:
        base |= one
    made, findings = check(files=base, evaluators=EVALUATORS)
    assert made is not None, [(f.code, f.message_en) for f in findings]
    return made


def decide(*files: dict[str, str], **facts: object) -> Decision:
    made = book(*files)
    given = made.vocabulary.conform({name.replace("__", "."): value for name, value in facts.items()})
    return RiskPolicy(made).decide(given, at=AT, scope={})


def test_nothing_fires() -> None:
    assert decide(file("R901", when="txn.amount_fen > 1000")) == Decision(decision=PASS, score=0, hits=())


def test_scores_of_all_files_add_up_and_meet_the_bands() -> None:
    made = decide(file("R901", score=30), file("R902", score=35))
    assert (made.decision, made.score, made.hits) == (REVIEW, 65, ("R901", "R902"))


def test_reject_wins_over_review() -> None:
    made = decide(file("R901", decision="REVIEW"), file("R902", decision="REJECT"))
    assert (made.decision, made.score) == (REJECT, 20)


def test_a_shadow_file_is_recorded_and_has_no_effect() -> None:
    made = decide(file("R901", decision="REJECT", score=100, mode="shadow"), file("R902", score=5))
    assert (made.decision, made.score, made.hits) == (PASS, 5, ("shadow:R901", "R902"))


OVERFLOW = "txn.amount_fen * 9000000000000000000 > 5"


@pytest.mark.parametrize(
    ("fail", "mode", "decision", "hit"),
    [
        ("closed", "enforce", REJECT, "RULE_ERROR"),
        ("open", "enforce", PASS, "RULE_ERROR"),
        ("closed", "shadow", PASS, "shadow:RULE_ERROR"),
    ],
)
def test_an_error_is_flagged_and_fails_as_its_file_says(
    fail: str, mode: str, decision: str, hit: str
) -> None:
    made = decide(file("R901", when=OVERFLOW, fail=fail, mode=mode), txn__amount_fen=5000)
    assert (made.decision, made.hits) == (decision, (hit,))


def test_an_error_in_one_file_does_not_silence_the_others() -> None:
    made = decide(
        file("R901", when=OVERFLOW, fail="open"), file("R902", decision="REVIEW"), txn__amount_fen=5000
    )
    assert (made.decision, made.hits) == (REVIEW, ("RULE_ERROR", "R902"))


def test_a_review_holds_as_long_as_its_file_says() -> None:
    made = rulebook()
    facts = made.vocabulary.conform(
        {"agg.payer_merchant_cnt_10m": 5, "agg.payer_merchant_sum_10m_fen": 200_000, "txn.amount_fen": 40_000}
    )
    found = RiskPolicy(made).decide(facts, at=AT, scope={"city": "BJ"})
    assert (found.decision, found.score, found.hits, found.hold_days) == (
        REVIEW,
        40,
        ("R101", "shadow:R121"),
        7,
    )
