"""What a backtest says of risk is what the product would have decided on the facts it had then."""

from __future__ import annotations

import re
from collections import Counter

import orjson
import pytest

from bench._payments_world import rule_files, rulebook
from engine.rulebook import Rulebook
from payments_core import backtest
from payments_core.backtest import as_if_in_force
from payments_core.risk import RiskPolicy
from tests.integration.backtest.conftest import NOW, PERIOD, Past

LIMITS = "rules/risk/risk.limits.yaml"


def draft_of(*changes: tuple[str, str], mode: str = "enforce") -> Rulebook:
    written = re.sub(r"\ntests:.*", "\n", rule_files()[LIMITS], flags=re.S)
    written = written.replace("version: 1", "version: 2").replace("2025-01-01", "2026-01-01")
    written = written.replace("mode: enforce", mode if ":" in mode else f"mode: {mode}")
    if mode != "enforce":
        written = written.replace("to: null", 'to: "2026-03-01T00:00:00+08:00"')
    for before, after in changes:
        assert before in written, before
        written = written.replace(before, after)
    return rulebook({LIMITS: written})


LARGE = ("txn.amount_fen > 5000000", "txn.amount_fen >= 650000 && txn.channel == 'ALIPAY'")
ROUND = ("merchant.risk_grade == 'HIGH' && txn.amount_fen > 300000", "txn.amount_fen >= 99000")
BROKEN = ("txn.hour_cst in [0, 1, 2, 3, 4, 5] && txn.amount_fen > 2000000",
          "txn.amount_fen / (txn.amount_fen % 7) > 90000 && txn.channel == 'WECHAT'")  # fmt: skip
BANDS = ("{min: 60, decision: REVIEW}, {min: 120, decision: REJECT}",
         "{min: 40, decision: REVIEW}, {min: 90, decision: REJECT}")  # fmt: skip
ROLLOUT = 'mode: rollout\n  rollout: {by: txn.payer_id, salt: trial, share: "0.5"}'
CASES = {
    "a new limit": draft_of(LARGE),
    "scores and bands": draft_of(LARGE, ROUND, BANDS),
    "an error, failing open": draft_of(BROKEN),
    "an error, failing closed": draft_of(BROKEN, ("fail_mode: open", "fail_mode: closed")),
    "a shadow": draft_of(LARGE, ROUND, mode="shadow"),
    "a rollout": draft_of(LARGE, ROUND, mode=ROLLOUT),
}


@pytest.mark.parametrize("name", CASES)
def test_decisions_are_those_of_the_product_on_the_stored_facts(past: Past, name: str) -> None:
    draft = CASES[name]
    run_no = past.run(draft)
    policy = RiskPolicy(as_if_in_force(released=past.book, draft=draft, since=PERIOD.since))
    wanted: Counter[tuple[str, str]] = Counter()
    hits: Counter[str] = Counter()
    for names, values, decided, at, merchant_id, channel in past.rows(
        "SELECT s.names, p.fact_values::text, p.risk_decision, p.created_at, p.merchant_id, p.channel"
        " FROM payment p"
        " JOIN fact_set s USING (fact_set_no)"
    ):
        facts = {n: tuple(v) if isinstance(v, list) else v
                 for n, v in zip(names, orjson.loads(values), strict=True)}  # fmt: skip
        scope = {"city": "BJ", "merchant": merchant_id}
        # What no release stored comes from the payment's own row.
        found = policy.decide({**_defaults(draft), "txn.channel": channel, **facts}, at=at, scope=scope)
        wanted[decided, found.decision] += 1
        hits.update(hit.rpartition(":")[2] for hit in found.hits)
    told = past.read(backtest.list_decisions, run_no=run_no)
    assert Counter({(one.released, one.draft): one.payments for one in told}) == wanted
    assert all(len(one.examples) == min(5, one.payments) for one in told if one.payments <= 5)
    covered = {
        one.item: one.hits
        for one in past.read(backtest.list_coverage, run_no=run_no)
        if one.kind == "risk" and one.side == "draft"
    }
    assert covered == {item: hits[item] for item in covered}
    if name != "a shadow":
        assert any(a != b for a, b in wanted)


def _defaults(book: Rulebook) -> dict[str, object]:
    return {name: fact.default for name, fact in book.vocabulary.facts.items()}


def test_a_fact_that_was_not_stored_is_not_evaluated_and_never_false(past: Past) -> None:
    """merchant.tags was no part of any decision: the draft asks for it now."""
    tagged = ("txn.amount_fen > 5000000", "'VIP' in merchant.tags && txn.amount_fen > 100000")
    told = past.read(backtest.list_decisions, run_no=past.run(draft_of(tagged)))
    unread = sum(one.payments for one in told if one.draft == "")
    ((large,),) = past.rows("SELECT count(*) FROM payment WHERE amount_fen > 100000")
    assert unread == large > 0
    assert sum(one.payments for one in told) == 270


def test_precision_and_recall_against_labels(past: Past) -> None:
    draft = draft_of(LARGE)
    caught = past.rows(
        "SELECT merchant_id, payment_id FROM payment WHERE amount_fen >= 650000 AND channel = 'ALIPAY'"
    )
    missed = past.rows("SELECT merchant_id, payment_id FROM payment WHERE amount_fen < 200 LIMIT 3")
    assert past.read(backtest.get_quality, run_no=past.run(draft)) is None
    labels = [(m, p, "honest" if n == 0 else "fraud") for n, (m, p) in enumerate(caught)]
    labels += [(m, p, "fraud") for m, p in missed]
    past.read(backtest.label_payments, labels=labels, labelled_by="risk", now=NOW)

    run_no = past.run(draft)
    released, proposed = past.read(backtest.get_quality, run_no=run_no)
    assert (released.caught, released.missed, released.precision_ppm) == (0, len(labels) - 1, None)
    assert (proposed.caught, proposed.missed, proposed.disturbed) == (len(caught) - 1, 3, 1)
    assert proposed.precision_ppm == round(1_000_000 * (len(caught) - 1) / len(caught))
    (rule,) = (
        one for one in past.read(backtest.list_coverage, run_no=run_no)
        if (one.item, one.side) == ("R301", "draft")
    )  # fmt: skip
    assert (rule.fraud, rule.honest) == (len(caught) - 1, 1)


def test_risk_left_alone_is_not_computed(past: Past) -> None:
    assert past.read(backtest.list_decisions, run_no=past.run(past.book)) == ()
