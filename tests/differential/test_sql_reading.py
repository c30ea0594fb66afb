"""The SQL of a condition says what the official evaluator and the Python function say, errors included."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime, timedelta
from functools import partial

import duckdb
import pytest
import sqlglot
from hypothesis import HealthCheck, given, settings
from sqlalchemy import (
    ARRAY,
    CHAR,
    BigInteger,
    Boolean,
    Column,
    ColumnElement,
    Connection,
    DateTime,
    Integer,
    MetaData,
    Numeric,
    Table,
    Text,
    column,
    func,
    insert,
    select,
)
from sqlalchemy.dialects.postgresql import CITEXT
from sqlalchemy.types import TypeEngine
from sqlglot import exp

from engine.expressions import (
    EvaluationError,
    OfficialSet,
    SqlReading,
    SqlRefused,
    Value,
    sql_condition,
    sql_text,
)
from engine.expressions.tree import Comparison, Constant, NodeType
from haodian import postgres
from payments_core.database import connect
from tests.conditions import ALPHABET, EPOCH, INTS, VOCABULARY, bool_source, compiled

FACTS = Table(
    "facts",
    MetaData(),
    Column("n", Integer),
    Column("a_x", BigInteger),
    Column("a_y", BigInteger),
    Column("a_flag", Boolean),
    Column("b_text", Text),
    Column("b_tags", ARRAY(Text)),
    Column("b_at", DateTime(timezone=True)),
    prefixes=["TEMPORARY"],
)
COLUMNS = {name: FACTS.c[name.replace(".", "_")] for name in VOCABULARY.facts}
Row = Mapping[str, Value]
"""The facts that are there; the column of another is NULL."""
Outcomes = list[bool | None]
"""What a condition comes to in each row; None is an error."""


def rows() -> tuple[Row, ...]:
    """Three hundred sets of facts, full of limits; in about a third of them some facts are missing."""
    chance = random.Random(3)

    def text() -> str:
        return "".join(chance.choices(ALPHABET, k=chance.choice([0, 0, 1, 1, 2, 3])))

    def row() -> Row:
        facts: dict[str, Value] = {
            "a.x": chance.choice(INTS),
            "a.y": chance.choice(INTS),
            "a.flag": chance.random() < 0.5,
            "b.text": text(),
            "b.tags": tuple(text() for _ in range(chance.choice([0, 1, 2, 3]))),
            "b.at": EPOCH + timedelta(seconds=chance.choice([-2, -1, 0, 1, 2])),
        }
        missing = 0.2 if chance.random() < 0.4 else 0
        return {name: value for name, value in facts.items() if chance.random() >= missing}

    return tuple(row() for _ in range(300))


ROWS = rows()
STORED = [
    {"n": n, **{name.replace(".", "_"): None for name in COLUMNS}}
    | {name.replace(".", "_"): list(v) if isinstance(v, tuple) else v for name, v in row.items()}
    for n, row in enumerate(ROWS)
]
_NOTHING_COMPILED = OfficialSet(sources=(), vocabulary=VOCABULARY)
BOUND = [_NOTHING_COMPILED.bind(row) for row in ROWS]


@pytest.fixture(scope="module")
def database(cluster: postgres.Cluster) -> Iterator[Connection]:
    """A connection whose session has the rows, and a time zone that must not matter."""
    engine = connect(url=cluster.url)
    with engine.connect() as connection:
        connection.exec_driver_sql("SET timezone = 'America/New_York'")
        FACTS.create(connection)
        connection.execute(insert(FACTS), STORED)
        yield connection
    engine.dispose()


@pytest.fixture(scope="module")
def duck() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as connection:
        connection.execute(
            "CREATE TABLE facts (n INT, a_x BIGINT, a_y BIGINT, a_flag BOOLEAN, b_text TEXT, b_tags TEXT[],"
            " b_at TIMESTAMPTZ)"
        )
        connection.executemany(
            "INSERT INTO facts VALUES (?, ?, ?, ?, ?, ?, ?)", [[*row.values()] for row in STORED]
        )
        yield connection


def read(source: str, columns: Mapping[str, ColumnElement[object]] = COLUMNS) -> SqlReading:
    return sql_condition(compiled(source), column_of=columns.__getitem__)


def outcome(evaluate: Callable[[], bool]) -> bool | None:
    try:
        return evaluate()
    except EvaluationError:
        return None


def officially(source: str) -> Outcomes:
    conditions = OfficialSet(sources=(source,), vocabulary=VOCABULARY)
    return [outcome(lambda bound=bound: conditions.evaluate(bound)[0]) for bound in BOUND]


def in_postgres(database: Connection, source: str) -> Outcomes:
    """The reading's three columns agree, and so does its text."""
    reading = read(source)
    wanted = select(reading.value, reading.holds, reading.fails).select_from(FACTS).order_by(FACTS.c.n)
    found = [tuple(row) for row in database.execute(wanted)]
    assert all((holds, fails) == (value is True, value is None) for value, holds, fails in found)
    outcomes = [value for value, _, _ in found]
    # The driver takes a percent sign for a placeholder.
    text = sql_text(reading, dialect="postgres").replace("%", "%%")
    by_text = database.exec_driver_sql(f"SELECT {text} FROM facts ORDER BY n")
    assert [value for (value,) in by_text] == outcomes
    return outcomes


def in_duckdb(duck: duckdb.DuckDBPyConnection, source: str) -> Outcomes:
    text = sql_text(read(source), dialect="duckdb")
    return [value for (value,) in duck.execute(f"SELECT {text} FROM facts ORDER BY n").fetchall()]


def differences(found: Outcomes, wanted: Outcomes) -> list[tuple[Row, bool | None, bool | None]]:
    assert len(found) == len(wanted) == len(ROWS)
    return [
        (row, is_, should) for row, is_, should in zip(ROWS, found, wanted, strict=True) if is_ is not should
    ]


@given(source=bool_source(3))
@settings(
    max_examples=150,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
def test_every_reading_agrees_with_the_official_evaluator(
    database: Connection, duck: duckdb.DuckDBPyConnection, source: str
) -> None:
    wanted = officially(source)
    assert differences(in_postgres(database, source), wanted) == []
    assert differences(in_duckdb(duck, source), wanted) == []
    # The Python function trusts that no fact is missing: where one is, it may fail although others decide.
    evaluate = compiled(source).evaluate
    by_function = [outcome(partial(evaluate, row)) for row in ROWS]
    assert all(len(row) < len(COLUMNS) and is_ is None for row, is_, _ in differences(by_function, wanted))


@given(source=bool_source(2))
@settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_spark_parses_its_text(source: str) -> None:
    tree = sqlglot.parse_one(sql_text(read(source), dialect="spark"), read="spark")
    # What Spark does not know, or takes for something else.
    assert not list(tree.find_all(exp.Unnest, exp.Any, exp.Collate, exp.Div, exp.Anonymous, exp.Select))


@pytest.mark.parametrize(
    ("source", "text"),
    [
        (
            "a.x >= 5000 && b.text in ['A', 'B'] && !('W' in b.tags)",
            "(facts.a_x >= 5000) AND (facts.b_text IN ('A', 'B')) AND (NOT ('W' = ANY(facts.b_tags)))",
        ),
        ('b.text == "\' OR 1 = 1 -- "', "facts.b_text = ''' OR 1 = 1 -- '"),
        ("b.text < 'b'", "(facts.b_text COLLATE \"C\") < 'b'"),
        (
            "b.at >= timestamp('2025-04-01T00:00:00+08:00')",
            "facts.b_at >= CAST('2025-03-31T16:00:00+00:00' AS TIMESTAMPTZ)",
        ),
        ("b.text.endsWith('%_')", "RIGHT(facts.b_text, LENGTH('%_')) = '%_'"),
    ],
)
def test_the_text_is_plain_where_nothing_can_go_wrong(source: str, text: str) -> None:
    assert sql_text(read(source), dialect="postgres") == text


def test_a_reading_stands_in_a_query_of_its_own_tables(database: Connection) -> None:
    """Also where columns are met only inside a loop, and in a query of more than one table."""
    source = "b.tags.exists(t, t < b.text)"
    reading = read(source)
    other = FACTS.alias()
    plain = select(func.count()).where(reading.value)
    joined = select(func.count()).select_from(FACTS).join(other, other.c.n == FACTS.c.n).where(reading.holds)
    assert database.scalar(plain) == database.scalar(joined) == officially(source).count(True)


@pytest.mark.parametrize(
    "shape", ["({} + a.y)", "(a.y - {})", "({} * 2)", "-({})", "({} / 3)", "({} % 5)", "(a.flag ? {} : a.y)"]
)
def test_deep_conditions_stay_short(
    database: Connection, duck: duckdb.DuckDBPyConnection, shape: str
) -> None:
    source = "a.x"
    for _ in range(20):
        source = shape.format(source)
    source = f"{source} > 1"
    wanted = officially(source)
    assert differences(in_postgres(database, source), wanted) == []
    assert differences(in_duckdb(duck, source), wanted) == []


def test_sql_that_would_double_at_every_level_is_refused() -> None:
    source = "a.x"
    for _ in range(20):
        source = f"(a.y % {source})"
    with pytest.raises(SqlRefused, match="SQL_TOO_LONG"):
        read(f"{source} == 1")


@pytest.mark.parametrize(
    ("source", "code"),
    [
        (r'b.text == "\u0000"', "SQL_TEXT"),
        ("a.flag", "SQL_COLUMN_MISSING"),
    ],
)
def test_what_the_database_cannot_hold_is_refused(source: str, code: str) -> None:
    given_columns = {name: one for name, one in COLUMNS.items() if name != "a.flag"}
    with pytest.raises(SqlRefused) as refused:
        read(source, given_columns)
    assert refused.value.code == code


def test_an_instant_outside_the_years_of_utc_is_refused() -> None:
    """No text has one, but a tree may have been made with one."""
    early = Constant(
        value=datetime.fromisoformat("0001-01-01T00:00:00+08:00"), type=NodeType.TIMESTAMP, offset=0
    )
    tree = Comparison(operator="==", left=early, right=early, offset=0)
    with pytest.raises(SqlRefused, match="SQL_TIMESTAMP"):
        sql_condition(tree, column_of=COLUMNS.__getitem__)


@pytest.mark.parametrize(
    ("source", "fact", "type_"),
    [
        ("a.x > 1", "a.x", Numeric()),
        ("a.flag", "a.flag", Integer()),
        ("b.text == 'a'", "b.text", CHAR(3)),
        ("b.text == 'a'", "b.text", CITEXT()),
        ("b.text == 'a'", "b.text", Text(collation="und-x-icu")),
        ("b.at > b.at", "b.at", DateTime()),
        ("'a' in b.tags", "b.tags", ARRAY(CHAR(3))),
        ("'a' in b.tags", "b.tags", Text()),
    ],
)
def test_a_column_that_would_compare_otherwise_is_refused(
    source: str, fact: str, type_: TypeEngine[object]
) -> None:
    with pytest.raises(SqlRefused) as refused:
        read(source, COLUMNS | {fact: column("other", type_)})
    assert (refused.value.code, refused.value.fact) == ("SQL_COLUMN_TYPE", fact)
