"""While typing: what boxes refute about a table, in the words of the proofs, rows that meet by group."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from engine.rulebook import Rule
from engine.rulebook.prove import glance

Made = Callable[..., Rule]
GRID = ("txn.channel", "txn.settle_amount_fen")


def grid(*cells: tuple[str, str]) -> Mapping[str, Any]:
    rows = [{"in": list(row), "out": number} for number, row in enumerate(cells)]
    return {"inputs": list(GRID), "rows": rows}


def test_a_dead_row_and_a_gap_are_told_at_once(made: Made) -> None:
    spec = grid(("WECHAT", "-"), ("WECHAT", ">= 100"), ("not(WECHAT)", "< 500"))
    found = glance(rule=made(spec, kind="shape: table\nhit_policy: first\n"))
    assert [(one.code, one.witness) for one in found.refuted] == [
        ("TABLE_COMPLETE", {"txn.channel": "ALIPAY", "txn.settle_amount_fen": 500}),
        ("ROW_REACHABLE", None),
    ]
    assert found.refuted[0].zh == "没有一行成立的情况：支付渠道：ALIPAY；应结金额：¥5.00"


def test_rows_that_meet_are_told_by_group(made: Made) -> None:
    spec = grid(("WECHAT", "< 100"), ("WECHAT", "[50..200)"), ("WECHAT", "[150..300)"), ("ALIPAY", "-"))
    found = glance(rule=made(spec, kind="shape: table\nhit_policy: unique\n"))
    overlaps = [one for one in found.refuted if one.code == "ROWS_DISJOINT"]
    assert [one.zh for one in overlaps] == [
        "第 1–3 行互相重叠，共 2 对，例如第 1, 2 行同时成立：支付渠道：WECHAT；应结金额：¥0.50"
    ]
    assert overlaps[0].en == (
        "rows 1–3 overlap in 2 pairs, such as: "
        "rows 1, 2 match together with channel: WECHAT; settlement amount: ¥0.50"
    )


def test_conditions_that_never_or_always_hold_are_told(made: Made) -> None:
    rows = [{"when": "txn.amount_fen > 10 && txn.amount_fen < 5"}, {"when": "txn.type in ['PAY', 'REFUND']"}]
    found = glance(rule=made({"rows": rows}, kind="shape: table\nhit_policy: collect_list\n"))
    assert [one.code for one in found.refuted] == ["CONDITION_CAN_HOLD", "CONDITION_CAN_MISS"]


def test_what_is_no_box_is_left_to_the_solver(made: Made) -> None:
    rows = [{"when": "txn.amount_fen > txn.discount_fen"}, {"when": "txn.amount_fen <= txn.discount_fen"}]
    found = glance(rule=made({"rows": rows}, kind="shape: table\nhit_policy: first\n"))
    assert (found.refuted, found.open) == ((), (0, 1))
