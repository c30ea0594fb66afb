"""Every claim once where it stands and once where it does not, with the witness that is expected."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

import pytest

from engine.rulebook import Rulebook
from engine.rulebook.prove import Proof, Verdict, prove
from engine.rulebook.prove.wording import CLAIMS

Prove = Callable[..., tuple[Proof, ...]]
FIRST = "shape: table\nhit_policy: first\n"
UNIQUE = "shape: table\nhit_policy: unique\n"
ANY = "shape: table\nhit_policy: any\n"
SCORED = "shape: scored\n"
SHARES = (
    "shape: definition\nconditions: [uplifts.*.when, override.when]\n"
    "checks: [{check: sum_at_most_one, at: [shares.*.rate, uplifts.*.add_rate, override.rate]}]\n"
)
LEVELS = (
    "shape: definition\nconditions: [levels.*.promote, levels.*.keep]\n"
    "claims: [{claim: levels_reachable, at: [levels.*.promote], against: levels.*.keep}]\n"
)
BUDGET = (
    "shape: definition\nclaims: [{claim: budget_covers, at: [off_fen], times: total, against: budget_fen}]\n"
)
PAYOUTS = (
    "shape: definition\nconditions: [when]\nclaims: [{claim: payouts, at: [cash_fen, tiers], when: when,"
    " cap: cap_fen, volumes: [merchant.gmv_28d_fen, merchant.cnt_28d, broker.gmv_mtd_fen],"
    " divides: [merchant.gmv_28d_fen, merchant.cnt_28d], key: key, once_per: merchant.subject,"
    " jump_fen: 5000}]\n"
)
TIERS = "shape: definition\nchecks: [{check: tiers, at: [tiers]}]\n"


def table(*rows: tuple[str, Mapping[str, Any]] | str) -> Mapping[str, Any]:
    """The spec of a table; a row given by its condition alone has its number as output."""
    pairs = [(row, {"out": number}) if isinstance(row, str) else row for number, row in enumerate(rows)]
    return {"rows": [{"when": when, **outputs} for when, outputs in pairs]}


def scored(*rules: tuple[str, int], bands: tuple[int, ...] = ()) -> Mapping[str, Any]:
    return {
        "rules": [
            {"id": f"R{number}", "label": when, "when": when, "score": score}
            for number, (when, score) in enumerate(rules)
        ],
        "score_bands": [{"min": bound, "decision": "REVIEW"} for bound in bands],
    }


def shared(*uplifts: tuple[str, str]) -> Mapping[str, Any]:
    """Half for a broker, and uplifts: conditions with their rates."""
    written = [{"when": when, "add_rate": rate} for when, rate in uplifts]
    return {"shares": [{"rate": "0.50"}], "uplifts": written}


def tiered(mode: str, *rates: str) -> Mapping[str, Any]:
    bounds = [{"upto_fen": 100_000 * number} for number in range(1, len(rates))]
    rows = [{**bound, "rate": rate} for bound, rate in zip([*bounds, {}], rates, strict=True)]
    return {"tiers": {"mode": mode, "by": "txn.settle_amount_fen", "rows": rows}}


def ladder(*levels: tuple[str, str]) -> Mapping[str, Any]:
    """Levels with the conditions to rise and to stay."""
    return {
        "levels": [
            {"id": f"P{number}", "promote": promote, "keep": keep}
            for number, (promote, keep) in enumerate(levels, start=1)
        ]
    }


def rewarded(when: str, **others: Any) -> Mapping[str, Any]:
    """Fifty yuan where the condition holds, unless said otherwise."""
    return {"when": when, **({"cash_fen": 5000} if "tiers" not in others else {}), **others}


def rising(mode: str, *rates: str) -> Mapping[str, Any]:
    rows = tiered(mode, *rates)["tiers"]["rows"]
    return {"mode": mode, "by": "merchant.gmv_28d_fen", "rows": rows}


# code, kind, spec, verdict and witness of each of its proofs
CASES: tuple[tuple[str, str, Mapping[str, Any], list[tuple[str, Mapping[str, Any] | None]]], ...] = (
    (
        "CONDITION_CAN_HOLD",
        SCORED,
        scored(("txn.amount_fen > 5000", 1), ("txn.amount_fen > 5000 && txn.amount_fen < 5001", 1)),
        [("proved", {"txn.amount_fen": 5001}), ("refuted", None)],
    ),
    (
        "CONDITION_CAN_HOLD",
        SCORED,
        scored(
            ("!(txn.card_type in ['DEBIT', 'CREDIT', 'NONE'])", 1), ("false && 1 / txn.amount_fen > 0", 1)
        ),
        [("refuted", None), ("refuted", None)],
    ),
    (
        "CONDITION_CAN_MISS",
        SCORED,
        scored(
            ("txn.channel != 'ALIPAY'", 1),
            ("txn.channel != 'ALIPAY' || txn.channel != 'WECHAT'", 1),
            # False nowhere: where it is not true, evaluating it is an error.
            ("1 / txn.amount_fen == 1 / txn.amount_fen", 1),
        ),
        [("proved", {"txn.channel": "ALIPAY"}), ("refuted", None), ("refuted", None)],
    ),
    (
        "ROW_REACHABLE",
        FIRST,
        table("txn.amount_fen >= 100", "txn.amount_fen >= 50", "txn.amount_fen >= 200", "true"),
        [("proved", {"txn.amount_fen": 50}), ("refuted", None), ("proved", {"txn.amount_fen": 0})],
    ),
    (
        # Two rows that together leave nothing for the third.
        "ROW_REACHABLE",
        FIRST,
        table("txn.type == 'PAY'", "txn.type == 'REFUND'", "txn.amount_fen > 100"),
        [("proved", {"txn.type": "REFUND"}), ("refuted", None)],
    ),
    (
        "TABLE_COMPLETE",
        FIRST,
        table("txn.amount_fen > 5000", "txn.amount_fen <= 5000"),
        [("proved", None)],
    ),
    (
        "TABLE_COMPLETE",
        FIRST,
        table("txn.amount_fen > 5000", "txn.amount_fen < 5000"),
        [("refuted", {"txn.amount_fen": 5000})],
    ),
    (
        "ROWS_DISJOINT",
        UNIQUE,
        table("txn.amount_fen < 100", "txn.amount_fen >= 100", "true"),
        [("proved", None)],
    ),
    (
        "ROWS_DISJOINT",
        UNIQUE,
        table(
            "txn.amount_fen > 500", "txn.amount_fen <= 100", "txn.amount_fen >= 100 && txn.amount_fen < 300"
        ),
        [("proved", None), ("refuted", {"txn.amount_fen": 100})],
    ),
    (
        "ROWS_AGREE",
        ANY,
        table(("txn.amount_fen > 100", {"out": 1}), ("txn.amount_fen > 50", {"out": 1})),
        [("proved", None)],
    ),
    (
        "ROWS_AGREE",
        ANY,
        table(("txn.amount_fen > 100", {"out": 1}), ("txn.amount_fen > 50", {"out": 2})),
        [("refuted", {"txn.amount_fen": 101})],
    ),
    (
        "BAND_REACHABLE",
        SCORED,
        scored(
            ("txn.amount_fen > 100", 40),
            ("txn.amount_fen < 50", 50),
            ("txn.is_round_amount", 10),
            bands=(60, 70),
        ),
        # The first two never fire together: 50 + 10 is the most, though all scores add up to 100.
        [("proved", {"txn.amount_fen": 0, "txn.is_round_amount": True}), ("refuted", None)],
    ),
    (
        # 0.50 + 0.30 and 0.50 + 0.40: never both, though all of them are 1.20.
        "SHARES_WITHIN_WHOLE",
        SHARES,
        shared(("broker.level == 'P4'", "0.30"), ("broker.level == 'P5'", "0.40")),
        [("proved", None)],
    ),
    (
        "SHARES_WITHIN_WHOLE",
        SHARES,
        shared(("broker.level in ['P4', 'P5']", "0.30"), ("broker.active_merchants >= 20", "0.200001")),
        [("refuted", {"broker.active_merchants": 20, "broker.level": "P4"})],
    ),
    ("TIER_RATES_RISE", TIERS, tiered("marginal", "0.001", "0.002"), [("proved", None)]),
    (
        "TIER_RATES_RISE",
        TIERS,
        tiered("marginal", "0.001", "0.002", "0.0015"),
        [("refuted", {"txn.settle_amount_fen": 200_001})],
    ),
    ("TIER_AMOUNTS_RISE", TIERS, tiered("marginal", "0.006", "0.0038"), [("proved", None)]),
    (
        "TIER_AMOUNTS_RISE",
        TIERS,
        tiered("whole", "0.006", "0.0038"),
        [("refuted", {"txn.settle_amount_fen": 100_001})],
    ),
    (
        "LEVEL_REACHABLE",
        LEVELS,
        ladder(
            ("broker.active_merchants >= 5", "broker.active_merchants >= 3"),
            # Whoever keeps the level below has at least three.
            ("broker.active_merchants <= 2", "true"),
            ("broker.exam_score >= 80", "broker.exam_score > 90"),
        ),
        [
            ("proved", {"broker.active_merchants": 5}),
            ("refuted", None),
            ("proved", {"broker.exam_score": 91}),
        ],
    ),
    (
        "BUDGET_COVERS",
        BUDGET,
        {"off_fen": 500, "total": 40_000, "budget_fen": 20_000_000},
        [("proved", None)],
    ),
    (
        "BUDGET_COVERS",
        BUDGET,
        {"off_fen": 500, "total": 40_001, "budget_fen": 20_000_000},
        [("refuted", None)],
    ),
    (
        "PAYOUT_RISES",
        PAYOUTS,
        rewarded("merchant.gmv_28d_fen >= 100000 && merchant.cnt_28d >= 30"),
        [("proved", None)],
    ),
    (
        "PAYOUT_RISES",
        PAYOUTS,
        rewarded("merchant.gmv_28d_fen >= 100000 && merchant.cnt_28d <= 30"),
        [
            (
                "refuted",
                {
                    "merchant.cnt_28d": 0,
                    "merchant.gmv_28d_fen": 100_000,
                    "more.merchant_cnt_28d": 31,
                    "more.merchant_gmv_28d_fen": 100_000,
                },
            )
        ],
    ),
    (
        "SPLITTING_NEVER_PAYS",
        PAYOUTS,
        # The dearer tier makes one large merchant better than two small ones.
        rewarded("true", tiers=rising("marginal", "0", "0.001")),
        [("proved", None)],
    ),
    (
        "SPLITTING_NEVER_PAYS",
        PAYOUTS,
        rewarded("merchant.gmv_28d_fen >= 100000", key=["scheme", "merchant.subject"]),
        [("proved", None)],
    ),
    (
        "SPLITTING_NEVER_PAYS",
        PAYOUTS,
        rewarded("merchant.gmv_28d_fen >= 100000", key=["scheme"]),
        [
            (
                "refuted",
                {
                    "merchant.gmv_28d_fen": 200_000,
                    "one.merchant_gmv_28d_fen": 100_000,
                    "other.merchant_gmv_28d_fen": 100_000,
                },
            )
        ],
    ),
    (
        "PAYOUT_WITHOUT_CLIFF",
        PAYOUTS,
        rewarded("merchant.gmv_28d_fen >= 100000"),
        [("proved", None)],
    ),
    (
        "PAYOUT_WITHOUT_CLIFF",
        PAYOUTS,
        rewarded("merchant.gmv_28d_fen >= 100000", cash_fen=5001),
        [("refuted", {"merchant.gmv_28d_fen": 99_999, "more.merchant_gmv_28d_fen": 100_000})],
    ),
)


@pytest.mark.parametrize(("code", "kind", "spec", "expected"), CASES)
def test_claims_stand_or_fall_with_their_witness(
    proofs: Prove,
    code: str,
    kind: str,
    spec: Mapping[str, Any],
    expected: list[tuple[str, Mapping[str, Any] | None]],
) -> None:
    assert [(str(one.verdict), one.witness) for one in proofs(code, spec, kind=kind)] == expected


# Claims with test modules of their own, which look there that each is tested both ways.
ELSEWHERE = {"INVARIANT_HOLDS"}


@pytest.mark.parametrize("verdict", [Verdict.PROVED, Verdict.REFUTED])
def test_every_claim_is_tested_both_ways(verdict: Verdict) -> None:
    tried = {code for code, _, _, expected in CASES if verdict in (found for found, _ in expected)}
    beside = {code for code, claim in CLAIMS.items() if claim.beside}
    assert tried == set(CLAIMS) - beside - ELSEWHERE


@pytest.mark.parametrize(
    ("code", "kind", "spec", "zh", "en"),
    [
        (
            "TABLE_COMPLETE",
            FIRST,
            table("txn.amount_fen > 5000 || txn.channel == 'WECHAT'"),
            "没有一行成立的情况：订单金额：¥0.00；支付渠道：ALIPAY",
            "no row matches with order amount: ¥0.00; channel: ALIPAY",
        ),
        (
            "CONDITION_CAN_HOLD",
            SCORED,
            scored(("txn.amount_fen > 5000 && txn.amount_fen < 100", 1)),
            "条件永远不会成立：订单金额 > ¥50.00 且 订单金额 < ¥1.00",
            "the condition can never hold: order amount > ¥50.00 and order amount < ¥1.00",
        ),
        (
            "ROWS_DISJOINT",
            UNIQUE,
            table("txn.amount_fen > 100", "txn.amount_fen > 50"),
            "第 1, 2 行同时成立：订单金额：¥1.01",
            "rows 1, 2 match together with order amount: ¥1.01",
        ),
        (
            "SHARES_WITHIN_WHOLE",
            SHARES,
            shared(("broker.level == 'P5'", "0.51")),
            "各方合计 101 %，超过全部：经纪人级别：P5",
            "the shares are together 101 %, above the whole, with broker level: P5",
        ),
        (
            "TIER_AMOUNTS_RISE",
            TIERS,
            tiered("whole", "0.006", "0.0038"),
            "多一分反而从 ¥6 变成 ¥3.800038：应结金额：¥1,000.01",
            "one fen more turns ¥6 into ¥3.800038 with settlement amount: ¥1,000.01",
        ),
    ],
)
def test_a_refuted_claim_is_told_in_business_words(
    proofs: Prove, code: str, kind: str, spec: Mapping[str, Any], zh: str, en: str
) -> None:
    (proof,) = proofs(code, spec, kind=kind)
    assert (proof.words(language="zh"), proof.words(language="en")) == (zh, en)


def test_a_proof_stands_at_its_condition(proofs: Prove) -> None:
    spec = table("txn.amount_fen > 5000", "txn.amount_fen > 6000")
    (proof,) = proofs("ROW_REACHABLE", spec, kind=FIRST)
    # The spec is written on the seventh line of the file, as JSON.
    column = len("spec: ") + json.dumps(spec).index("txn.amount_fen > 6000") + 1
    assert (str(proof.location), proof.verdict) == (f"rules/made/made.test.yaml:7:{column}", Verdict.REFUTED)


def test_what_the_solver_cannot_read_is_undecided_and_never_proved(proofs: Prove) -> None:
    spec = scored(("merchant.tags.exists(t, t.startsWith('V'))", 1), ("txn.amount_fen > 0", 1))
    one, other = proofs("CONDITION_CAN_HOLD", spec, kind=SCORED)
    assert (one.verdict, one.witness) == (Verdict.UNDECIDED, None)
    assert one.words(language="en") == ("not decided: no reading for the solver: merchant.tags.exists(t, …)")
    assert other.verdict == Verdict.PROVED


def test_nothing_in_the_shipped_rules_is_refuted_or_undecided(shipped_book: Rulebook) -> None:
    found = [proof for proof in prove(rulebook=shipped_book) if proof.verdict != Verdict.PROVED]
    assert [(str(proof.location), proof.code, proof.zh) for proof in found] == []
