"""Sliding windows against a brute-force reading of the same contract."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench._payments_world import rulebook
from engine.rulebook import Aggregate
from payments_core.risk import Windows, microseconds

SECOND = 1_000_000
FUNCTIONS = ("count", "sum", "distinct", "max")


def windows(*functions: str, window_s: int = 600, key: tuple[str, ...] = ("payer", "shop")) -> Windows:
    return Windows(
        [
            Aggregate(
                name=fn,
                fact=f"agg.{fn}",
                key=key,
                fn=fn,
                field=None if fn == "count" else "amount",
                where=None,
                window_s=window_s,
                title=fn,
                title_en=fn,
            )
            for fn in functions
        ]
    )


def brute(items: list[tuple[int, str, int]], payer: str, at_s: int, window_s: int) -> dict[str, int]:
    seen = [amount for at, who, amount in items if who == payer and at_s - window_s < at <= at_s]
    return {
        "agg.count": len(seen),
        "agg.sum": sum(seen),
        "agg.distinct": len(set(seen)),
        "agg.max": max(seen, default=0),
    }


@pytest.mark.parametrize(
    ("seconds", "count"),
    [([0, 150, 300, 450, 600], 4), ([1, 150, 300, 450, 600], 5)],  # (0, 600] leaves out t = 0
)
def test_the_window_is_open_at_its_beginning(seconds: list[int], count: int) -> None:
    made = windows("count")
    facts: dict = {"payer": "p", "shop": "m"}
    for second in seconds:
        made.count_in(facts, second * SECOND)
    assert facts["agg.count"] == count


@given(
    items=st.lists(
        st.tuples(st.integers(0, 900), st.sampled_from("ab"), st.integers(1, 5)), min_size=1, max_size=60
    )
)
def test_items_in_any_order_are_read_exactly(items: list[tuple[int, str, int]]) -> None:
    made = windows(*FUNCTIONS, window_s=100)
    for number, (at_s, payer, amount) in enumerate(items, start=1):
        facts: dict = {"payer": payer, "shop": "m", "amount": amount}
        made.count_in(facts, at_s * SECOND)
        expected = brute(items[:number], payer, at_s, 100)
        assert {name: facts[name] for name in expected} == expected


@given(
    kept=st.lists(st.tuples(st.integers(0, 300), st.integers(1, 5)), max_size=20),
    undone=st.lists(st.tuples(st.integers(0, 300), st.integers(1, 5)), max_size=20),
    asked_s=st.integers(0, 400),
)
def test_what_is_undone_leaves_no_trace(kept: list, undone: list, asked_s: int) -> None:
    made = windows(*FUNCTIONS, window_s=100)
    for at_s, amount in kept:
        made.count_in({"payer": "a", "shop": "m", "amount": amount}, at_s * SECOND)
    made.keep()
    for at_s, amount in undone:
        made.count_in({"payer": "a", "shop": "m", "amount": amount}, at_s * SECOND)
    made.undo()
    items = [(at_s, "a", amount) for at_s, amount in kept]
    expected = brute(items, "a", asked_s, 100)
    assert made.read({"payer": "a", "shop": "m", "amount": 0}, asked_s * SECOND) == expected


def test_old_items_are_forgotten() -> None:
    made = windows("sum", window_s=60)
    for second in range(5_000):
        made.count_in({"payer": "p", "shop": "m", "amount": 1}, second * SECOND)
    (series,) = made.plans[0].series.values()
    assert len(series.times) < 2 * (60 + 15 * 60) + 200
    assert made.read({"payer": "p", "shop": "m"}, 4_999 * SECOND) == {"agg.sum": 60}


def test_silent_keys_are_forgotten() -> None:
    made = windows("count", window_s=60)
    for number in range(60_000):
        made.count_in({"payer": str(number), "shop": "m"}, number * SECOND)
    assert len(made.plans[0].series) < 45_000


def test_an_unnamed_payer_belongs_to_no_series() -> None:
    made = windows("count")
    facts: dict = {"payer": "", "shop": "m"}
    made.count_in(facts, SECOND)
    assert facts["agg.count"] == 0
    assert made.plans[0].series == {}


def test_a_condition_decides_what_is_counted() -> None:
    made = Windows([a for a in rulebook().aggregates if a.name == "merchant_round_cnt_1d"])
    facts: dict = {"merchant.id": "M1", "txn.type": "PAY", "txn.is_round_amount": True}
    made.count_in(facts, SECOND)
    assert facts["agg.merchant_round_cnt_1d"] == 1
    facts["txn.is_round_amount"] = False
    made.count_in(facts, 2 * SECOND)
    assert facts["agg.merchant_round_cnt_1d"] == 1


def test_the_same_aggregates_are_served_by_the_same_windows() -> None:
    made = Windows(rulebook().aggregates)
    assert made.serve(rulebook().aggregates)
    assert not made.serve(rulebook().aggregates[1:])


def test_microseconds_are_exact() -> None:
    assert microseconds(datetime(1970, 1, 2, 0, 0, 0, 1, tzinfo=UTC)) == 86_400_000_001
