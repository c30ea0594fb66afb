"""Accepting a refuted claim in the rule's file: for one place, for a time, while it is needed."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

import pytest

from engine.rulebook import Rulebook, check
from engine.rulebook.prove import Verdict, proof_findings, proofs_of, prove

PATH = "rules/incentive/inc.volume.2025.yaml"
FALLING = ('{rate: "0.0003"}', '{rate: "0.0001"}')
AT = "tiers.rows.2.rate"


def entry(*, claim: str = "TIER_RATES_RISE", at: str = AT, until: str = "2026-01-01") -> str:
    return f"accept:\n  - {{claim: {claim}, at: {at}, reason: 大额不再加奖, by: 张敏, until: {until}}}\n"


def book(shipped: Mapping[str, str], text: str) -> Rulebook:
    made, found = check(files={**shipped, PATH: text})
    assert made is not None, found
    return made


def told(rulebook: Rulebook, *, on: date | None = None) -> list[tuple[str, str]]:
    rule = rulebook.find(rule_id="inc.volume.2025")
    proofs = proofs_of(rulebook=rulebook, changed=[PATH], on=on)
    found = proof_findings(rules=[rule], proofs=proofs, on=on)
    return [(one.code, f"{one.location.file}:{one.location.line}") for one in found]


@pytest.fixture(scope="session")
def falling(shipped: Mapping[str, str]) -> str:
    """A rule file whose last rate is below the one before, refuted at its tenth-odd line."""
    return shipped[PATH].replace(*FALLING)


@pytest.fixture(scope="session")
def line(falling: str) -> int:
    """The line of the rate that falls."""
    return next(number for number, text in enumerate(falling.splitlines(), start=1) if "upto_fen" in text)


def test_a_refuted_claim_is_a_finding_with_the_entry_that_accepts_it(
    shipped: Mapping[str, str], falling: str, line: int
) -> None:
    rulebook = book(shipped, falling)
    proofs = proofs_of(rulebook=rulebook, changed=[PATH])
    (found,) = proof_findings(rules=rulebook.rules, proofs=proofs, on=None)
    assert (found.code, found.severity, found.location.line) == ("PROOF_REFUTED", "error", line)
    assert found.message == "TIER_RATES_RISE 不成立：费率从 0.02 % 降到 0.01 %：本月交易额：¥300,000.01"
    assert found.hint_en == (
        "correct the rule; if it is meant, write under accept: "
        "- {claim: TIER_RATES_RISE, at: tiers.rows.2.rate, reason: …, by: …, until: YYYY-MM-DD}"
    )


def test_what_is_accepted_is_no_finding(shipped: Mapping[str, str], falling: str) -> None:
    rulebook = book(shipped, falling + entry())
    (proof,) = (
        one for one in proofs_of(rulebook=rulebook, changed=[PATH]) if one.verdict == Verdict.ACCEPTED
    )
    assert (proof.code, proof.at) == ("TIER_RATES_RISE", AT)
    assert told(rulebook) == []


@pytest.mark.parametrize(
    ("on", "codes"),
    [
        (date(2025, 12, 31), []),
        (date(2026, 1, 1), ["ACCEPTANCE_EXPIRED", "PROOF_REFUTED"]),
    ],
)
def test_from_its_day_on_it_no_longer_counts(
    shipped: Mapping[str, str], falling: str, on: date, codes: list[str]
) -> None:
    assert sorted(code for code, _ in told(book(shipped, falling + entry()), on=on)) == codes


@pytest.mark.parametrize("wrong", [{"claim": "ROW_REACHABLE"}, {"at": "tiers.rows.1.rate"}])
def test_it_counts_for_its_claim_and_its_place_alone(
    shipped: Mapping[str, str], falling: str, line: int, wrong: Mapping[str, str]
) -> None:
    text = falling + entry(**wrong)
    last = len(text.splitlines())
    assert told(book(shipped, text)) == [
        ("PROOF_REFUTED", f"{PATH}:{line}"),
        ("ACCEPTANCE_STALE", f"{PATH}:{last}"),
    ]


def test_one_that_nothing_needs_is_a_finding(shipped: Mapping[str, str]) -> None:
    text = shipped[PATH] + entry()
    assert told(book(shipped, text)) == [("ACCEPTANCE_STALE", f"{PATH}:{len(text.splitlines())}")]


@pytest.mark.parametrize(
    ("written", "code"),
    [
        ("{claim: TIER_RATES_RISE, at: x, reason: 是, by: 张敏}", "SCHEMA_MISSING_FIELD"),
        ("{claim: TIER_RATES_RISE, at: x, reason: 是, by: 张敏, until: 明年}", "SCHEMA_FORMAT"),
    ],
)
def test_an_entry_without_reason_person_or_date_is_refused(
    shipped: Mapping[str, str], written: str, code: str
) -> None:
    made, found = check(files={**shipped, PATH: shipped[PATH] + f"accept:\n  - {written}\n"})
    assert (made, [one.code for one in found if one.severity == "error"]) == (None, [code])


def test_only_what_changed_is_proved_and_what_is_read_beside_it(
    shipped: Mapping[str, str], shipped_book: Rulebook
) -> None:
    cost, fee = "rules/channel_cost/cost.channels.yaml", "rules/merchant_fee/fee.default.yaml"
    beside = {one.location.file for one in proofs_of(rulebook=shipped_book, changed=[cost])}
    assert {cost, fee} <= beside
    assert PATH not in beside
    alone = "rules/risk/risk.limits.yaml"
    assert {one.location.file for one in proofs_of(rulebook=shipped_book, changed=[alone])} == {alone}
    every = proofs_of(rulebook=shipped_book, changed=["rules/facts.yaml"])
    assert every == prove(rulebook=shipped_book)
