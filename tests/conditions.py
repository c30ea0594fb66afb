"""Random conditions as CEL texts, over random facts: what every reading of a condition is held to."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

from hypothesis import strategies as st

from engine.diagnostics import Location
from engine.expressions import Condition, Fact, FactType, Value, Vocabulary, compile_condition

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

INTS = (INT_MIN, INT_MIN + 1, -7, -2, -1, 0, 1, 2, 3, 7, INT_MAX - 1, INT_MAX)
# Beyond the BMP, before it in UTF-16 and after it in UTF-8; what LIKE and quotes would stumble over.
ALPHABET = "aAé中\uffff😀%_'\"\\"
ints = st.sampled_from(INTS)
texts = st.text(alphabet=ALPHABET, max_size=3)
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


text_source = st.one_of(texts.map(quoted), st.just("b.text"), st.just("(a.flag ? b.text : 'aé')"))
list_source = st.one_of(
    st.just("b.tags"),
    st.lists(texts.map(quoted), min_size=1, max_size=3).map(lambda items: f"[{', '.join(items)}]"),
    text_source.map(lambda item: f"[{item}, b.text]"),
    st.just("(a.flag ? b.tags : ['a', b.text])"),
)
instant_source = st.one_of(
    st.just("b.at"), instants.map(lambda instant: f"timestamp('{instant.strftime('%Y-%m-%dT%H:%M:%SZ')}')")
)
orders = st.sampled_from(["==", "!=", "<", "<=", ">", ">="])


over_tags = st.sampled_from(
    [
        "b.tags.exists(t, t < b.text)",
        "b.tags.all(t, t in b.tags)",
        "b.tags.exists(t, a.flag)",
        "b.tags.all(t, 7 / size(t) > a.x)",
        "[b.text, 'a'].exists(t, [t, 'é'].all(u, u.endsWith(t) || 1 / size(t) > a.x))",
        "[b.at, timestamp('2025-04-01T00:00:01Z')].all(at, at <= b.at)",
        "[a.flag, false].exists(one, one != a.flag)",
    ]
)


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
    return draw(st.one_of(st.sampled_from(["a.flag", "true", "false"]), over_tags))


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
