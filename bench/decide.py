"""One payment's decisions: 100 scored risk rules and a 40-row fee table, through the whole rules engine.

The peer is the official CEL evaluator (C++) on the same conditions and the same facts: every rule's
condition, and the table's rows until the first true one. It gets only the facts that are read, bound once a
payment. Both must agree on every payment before anything is timed.
"""

from __future__ import annotations

import random
from collections.abc import Mapping
from pathlib import Path

from bench._timing import side_by_side
from bench.figure import Figure, Row
from engine.expressions import OfficialSet, Value
from engine.rulebook import Rulebook, Scored, Table, check

RULES, ROWS = 100, 40
LIMIT_US, LIMIT_RATIO = 60, 5
RULES_FOLDER = Path(__file__).parent.parent / "rules"
CHANNELS = ("WECHAT", "ALIPAY", "UNIONPAY_QR", "BANKCARD")
TAGS = ("WHOLESALE", "NIGHT", "CAMPUS", "CHAIN")
SEED = 20250301


def run(*, quick: bool) -> Figure:
    """Measure a payment's decisions, in microseconds."""
    chance = random.Random(SEED)  # the same rules and payments every time
    rulebook = made_rulebook(chance)
    scored, table = shapes(rulebook)
    payments = [payment(chance) for _ in range(50 if quick else 300)]
    ours, peer = Ours(rulebook, scored, table), Official(rulebook, scored, table)
    if [ours.decide(given) for given in payments] != [peer.decide(given) for given in payments]:
        raise RuntimeError("好店 and the official evaluator disagree")
    times = side_by_side(
        lambda: [ours.decide(given) for given in payments],
        lambda: [peer.decide(given) for given in payments],
        lambda: [rulebook.vocabulary.conform(given) for given in payments],
        rounds=3 if quick else 9,
    )
    value, peer_value, conform = (seconds / len(payments) * 1e6 for seconds in times)
    fired = sum(len(ours.decide(given)[0]) for given in payments) / len(payments)
    return Figure(
        name="decide",
        value=value,
        unit="µs a payment",
        peer="cel-expr-python (official C++ evaluator)",
        peer_value=peer_value,
        goal=f"≤ {LIMIT_US} µs and ≥ {LIMIT_RATIO} ×",
        met=value <= LIMIT_US and peer_value / value >= LIMIT_RATIO,
        rows=(
            Row(label="of which checking the facts given", shown=f"{conform:.1f} µs"),
            Row(label="payments decided, both agreeing", shown=f"{len(payments)}"),
            Row(label="rules that fire, on average", shown=f"{fired:.1f} of {RULES}"),
            Row(label="decisions a second, one core", shown=f"{1e6 / value:,.0f}"),
        ),
    )


class Ours:
    """The product's own path: facts checked, then verdict and row."""

    def __init__(self, rulebook: Rulebook, scored: Scored, table: Table) -> None:
        self._vocabulary, self._scored, self._table = rulebook.vocabulary, scored, table

    def decide(self, given: Mapping[str, Value]) -> tuple[list[str], int]:
        """Return the ids of the rules that fired and the number of the row."""
        facts = self._vocabulary.conform(given)
        verdict, row = self._scored.decide(facts), self._table.decide(facts)
        return [rule.id for rule in verdict.hits], row.row_no


class Official:
    """The same conditions by the official evaluator."""

    def __init__(self, rulebook: Rulebook, scored: Scored, table: Table) -> None:
        self._vocabulary, self._ids = rulebook.vocabulary, [rule.id for rule in scored.rules]
        self._rules, self._rows = (
            OfficialSet(
                sources=tuple(condition.source for condition in shape.conditions), vocabulary=self._vocabulary
            )
            for shape in (scored, table)
        )
        reads = {
            name for shape in (scored, table) for condition in shape.conditions for name in condition.reads
        }
        self._defaults = {name: self._vocabulary.facts[name].default for name in sorted(reads)}

    def decide(self, given: Mapping[str, Value]) -> tuple[list[str], int | None]:
        """Return the ids of the rules that fired and the number of the row."""
        facts = self._defaults | {name: value for name, value in given.items() if name in self._defaults}
        bound = self._rules.bind(facts)
        answers = self._rules.evaluate(bound)
        return [name for name, fired in zip(self._ids, answers, strict=True) if fired], self._rows.first(
            bound
        )


def made_rulebook(chance: random.Random, *, rows: int = ROWS) -> Rulebook:
    """Return the product's vocabulary and kinds with one large file of each kind."""
    files = {
        f"rules/{path.relative_to(RULES_FOLDER).as_posix()}": path.read_text(encoding="utf-8")
        for path in sorted(RULES_FOLDER.rglob("*"))
        if path.is_file() and path.parent.name in ("rules", "kinds")
    }
    files["rules/risk/bench.risk.yaml"] = risk_file(chance)
    files["rules/merchant_fee/bench.fee.yaml"] = fee_file(chance, rows=rows)
    rulebook, found = check(files=files)
    if rulebook is None:
        raise RuntimeError("\n".join(one.render(files.get(one.location.file)) for one in found[:5]))
    return rulebook


def shapes(rulebook: Rulebook) -> tuple[Scored, Table]:
    """Return the two large files' shapes."""
    scored, table = (rulebook.find(rule_id=rule_id).shape for rule_id in ("bench.risk", "bench.fee"))
    if not isinstance(scored, Scored) or not isinstance(table, Table):
        raise TypeError("the kinds risk and merchant_fee have other shapes than this bench expects")
    return scored, table


def envelope(kind: str, rule_id: str) -> str:
    """Return the head of a rule file."""
    return (
        f"kind: {kind}\nid: {rule_id}\nversion: 1\ntitle: bench\nowner: bench\n"
        'effective: {from: "2025-01-01T00:00:00+08:00", to: null}\nspec:\n'
    )


def risk_file(chance: random.Random) -> str:
    """Return a rule file of RULES risk rules, thresholds drawn at random."""
    rules = "".join(
        f'    - {{id: R{100 + number}, label: bench, when: "{risk_condition(chance)}", score: 5}}\n'
        for number in range(RULES)
    )
    return (
        envelope("risk", "bench.risk")
        + "  stage: pre_auth\n  mode: enforce\n  fail_mode: closed\n"
        + f"  rules:\n{rules}  score_bands: [{{min: 60, decision: REVIEW}}, {{min: 100, decision: REJECT}}]\n"
    )


def risk_condition(chance: random.Random) -> str:
    """Return one of the forms real risk rules have."""
    amount, count, ppm = (
        chance.randrange(1_000, 900_000),
        chance.randrange(1, 30),
        chance.randrange(1_000_000),
    )
    hours = ", ".join(str(hour) for hour in sorted(chance.sample(range(24), 6)))
    return chance.choice(
        (
            f"agg.payer_merchant_cnt_10m >= {count} && agg.payer_merchant_sum_10m_fen >= {amount}",
            f"merchant.credit_share_28d_ppm >= {ppm} && txn.is_round_amount && txn.hour_cst in [{hours}]",
            f"merchant.days_since_active <= {count} && agg.merchant_sum_1d_fen >= {amount * 10}",
            f"txn.device_distance_m > {count * 100} && !('{chance.choice(TAGS)}' in merchant.tags)",
            f"txn.channel == '{chance.choice(CHANNELS)}'"
            f" && (txn.amount_fen >= {amount} || txn.payer_is_broker)",
            f"merchant.risk_grade == 'HIGH' && txn.amount_fen * 1000 / {count} > {amount}",
        )
    )


def fee_file(chance: random.Random, *, rows: int) -> str:
    """Return a fee table of so many rows, the last for everything else."""
    written = "".join(
        f'    - {{when: "{fee_condition(chance)}", rate: "0.00{chance.randrange(38, 61)}"}}\n'
        for _ in range(rows - 1)
    )
    return (
        envelope("merchant_fee", "bench.fee")
        + "  basis: settle_amount_fen\n  clock: txn.paid_at\n"
        + "  rounding: {unit: fen, mode: HALF_UP, per: txn}\n"
        + "  refund: return_cumulative\n  allow_negative_margin: true\n"
        + f'  rows:\n{written}    - {{when: "true", rate: "0.0038"}}\n'
    )


def fee_condition(chance: random.Random) -> str:
    """Return a condition few payments meet, so that the table is read far down."""
    codes = "', '".join(str(chance.randrange(5_000, 6_000)) for _ in range(3))
    return (
        f"txn.channel == '{chance.choice(CHANNELS)}' && merchant.mcc in ['{codes}']"
        f" && txn.settle_amount_fen >= {chance.randrange(100, 50_000)}"
    )


def payment(chance: random.Random) -> dict[str, Value]:
    """Return the facts gathered for one payment."""
    amount_fen = chance.randrange(100, 1_000_000)
    return {
        "txn.channel": chance.choice(CHANNELS),
        "txn.amount_fen": amount_fen,
        "txn.settle_amount_fen": amount_fen,
        "txn.hour_cst": chance.randrange(24),
        "txn.is_round_amount": chance.random() < 0.2,
        "txn.payer_is_broker": chance.random() < 0.05,
        "txn.device_distance_m": chance.randrange(-1, 3_000),
        "merchant.mcc": str(chance.randrange(5_000, 6_000)),
        "merchant.tags": tuple(chance.sample(TAGS, 2)),
        "merchant.risk_grade": chance.choice(("LOW", "MID", "HIGH")),
        "merchant.credit_share_28d_ppm": chance.randrange(1_000_000),
        "merchant.days_since_active": chance.randrange(400),
        "agg.payer_merchant_cnt_10m": chance.randrange(12),
        "agg.payer_merchant_sum_10m_fen": chance.randrange(500_000),
        "agg.merchant_sum_1d_fen": chance.randrange(9_000_000),
    }
