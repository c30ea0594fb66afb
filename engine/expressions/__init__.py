"""Conditions: a CEL text → a checked tree → a Python function, → words, and → SQL.

    condition, findings = compile_condition(source="txn.amount_fen >= 5000", vocabulary=…, location=…)
    condition.evaluate({"txn.amount_fen": 7500})  →  True
    condition.words(language="zh")                →  "付款金额 ≥ ¥50.00"
    sql_condition(condition, column_of=columns.__getitem__).value  →  payment.amount_fen >= 5000

The subset of CEL and every refusal: docs/expressions.md. It does not read YAML and knows no facts of its own.
"""

import importlib
from typing import TYPE_CHECKING

from engine.expressions.condition import (
    Clause,
    Condition,
    compile_all,
    compile_condition,
    compile_first_match,
    condition_of,
)
from engine.expressions.errors import EvaluationError
from engine.expressions.official import OfficialSet, evaluate_officially
from engine.expressions.tree import Node
from engine.expressions.vocabulary import Fact, FactType, Value, Vocabulary
from engine.expressions.words import format_value

if TYPE_CHECKING:
    from engine.expressions.sql import SqlReading, sql_condition
    from engine.expressions.sql_dialects import sql_text
    from engine.expressions.sql_limits import SqlRefused
else:
    _SQL = {
        "SqlReading": "sql",
        "SqlRefused": "sql_limits",
        "sql_condition": "sql",
        "sql_text": "sql_dialects",
    }

    def __getattr__(name: str) -> object:
        """Load the SQL reading when it is first asked for: its libraries take a second, and few need them."""
        if name not in _SQL:
            raise AttributeError(name)
        return getattr(importlib.import_module(f"engine.expressions.{_SQL[name]}"), name)


__all__ = [
    "Clause",
    "Condition",
    "EvaluationError",
    "Fact",
    "FactType",
    "Node",
    "OfficialSet",
    "SqlReading",
    "SqlRefused",
    "Value",
    "Vocabulary",
    "compile_all",
    "compile_condition",
    "compile_first_match",
    "condition_of",
    "evaluate_officially",
    "format_value",
    "sql_condition",
    "sql_text",
]
