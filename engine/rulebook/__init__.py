"""YAML → kinds → rules: check, decide, explain; timelines of versions.

rulebook, findings = check(files=files)
rule = rulebook.in_force(kind="merchant_fee", at=paid_at, scope={"city": "BJ"})
row = rule.shape.decide(facts)
"""

from engine.rulebook.book import Context, Rulebook
from engine.rulebook.checking import check, check_file, parse_rule
from engine.rulebook.contexts import read_context
from engine.rulebook.coverage import Coverage, coverage_of
from engine.rulebook.dated import DatedValue
from engine.rulebook.definitions import Definition
from engine.rulebook.errors import (
    HitConflict,
    NoRowMatches,
    NoRuleInForce,
    RulebookError,
    RuleNotFound,
)
from engine.rulebook.explanation import Entry, Explanation, RuleRef, ShownClause
from engine.rulebook.facts import Aggregate, ApprovalChain
from engine.rulebook.file_tests import Evaluator
from engine.rulebook.kinds import HitPolicy, Kind, Move, ShapeName, Way
from engine.rulebook.raw_text import decode
from engine.rulebook.rules import Rule
from engine.rulebook.scores import Scored, ScoredRule, Verdict
from engine.rulebook.tables import Row, Table
from engine.rulebook.timelines import Span, Timeline

__all__ = [
    "Aggregate",
    "ApprovalChain",
    "Context",
    "Coverage",
    "DatedValue",
    "Definition",
    "Entry",
    "Evaluator",
    "Explanation",
    "HitConflict",
    "HitPolicy",
    "Kind",
    "Move",
    "NoRowMatches",
    "NoRuleInForce",
    "Row",
    "Rule",
    "RuleNotFound",
    "RuleRef",
    "Rulebook",
    "RulebookError",
    "Scored",
    "ScoredRule",
    "ShapeName",
    "ShownClause",
    "Span",
    "Table",
    "Timeline",
    "Verdict",
    "Way",
    "check",
    "check_file",
    "coverage_of",
    "decode",
    "parse_rule",
    "read_context",
]
