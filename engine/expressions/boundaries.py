"""Facts at which a condition turns: on the edge of each comparison, and one step to either side of it.

    boundary_facts(tree)  →  ({"txn.amount_fen": 4999}, {"txn.amount_fen": 5000}, {"txn.amount_fen": 5001})

A value on an edge shows nothing where another part of the condition has decided already. So for every edge
there are facts of which the answer depends on this comparison: those found before with one value moved, else
those the solver finds. What neither finds (no such facts, or no reading) is left out.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from engine.expressions.closures import closure
from engine.expressions.errors import EvaluationError
from engine.expressions.smt import Formula, Reading, Untranslatable
from engine.expressions.smt_logic import both, either, negated
from engine.expressions.smt_search import Undecided, find
from engine.expressions.tree import (
    Arithmetic,
    Comparison,
    Constant,
    ListOf,
    Membership,
    Node,
    NodeType,
    Not,
    Quantifier,
    Read,
    TextTest,
    children,
    walk,
)
from engine.expressions.vocabulary import INT_MAX, INT_MIN, Fact, Value, Vocabulary

Facts = dict[str, Value]

STEPS_LIMIT = 200_000
"""The solver's steps for one edge."""
FIRST, LAST = datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)
"""The first and the last instant there is."""
_SECOND = timedelta(seconds=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Edge:
    """An edge: `met` says that facts are on it, `on` and `off` decide the comparison either way."""

    met: Node
    on: Node
    off: Node

    def turns(self, facts: Mapping[str, Value]) -> bool:
        """Whether the condition's answer depends on the comparison there."""
        return _outcome(self.met, facts) is True and _outcome(self.on, facts) is not _outcome(self.off, facts)

    def claim(self, reading: Reading) -> Formula:
        """Return the same as a formula. Raises Untranslatable."""
        on, off = reading.truth(self.on), reading.truth(self.off)
        same = either(both(on.holds, off.holds), both(on.misses, off.misses), both(on.fails, off.fails))
        return both(reading.holds(self.met), negated(same))


def boundary_facts(tree: Node) -> tuple[Facts, ...]:
    """Return facts on every edge that can be stood on, each set once; comparisons in their order.

    All facts that the condition reads are given. A comparison inside a quantifier has no edges.
    """
    edges = tuple(_edges(tree))
    reading = Reading([one for edge in edges for one in (edge.met, edge.on, edge.off)])
    found: list[Facts] = [
        {node.fact.name: node.fact.default for node in walk(tree) if isinstance(node, Read)}
    ]
    for edge in edges:
        if not any(edge.turns(facts) for facts in found):
            facts = _moved(found, edge) or _solved(reading, edge)
            found += [{**found[0], **facts}] if facts else []
    return tuple(found)


def _moved(found: list[Facts], edge: _Edge) -> Facts | None:
    """Return facts found before with one value put on the edge, the latest first."""
    match edge.met:
        case Comparison(operator="==", left=Read(fact=fact), right=Constant(value=value)) if _holds(
            fact, value
        ):
            moved = ({**facts, fact.name: value} for facts in reversed(found))
            return next((facts for facts in moved if edge.turns(facts)), None)
    return None


def _holds(fact: Fact, value: Value) -> bool:
    try:
        Vocabulary.of(facts=[fact]).conform({fact.name: value})
    except EvaluationError:
        return False
    return True


def _solved(reading: Reading, edge: _Edge) -> Facts | None:
    try:
        return find(reading=reading, claim=edge.claim(reading), confirms=edge.turns, steps=STEPS_LIMIT)
    except (Untranslatable, Undecided):
        return None


def _edges(tree: Node) -> Iterator[_Edge]:
    for node in _outer(tree):
        for met in _places(node):
            yield _Edge(
                met=met, on=_replaced(tree, node, _truth(True)), off=_replaced(tree, node, _truth(False))
            )


def _outer(node: Node) -> Iterator[Node]:
    """Yield the nodes that read no quantifier's variable, operands first."""
    for child in (node.collection,) if isinstance(node, Quantifier) else children(node):
        yield from _outer(child)
    yield node


def _places(node: Node) -> Iterator[Node]:
    """Yield what is true of facts on an edge of this node, a step beside one, or anywhere on either side."""
    match node:
        case (
            Comparison(left=left, right=Constant() as right)
            | Comparison(left=Constant() as right, right=left)
        ):
            yield from (_equal(left, one) for one in _around(right))
        case Comparison(left=left, right=right) if left.type is NodeType.INT:
            for step in (-1, 0, 1):
                yield _equal(
                    left, Arithmetic(operator="+", left=right, right=_constant(step, NodeType.INT), offset=0)
                )
        case Membership(item=item, collection=ListOf(items=items)):
            yield from (
                _equal(item, near) for one in items if isinstance(one, Constant) for near in _around(one)
            )
        case TextTest(text=text, part=Constant(value=str(part))):
            for near in (part, f"{part}a", f"a{part}", part[:-1]):
                yield _equal(text, _constant(near, NodeType.STRING))
    if node.type is NodeType.BOOL:
        yield from (node, Not(operand=node, offset=0))


def _around(constant: Constant) -> Iterator[Constant]:
    """Yield a literal and its neighbours; of instants also the first and the last."""
    match constant.value:
        case bool():
            near: tuple[Any, ...] = (True, False)
        case int(value):
            near = tuple(one for one in (value - 1, value, value + 1) if INT_MIN <= one <= INT_MAX)
        case str(value):
            near = (value, f"{value} ", value[:-1])
        case datetime() as value:
            inner = (
                value + step
                for step in (-_SECOND, 0 * _SECOND, _SECOND)
                if FIRST - value <= step <= LAST - value
            )
            near = (*inner, FIRST, LAST)
    yield from (_constant(one, constant.type) for one in near)


def _replaced(tree: Node, node: Node, by: Node) -> Node:
    """Return the tree with one of its nodes, this very one, replaced."""
    if tree is node:
        return by
    changed: dict[str, Any] = {}
    for field in fields(tree):
        has = getattr(tree, field.name)
        if isinstance(has, tuple):
            changed[field.name] = tuple(_replaced(one, node, by) for one in has)
        elif isinstance(has, Node):
            changed[field.name] = _replaced(has, node, by)
    return replace(tree, **changed) if changed else tree


def _equal(left: Node, right: Node) -> Comparison:
    return Comparison(operator="==", left=left, right=right, offset=0)


def _constant(value: int | bool | str | datetime, type_: NodeType) -> Constant:
    return Constant(value=value, type=type_, offset=0)


def _truth(value: bool) -> Constant:
    return _constant(value, NodeType.BOOL)


def _outcome(tree: Node, facts: Mapping[str, Value]) -> bool | None:
    try:
        return closure(tree)(facts)
    except EvaluationError:
        return None
