"""Conditions: a CEL text → a checked tree → a Python function, and → words.

    condition, findings = compile_condition(source="txn.amount_fen >= 5000", vocabulary=…, location=…)
    condition.evaluate({"txn.amount_fen": 7500})  →  True
    condition.words(language="zh")                →  "付款金额 ≥ ¥50.00"

The subset of CEL and every refusal: docs/expressions.md. It does not read YAML and knows no facts of its own.
"""

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

__all__ = [
    "Clause",
    "Condition",
    "EvaluationError",
    "Fact",
    "FactType",
    "Node",
    "OfficialSet",
    "Value",
    "Vocabulary",
    "compile_all",
    "compile_condition",
    "compile_first_match",
    "condition_of",
    "evaluate_officially",
    "format_value",
]
