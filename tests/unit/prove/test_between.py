"""Claims about a rule beside others: each where it stands and where it does not, with its witness."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import pytest

from engine.rulebook import read_context
from engine.rulebook.prove import Proof, Verdict
from engine.rulebook.prove.wording import CLAIMS

ProveBetween = Callable[..., tuple[Proof, ...]]
PLAIN = {"plain": "shape: definition\n"}
FEES = {
    "fee": (
        "shape: table\nclaims: [{claim: margin_not_negative, other: cost,"
        " amount: txn.settle_amount_fen, unless: allow_negative_margin}]\n"
    ),
    "cost": "shape: table\n",
}
LIMITS = {
    "limit": (
        "shape: definition\nclaims: [{claim: overrides_tighten, at: [days], direction: up},"
        " {claim: overrides_tighten, at: [rate], direction: down}]\n"
    )
}
TABLES = {
    "limits": "shape: table\nclaims: [{claim: overrides_tighten, at: [rows.*.most_fen], direction: down}]\n"
}
CAMPAIGNS = {
    "camp": (
        "shape: definition\napplies: all\nconditions: [eligible]\nclaims: [{claim: stacking_within,"
        " at: [off_fen], when: eligible, group: group, total_fen: 1000}]\n"
    )
}
FUNDS = {
    "award": (
        "shape: definition\napplies: all\n"
        "claims: [{claim: budget_funded, at: [budget_fen], other: purse, against: funds.award_fen}]\n"
    ),
    "purse": "shape: definition\n",
}


def rule(
    kind: str,
    id: str,
    spec: Mapping[str, Any],
    *,
    since: str = "2025-01-01",
    until: str | None = None,
    city: str | None = None,
) -> Mapping[str, Any]:
    effective = {"from": f"{since}T00:00:00+08:00", "to": until and f"{until}T00:00:00+08:00"}
    scope = {"scope": {"city": [city]}} if city else {}
    return {"kind": kind, "id": id, "effective": effective, **scope, "spec": spec}


def priced(kind: str, *rows: tuple[str, Mapping[str, Any]], **others: Any) -> Mapping[str, Any]:
    return rule(kind, f"{kind}.one", {"rows": [{"when": when, **row} for when, row in rows], **others})


DEBIT = "txn.card_type == 'DEBIT'"
COST = priced("cost", (DEBIT, {"rate": "0.0040", "cap_fen": 1800}), ("true", {"rate": "0.0022"}))
TIERS = {
    "mode": "marginal",
    "by": "txn.settle_amount_fen",
    "rows": [{"upto_fen": 100_000, "rate": "0.0030"}, {"rate": "0.0010"}],
}

# code, kinds, rules, verdict and witness of each of its proofs
CASES: tuple[tuple[str, Mapping[str, str], list[Any], list[tuple[str, Any]]], ...] = (
    (
        "PERIODS_APART",
        PLAIN,
        [rule("plain", "one", {}, until="2025-06-01"), rule("plain", "two", {}, since="2025-06-01")],
        [("proved", None), ("proved", None)],
    ),
    (
        "PERIODS_APART",
        PLAIN,
        [rule("plain", "one", {}, city="BJ"), rule("plain", "two", {}), rule("plain", "zoo", {}, city="SH")],
        [("proved", None)] * 3,
    ),
    (
        "PERIODS_APART",
        PLAIN,
        [rule("plain", "one", {}, until="2025-06-01"), rule("plain", "two", {}, since="2025-05-31")],
        [("proved", None), ("refuted", None)],
    ),
    (
        "MARGIN_NOT_NEGATIVE",
        FEES,
        [
            priced("fee", (DEBIT, {"rate": "0.0050", "cap_fen": 1800}), ("true", {"rate": "0.0022"})),
            COST,
        ],
        [("proved", None), ("proved", None)],
    ),
    (
        # The fee is capped at 17.99; the cost is 18.00 from 4,499.88 on, where 0.40 % rounds to it.
        "MARGIN_NOT_NEGATIVE",
        FEES,
        [
            priced("fee", (DEBIT, {"rate": "0.0050", "cap_fen": 1799}), ("true", {"rate": "0.0022"})),
            COST,
        ],
        [("refuted", {"txn.card_type": "DEBIT", "txn.settle_amount_fen": 449_999}), ("proved", None)],
    ),
    (
        # 300.00 + (A − 100,000) × 0.10 % meets A × 0.22 % at A = 166,667; before that the margin is positive.
        "MARGIN_NOT_NEGATIVE",
        FEES,
        [
            priced(
                "fee", ("txn.settle_amount_fen <= 166000", {"tiers": TIERS}), ("true", {"rate": "0.0040"})
            ),
            priced("cost", ("true", {"rate": "0.0022"})),
        ],
        [("proved", None), ("proved", None)],
    ),
    (
        "MARGIN_NOT_NEGATIVE",
        FEES,
        [
            priced("fee", ("true", {"tiers": TIERS})),
            priced("cost", ("true", {"rate": "0.0022"})),
        ],
        [("refuted", {"txn.settle_amount_fen": 999_999})],
    ),
    (
        "MARGIN_NOT_NEGATIVE",
        FEES,
        [priced("fee", ("true", {"rate": "0.0010"}), allow_negative_margin=True), COST],
        [],
    ),
    (
        "OVERRIDE_TIGHTENS",
        LIMITS,
        [
            rule("limit", "all", {"days": 5, "rate": "0.2"}),
            rule("limit", "bj", {"days": 5, "rate": "0.1"}, city="BJ"),
        ],
        [("proved", None), ("proved", None)],
    ),
    (
        "OVERRIDE_TIGHTENS",
        LIMITS,
        [
            rule("limit", "all", {"days": 5, "rate": "0.2"}),
            rule("limit", "bj", {"days": 4, "rate": "0.2"}, city="BJ"),
        ],
        [("refuted", None), ("proved", None)],
    ),
    (
        "OVERRIDE_TIGHTENS",
        TABLES,
        [
            rule(
                "limits", "all", {"rows": [{"when": DEBIT, "most_fen": 50}, {"when": "true", "most_fen": 90}]}
            ),
            rule(
                "limits",
                "bj",
                {"rows": [{"when": "txn.amount_fen > 10", "most_fen": 40}, {"when": "true", "most_fen": 80}]},
                city="BJ",
            ),
        ],
        # Small debit payments may have 80 in Beijing, 50 elsewhere.
        [("refuted", {"txn.amount_fen": 0, "txn.card_type": "DEBIT"})],
    ),
    (
        "STACKING_WITHIN_TOTAL",
        CAMPAIGNS,
        [
            rule("camp", "one", {"eligible": "txn.amount_fen > 100", "off_fen": 600}),
            rule("camp", "two", {"eligible": "txn.amount_fen <= 100", "off_fen": 600}),
        ],
        [("proved", None), ("proved", None)],
    ),
    (
        "STACKING_WITHIN_TOTAL",
        CAMPAIGNS,
        [
            rule("camp", "one", {"eligible": "txn.amount_fen > 100", "off_fen": 600, "group": "a"}),
            rule("camp", "two", {"eligible": "txn.amount_fen > 200", "off_fen": 600, "group": "a"}),
        ],
        [("proved", None), ("proved", None)],
    ),
    (
        "STACKING_WITHIN_TOTAL",
        CAMPAIGNS,
        [
            rule("camp", "one", {"eligible": "txn.amount_fen > 100", "off_fen": 600}),
            rule("camp", "two", {"eligible": "txn.amount_fen > 200", "off_fen": 401}),
        ],
        [("refuted", {"txn.amount_fen": 201}), ("refuted", {"txn.amount_fen": 201})],
    ),
    (
        "BUDGET_FUNDED",
        FUNDS,
        [
            rule("award", "one", {"budget_fen": 60}, until="2025-06-01"),
            rule("award", "two", {"budget_fen": 60}, since="2025-06-01"),
            rule("purse", "all", {"funds": {"award_fen": 100}}),
        ],
        [("proved", None), ("proved", None)],
    ),
    (
        "BUDGET_FUNDED",
        FUNDS,
        [
            rule("award", "one", {"budget_fen": 60}),
            rule("award", "two", {"budget_fen": 41}, since="2025-06-01"),
            rule("purse", "all", {"funds": {"award_fen": 100}}),
        ],
        [("refuted", None), ("refuted", None)],
    ),
)


@pytest.mark.parametrize(("code", "kinds", "rules", "expected"), CASES)
def test_claims_beside_other_rules_stand_or_fall_with_their_witness(
    proofs_between: ProveBetween,
    code: str,
    kinds: Mapping[str, str],
    rules: list[Any],
    expected: list[tuple[str, Any]],
) -> None:
    found = proofs_between(code, kinds, rules)
    assert [(str(one.verdict), one.witness) for one in found] == expected


@pytest.mark.parametrize("verdict", [Verdict.PROVED, Verdict.REFUTED])
def test_every_claim_beside_other_rules_is_tested_both_ways(verdict: Verdict) -> None:
    tried = {code for code, _, _, expected in CASES if verdict in (found for found, _ in expected)}
    assert tried == {code for code, claim in CLAIMS.items() if claim.beside}


@pytest.mark.parametrize(
    ("number", "zh", "en"),
    [
        (
            2,
            "从 2025-05-31T00:00:00+08:00 起与 one 同时生效，分不清用哪一条（rules/plain/one.yaml）",
            "from 2025-05-31T00:00:00+08:00 on one applies equally (rules/plain/one.yaml)",
        ),
        (
            4,
            "第 1 行收 ¥17.99，成本 ¥18.00（cost.one 第 1 行）：卡类型：DEBIT；应结金额：¥4,499.99",
            "row 1 charges ¥17.99 at a cost of ¥18.00 (cost.one line 1) with"
            " card type: DEBIT; settlement amount: ¥4,499.99",
        ),
        (
            10,
            "80 比 all 的 50 宽，应当 ≤：订单金额：¥0.00；卡类型：DEBIT",
            "80 is looser than 50 of all, should be ≤, with order amount: ¥0.00; card type: DEBIT",
        ),
        (
            13,
            "与 two 叠加给 ¥10.01，超过 ¥10.00：订单金额：¥2.01",
            "stacked with two it gives ¥10.01, above ¥10.00, with order amount: ¥2.01",
        ),
        (
            15,
            "从 2025-06-01T00:00:00+08:00 起 one, two 的预算合计 ¥1.01，超过 all 的 ¥1.00",
            "from 2025-06-01T00:00:00+08:00 on budgets (one, two) are together ¥1.01, above the ¥1.00 of all",
        ),
    ],
)
def test_a_refuted_claim_is_told_in_business_words(
    proofs_between: ProveBetween, number: int, zh: str, en: str
) -> None:
    code, kinds, rules, _ = CASES[number]
    refuted = [one for one in proofs_between(code, kinds, rules) if one.verdict == Verdict.REFUTED]
    assert (refuted[0].zh, refuted[0].en) == (zh, en)


def test_tiers_by_another_fact_than_the_amount_are_undecided(proofs_between: ProveBetween) -> None:
    tiers = {**TIERS, "by": "txn.amount_fen"}
    found = proofs_between("MARGIN_NOT_NEGATIVE", FEES, [priced("fee", ("true", {"tiers": tiers})), COST])
    assert [(one.verdict, one.en) for one in found] == [
        (Verdict.UNDECIDED, "not decided: no reading for the solver: tiers by txn.amount_fen")
    ]


@pytest.mark.parametrize(
    "claim",
    [
        "{claim: margin_not_negative, other: cost, amount: txn.amount, unless: x}",
        "{claim: payouts, at: [a, b], when: when, volumes: [merchant.city], jump_fen: 1}",
    ],
)
def test_a_claim_about_what_is_no_amount_is_refused(shipped: Mapping[str, str], claim: str) -> None:
    path = "rules/kinds/brand.yaml"
    _, found = read_context({**shipped, path: shipped[path] + f"claims: [{claim}]\n"})
    assert [(one.code, one.location.file) for one in found] == [("KIND_INVALID", path)]


def test_a_claim_without_what_it_needs_is_refused(shipped: Mapping[str, str]) -> None:
    path = "rules/kinds/brand.yaml"
    _, found = read_context({**shipped, path: shipped[path] + "claims: [{claim: payouts, at: [a]}]\n"})
    assert {one.code for one in found} == {"SCHEMA_MISSING_FIELD", "SCHEMA_COUNT"}
