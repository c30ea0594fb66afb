"""What durable-rules says of a condition is what the official evaluator says, wherever it has a reading."""

from __future__ import annotations

import durable_rules_engine as durable
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from engine.expressions import EvaluationError, OfficialSet, Value, evaluate_officially
from engine.expressions.rete import Definition, ReteReading, ReteRefused, rete_condition
from tests.conditions import (
    VOCABULARY,
    bool_source,
    compiled,
    facts_given,
    instants,
    ints,
    orders,
    quoted,
    texts,
)
from tests.readings import by_rete


@st.composite
def simple(draw: st.DrawFn) -> str:
    """What has a reading, and no more."""
    sign, same = draw(orders), draw(st.sampled_from(["==", "!="]))
    text, other = quoted(draw(texts)), quoted(draw(texts))
    instant = f"timestamp('{draw(instants).isoformat()}')"
    return draw(
        st.sampled_from(
            [
                f"a.x {sign} {draw(ints)}",
                f"{draw(ints)} {sign} a.y",
                f"a.x {sign} a.y",
                f"a.x in [{draw(ints)}, a.y, {draw(ints)}]",
                f"b.text {same} {text}",
                f"{text} {same} b.text",
                f"b.text in [{text}, {other}]",
                f"b.at {sign} {instant}",
                "a.flag",
                "true",
            ]
        )
    )


@st.composite
def condition(draw: st.DrawFn, depth: int) -> str:
    if not depth or draw(st.booleans()):
        return draw(simple())
    one, other = draw(condition(depth - 1)), draw(condition(depth - 1))
    shapes = [f"({one} && {other})", f"({one} || {other})", f"!({one})", f"(({one}) == ({other}))"]
    return draw(st.sampled_from([*shapes, f"({draw(simple())} ? ({one}) : ({other}))"]))


@given(source=condition(3), samples=st.lists(facts_given, min_size=1, max_size=5))
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_it_agrees_with_the_official_evaluator(source: str, samples: list[dict[str, Value]]) -> None:
    try:
        reading = rete_condition(compiled(source))
    except ReteRefused as refused:
        assume(refused.construct != "a condition of this size")
        raise
    conditions = OfficialSet(sources=(source,), vocabulary=VOCABULARY)
    for facts in samples:
        assert (by_rete(reading, facts),) == conditions.evaluate(conditions.bind(facts))


@given(source=bool_source(2), facts=facts_given)
@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_it_refuses_or_agrees(source: str, facts: dict[str, Value]) -> None:
    """Nothing that could fail, and nothing else that it would read otherwise, comes through."""
    try:
        reading = rete_condition(compiled(source))
    except ReteRefused:
        return
    assert by_rete(reading, facts) is evaluate_officially(source=source, vocabulary=VOCABULARY, facts=facts)


def test_a_condition_becomes_comparisons_without_a_not() -> None:
    reading = rete_condition(compiled("!(a.x > 5 && b.text in ['A', 'B']) || a.flag"))
    assert reading.definition == {
        "$or": [
            {"$lte": {"a.x": 5}},
            {"$and": [{"$neq": {"b.text": "A"}}, {"$neq": {"b.text": "B"}}]},
            {"a.flag": True},
        ]
    }
    assert reading.fact({"a.x": 6, "a.y": 1, "b.text": "A", "a.flag": False}) == {
        "always": True, "a.x": 6, "b.text": "A", "a.flag": False
    }  # fmt: skip


def test_a_missing_fact_is_an_error() -> None:
    """durable-rules would take the comparison for false, and so its opposite too."""
    with pytest.raises(EvaluationError, match=r"FACT_MISSING: a\.x"):
        rete_condition(compiled("a.x > 5")).fact({})


@pytest.mark.parametrize(
    ("source", "construct"),
    [
        ("a.x + 1 > 5", "a comparison of what is neither fact nor literal"),
        ("1 > 0", "a comparison of what is neither fact nor literal"),
        ("size(b.text) > 5", "a comparison of what is neither fact nor literal"),
        ("b.text < 'b'", "the order of texts"),
        ("b.text.startsWith('b')", "TextTest"),
        ("'a' in b.tags", "Membership"),
        ("b.tags == ['a']", "a comparison of lists"),
        ("b.tags.exists(t, t == 'a')", "Quantifier"),
        (" && ".join(f"a.x != {n}" for n in range(65)), "a condition of this size"),
        (" && ".join(f"(a.x == {n} || a.y == {n})" for n in range(7)), "a condition of this size"),  # 2 ** 7
        (
            " || ".join(f"a.x == {n} && a.y == {n}" for n in range(15)),
            "a condition of this size",
        ),  # 16 groups
    ],
)
def test_what_has_no_reading_is_refused(source: str, construct: str) -> None:
    with pytest.raises(ReteRefused) as refused:
        rete_condition(compiled(source))
    assert (refused.value.code, refused.value.construct) == ("RETE_REFUSED", construct)


@pytest.mark.parametrize(
    "source",
    [
        " || ".join(f"a.x != {n}" for n in range(1, 65)),
        " && ".join(f"a.x != {n}" for n in range(1, 65)),
        " && ".join(f"(a.x != {n} || a.y != {n})" for n in range(1, 7)),  # 2 ** 6 ways, all open
        " || ".join(f"a.x != {n} && a.y != {n}" for n in range(1, 15)),  # 15 groups
    ],
)
def test_the_longest_are_still_read(source: str) -> None:
    assert by_rete(rete_condition(compiled(source)), {"a.x": 0, "a.y": 0})


@pytest.mark.parametrize(
    ("definition", "error"),
    [
        ({"$or": [{"$neq": {"a.x": n}} for n in range(1, 66)]}, "303"),
        ({"$or": [{"$and": [{"$neq": {"a.x": n}}, {"a.y": n}]} for n in range(15)]}, "113"),
    ],
)
def test_beyond_the_limits_durable_rules_gives_up(definition: Definition, error: str) -> None:
    """Why there are limits: once this does not fail, they may go."""
    with pytest.raises(durable.error, match=error):
        by_rete(ReteReading(definition=definition, reads=frozenset({"a.x", "a.y"})), {"a.x": 0, "a.y": 0})
