"""Random conditions over random facts: our reading and the official evaluator agree, errors included."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import partial

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from engine.diagnostics import Location
from engine.expressions import (
    Condition,
    EvaluationError,
    Fact,
    FactType,
    Value,
    Vocabulary,
    compile_all,
    compile_condition,
    compile_first_match,
    evaluate_officially,
)
from engine.expressions.printer import cel_text

INT_MIN, INT_MAX = -(2**63), 2**63 - 1
EPOCH = datetime(2025, 4, 1, tzinfo=UTC)


def declared(name: str, fact_type: FactType, default: Value) -> Fact:
    return Fact(name=name, type=fact_type, default=default, title=name, title_en=name)


VOCABULARY = Vocabulary.of(
    facts=(
        declared("a.x", FactType.INT, 0),
        declared("a.y", FactType.INT, 0),
        declared("a.flag", FactType.BOOL, False),
        declared("b.text", FactType.STRING, ""),
        declared("b.tags", FactType.LIST_STRING, ()),
        declared("b.at", FactType.TIMESTAMP, EPOCH),
    )
)

ints = st.sampled_from([INT_MIN, INT_MIN + 1, -7, -2, -1, 0, 1, 2, 3, 7, INT_MAX - 1, INT_MAX])
texts = st.text(alphabet="aAé中\uffff😀'\"\\", max_size=3)
instants = st.integers(-2, 2).map(lambda seconds: EPOCH + timedelta(seconds=seconds))
facts_given = st.fixed_dictionaries(
    {
        "a.x": ints,
        "a.y": ints,
        "a.flag": st.booleans(),
        "b.text": texts,
        "b.tags": st.lists(texts, max_size=3).map(tuple),
        "b.at": instants,
    }
)


def quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)


@st.composite
def int_source(draw: st.DrawFn, depth: int) -> str:
    shapes = ["literal", "fact"] + (["arithmetic", "negation", "choice", "size"] if depth else [])
    match draw(st.sampled_from(shapes)):
        case "literal":
            return str(draw(ints))
        case "arithmetic":
            operator = draw(st.sampled_from("+-*/%"))
            return f"({draw(int_source(depth - 1))} {operator} {draw(int_source(depth - 1))})"
        case "negation":
            return f"-({draw(int_source(depth - 1))})"
        case "choice":
            then, otherwise = draw(int_source(depth - 1)), draw(int_source(depth - 1))
            return f"({draw(bool_source(depth - 1))} ? {then} : {otherwise})"
        case "size":
            return draw(st.sampled_from(["size(b.text)", "size(b.tags)", "b.tags.size()"]))
    return draw(st.sampled_from(["a.x", "a.y"]))


text_source = st.one_of(texts.map(quoted), st.just("b.text"))
list_source = st.one_of(
    st.just("b.tags"),
    st.lists(texts.map(quoted), min_size=1, max_size=3).map(lambda items: f"[{', '.join(items)}]"),
)
instant_source = st.one_of(
    st.just("b.at"), instants.map(lambda instant: f"timestamp('{instant.strftime('%Y-%m-%dT%H:%M:%SZ')}')")
)
orders = st.sampled_from(["==", "!=", "<", "<=", ">", ">="])


@st.composite
def bool_source(draw: st.DrawFn, depth: int) -> str:
    return (
        draw(compound_source(depth)) if depth and draw(st.booleans()) else draw(simple_source(min(depth, 2)))
    )


@st.composite
def simple_source(draw: st.DrawFn, depth: int) -> str:
    match draw(
        st.sampled_from(["flag", "ints", "texts", "instants", "among", "holds", "lists", "text test"])
    ):
        case "ints":
            return f"({draw(int_source(depth))} {draw(orders)} {draw(int_source(depth))})"
        case "texts":
            return f"({draw(text_source)} {draw(orders)} {draw(text_source)})"
        case "instants":
            return f"({draw(instant_source)} {draw(orders)} {draw(instant_source)})"
        case "among":
            items = [draw(int_source(min(depth, 1))) for _ in range(draw(st.integers(1, 3)))]
            return f"({draw(int_source(min(depth, 1)))} in [{', '.join(items)}])"
        case "holds":
            return f"({draw(text_source)} in {draw(list_source)})"
        case "lists":
            return f"({draw(list_source)} {draw(st.sampled_from(['==', '!=']))} {draw(list_source)})"
        case "text test":
            test = draw(st.sampled_from(["startsWith", "endsWith", "contains"]))
            return f"{draw(text_source)}.{test}({draw(text_source)})"
    over_tags = ["b.tags.exists(t, t < b.text)", "b.tags.all(t, t in b.tags)"]
    return draw(st.sampled_from(["a.flag", "true", "false", *over_tags]))


@st.composite
def compound_source(draw: st.DrawFn, depth: int) -> str:
    match draw(st.sampled_from(["&&", "||", "!", "?", "loop", "=="])):
        case ("&&" | "||") as logic:
            parts = [draw(bool_source(depth - 1)) for _ in range(draw(st.integers(2, 4)))]
            return "(" + f" {logic} ".join(parts) + ")"
        case "!":
            return f"!({draw(bool_source(depth - 1))})"
        case "?":
            then, otherwise = draw(bool_source(depth - 1)), draw(bool_source(depth - 1))
            return f"({draw(bool_source(depth - 1))} ? {then} : {otherwise})"
        case "loop":
            items = ", ".join(str(draw(ints)) for _ in range(draw(st.integers(1, 3))))
            mode = draw(st.sampled_from(["exists", "all"]))
            return f"[{items}].{mode}(n, {draw(int_source(1))} / n {draw(orders)} {draw(int_source(1))})"
    return f"({draw(bool_source(depth - 1))} == {draw(bool_source(depth - 1))})"


def compiled(source: str) -> Condition:
    condition, found = compile_condition(
        source=source, vocabulary=VOCABULARY, location=Location(file="r.yaml", line=1, column=1)
    )
    assert condition is not None, (source, found)
    return condition


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
    conditions = [compiled(source) for source in sources]
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
