"""What stands around a rule in the workbench: the tree's states, uses, proofs, trials kept as tests."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime

import pytest

from engine.releases import Author, Draft, Release
from engine.rulebook import Rule, check, parse_rule
from payments_core.fees import EVALUATORS
from tests.unit.editing.test_grid import FILES
from ui import rule_evidence, uses
from ui.components import rule_tree
from ui.components.try_it import expected
from ui.desk import RuleLine
from ui.editing.layout import read_layout
from ui.editing.splices import EditRefused
from ui.editing.trials import add_test

NOW = datetime(2025, 5, 1, tzinfo=UTC)
BOOK, _ = check(files=FILES, evaluators=EVALUATORS)
assert BOOK is not None
RELEASE = Release(commit="c", rulebook=BOOK, forms={}, files=FILES, diagnostics=())


def rule(name: str) -> Rule:
    assert BOOK is not None
    return BOOK.find(rule_id=name)


def draft(name: str) -> Draft:
    author = Author(name="a", email="a@haodian")
    return Draft(name=name, commit="c", base="b", author=author, at=NOW, message="", files=())


def test_a_use_is_found_in_rules_declarations_and_forms_with_its_line() -> None:
    found = {use.path: use for use in uses.find(RELEASE, "txn.card_type")}
    fees = found["rules/merchant_fee/fee.community.std.yaml"]
    lines = FILES[fees.path].split("\n")
    assert fees.rule is rule("fee.community.std")
    assert all("txn.card_type" in lines[place.line - 1] for place in fees.places)
    assert [place.part for place in fees.places if not place.is_test] == ["spec.rows.0"]
    assert found["rules/kinds/merchant_fee.yaml"].sort == "kind"
    assert [use.rule is None for use in found.values()] == sorted(use.rule is None for use in found.values())


@pytest.mark.parametrize("name", ["", "txn.card", "card_type_x", "x" * 200])
def test_only_whole_names_are_found(name: str) -> None:
    assert uses.find(RELEASE, name) == ()


def test_impact_leads_from_a_fact_through_aggregates_to_rules_and_kinds() -> None:
    found = uses.impact_of_fact(RELEASE, "txn.amount_fen")
    assert "agg.merchant_sum_1d_fen" in found.facts
    assert {"risk.limits"} <= {one.id for one in found.rules}
    assert "risk" in {kind.name for kind in found.kinds}
    window = uses.impact_of_fact(RELEASE, "agg.merchant_sum_1d_fen")
    assert {"merchant.id", "txn.amount_fen", "txn.type"} == set(window.sources)


def test_impact_of_a_cost_names_the_fees_that_are_compared_with_it() -> None:
    found = uses.impact_of_rule(RELEASE, rule("cost.channels"))
    assert {"txn.channel", "txn.card_type"} == set(found.facts)
    assert [kind.name for kind in found.dependants] == ["merchant_fee"]


def test_the_state_that_asks_most_for_attention_is_shown() -> None:
    own = rule("fee.community.std")
    released = RuleLine(rule=own, drafts=())
    drafted = RuleLine(rule=own, drafts=(draft("d"),))
    later = RuleLine(rule=replace(own, effective_from=datetime(2030, 1, 1, tzinfo=UTC)), drafts=())

    def state(line: RuleLine, *, reviewed: tuple[str, ...] = (), wrong: tuple[str, ...] = ()) -> str:
        return rule_tree.state_of(line, reviewed=reviewed, wrong=wrong, now=NOW)

    assert state(released) == "released"
    assert state(later) == "waiting"
    assert state(drafted) == "draft"
    assert state(drafted, reviewed=("d",)) == "review"
    assert state(drafted, reviewed=("d",), wrong=(own.path,)) == "wrong"


def test_the_tree_escapes_titles_and_can_be_searched_by_fact() -> None:
    own = replace(rule("fee.community.std"), title="<script>")
    drawn = rule_tree.drawn(
        RELEASE, [RuleLine(rule=own, drafts=())], chosen=own.id, reviewed=(), wrong=(), now=NOW
    )
    assert "<script>" not in drawn
    assert "txn.card_type" in drawn


def test_proofs_are_of_the_text_on_the_desk_and_those_to_look_at_come_first() -> None:
    own = rule("fee.community.std")
    assert rule_evidence.count(rule_evidence.proofs(RELEASE, own, on=date(2025, 5, 1)))["refuted"] == 0
    cheap = FILES[own.path].replace('rate: "0.0060", label: 信用卡', 'rate: "0.0001", label: 信用卡')
    edited, _ = parse_rule(path=own.path, text=cheap, context=RELEASE.rulebook.context)
    assert edited is not None
    found = rule_evidence.proofs(RELEASE, edited, on=date(2025, 5, 1))
    assert str(found[0].verdict) == "refuted"
    assert {proof.location.file for proof in found} == {own.path}


@pytest.mark.parametrize("name", ["fee.community.std", "risk.limits", "ps.beijing.default"])
def test_a_trial_kept_as_a_test_holds(name: str) -> None:
    own = rule(name)
    facts = {fact.name: fact.default for fact in RELEASE.rulebook.vocabulary.facts.values()}
    expect = expected(own, own.shape.explain(facts, language="zh"))
    read = {fact: facts[fact] for fact in sorted(uses.reads(own))}
    text = add_test(FILES[own.path], name="试算 {number}", facts=read, expect=expect)
    assert text.startswith(FILES[own.path].rstrip("\n"))
    _, found = check(files={**FILES, own.path: text}, evaluators=EVALUATORS)
    assert [one.code for one in found if one.code.startswith("TEST")] == []
    count = len(own.document.value["tests"])
    assert read_layout(text).at(("tests", count, "name")).value == f"试算 {count + 1}"


def test_a_trial_without_outcome_is_not_kept() -> None:
    with pytest.raises(EditRefused, match="NOTHING_EXPECTED"):
        add_test(FILES[rule("risk.limits").path], name="x", facts={}, expect={})
