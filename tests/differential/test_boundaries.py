"""On the edges of conditions, where readings part most easily, all say what the official evaluator says.

The edges are made by the solver: for every condition of the product's own rules, and for random ones.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import timedelta
from functools import cache
from pathlib import Path

import duckdb
import pytest
from hypothesis import HealthCheck, given, settings
from sqlalchemy import Connection

from engine.expressions import Condition, Value, Vocabulary
from engine.expressions.boundaries import FIRST, LAST, boundary_facts
from engine.expressions.rete import ReteRefused, rete_condition
from engine.rulebook import Rulebook, check
from haodian import postgres
from payments_core.database import connect
from tests.conditions import EPOCH, VOCABULARY, bool_source, compiled
from tests.readings import by_function, by_rete, officially, sql_query

RULES = Path(__file__).parent.parent.parent / "rules"


@pytest.fixture(scope="module")
def database(cluster: postgres.Cluster) -> Iterator[Connection]:
    engine = connect(url=cluster.url)
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        yield connection
    engine.dispose()


@pytest.fixture(scope="module")
def duck() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as connection:
        yield connection


@cache
def shipped() -> Rulebook:
    files = {
        f"rules/{path.relative_to(RULES).as_posix()}": path.read_text(encoding="utf-8")
        for path in sorted(RULES.rglob("*"))
        if path.is_file()
    }
    rulebook, found = check(files=files)
    assert rulebook is not None, found
    return rulebook


def check_readings(
    condition: Condition, vocabulary: Vocabulary, database: Connection, duck: duckdb.DuckDBPyConnection
) -> int:
    """Hold every reading to the official evaluator on the condition's edges; return how many there are."""
    rows = boundary_facts(condition.tree)
    whole = [vocabulary.conform(facts) for facts in rows]
    wanted = officially(condition, vocabulary, whole)
    assert by_function(condition, whole) == wanted
    in_duckdb = duck.execute(sql_query(condition, vocabulary.facts, rows, "duckdb")).fetchall()
    assert [value for (value,) in in_duckdb] == wanted
    text = sql_query(condition, vocabulary.facts, rows, "postgres").replace("%", "%%")
    assert [value for (value,) in database.exec_driver_sql(text)] == wanted
    try:
        reading = rete_condition(condition)
    except ReteRefused:
        return len(rows)
    assert [by_rete(reading, facts) for facts in rows] == wanted
    return len(rows)


def test_every_reading_agrees_on_the_edges_of_the_products_rules(
    database: Connection, duck: duckdb.DuckDBPyConnection
) -> None:
    rulebook = shipped()
    conditions = {
        condition.source: condition for rule in rulebook.rules for condition in rule.conditions.values()
    }
    counted = [
        check_readings(condition, rulebook.vocabulary, database, duck) for condition in conditions.values()
    ]
    # The answer turns somewhere in every condition but `true`.
    assert [source for source, count in zip(conditions, counted, strict=True) if count < 2] == ["true"]


@given(source=bool_source(2))
@settings(
    max_examples=30,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
def test_every_reading_agrees_on_the_edges_of_random_conditions(
    database: Connection, duck: duckdb.DuckDBPyConnection, source: str
) -> None:
    check_readings(compiled(source), VOCABULARY, database, duck)


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("a.x > 5000", [{"a.x": 0}, {"a.x": 4999}, {"a.x": 5000}, {"a.x": 5001}]),
        (  # the second comparison counts only above 10, the first only where the flag is up
            "a.x > 10 && a.flag",
            [
                {"a.x": 0, "a.flag": False},
                {"a.x": 9, "a.flag": True},
                {"a.x": 10, "a.flag": True},
                {"a.x": 11, "a.flag": True},
                {"a.x": 11, "a.flag": False},
            ],
        ),
        (
            "b.at < timestamp('2025-04-01T00:00:00Z')",
            [
                {"b.at": EPOCH},
                {"b.at": EPOCH - timedelta(seconds=1)},
                {"b.at": EPOCH + timedelta(seconds=1)},
                {"b.at": FIRST},
                {"b.at": LAST},
            ],
        ),
        ("b.text == 'ab'", [{"b.text": text} for text in ("", "ab", "ab ", "a")]),
        ("b.text.startsWith('ab')", [{"b.text": text} for text in ("", "ab", "aba", "aab", "a")]),
        ("a.x == 9223372036854775807", [{"a.x": 0}, {"a.x": 2**63 - 2}, {"a.x": 2**63 - 1}]),
        ("a.x > a.y", [{"a.x": 0, "a.y": 0}, {"a.x": -1, "a.y": 0}, {"a.x": 1, "a.y": 0}]),
        ("a.x > 1 && a.x < 0", [{"a.x": 0}, {"a.x": -1}, {"a.x": 2}]),  # where one of them decides alone
        ("true", [{}]),
    ],
)
def test_the_facts_stand_on_the_edges(source: str, expected: list[Mapping[str, Value]]) -> None:
    assert list(boundary_facts(compiled(source).tree)) == expected
