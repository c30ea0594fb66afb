"""A condition as durable-rules has it: the part of the subset that its Rete evaluates exactly as CEL does.

    reading = rete_condition(condition)
    {"all": [{"m": reading.definition}]}  →  a rule that a fact matches where the condition is true
    reading.fact(facts)                   →  that fact

durable-rules compares what it is given, whatever the types, and takes what it cannot compare for false. Here
types are known, every fact is there and nothing can fail, so neither arises. It has no "not" for a whole
condition: a negation is carried down to the comparisons. What it does otherwise than CEL is refused.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from engine.expressions.condition import Condition
from engine.expressions.errors import EvaluationError
from engine.expressions.tree import (
    AllOf,
    AnyOf,
    Choice,
    Comparison,
    Constant,
    ListOf,
    Membership,
    Node,
    NodeType,
    Not,
    Read,
    reads,
)
from engine.expressions.vocabulary import Value

Definition = dict[str, Any]
Written = Definition | bool
"""A condition of durable-rules, or what it comes to whatever the facts are."""

PATHS_LIMIT, COMPARISONS_LIMIT, GROUPS_LIMIT = 64, 64, 15
"""The most ways to be true (a fact follows each by itself; 65 are durable-rules' error 303), comparisons, and
groups of `$and` and `$or` (16 are its error 113)."""
_ALWAYS = "always"
"""Is true in every fact; no name of a fact, for those have a namespace."""
_OPERATORS = {"==": "", "!=": "$neq", "<": "$lt", "<=": "$lte", ">": "$gt", ">=": "$gte"}
_OPPOSITE = {"==": "!=", "!=": "==", "<": ">=", ">=": "<", ">": "<=", "<=": ">"}
_MIRRORED = {"==": "==", "!=": "!=", "<": ">", ">": "<", "<=": ">=", ">=": "<="}
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class ReteRefused(Exception):
    """A condition that durable-rules would not evaluate as CEL does; `construct` says for what."""

    def __init__(self, construct: str) -> None:
        super().__init__(f"RETE_REFUSED: {construct}")
        self.code = "RETE_REFUSED"
        self.construct = construct


@dataclass(frozen=True, slots=True, kw_only=True)
class ReteReading:
    """`definition` is durable-rules' condition on one fact, `reads` the facts it must be given."""

    definition: Definition
    reads: frozenset[str]

    def fact(self, facts: Mapping[str, Value]) -> dict[str, int | bool | str]:
        """Return what to assert. Raises EvaluationError FACT_MISSING; facts have passed `conform`."""
        missing = sorted(self.reads - facts.keys())
        if missing:
            raise EvaluationError("FACT_MISSING", fact=missing[0])
        return {_ALWAYS: True, **{name: _plain(facts[name]) for name in self.reads}}


def rete_condition(condition: Condition | Node) -> ReteReading:
    """Return the condition for durable-rules. Raises ReteRefused."""
    tree = condition.tree if isinstance(condition, Condition) else condition
    written = _write(tree, wanted=True)
    definition: Definition = {_ALWAYS: written} if isinstance(written, bool) else written
    groups, comparisons = _size(definition)
    if groups > GROUPS_LIMIT or comparisons > COMPARISONS_LIMIT or _paths(definition) > PATHS_LIMIT:
        raise ReteRefused("a condition of this size")
    return ReteReading(definition=definition, reads=reads(tree))


def _write(node: Node, *, wanted: bool) -> Written:
    """Return what says that a bool node is `wanted`."""
    match node:
        case Constant(value=value):
            return value is wanted
        case Read(fact=fact):
            return {fact.name: wanted}
        case Not(operand=operand):
            return _write(operand, wanted=not wanted)
        case AllOf(parts=parts) | AnyOf(parts=parts):
            together = isinstance(node, AllOf) is wanted
            return _joined("$and" if together else "$or", [_write(part, wanted=wanted) for part in parts])
        case Choice(condition=condition, when_true=when_true, when_false=when_false):
            return _either_way(condition, _write(when_true, wanted=wanted), _write(when_false, wanted=wanted))
        case Comparison(left=left, right=right, operator=operator) if left.type is NodeType.BOOL:
            same = (operator == "==") is wanted
            return _either_way(left, _write(right, wanted=same), _write(right, wanted=not same))
        case Comparison():
            return _comparison(node, wanted=wanted)
        case Membership(item=item, collection=ListOf(items=items)):
            equal = [Comparison(operator="==", left=item, right=one, offset=node.offset) for one in items]
            return _joined("$or" if wanted else "$and", [_write(one, wanted=wanted) for one in equal])
    raise ReteRefused(type(node).__name__)


def _either_way(condition: Node, when_true: Written, when_false: Written) -> Written:
    return _joined(
        "$or",
        [
            _joined("$and", [_write(condition, wanted=True), when_true]),
            _joined("$and", [_write(condition, wanted=False), when_false]),
        ],
    )


def _joined(operator: str, parts: list[Written]) -> Written:
    decides = operator == "$or"
    if any(part is decides for part in parts):
        return decides
    left = [one for part in parts if not isinstance(part, bool) for one in part.get(operator, [part])]
    if len(left) <= 1:
        return left[0] if left else not decides
    return {operator: left}


def _comparison(node: Comparison, *, wanted: bool) -> Definition:
    """Return a fact compared with a literal or with another fact."""
    left, right, operator = node.left, node.right, node.operator if wanted else _OPPOSITE[node.operator]
    if not isinstance(left, Read):
        left, right, operator = right, left, _MIRRORED[operator]
    if left.type not in (NodeType.INT, NodeType.TIMESTAMP, NodeType.STRING):
        raise ReteRefused("a comparison of lists")
    if not isinstance(left, Read) or not isinstance(right, Read | Constant):
        raise ReteRefused("a comparison of what is neither fact nor literal")
    if left.type is NodeType.STRING and operator not in ("==", "!="):
        # It compares the texts as they are written in JSON, and reads on past the end of the shorter.
        raise ReteRefused("the order of texts")
    other = {"$m": right.fact.name} if isinstance(right, Read) else _plain(right.value)
    compared = {left.fact.name: other}
    return {_OPERATORS[operator]: compared} if _OPERATORS[operator] else compared


def _plain(value: Value) -> int | bool | str:
    """Return a value as it is asserted: an instant in microseconds, which are exact."""
    if isinstance(value, datetime):
        return (value - _EPOCH) // timedelta(microseconds=1)
    if isinstance(value, tuple):
        raise ReteRefused("a list")
    return value


def _size(definition: Definition) -> tuple[int, int]:
    """Return how many groups there are, and how many comparisons."""
    below = [_size(part) for part in (definition.get("$and") or definition.get("$or") or ())]
    if not below:
        return 0, 1
    return 1 + sum(groups for groups, _ in below), sum(comparisons for _, comparisons in below)


def _paths(definition: Definition) -> int:
    """Return in how many ways a fact may match: the branches of an `$or` add up, of an `$and` multiply."""
    if "$or" in definition:
        return sum(map(_paths, definition["$or"]))
    product = 1
    for part in definition.get("$and", ()):
        product *= _paths(part)
    return product
