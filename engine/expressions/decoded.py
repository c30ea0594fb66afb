"""Decode what `cel-expr-python` serialises: a `cel.expr.CheckedExpr` or `ParsedExpr` inside an `Any`.

The wheel ships no message classes, so the few fields needed are declared here by number, as in the public
`cel/expr/syntax.proto` and `checked.proto`. Nothing outside this module sees protobuf.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from google.protobuf import any_pb2, descriptor_pb2, descriptor_pool, message_factory
from google.protobuf.message import DecodeError


@dataclass(frozen=True, slots=True, kw_only=True)
class Decoded:
    """One node as CEL has it.

    `kind` is int, bool, string, double, uint, bytes, null, ident, has, select, call, list, struct or loop.
    `name` is the identifier, field, function or loop variable; `value` is a literal's.
    `children` are target first, then arguments; of a loop: range, start, condition, step, result.
    `type` and `overload` are empty in a tree that was parsed only. `offset` counts characters from 0.
    """

    kind: str
    offset: int
    name: str = ""
    value: int | bool | str | None = None
    is_method: bool = False
    children: tuple[Decoded, ...] = ()
    type: str = ""
    overload: str = ""

    def walk(self) -> Iterator[Decoded]:
        """Yield this node and everything below it."""
        yield self
        for child in self.children:
            yield from child.walk()


@dataclass(frozen=True, slots=True, kw_only=True)
class Loop:
    """What the macros `exists` and `all` were before CEL expanded them."""

    mode: Literal["exists", "all"]
    variable: str
    collection: Decoded
    predicate: Decoded


def find_quantifier(node: Decoded) -> Loop | None:
    """Return the quantifier a loop was expanded from, None for another macro (map, filter, exists_one)."""
    collection, start, _, step, _ = node.children
    if start.kind != "bool" or step.name != ("_&&_" if start.value else "_||_"):
        return None
    return Loop(
        mode="all" if start.value else "exists",
        variable=node.name,
        collection=collection,
        predicate=step.children[1],
    )


class TooDeep(Exception):
    """The tree is nested deeper than protobuf's own guard allows."""


def decode(serialised: bytes) -> Decoded:
    """Return the root of a serialised expression. Raises TooDeep."""
    envelope = any_pb2.Any.FromString(serialised)
    try:
        message = _CLASSES[envelope.type_url.rpartition("/")[2]].FromString(envelope.value)
    except DecodeError as error:
        raise TooDeep from error
    return _Decoder(
        offsets={entry.key: entry.value for entry in message.source_info.positions},
        types={entry.key: entry.value for entry in message.type_map},
        overloads={entry.key: entry.value.overload_id for entry in message.reference_map},
    ).node(message.expr)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Decoder:
    offsets: Mapping[int, int]
    types: Mapping[int, Any]
    overloads: Mapping[int, Any]

    def node(self, expr: Any) -> Decoded:
        kind = expr.WhichOneof("kind") or "null"
        shape = getattr(self, f"_{kind}")(getattr(expr, kind)) if kind != "null" else {"kind": "null"}
        return Decoded(
            offset=self.offsets.get(expr.id, 0),
            type=_type_name(self.types[expr.id]) if expr.id in self.types else "",
            overload=next(iter(self.overloads.get(expr.id, ())), ""),
            **shape,
        )

    def _nodes(self, exprs: Any) -> tuple[Decoded, ...]:
        return tuple(self.node(one) for one in exprs)

    def _const(self, const: Any) -> dict[str, Any]:
        kind = const.WhichOneof("kind") or "null"
        return {"kind": kind, "value": getattr(const, kind) if kind in ("int", "bool", "string") else None}

    def _ident(self, ident: Any) -> dict[str, Any]:
        return {"kind": "ident", "name": ident.name}

    def _select(self, select: Any) -> dict[str, Any]:
        kind = "has" if select.test_only else "select"
        return {"kind": kind, "name": select.field, "children": (self.node(select.operand),)}

    def _call(self, call: Any) -> dict[str, Any]:
        is_method = call.HasField("target")
        children = (self.node(call.target), *self._nodes(call.args)) if is_method else self._nodes(call.args)
        return {"kind": "call", "name": call.function, "is_method": is_method, "children": children}

    def _list(self, made: Any) -> dict[str, Any]:
        return {"kind": "list", "children": self._nodes(made.elements)}

    def _struct(self, _made: Any) -> dict[str, Any]:
        return {"kind": "struct"}

    def _loop(self, loop: Any) -> dict[str, Any]:
        parts = self._nodes((loop.range, loop.start, loop.condition, loop.step, loop.result))
        return {"kind": "loop", "name": loop.variable, "children": parts}


_PRIMITIVES = {1: "bool", 2: "int", 3: "uint", 4: "double", 5: "string", 6: "bytes"}
_WELL_KNOWN = {1: "any", 2: "timestamp", 3: "duration"}


def _type_name(type_message: Any) -> str:
    kind = type_message.WhichOneof("kind")
    if kind == "primitive":
        return _PRIMITIVES.get(type_message.primitive, "?")
    if kind == "well_known":
        return _WELL_KNOWN.get(type_message.well_known, "?")
    if kind == "list":
        return f"list({_type_name(type_message.list.element)})"
    return "dyn" if kind == "dyn" else "?"


# message → "field:number:type": a capital names a message of this table, `*` repeats, `|` joins the oneof.
_MESSAGES = {
    "ParsedExpr": "expr:2:Expr source_info:3:SourceInfo reference_map:102:*ReferenceEntry "
    "type_map:103:*TypeEntry",
    "CheckedExpr": "reference_map:2:*ReferenceEntry type_map:3:*TypeEntry expr:4:Expr "
    "source_info:5:SourceInfo",
    "ReferenceEntry": "key:1:int64 value:2:Reference",
    "Reference": "name:1:string overload_id:3:*string",
    "TypeEntry": "key:1:int64 value:2:Type",
    "Type": "dyn:1:|Empty primitive:3:|int32 well_known:5:|int32 list:6:|ListType",
    "ListType": "element:1:Type",
    "SourceInfo": "positions:4:*PositionEntry",
    "PositionEntry": "key:1:int64 value:2:int32",
    "Expr": "id:2:int64 const:3:|Constant ident:4:|Ident select:5:|Select call:6:|Call list:7:|List "
    "struct:8:|Empty loop:9:|Loop",
    "Constant": "null:1:|int32 bool:2:|bool int:3:|int64 uint:4:|uint64 double:5:|double string:6:|string "
    "bytes:7:|bytes",
    "Ident": "name:1:string",
    "Select": "operand:1:Expr field:2:string test_only:3:bool",
    "Call": "target:1:Expr function:2:string args:3:*Expr",
    "List": "elements:1:*Expr",
    "Loop": "variable:1:string range:2:Expr start:4:Expr condition:5:Expr step:6:Expr result:7:Expr",
    "Empty": "",
}


def _message_classes() -> dict[str, Any]:
    package = "haodian.cel"
    file = descriptor_pb2.FileDescriptorProto(name="haodian/cel.proto", package=package, syntax="proto3")
    for message_name, fields in _MESSAGES.items():
        message = file.message_type.add(name=message_name)
        if "|" in fields:
            message.oneof_decl.add(name="kind")
        for declared in fields.split():
            name, number, type_name = declared.split(":")
            field = message.field.add(name=name, number=int(number), label=3 if "*" in type_name else 1)
            if "|" in type_name:
                field.oneof_index = 0
            bare = type_name.lstrip("*|")
            if bare in _MESSAGES:
                field.type, field.type_name = field.TYPE_MESSAGE, f".{package}.{bare}"
            else:
                field.type = getattr(field, f"TYPE_{bare.upper()}")
    pool = descriptor_pool.DescriptorPool()
    pool.Add(file)
    return {
        f"cel.expr.{name}": message_factory.GetMessageClass(pool.FindMessageTypeByName(f"{package}.{name}"))
        for name in ("ParsedExpr", "CheckedExpr")
    }


_CLASSES = _message_classes()
