"""A tree written as CEL again: parsed anew it is the same tree, brackets only where they are needed."""

from __future__ import annotations

import json
from datetime import datetime

from engine.expressions.tree import (
    AllOf,
    AnyOf,
    Arithmetic,
    Choice,
    Comparison,
    Constant,
    ListOf,
    Membership,
    Negation,
    Node,
    Not,
    Quantifier,
    Read,
    Size,
    TextTest,
    Variable,
)

_CHOICE, _ANY, _ALL, _RELATION, _SUM, _PRODUCT, _UNARY, _ATOM = range(8)
_STRENGTH = {"+": _SUM, "-": _SUM, "*": _PRODUCT, "/": _PRODUCT, "%": _PRODUCT}


def cel_text(tree: Node) -> str:
    """Return CEL text that compiles to `tree`."""
    return _written(tree)[0]


def _written(node: Node) -> tuple[str, int]:
    """Return the text of a node and how strongly it binds."""
    match node:
        case Constant(value=value):
            return _literal(value)
        case Read(fact=fact):
            return fact.name, _ATOM
        case Variable(name=name):
            return name, _ATOM
        case ListOf(items=items):
            return f"[{', '.join(map(cel_text, items))}]", _ATOM
        case Size(operand=operand):
            return f"size({cel_text(operand)})", _ATOM
        case TextTest(text=text, operator=test, part=part):
            return f"{_at_least(text, _ATOM)}.{test}({cel_text(part)})", _ATOM
        case Quantifier(collection=over, mode=mode, variable=name, predicate=predicate):
            return f"{_at_least(over, _ATOM)}.{mode}({name}, {cel_text(predicate)})", _ATOM
        case _:
            return _operation(node)


def _operation(node: Node) -> tuple[str, int]:
    match node:
        case AllOf(parts=parts):
            return " && ".join(_at_least(part, _RELATION) for part in parts), _ALL
        case AnyOf(parts=parts):
            return " || ".join(_at_least(part, _ALL) for part in parts), _ANY
        case Comparison(left=left, operator=operator, right=right):
            return f"{_at_least(left, _RELATION)} {operator} {_at_least(right, _SUM)}", _RELATION
        case Membership(item=item, collection=collection):
            return f"{_at_least(item, _RELATION)} in {_at_least(collection, _SUM)}", _RELATION
        case Arithmetic(left=left, operator=operator, right=right):
            strength = _STRENGTH[operator]
            return f"{_at_least(left, strength)} {operator} {_at_least(right, strength + 1)}", strength
        case Not(operand=operand):
            return f"!{_at_least(operand, _ATOM)}", _UNARY
        case Negation(operand=Constant() as operand):
            return f"-({cel_text(operand)})", _UNARY  # without brackets it would be another constant
        case Negation(operand=operand):
            return f"-{_at_least(operand, _ATOM)}", _UNARY
        case Choice(condition=condition, when_true=yes, when_false=no):
            sides = f"{_at_least(yes, _ANY)} : {cel_text(no)}"
            return f"{_at_least(condition, _ANY)} ? {sides}", _CHOICE
    raise TypeError(f"no text for {type(node).__name__}")


def _at_least(node: Node, strength: int) -> str:
    text, binds = _written(node)
    return text if binds >= strength else f"({text})"


def _literal(value: int | bool | str | datetime) -> tuple[str, int]:
    if isinstance(value, bool):
        return ("true" if value else "false"), _ATOM
    if isinstance(value, int):
        return str(value), _UNARY if value < 0 else _ATOM
    if isinstance(value, datetime):
        return f'timestamp("{value.isoformat()}")', _ATOM
    return json.dumps(value, ensure_ascii=False), _ATOM
