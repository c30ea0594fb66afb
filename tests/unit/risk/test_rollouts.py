"""Risk rules on trial: a sample that stays, a candidate in another's place, and what may not be written."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Engine, text

from bench._payments_world import rule_files
from engine.rulebook import check
from payments_core.database import transaction
from payments_core.fees import EVALUATORS
from payments_core.risk import PASS, REJECT, REVIEW
from payments_core.risk.samples import SAMPLE_SQL, Sample, place_of
from tests.unit.risk.test_decision import decide, file

OLD = file("R901", when="txn.amount_fen > 1000", decision="REVIEW")
NEW = file("R902", when="txn.amount_fen > 500", decision="REJECT", mode="rollout", instead_of="risk.r901")
INSIDE, OUTSIDE = "M4", "M1"


def test_the_two_merchants_of_this_table() -> None:
    assert place_of("s1", INSIDE) < 300_000 <= place_of("s1", OUTSIDE)


@pytest.mark.parametrize(
    ("merchant", "amount_fen", "decision", "hits"),
    [
        (INSIDE, 400, PASS, ()),
        (INSIDE, 800, REJECT, ("rollout:R902",)),
        (INSIDE, 2000, REJECT, ("rollout:R902",)),  # the old rule is not asked
        (OUTSIDE, 400, PASS, ()),
        (OUTSIDE, 800, PASS, ("shadow:R902",)),  # what the new one would have said
        (OUTSIDE, 2000, REVIEW, ("R901", "shadow:R902")),
    ],
)
def test_a_candidate_decides_for_its_sample_only(
    merchant: str, amount_fen: int, decision: str, hits: tuple[str, ...]
) -> None:
    made = decide(OLD, NEW, txn__amount_fen=amount_fen, merchant__id=merchant)
    assert (made.decision, made.hits) == (decision, hits)


@pytest.mark.parametrize("fail", ["open", "closed"])
def test_where_a_candidate_fails_the_rule_in_force_decides(fail: str) -> None:
    broken = file(
        "R902", when="1 / txn.amount_fen > 0", mode="rollout", instead_of="risk.r901", fail=fail, share="1"
    )
    old = file("R901", when="txn.amount_fen == 0", decision="REVIEW")
    made = decide(old, broken, txn__amount_fen=0, merchant__id=INSIDE)
    assert (made.decision, made.hits) == (REVIEW, ("rollout:RULE_ERROR", "R901"))


def test_an_addition_that_fails_does_as_its_file_says() -> None:
    broken = file("R902", when="1 / txn.amount_fen > 0", mode="rollout", share="1")
    assert decide(broken, txn__amount_fen=0, merchant__id=INSIDE).decision == REJECT


@given(salt=st.sampled_from(["a", "2025q2"]), value=st.text(max_size=12), low=st.integers(0, 1_000_000))
def test_who_is_in_a_sample_stays_in_as_it_grows(salt: str, value: str, low: int) -> None:
    facts = {"merchant.id": value}
    small, large, whole = (
        Sample(by="merchant.id", salt=salt, share_ppm=share)
        for share in (low, (low + 1_000_000) // 2, 1_000_000)
    )
    assert not small.takes(facts) or large.takes(facts)
    assert whole.takes(facts)


def test_a_sample_is_as_large_as_it_says() -> None:
    sample = Sample(by="merchant.id", salt="2025q2", share_ppm=100_000)
    taken = sum(sample.takes({"merchant.id": f"M{number:05d}"}) for number in range(20_000))
    assert abs(taken - 2000) < 200  # 10 % of 20,000; 200 is more than four standard deviations


def test_the_database_finds_the_same_sample(engine: Engine) -> None:
    values = ["M1", "M2", "", "商户", "a" * 200]
    query = text("SELECT " + SAMPLE_SQL.format(salt="CAST(:salt AS text)", by="CAST(:value AS text)"))
    with transaction(engine) as connection:
        found = [connection.execute(query, {"salt": "s1", "value": value}).scalar() for value in values]
    assert found == [place_of("s1", value) for value in values]


def codes(*files: dict[str, str]) -> list[str]:
    base = {path: body for path, body in rule_files().items() if not path.startswith("rules/risk/")}
    for one in files:
        base |= one
    _, findings = check(files=base, evaluators=EVALUATORS)
    return sorted(found.code for found in findings if found.severity == "error")


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        ((OLD, NEW), []),
        ((OLD, file("R902", mode="shadow", instead_of="risk.r901")), []),
        ((file("R902", mode="shadow", to="null"),), ["TRIAL_ENDLESS"]),
        ((file("R902", mode="rollout", to="null"),), ["TRIAL_ENDLESS"]),
        ((OLD, file("R902", mode="shadow", instead_of="risk.r909")), ["TRIAL_BASE"]),
        ((OLD, file("R902", instead_of="risk.r901")), ["TRIAL_BASE"]),
        ((OLD, NEW, file("R903", mode="shadow", instead_of="risk.r902")), ["TRIAL_BASE"]),
        ((OLD, NEW, file("R903", mode="rollout", instead_of="risk.r901")), ["ROLLOUT_TWICE"]),
    ],
)
def test_what_a_trial_must_say(files: tuple[dict[str, str], ...], expected: list[str]) -> None:
    assert codes(*files) == expected


def test_a_sample_belongs_to_a_rollout() -> None:
    (path, body), *_ = NEW.items()
    assert codes(OLD, {path: body.replace("mode: rollout", "mode: shadow")}) == ["ROLLOUT_SAMPLE"]
