"""The typed tree of a condition: what every reading (Python, words, SQL, proofs) is made from.

Nodes are frozen and compare by meaning: `offset`, the place in the source, does not take part. `&&` and `||`
are flat, whatever the parentheses were: both are associative, errors included.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType
from typing import Any, Literal

from engine.expressions.vocabulary import Fact, FactType


class NodeType(StrEnum):
    """What a node yields."""

    INT = "int"
    BOOL = "bool"
    STRING = "string"
    TIMESTAMP = "timestamp"
    LIST_INT = "list(int)"
    LIST_BOOL = "list(bool)"
    LIST_STRING = "list(string)"
    LIST_TIMESTAMP = "list(timestamp)"


COMPARE: Mapping[str, Callable[[Any, Any], Any]] = MappingProxyType(
    {
        "==": operator.eq,
        "!=": operator.ne,
        "<": operator.lt,
        "<=": operator.le,
        ">": operator.gt,
        ">=": operator.ge,
    }
)
"""What a comparison comes to, of whatever a reading makes of its two sides."""
TYPE_OF_FACT = {
    FactType.INT: NodeType.INT,
    FactType.BOOL: NodeType.BOOL,
    FactType.STRING: NodeType.STRING,
    FactType.TIMESTAMP: NodeType.TIMESTAMP,
    FactType.LIST_STRING: NodeType.LIST_STRING,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Constant:
    """A literal. A timestamp is an aware datetime."""

    value: int | bool | str | datetime
    type: NodeType
    offset: int = field(compare=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class ListOf:
    """A list literal."""

    items: tuple[Node, ...]
    type: NodeType
    offset: int = field(compare=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Read:
    """The value of a fact."""

    fact: Fact
    type: NodeType
    offset: int = field(compare=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Variable:
    """The element a quantifier is looking at."""

    name: str
    type: NodeType
    offset: int = field(compare=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """Two values of one type compared."""

    operator: Literal["==", "!=", "<", "<=", ">", ">="]
    left: Node
    right: Node
    offset: int = field(compare=False)
    type: NodeType = NodeType.BOOL


@dataclass(frozen=True, slots=True, kw_only=True)
class Membership:
    """Whether a list holds an item."""

    item: Node
    collection: Node
    offset: int = field(compare=False)
    type: NodeType = NodeType.BOOL


@dataclass(frozen=True, slots=True, kw_only=True)
class AllOf:
    """`&&`: false if any part is false, else an error if any part failed, else true. Two parts or more."""

    parts: tuple[Node, ...]
    offset: int = field(compare=False)
    type: NodeType = NodeType.BOOL


@dataclass(frozen=True, slots=True, kw_only=True)
class AnyOf:
    """`||`: true if any part is true, else an error if any part failed, else false. Two parts or more."""

    parts: tuple[Node, ...]
    offset: int = field(compare=False)
    type: NodeType = NodeType.BOOL


@dataclass(frozen=True, slots=True, kw_only=True)
class Not:
    """`!`."""

    operand: Node
    offset: int = field(compare=False)
    type: NodeType = NodeType.BOOL


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """`condition ? when_true : when_false`; only the chosen side is evaluated."""

    condition: Node
    when_true: Node
    when_false: Node
    type: NodeType
    offset: int = field(compare=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Arithmetic:
    """int64 arithmetic: overflow and division by zero fail; `/` and `%` truncate towards zero."""

    operator: Literal["+", "-", "*", "/", "%"]
    left: Node
    right: Node
    offset: int = field(compare=False)
    type: NodeType = NodeType.INT


@dataclass(frozen=True, slots=True, kw_only=True)
class Negation:
    """Unary minus; the smallest int64 overflows."""

    operand: Node
    offset: int = field(compare=False)
    type: NodeType = NodeType.INT


@dataclass(frozen=True, slots=True, kw_only=True)
class Size:
    """The characters (code points) of a string, or the elements of a list."""

    operand: Node
    offset: int = field(compare=False)
    type: NodeType = NodeType.INT


@dataclass(frozen=True, slots=True, kw_only=True)
class TextTest:
    """Whether a text begins with, ends with or contains another."""

    operator: Literal["startsWith", "endsWith", "contains"]
    text: Node
    part: Node
    offset: int = field(compare=False)
    type: NodeType = NodeType.BOOL


@dataclass(frozen=True, slots=True, kw_only=True)
class Quantifier:
    """`exists` is AnyOf over the elements, `all` is AllOf, with the same absorption of errors."""

    mode: Literal["exists", "all"]
    variable: str
    collection: Node
    predicate: Node
    offset: int = field(compare=False)
    type: NodeType = NodeType.BOOL


Node = (
    Constant
    | ListOf
    | Read
    | Variable
    | Comparison
    | Membership
    | AllOf
    | AnyOf
    | Not
    | Choice
    | Arithmetic
    | Negation
    | Size
    | TextTest
    | Quantifier
)


def children(node: Node) -> tuple[Node, ...]:
    """Return the nodes directly below, in source order."""
    match node:
        case Constant() | Read() | Variable():
            return ()
        case ListOf(items=below) | AllOf(parts=below) | AnyOf(parts=below):
            return below
        case Comparison(left=left, right=right) | Arithmetic(left=left, right=right):
            return (left, right)
        case Membership(item=left, collection=right) | TextTest(text=left, part=right):
            return (left, right)
        case Not(operand=operand) | Negation(operand=operand) | Size(operand=operand):
            return (operand,)
        case Choice(condition=condition, when_true=when_true, when_false=when_false):
            return (condition, when_true, when_false)
        case Quantifier(collection=collection, predicate=predicate):
            return (collection, predicate)


def walk(node: Node) -> Iterator[Node]:
    """Yield the node and everything below it, parents first."""
    yield node
    for child in children(node):
        yield from walk(child)


def reads(node: Node) -> frozenset[str]:
    """Return the names of the facts read anywhere below."""
    return frozenset(one.fact.name for one in walk(node) if isinstance(one, Read))


def can_fail(node: Node) -> bool:
    """Whether evaluating may end in an error although every fact is present and well typed."""
    return any(isinstance(one, Arithmetic | Negation) for one in walk(node))
