"""A condition of which some facts are known: their values take the place of the reads."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import fields, replace
from typing import Any

from engine.expressions.tree import Constant, ListOf, Node, NodeType, Read
from engine.expressions.vocabulary import Value


def settled(tree: Node, facts: Mapping[str, Value]) -> Node:
    """Return the tree with the reads of `facts` replaced by their values; the others stay."""
    return _rewritten(
        tree, lambda read: _literal(read, facts[read.fact.name]) if read.fact.name in facts else read
    )


def replaced(tree: Node, nodes: Mapping[str, Node]) -> Node:
    """Return the tree with the reads of these facts replaced by other trees of their types."""
    return _rewritten(tree, lambda read: nodes.get(read.fact.name, read))


def _rewritten(tree: Node, instead: Callable[[Read], Node]) -> Node:
    if isinstance(tree, Read):
        return instead(tree)
    changed: dict[str, Any] = {}
    for one in fields(tree):
        below = getattr(tree, one.name)
        if isinstance(below, Node):
            changed[one.name] = _rewritten(below, instead)
        elif isinstance(below, tuple):
            changed[one.name] = tuple(_rewritten(item, instead) for item in below)
    return replace(tree, **changed) if changed else tree


def _literal(read: Read, value: Value) -> Node:
    if not isinstance(value, tuple):
        return Constant(value=value, type=read.type, offset=read.offset)
    items = tuple(Constant(value=text, type=NodeType.STRING, offset=read.offset) for text in value)
    return ListOf(items=items, type=read.type, offset=read.offset)
