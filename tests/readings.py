"""What every reading of a condition says of given facts: True, False, or None for an error."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from itertools import count

import durable_rules_engine as durable
from sqlalchemy import ARRAY, BigInteger, Boolean, DateTime, Text, column
from sqlalchemy.types import TypeEngine

from engine.expressions import (
    Condition,
    EvaluationError,
    Fact,
    FactType,
    OfficialSet,
    Value,
    Vocabulary,
    sql_condition,
    sql_text,
)
from engine.expressions.rete import ReteReading
from engine.expressions.sql_dialects import Dialect

Facts = Mapping[str, Value]
Outcome = bool | None

_SQL: Mapping[FactType, tuple[TypeEngine[object], str]] = {
    FactType.INT: (BigInteger(), "BIGINT"),
    FactType.BOOL: (Boolean(), "BOOLEAN"),
    FactType.STRING: (Text(), "TEXT"),
    FactType.TIMESTAMP: (DateTime(timezone=True), "TIMESTAMPTZ"),
    FactType.LIST_STRING: (ARRAY(Text()), "TEXT[]"),
}
_names = count()


def by_function(condition: Condition, rows: Sequence[Facts]) -> list[Outcome]:
    return [_outcome(lambda facts=facts: condition.evaluate(facts)) for facts in rows]


def officially(condition: Condition, vocabulary: Vocabulary, rows: Sequence[Facts]) -> list[Outcome]:
    conditions = OfficialSet(sources=(condition.source,), vocabulary=vocabulary)
    bound = [conditions.bind(facts) for facts in rows]
    return [_outcome(lambda one=one: conditions.evaluate(one)[0]) for one in bound]


def sql_query(
    condition: Condition, facts: Mapping[str, Fact], rows: Sequence[Facts], dialect: Dialect
) -> str:
    """A query that gives the condition's answer for each row, in their order; facts are those it reads."""
    names = sorted(condition.reads)
    columns = {name: column(f"c{number}", _SQL[facts[name].type][0]) for number, name in enumerate(names)}
    text = sql_text(sql_condition(condition, column_of=columns.__getitem__), dialect=dialect)
    casts = [(name, _SQL[facts[name].type][1]) for name in names]
    listed = ", ".join(
        f"({', '.join([str(number), *(f'CAST({_literal(row[name])} AS {type_})' for name, type_ in casts)])})"
        for number, row in enumerate(rows)
    )
    heads = ", ".join(["n", *(one.name for one in columns.values())])
    return f"SELECT {text} FROM (VALUES {listed}) AS facts({heads}) ORDER BY n"


def by_rete(reading: ReteReading, facts: Facts) -> bool:
    """Whether durable-rules finds a fact to match, in a ruleset of its own."""
    rule = {"match": {"all": [{"m": reading.definition}], "count": 1}}
    handle = durable.create_ruleset(f"rete_{next(_names)}", json.dumps(rule, ensure_ascii=False))
    try:
        fact = {"id": 1, **reading.fact(facts)}
        _, state = durable.assert_fact(handle, json.dumps(fact, ensure_ascii=False))
        return bool(durable.start_action_for_state(handle, state))
    finally:
        durable.delete_ruleset(handle)


def _literal(value: Value) -> str:
    match value:
        case str():
            return "'" + value.replace("'", "''") + "'"
        case datetime():
            return f"'{value.isoformat()}'"
        case tuple():
            return f"ARRAY[{', '.join(map(_literal, value))}]"
    return str(value)


def _outcome(evaluate: Callable[[], bool]) -> Outcome:
    try:
        return evaluate()
    except EvaluationError:
        return None
