"""CEL's own conformance tests: what our compiler accepts answers as specified, in every reading.

Not one case is left out by hand. Each goes through the compiler: those it accepts must come to what the case
says; those it refuses are counted under a reason in docs/conformance.md, and the counts must be these.
A condition is a bool, so of an expression that is none it is asked whether it equals the value expected.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache, partial
from pathlib import Path
from typing import Any

import duckdb
from sqlalchemy import BigInteger, Boolean, Text, literal
from sqlalchemy.types import TypeEngine

from engine.diagnostics import Diagnostic, Location
from engine.expressions import (
    Condition,
    EvaluationError,
    Fact,
    FactType,
    SqlRefused,
    Value,
    Vocabulary,
    compile_condition,
    evaluate_officially,
    official,
    sql_condition,
    sql_text,
)
from engine.expressions.decoded import TooDeep
from engine.expressions.smt import Reading, Untranslatable
from engine.expressions.smt_logic import both
from engine.expressions.smt_search import find
from engine.expressions.tree import Comparison

FOLDER = Path(__file__).parent
DOCUMENT = FOLDER.parent.parent / "docs" / "conformance.md"
PLACE = Location(file="cel-spec", line=1, column=1)
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
DEFAULTS: Mapping[str, Value] = {
    "int": 0,
    "bool": False,
    "string": "",
    "timestamp": EPOCH,
    "list(string)": (),
}
SQL_TYPES: Mapping[type, TypeEngine[Any]] = {int: BigInteger(), bool: Boolean(), str: Text()}
Case = Mapping[str, Any]

# A case that is refused for several reasons counts under the first of these; on the left what findings say.
REASONS = {
    r"container": "names that are searched for in a namespace",
    r"FLOAT_REFUSED|double\(\)": "decimals",
    r"unsigned integers|uint\(\)": "unsigned integers",
    r"bytes": "bytes",
    r"maps and messages": "maps and messages",
    r"DYN_REFUSED": "types that are not known when checking: `dyn`, lists of several types, empty lists",
    r"null is": "null",
    r"optional values|\b(none|of|ofNonZeroValue)\(\)": "optional values",
    r"has\(\)": "`has`",
    r"\b(int|string|bool|type)\(\)|type \? ": "conversions, `type`",
    r"duration\(\)|\bget[A-Z]\w*\(\)|on timestamp|takes a literal": "durations, parts of timestamps",
    r"matches\(\)": "`matches`",
    r"\b(map|filter|exists_one|existsOne|exists|all|transform\w+)\(\)": "other macros than `exists`, `all`",
    r"\[ \] is": "`list[0]`",
    r"list\(list": "lists of lists",
    r"\+ is not supported on": "`+` on texts and lists",
    r"is not supported on bool": "order of booleans",
    r"TIMESTAMP_INVALID": "timestamps outside the years 1 to 9999",
    r"COST_REFUSED": "nesting beyond 24 levels",
    r"CEL_SYNTAX.*control": "control characters in the text",
    r"TYPE_MISMATCH": "types that do not match: cases for evaluators that do not check",
    r"FACT_UNKNOWN": "names of messages and enums; variables of types that facts do not have",
    r"\w+\(\) is not": "functions of CEL's extensions, and functions that do not exist",
}


@dataclass(frozen=True, kw_only=True)
class Tried:
    """What our compiler made of a case: a condition and what it must come to (None: an error)."""

    case: Case
    vocabulary: Vocabulary
    condition: Condition | None
    expected: bool | None
    findings: tuple[Diagnostic, ...]

    @property
    def reason(self) -> str:
        said = [f"{one.code} {one.message_en}" for one in self.findings] or ["container"]
        return next(
            reason for pattern, reason in REASONS.items() if any(re.search(pattern, one) for one in said)
        )


@cache
def tried() -> tuple[Tried, ...]:
    lines = (FOLDER / "cases.jsonl").read_text(encoding="utf-8").splitlines()
    return tuple(try_case(json.loads(line)) for line in lines)


def accepted() -> list[tuple[Tried, Condition]]:
    return [(one, one.condition) for one in tried() if one.condition]


def try_case(case: Case) -> Tried:
    """The case in a form that can be compared; then by itself, so that nothing accepted goes uncompared."""
    vocabulary, expression = vocabulary_of(case), renamed(case)
    if "container" in case and "vars" in case:
        # What its names mean depends on a setting that we do not have.
        return Tried(case=case, vocabulary=vocabulary, condition=None, expected=None, findings=())
    itself = f"({expression}\n) == ({expression}\n)"
    wanted = {**forms(case, expression), itself: True}
    findings: list[Diagnostic] = []
    for source in wanted:
        condition, found = compile_condition(source=source, vocabulary=vocabulary, location=PLACE)
        if condition:
            assert source != itself or "error" in case or "type" in case, case
            expected = None if "error" in case else wanted[source]
            return Tried(
                case=case, vocabulary=vocabulary, condition=condition, expected=expected, findings=()
            )
        findings += found
    return Tried(case=case, vocabulary=vocabulary, condition=None, expected=None, findings=tuple(findings))


def forms(case: Case, expression: str) -> dict[str, bool]:
    """Conditions that say what the expression should come to, each with the answer it should have."""
    value = case.get("value", {})
    if "bool" in value or "error" in case:
        return {expression: value.get("bool", True)}
    return {f"({expression}\n) == {literal_of(value)}": True} if literal_of(value) else {}


def literal_of(value: Mapping[str, Any]) -> str:
    """The value as CEL, "" if its type is not in our subset."""
    match value:
        case {"int": int(number)}:
            return str(number)
        case {"bool": bool(truth)}:
            return str(truth).lower()
        case {"string": str(text)}:
            return json.dumps(text, ensure_ascii=False)
        case {"timestamp": _}:
            return f"timestamp('{plain(value).isoformat()}')"
        case {"list": list(items)}:
            listed = [literal_of(item) for item in items]
            return f"[{', '.join(listed)}]" if all(listed) else ""
    return ""


def plain(value: Mapping[str, Any]) -> Value:
    match value:
        case {"timestamp": [seconds, nanos]}:
            return EPOCH + timedelta(seconds=seconds, microseconds=nanos // 1_000)
        case {"list": items}:
            return tuple(str(plain(item)) for item in items)
    (found,) = value.values()
    return found


def name_of(variable: str) -> str:
    """Facts have a namespace, variables of the cases need none."""
    return variable if "." in variable else f"case.{variable}"


def vocabulary_of(case: Case) -> Vocabulary:
    facts = {name_of(name): kind for name, kind in case.get("vars", {}).items() if kind in DEFAULTS}
    return _vocabulary(tuple(sorted(facts.items())))


@cache
def _vocabulary(facts: tuple[tuple[str, str], ...]) -> Vocabulary:
    return Vocabulary.of(
        facts=[
            Fact(
                name=name,
                type=FactType(kind.replace("list(string)", "list_string")),
                default=DEFAULTS[kind],
                title=name,
                title_en=name,
            )
            for name, kind in facts
        ]
    )


def renamed(case: Case) -> str:
    """The expression over facts: every variable of the case under its name as a fact."""
    expression: str = case["expr"]
    plain_names = {
        name for name, kind in case.get("vars", {}).items() if "." not in name and kind in DEFAULTS
    }
    try:
        tree = official.parse(source=expression, vocabulary=_vocabulary(()))
    except (official.Refused, TooDeep):
        return expression
    places = {node.offset for node in tree.walk() if node.kind == "ident" and node.name in plain_names}
    for place in sorted(places, reverse=True):
        expression = f"{expression[:place]}case.{expression[place:]}"
    return expression


def facts_of(case: Case) -> dict[str, Value]:
    kinds = case.get("vars", {})
    return {
        name_of(name): plain(value)
        for name, value in case.get("bound", {}).items()
        if kinds.get(name) in DEFAULTS
    }


def compile_in(one: Tried, source: str) -> Condition:
    condition, found = compile_condition(source=source, vocabulary=one.vocabulary, location=PLACE)
    assert condition is not None, found
    return condition


def outcome(evaluate: Callable[[], bool]) -> bool | None:
    try:
        return evaluate()
    except EvaluationError:
        return None


def test_what_is_accepted_comes_to_what_the_specification_says() -> None:
    wrong = []
    for one, condition in accepted():
        facts = facts_of(one.case)
        officially = partial(
            evaluate_officially, source=condition.source, vocabulary=one.vocabulary, facts=facts
        )
        found = outcome(partial(condition.evaluate, facts)), outcome(officially)
        if found != (one.expected, one.expected):
            wrong.append((one.case["case"], found))
    assert wrong == []


def test_its_type_is_the_one_deduced() -> None:
    typed = [(one.case, condition.tree) for one, condition in accepted() if "type" in one.case]
    assert typed
    wrong = [
        case["case"]
        for case, tree in typed
        if (tree.left if isinstance(tree, Comparison) else tree).type != case["type"]
    ]
    assert wrong == []


def test_sql_comes_to_the_same() -> None:
    """As DuckDB runs it."""
    wrong = []
    with duckdb.connect() as database:
        for one, condition in accepted():
            facts = facts_of(one.case)
            columns = {name: literal(value, SQL_TYPES[type(value)]) for name, value in facts.items()}
            try:
                text = sql_text(sql_condition(condition, column_of=columns.__getitem__), dialect="duckdb")
            except SqlRefused as refused:
                # A NUL in a text: PostgreSQL holds none.
                wrong += [] if refused.code == "SQL_TEXT" else [one.case["case"]]
                continue
            if database.execute(f"SELECT {text}").fetchall() != [(one.expected,)]:
                wrong.append(one.case["case"])
    assert wrong == []


def test_the_solver_comes_to_the_same() -> None:
    wrong = []
    for one, condition in accepted():
        known = [
            f"{name_of(name)} == {literal_of(value)}" for name, value in one.case.get("bound", {}).items()
        ]
        pinned = compile_in(
            one, " && ".join(["true", *(part for part in known if part.split(" ")[0] in condition.reads)])
        )
        reading = Reading([condition.tree, pinned.tree])
        try:
            truth, exact = reading.truth(condition.tree), reading.holds(pinned.tree)
        except Untranslatable:
            continue
        claims = {True: truth.holds, False: truth.misses, None: truth.fails}
        possible = {
            answer: find(reading=reading, claim=both(exact, claim), confirms=lambda _: True) is not None
            for answer, claim in claims.items()
        }
        if possible != {answer: answer is one.expected for answer in claims}:
            wrong.append(one.case["case"])
    assert wrong == []


def test_the_document_says_what_is_refused() -> None:
    counted = Counter(one.reason for one in tried() if one.condition is None)
    rows = [f"| {reason} | {counted.pop(reason)} |" for reason in REASONS.values() if counted[reason]]
    document = DOCUMENT.read_text(encoding="utf-8")
    assert f"**{len(accepted())} of {len(tried()):,} cases**" in document
    assert re.findall(r"^\| .+ \|$", document, flags=re.MULTILINE) == rows
