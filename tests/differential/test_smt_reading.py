"""The solver's reading, the Python function and the official evaluator: three readings, one meaning."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from engine.diagnostics import Location
from engine.expressions import (
    Condition,
    EvaluationError,
    Fact,
    FactType,
    Value,
    Vocabulary,
    compile_condition,
    evaluate_officially,
)
from engine.expressions.smt import Formula, Reading, Untranslatable
from engine.expressions.smt_logic import both
from engine.expressions.smt_search import Undecided, WitnessDenied, boundaries, find

EPOCH = datetime(2025, 4, 1, tzinfo=UTC)
INT_MIN, INT_MAX = -(2**63), 2**63 - 1
OUTCOMES = ("holds", "misses", "fails")


def declared(name: str, fact_type: FactType, default: Value, values: tuple[str, ...] = ()) -> Fact:
    return Fact(name=name, type=fact_type, default=default, values=values, title=name, title_en=name)


VOCABULARY = Vocabulary.of(
    facts=(
        declared("a.x", FactType.INT, 0),
        declared("a.y", FactType.INT, 0),
        declared("a.flag", FactType.BOOL, False),
        declared("b.text", FactType.STRING, ""),
        declared("b.code", FactType.STRING, ""),
        declared("b.level", FactType.STRING, "P1", ("P1", "P2", "P3")),
        declared("b.tags", FactType.LIST_STRING, ()),
        declared("b.marks", FactType.LIST_STRING, ("old",), ("red", "green")),
        declared("b.at", FactType.TIMESTAMP, EPOCH),
    )
)

ints = st.sampled_from([INT_MIN, INT_MIN + 1, -7, -2, -1, 0, 1, 2, 3, 7, INT_MAX - 1, INT_MAX])
texts = st.text(alphabet="aAé中😀'\"\\u{4", max_size=3)
codes = st.sampled_from(["", "A", "B", "\\u{41}"])
levels = st.sampled_from(["P1", "P2", "P3"])
instants = st.integers(-2, 2).map(lambda seconds: EPOCH + timedelta(seconds=seconds))
orders = st.sampled_from(["==", "!=", "<", "<=", ">", ">="])
equality = st.sampled_from(["==", "!="])
facts_given = st.fixed_dictionaries(
    {
        "a.x": ints,
        "a.y": ints,
        "a.flag": st.booleans(),
        "b.text": texts,
        "b.code": codes,
        "b.level": levels,
        "b.tags": st.lists(codes, max_size=3).map(tuple),
        "b.marks": st.one_of(
            st.just(("old",)), st.lists(st.sampled_from(["red", "green"]), max_size=3).map(tuple)
        ),
        "b.at": instants,
    }
)


def quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)


def stamped(instant: datetime) -> str:
    return f"timestamp('{instant.isoformat()}')"


@st.composite
def number(draw: st.DrawFn, depth: int) -> str:
    if not depth or draw(st.booleans()):
        return draw(st.one_of(ints.map(str), st.sampled_from(["a.x", "a.y", "size(b.tags)", "size(b.text)"])))
    one, other = draw(number(depth - 1)), draw(number(depth - 1))
    shapes = [f"({one} {draw(st.sampled_from('+-*/%'))} {other})", f"-({one})", f"(a.flag ? {one} : {other})"]
    return draw(st.sampled_from(shapes))


@st.composite
def simple(draw: st.DrawFn) -> str:
    one, other, sign = draw(number(1)), draw(number(1)), draw(orders)
    text, code, level = quoted(draw(texts)), quoted(draw(codes)), quoted(draw(levels))
    test, mode = (
        draw(st.sampled_from(["startsWith", "endsWith", "contains"])),
        draw(st.sampled_from(["exists", "all"])),
    )
    same, divisor = draw(equality), draw(ints)
    return draw(
        st.sampled_from(
            [
                f"{one} {sign} {other}",
                f"{one} in [{other}, {divisor}]",
                f"a.x {draw(st.sampled_from('/%'))} {divisor} {sign} {draw(ints)}",
                f"a.x {draw(st.sampled_from('/%'))} a.y {sign} {draw(ints)}",
                f"b.text {sign} {text}",
                f"b.text.{test}({text})",
                f"b.code {same} {code}",
                f"b.code in [{code}, 'B']",
                "b.code in b.tags",
                f"b.level {sign} {level}",
                f"b.level.{test}('P')",
                f"(a.flag ? b.level : b.code) {sign} {level}",
                f"{code} in b.tags",
                "'red' in b.marks || b.marks.exists(m, m.startsWith('o'))",
                f"b.tags.{mode}(t, t {same} {code} && {one} {sign} 1)",
                f"b.marks.{mode}(t, t < 'h')",
                f"size(b.marks) {sign} 1",
                "b.marks == []",
                f"[{divisor}, 2].{mode}(n, {one} / n {sign} {other})",
                f"b.at {sign} {stamped(draw(instants))}",
                f"[1, a.x] {same} [a.y, {divisor}]",
                "a.flag",
            ]
        )
    )


@st.composite
def condition(draw: st.DrawFn, depth: int = 2) -> str:
    if not depth or draw(st.booleans()):
        return draw(simple())
    one, other = draw(condition(depth - 1)), draw(condition(depth - 1))
    shapes = [f"({one} && {other})", f"({one} || {other})", f"!({one})", f"(({one}) == ({other}))"]
    return draw(st.sampled_from([*shapes, f"({draw(simple())} ? ({one}) : ({other}))"]))


def compiled(source: str) -> Condition:
    made, found = compile_condition(
        source=source, vocabulary=VOCABULARY, location=Location(file="r.yaml", line=1, column=1)
    )
    assert made is not None, (source, found)
    return made


def outcome(one: Condition, facts: Mapping[str, Value]) -> str:
    try:
        return "holds" if one.evaluate(facts) else "misses"
    except EvaluationError:
        return "fails"


def official(one: Condition, facts: Mapping[str, Value]) -> str:
    try:
        return (
            "holds"
            if evaluate_officially(source=one.source, vocabulary=VOCABULARY, facts=facts)
            else "misses"
        )
    except EvaluationError:
        return "fails"


def coming_to(one: Condition, wanted: str) -> Callable[[Mapping[str, Value]], bool]:
    return lambda facts: outcome(one, facts) == wanted


def claims(reading: Reading, one: Condition) -> dict[str, Formula]:
    try:
        truth = reading.truth(one.tree)
    except Untranslatable as refused:
        # `b.code in b.tags` has a reading only while nothing else makes any text possible for b.code.
        assume(refused.construct != "text in list")
        raise
    return {"holds": truth.holds, "misses": truth.misses, "fails": truth.fails}


def pin(facts: Mapping[str, Value], one: Condition) -> Condition:
    """A condition true of these facts only, as far as another one can tell them apart."""
    parts = ["true"]
    for name in sorted(one.reads):
        value = facts[name]
        match value:
            case tuple():
                known = boundaries([one.tree])[str] if name == "b.tags" else ("red", "green")
                held = " || ".join(f"t == {quoted(text)}" for text in value) or "true"
                parts += [f"size({name}) == {len(value)}"]
                parts += [f"{'' if text in value else '!'}({quoted(str(text))} in {name})" for text in known]
                parts += [f"{name}.exists(t, t == {quoted(text)})" for text in value if text != "old"]
                parts += (
                    [f"{name}.all(t, {held})"]
                    if "old" not in value
                    else [f"{name}.all(t, t > 'h' && t < 'p')"]
                )
            case bool():
                parts.append(name if value else f"!{name}")
            case str():
                parts.append(f"{name} == {quoted(value)}")
            case datetime():
                parts.append(f"{name} == {stamped(value)}")
            case _:
                parts.append(f"{name} == {value}")
    return compiled(" && ".join(parts))


def decided(reading: Reading, claim: Formula, one: Condition, wanted: str) -> bool:
    """Whether facts exist; what the solver cannot decide within its limit says nothing and is left out."""
    try:
        return find(reading=reading, claim=claim, confirms=coming_to(one, wanted)) is not None
    except Undecided:
        assume(False)
        raise


@given(source=condition())
@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_facts_made_by_the_solver_do_what_it_says_in_every_reading(source: str) -> None:
    one = compiled(source)
    reading = Reading([one.tree])
    for wanted, claim in claims(reading, one).items():
        try:
            facts = find(reading=reading, claim=claim, confirms=coming_to(one, wanted))
        except Undecided:
            continue
        if facts is not None:
            whole = VOCABULARY.conform(facts)
            assert outcome(one, whole) == wanted
            assert official(one, whole) == wanted


@given(source=condition(), facts=facts_given)
@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_the_solver_finds_of_given_facts_what_the_function_finds(
    source: str, facts: dict[str, Value]
) -> None:
    one = compiled(source)
    for tried in (facts, *on_the_edge(one, facts)):
        happens = outcome(one, tried)
        assert official(one, tried) == happens
        pinned = pin(tried, one)
        reading = Reading([one.tree, pinned.tree])
        exact = reading.holds(pinned.tree)
        for wanted, claim in claims(reading, one).items():
            assert decided(reading, both(exact, claim), one, wanted) is (wanted == happens), (wanted, happens)


def on_the_edge(one: Condition, facts: Mapping[str, Value]) -> list[dict[str, Value]]:
    """The facts moved onto the values at which the condition can turn: ±1 fen, the instants around."""
    edges = boundaries([one.tree])
    moved: list[dict[str, Value]] = []
    for name in sorted(one.reads):
        for kind in (int, datetime):
            if type(facts[name]) is kind:
                moved += [{**facts, name: value} for value in edges[kind]]
    return moved[:8]


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("a.x / 2 == -3 && a.x % 2 == -1", {"a.x": -7}),
        ("a.x > 5000 && a.x < 5002", {"a.x": 5001}),
        (
            "b.at > timestamp('2025-04-01T00:00:00Z') && b.at < timestamp('2025-04-01T00:00:00.000002Z')",
            {"b.at": EPOCH + timedelta(microseconds=1)},
        ),
        ("b.at <= timestamp('0001-01-01T00:00:00Z')", {"b.at": datetime.min.replace(tzinfo=UTC)}),
        ("b.level > 'P1' && b.level != 'P2'", {"b.level": "P3"}),
        ("!(b.level in ['P1', 'P2', 'P3'])", None),
        ("b.code == 'A' && b.code == 'B'", None),
        ("b.marks.exists(m, m.startsWith('o')) && 'red' in b.marks", None),
        ("size(b.tags) == 0 && 'A' in b.tags", None),
        ("size(b.tags) > 100", None),
        ("b.text > 'é' && b.text < 'é '", {"b.text": "é\x00"}),
        ("false && a.x / a.y == 1", None),
        ("a.x * 2 > 0 && a.x < 0", None),
    ],
)
def test_the_plainest_facts(source: str, expected: dict[str, Value] | None) -> None:
    one = compiled(source)
    reading = Reading([one.tree])
    assert find(reading=reading, claim=reading.holds(one.tree), confirms=one.evaluate) == expected


@pytest.mark.parametrize(
    ("source", "construct"),
    [
        ("b.tags == ['A']", "list == list"),
        ("b.text in b.tags && b.text > 'A'", "text in list"),
        ("b.tags.exists(t, t.startsWith('A'))", "b.tags.exists(t, …)"),
        ("b.text == '\U0003ffff' || b.text > 'A'", "U+2FFFF …"),
    ],
)
def test_what_has_no_reading_is_named(source: str, construct: str) -> None:
    one = compiled(source)
    with pytest.raises(Untranslatable) as refused:
        Reading([one.tree]).truth(one.tree)
    assert refused.value.construct == construct


def test_a_witness_that_the_function_denies_is_never_handed_out() -> None:
    one = compiled("a.x > 1")
    reading = Reading([one.tree])
    with pytest.raises(WitnessDenied):
        find(reading=reading, claim=reading.misses(one.tree), confirms=one.evaluate)


def test_the_limit_is_counted_in_steps() -> None:
    one = compiled("a.x * a.x * a.x + a.y * a.y * a.y == 114 && a.x > 10 && a.y > a.x % 1000")
    reading = Reading([one.tree])
    with pytest.raises(Undecided):
        find(reading=reading, claim=reading.holds(one.tree), confirms=one.evaluate, steps=100)


def test_no_text_is_longer_than_a_fact_may_be() -> None:
    """Without the bound the solver would build one of any length, deaf to its limit of steps."""
    one = compiled("size(b.text) == 9223372036854775807")
    reading = Reading([one.tree])
    assert find(reading=reading, claim=reading.holds(one.tree), confirms=one.evaluate) is None
