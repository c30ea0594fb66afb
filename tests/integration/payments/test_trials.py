"""A rule on trial among real payments: what its report says is what that rule would have decided."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from datetime import timedelta

from engine.rulebook import Rulebook
from payments_core.database import transaction
from payments_core.risk import RiskPolicy
from payments_core.risk.samples import place_of
from payments_core.risk.trials import TrialReport, trial_report
from tests.integration.payments.conftest import NOW, Till
from tests.unit.risk.test_decision import book, file

OLD = file("R901", when="txn.amount_fen > 1000", score=30, decision="REVIEW")
BESIDE = file("R903", when="txn.amount_fen > 4000", score=40)
AMOUNTS = (400, 800, 2000, 5000)


def rulebook(candidate: Mapping[str, str]) -> Rulebook:
    return book(OLD, BESIDE, dict(candidate))


def report(till: Till, made: Rulebook, rule_id: str) -> TrialReport:
    files = RiskPolicy(made).files(at=NOW, scope={})
    trial = next(
        found
        for found in (*files.files, *(one.outside for one in files.rollouts))
        if found.rule.id == rule_id
    )
    with transaction(till.world.engine) as connection:
        return trial_report(
            connection,
            rule=trial.rule,
            enforced=[one for one in files.files if one.enforced],
            trial=trial,
            since=NOW - timedelta(days=1),
            until=NOW + timedelta(days=1),
        )


def effects(found: TrialReport) -> dict[tuple[str, str], tuple[int, int]]:
    return {(one.made, one.would_be): (one.count, one.amount_fen) for one in found.effects}


def test_a_shadow_in_place_of_a_rule(till: Till) -> None:
    """The candidate asks for 500 instead of 1,000 and scores 70, so its band of 60 and the sum matter."""
    candidate = file("R902", when="txn.amount_fen > 500", score=70, mode="shadow", instead_of="risk.r901")
    made = rulebook(candidate)
    till.world.activate(made)
    for amount_fen in AMOUNTS:
        till.accept(amount_fen)
    found = report(till, made, "risk.r902")
    assert found.payment_count == 4
    assert effects(found) == {
        # 800: nothing before, now 70 points → REVIEW
        ("PASS", "REVIEW"): (1, 800),
        # 2,000: REVIEW by R901, now 70 → REVIEW
        ("REVIEW", "REVIEW"): (1, 2000),
        # 5,000: 30 + 40 and REVIEW before, now 70 + 40 ≥ 100 → REJECT
        ("REVIEW", "REJECT"): (1, 5000),
    }
    assert (found.failed_count, found.unread_count) == (0, 0)


def test_a_rollout_reads_the_same_inside_and_outside_of_its_sample(till: Till) -> None:
    candidate = file(
        "R902", when="txn.amount_fen > 500", score=70, mode="rollout", instead_of="risk.r901", share="0.50"
    )
    made = rulebook(candidate)
    till.world.activate(made)
    merchants = [f"M{number:05d}" for number in range(1, 11)]
    made_by = Counter(
        till.accept(amount_fen, merchant_id=merchant).risk_decision
        for amount_fen in AMOUNTS
        for merchant in merchants
    )
    inside = sum(place_of("s1", merchant) < 500_000 for merchant in merchants)
    assert 0 < inside < len(merchants)
    assert made_by["REJECT"] == inside  # 5,000 inside of the sample
    found = report(till, made, "risk.r902")
    assert (found.payment_count, found.sample_count) == (40, 4 * inside)
    would = Counter({would_be: 0 for would_be in ("PASS", "REVIEW", "REJECT")})
    for one in found.effects:
        would[one.would_be] += one.count
    assert would == {"PASS": 0, "REVIEW": 20, "REJECT": 10}  # 800 and 2,000 of ten merchants, 5,000 of ten


def test_what_cannot_be_evaluated_is_counted_and_changes_nothing(till: Till) -> None:
    made = rulebook(file("R902", when="1 / (txn.amount_fen - 2000) > 0", score=70, mode="shadow"))
    till.world.activate(made)
    for amount_fen in AMOUNTS:
        till.accept(amount_fen)
    found = report(till, made, "risk.r902")
    assert (found.failed_count, found.effects) == (1, ())
