"""Random conditions over random facts: our reading and the official evaluator agree, errors included."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache, partial

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from engine.expressions import (
    Condition,
    EvaluationError,
    Value,
    compile_all,
    compile_first_match,
    condition_of,
    evaluate_officially,
)
from engine.expressions.printer import cel_text
from engine.expressions.tree import AllOf
from tests.conditions import VOCABULARY, bool_source, compiled, facts_given


def outcome(evaluate: Callable[[], object]) -> object:
    """What an evaluation comes to; an error is one outcome whatever its code, with its place in a set."""
    try:
        return evaluate()
    except EvaluationError as error:
        return ("error", error.index)


@given(source=bool_source(3), samples=st.lists(facts_given, min_size=1, max_size=5))
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_closure_agrees_with_the_official_evaluator(source: str, samples: list[dict[str, Value]]) -> None:
    condition = compiled(source)
    for facts in samples:
        officially = partial(evaluate_officially, source=source, vocabulary=VOCABULARY, facts=facts)
        assert outcome(partial(condition.evaluate, facts)) == outcome(officially)


@given(sources=st.lists(bool_source(1), min_size=1, max_size=5), facts=facts_given)
@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_sets_agree_with_their_conditions(sources: list[str], facts: dict[str, Value]) -> None:
    check_set([compiled(source) for source in sources], facts)


@st.composite
def asking_sets(draw: st.DrawFn) -> list[Condition]:
    """Long sets of which most conditions ask one fact for certain values, and something more."""
    others = [compiled(source) for source in draw(st.lists(bool_source(1), min_size=1, max_size=4))]
    asks = draw(st.sampled_from([_asks_text, _asks_number]))
    asking = [_both(asks(number), others[number % len(others)]) for number in range(30)]
    return draw(st.permutations([*asking, *others[:2]]))


@lru_cache
def _asks_text(number: int) -> Condition:
    return compiled(f"b.text == 'k{number}'" if number % 3 else f"b.text in ['k{number}', 'k{number + 1}']")


@lru_cache
def _asks_number(number: int) -> Condition:
    return compiled(f"a.x == {number}" if number % 3 else f"a.x in [{number}, {-number}] && a.x != 0")


def _both(one: Condition, other: Condition) -> Condition:
    parts = tuple(clause.tree for condition in (one, other) for clause in condition.clauses())
    return condition_of(tree=AllOf(parts=parts, offset=0), location=one.location)


@given(conditions=asking_sets(), facts=facts_given, number=st.integers(-1, 31))
@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_long_sets_that_ask_one_fact_agree_with_their_conditions(
    conditions: list[Condition], facts: dict[str, Value], number: int
) -> None:
    check_set(conditions, {**facts, "b.text": f"k{number}"})
    check_set(conditions, {**facts, "a.x": number})


def check_set(conditions: list[Condition], facts: dict[str, Value]) -> None:
    answers = [outcome(partial(one.evaluate, facts)) for one in conditions]
    failed = next((index for index, answer in enumerate(answers) if answer not in (True, False)), None)
    first = next((index for index, answer in enumerate(answers) if answer is not False), None)
    fired = tuple(index for index, answer in enumerate(answers) if answer is True)

    assert outcome(partial(compile_all(conditions), facts)) == (
        fired if failed is None else ("error", failed)
    )
    expected = ("error", first) if failed is not None and first == failed else first
    assert outcome(partial(compile_first_match(conditions), facts)) == expected


@given(source=bool_source(2))
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_every_condition_can_be_said(source: str) -> None:
    condition = compiled(source)
    for language in ("zh", "en"):
        assert condition.words(language=language)
        assert all(clause.words(language=language) for clause in condition.clauses())


@given(source=bool_source(3))
def test_a_tree_is_written_as_the_text_it_came_from(source: str) -> None:
    tree = compiled(source).tree
    assert compiled(cel_text(tree)).tree == tree
