"""From CEL's checked tree to ours: the last refusals, those that need types, and the nodes."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import cast

from engine.expressions.complaints import type_zh
from engine.expressions.decoded import Decoded, find_quantifier
from engine.expressions.report import Report
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
    NodeType,
    Not,
    Quantifier,
    Read,
    Size,
    TextTest,
    Variable,
)
from engine.expressions.vocabulary import Fact, Vocabulary

_OVERLOADS = frozenset(
    {"equals", "not_equals", "logical_and", "logical_or", "logical_not", "conditional", "not_strictly_false"}
    | {f"{order}{kind}" for order in ("less_", "greater_") for kind in ("int64", "string", "timestamp")}
    | {
        f"{order}{kind}"
        for order in ("less_equals_", "greater_equals_")
        for kind in ("int64", "string", "timestamp")
    }
    | {f"{name}_int64" for name in ("add", "subtract", "multiply", "divide", "modulo", "negate")}
    | {"in_list", "size_list", "list_size", "size_string", "string_size", "string_to_timestamp"}
    | {"starts_with_string", "ends_with_string", "contains_string"}
)
_TYPES = frozenset(NodeType)
_INSTANT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,6})?(?:Z|[+-]\d\d:\d\d)")


def check_types(*, tree: Decoded, report: Report) -> None:
    """Report what type-checks in CEL but is not in the subset, and a result that is not a bool."""
    for node in tree.walk():
        if "dyn" in node.type:
            # A variable is dyn because its list is, and the list was met first.
            if node.kind != "ident" or not report.diagnostics():
                _report_dyn(node, report)
        elif node.overload and node.overload not in _OVERLOADS:
            _report_overload(node, report)
        elif node.type not in _TYPES and not any(child.type not in _TYPES for child in node.children):
            shown = type_zh(node.type)
            report.add(
                "UNSUPPORTED", report.span(node), f"不支持类型 {shown}", f"type {node.type} is not supported"
            )
        elif node.name == "timestamp" and _instant(node) is None:
            _report_instant(node, report)
    if tree.type != "bool" and not report.diagnostics():
        whole = len(report.source) - len(report.source.lstrip()), len(report.source.strip())
        report.add(
            "NOT_BOOLEAN",
            whole,
            f"条件必须得出“是”或“否”，这里得出{type_zh(tree.type)}",
            f"a condition must yield true or false, this yields {tree.type}",
            hint_zh="加上比较，例如 … >= 1",
            hint_en="add a comparison, such as … >= 1",
        )


def build(*, tree: Decoded, vocabulary: Vocabulary) -> Node:
    """Return the typed tree of an expression that both checks accepted."""
    return _Builder(vocabulary.facts).node(tree)


def _report_dyn(node: Decoded, report: Report) -> None:
    empty = node.kind == "list" and not node.children
    report.add(
        "DYN_REFUSED",
        report.span(node),
        "空列表的类型无法确定" if empty else "类型在检查时不能确定",
        "the type of an empty list is unknown" if empty else "the type is not known when checking",
        hint_zh="一个列表里只放同一类型的值",
        hint_en="put values of one type in a list",
    )


def _report_overload(node: Decoded, report: Report) -> None:
    span = report.span(node)
    shown = report.source[span[0] : span[0] + span[1]]
    types = [child.type for child in node.children]
    report.add(
        "UNSUPPORTED",
        span,
        f"{shown} 不能用于{'、'.join(type_zh(one) for one in types)}",
        f"{shown} is not supported on {', '.join(types)}",
        hint_zh="算术只用于整数，大小比较只用于整数、文本和时间",
        hint_en="arithmetic is for integers, ordering for integers, texts and timestamps",
    )


def _report_instant(node: Decoded, report: Report) -> None:
    report.add(
        "TIMESTAMP_INVALID",
        report.span(node.children[0]),
        f"'{node.children[0].value}' 不是带时区的时间",
        f"'{node.children[0].value}' is not a time with an offset",
        hint_zh="例如 2025-04-01T00:00:00+08:00",
        hint_en="for example 2025-04-01T00:00:00+08:00",
    )


def _instant(node: Decoded) -> datetime | None:
    """Return the instant a timestamp literal names; finer than microseconds, or no date: None."""
    text = str(node.children[0].value)
    if not _INSTANT.fullmatch(text):
        return None
    try:
        instant = datetime.fromisoformat(text)
        instant.astimezone(UTC)
    except (ValueError, OverflowError):
        # CEL knows the years 1 to 9999 of UTC, whatever the offset.
        return None
    return instant


class _Builder:
    def __init__(self, facts: Mapping[str, Fact]) -> None:
        self._facts = facts

    def node(self, decoded: Decoded) -> Node:
        node_type, offset = NodeType(decoded.type), decoded.offset
        match decoded.kind:
            case "int" | "bool" | "string":
                return Constant(value=cast(int | bool | str, decoded.value), type=node_type, offset=offset)
            case "ident" if decoded.name in self._facts:
                return Read(fact=self._facts[decoded.name], type=node_type, offset=offset)
            case "ident":
                return Variable(name=decoded.name, type=node_type, offset=offset)
            case "list":
                return ListOf(items=self._nodes(decoded), type=node_type, offset=offset)
            case "loop":
                return self._quantifier(decoded)
            case "call":
                return self._call(decoded)
        raise ValueError(f"the subset check let {decoded.kind} pass")

    def _nodes(self, decoded: Decoded) -> tuple[Node, ...]:
        return tuple(self.node(child) for child in decoded.children)

    def _quantifier(self, decoded: Decoded) -> Quantifier:
        loop = find_quantifier(decoded)
        if loop is None:
            raise ValueError("the subset check let a macro pass")
        return Quantifier(
            mode=loop.mode,
            variable=loop.variable,
            collection=self.node(loop.collection),
            predicate=self.node(loop.predicate),
            offset=decoded.offset,
        )

    def _call(self, decoded: Decoded) -> Node:
        offset = decoded.offset
        if decoded.name == "timestamp":
            instant = _instant(decoded)
            if instant is None:
                raise ValueError("the type check let a timestamp pass")
            return Constant(value=instant, type=NodeType.TIMESTAMP, offset=offset)
        if decoded.name in ("_&&_", "_||_"):
            logic = AllOf if decoded.name == "_&&_" else AnyOf
            return logic(parts=_flat(logic, self._nodes(decoded)), offset=offset)
        match self._nodes(decoded):
            case (operand,):
                return _unary(decoded.name, operand, offset)
            case (left, right):
                return _binary(decoded.name.strip("_"), left, right, offset)
            case (condition, when_true, when_false):
                return Choice(
                    condition=condition,
                    when_true=when_true,
                    when_false=when_false,
                    type=NodeType(decoded.type),
                    offset=offset,
                )
        raise ValueError(f"the subset check let {decoded.name} pass")


def _unary(name: str, operand: Node, offset: int) -> Node:
    match name:
        case "!_":
            return Not(operand=operand, offset=offset)
        case "-_":
            return Negation(operand=operand, offset=offset)
        case "size":
            return Size(operand=operand, offset=offset)
    raise ValueError(f"the subset check let {name} pass")


def _binary(operator: str, left: Node, right: Node, offset: int) -> Node:
    match operator:
        case "==" | "!=" | "<" | "<=" | ">" | ">=":
            return Comparison(operator=operator, left=left, right=right, offset=offset)
        case "+" | "-" | "*" | "/" | "%":
            return Arithmetic(operator=operator, left=left, right=right, offset=offset)
        case "startsWith" | "endsWith" | "contains":
            return TextTest(operator=operator, text=left, part=right, offset=offset)
        case "@in":
            return Membership(item=left, collection=right, offset=offset)
    raise ValueError(f"the subset check let {operator} pass")


def _flat(logic: type[AllOf | AnyOf], below: tuple[Node, ...]) -> tuple[Node, ...]:
    return tuple(part for node in below for part in (node.parts if isinstance(node, logic) else (node,)))
