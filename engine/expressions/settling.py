"""A condition of which some facts are known: their values take the place of the reads."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields, replace
from typing import cast

from engine.expressions.tree import Constant, ListOf, Node, NodeType, Read
from engine.expressions.vocabulary import Value


def settled(tree: Node, facts: Mapping[str, Value]) -> Node:
    """Return the tree with the reads of `facts` replaced by their values; the others stay."""
    if isinstance(tree, Read):
        return _literal(tree, facts[tree.fact.name]) if tree.fact.name in facts else tree
    changed: dict[str, object] = {}
    for one in fields(tree):
        below = getattr(tree, one.name)
        if isinstance(below, Node):
            changed[one.name] = settled(below, facts)
        elif isinstance(below, tuple):
            changed[one.name] = tuple(settled(item, facts) for item in below)
    return cast(Node, replace(tree, **changed)) if changed else tree  # type: ignore[arg-type]


def _literal(read: Read, value: Value) -> Node:
    if not isinstance(value, tuple):
        return Constant(value=value, type=read.type, offset=read.offset)
    items = tuple(Constant(value=text, type=NodeType.STRING, offset=read.offset) for text in value)
    return ListOf(items=items, type=read.type, offset=read.offset)
