"""Completion at the cursor (`¦`) of rules that are being typed."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.editing.test_grid import FILES, kind
from ui.editing.completing import complete, complete_condition

FEES = FILES["rules/merchant_fee/fee.community.std.yaml"]
SHARES = FILES["rules/profit_share/ps.beijing.default.yaml"]
RISK = FILES["rules/risk/risk.limits.yaml"]
TICKET = FILES["rules/ticket_route/route.ticket.yaml"]


def suggested(text: str, name: str) -> tuple[int, list[str]]:
    """Return what is suggested at `¦`, and for how many characters before it."""
    lines = text[: text.index("¦")].split("\n")
    found = complete(lines[:-1], lines[-1], kind=kind(name))
    return found.back, [one.text for one in found.completions]


M, P, T = "merchant_fee", "profit_share", "ticket_route"


@pytest.mark.parametrize(
    ("text", "name", "back", "first"),
    [
        (FEES.replace("txn.channel == 'UNIONPAY_QR'", "txn.chan¦"), M, 8, "txn.channel"),
        (FEES.replace("'UNIONPAY_QR' &&", "'UN¦"), M, 3, "'UNIONPAY_QR'"),
        (FEES.replace("'UNIONPAY_QR' &&", "¦"), M, 0, "'WECHAT'"),
        (FEES.replace('rate: "0.0060", label', "ca¦"), M, 2, "cap_fen"),
        (FEES.replace("mode: HALF_UP", "mode: ¦"), M, 0, "HALF_UP"),
        (FEES.replace("mode: marginal", "mode: w¦"), M, 1, "whole"),
        (FEES.replace("      label: 云闪付阶梯", "      min¦"), M, 3, "min_fen"),
        (FEES.replace("facts: {txn.channel: UNIONPAY_QR", "facts: {txn.ch¦"), M, 6, "txn.channel"),
        (FEES.replace("facts: {txn.channel: UNIONPAY_QR", "facts: {txn.channel: AL¦"), M, 2, "ALIPAY"),
        (FEES.replace("expect: {row: 2", "expect: {row: ¦"), M, 0, "0"),
        (SHARES.replace("negative_margin: zero_for_broker", "neg¦"), P, 3, "negative_margin"),
        (SHARES.replace('eligible: "merchant.status', 'eligible: "merchant.sta¦'), P, 12, "merchant.status"),
        (SHARES.replace("- {party: broker, role: opener", "- {party: broker, role: op¦"), P, 2, "opener"),
        (SHARES.replace("owner: 总部财务", "¦"), P, 0, "kind"),
        (RISK.replace("expect: {decision: PASS}", "expect: {hits: [R3¦", 1), "risk", 2, "R301"),
        (TICKET.replace("inputs: [", "inputs: [ticket.cat¦"), T, 10, "ticket.category"),
        (TICKET.replace('in: ["-", ', 'in: ["COM¦', 1), T, 3, "COMPLAINT"),
    ],
)  # fmt: skip
def test_what_fits_the_place_is_suggested_first(text: str, name: str, back: int, first: str) -> None:
    assert (suggested(text, name)[0], suggested(text, name)[1][:1]) == (back, [first])


def test_a_condition_over_several_lines_is_completed_too() -> None:
    text = SHARES.replace('eligible: "', "eligible: >-\n    txn.type == 'PAY'\n    && broker.lev¦\n  x: \"")
    assert suggested(text, "profit_share")[1][:1] == ["broker.level"]


def test_only_facts_that_the_kind_may_read_are_suggested_and_titles_are_searched() -> None:
    facts = kind("merchant_fee").vocabulary
    assert complete_condition("broker.", vocabulary=facts).completions == ()
    assert [one.text for one in complete_condition("x || 支付渠", vocabulary=facts).completions] == [
        "txn.channel"
    ]
    found = complete_condition("true && settle", vocabulary=facts)
    assert "txn.settle_amount_fen" in [one.text for one in found.completions]
    assert complete_condition("txn.id == 'a", vocabulary=facts).completions == ()


@settings(max_examples=80, deadline=None)
@given(st.data())
def test_any_place_of_any_text_has_an_answer(data: st.DataObject) -> None:
    path, name = data.draw(
        st.sampled_from([(FEES, "merchant_fee"), (SHARES, "profit_share"), (RISK, "risk")])
    )
    cut = data.draw(st.integers(0, len(path)))
    noise = data.draw(st.text("{}[]\"':,-# \nax", max_size=6))
    lines = (path[:cut] + noise).split("\n")
    found = complete(lines[:-1], lines[-1], kind=kind(name))
    assert 0 <= found.back <= len(lines[-1])
