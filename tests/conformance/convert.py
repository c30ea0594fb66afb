"""Make cases.jsonl from a checkout of cel-spec: `python tests/conformance/convert.py CHECKOUT`.

The conformance tests of CEL are written in protobuf's text format. Here they become a line of JSON a case:
the expression, the declared variables and what is bound to them, and what must come out. Types are written as
CEL writes them (`int`, `list(string)`), values as {type: value}; of a value whose type has no counterpart in
our subset only the type is kept.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parent
_TOKEN = re.compile(
    r"""\s+|\#[^\n]*|(?P<mark>[{}<>\[\]:,;])"""
    r"""|(?P<text>"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*')|(?P<word>[^\s{}<>\[\]:,;\#"']+)"""
)
_ESCAPE = re.compile(rb"\\(x[0-9a-fA-F]{1,2}|[0-7]{1,3}|u[0-9a-fA-F]{4}|U[0-9a-fA-F]{8}|.)", re.DOTALL)
_CONTROL = {b"n": b"\n", b"r": b"\r", b"t": b"\t", b"a": b"\a", b"b": b"\b", b"f": b"\f", b"v": b"\v"}
_PRIMITIVES = {
    "BOOL": "bool", "INT64": "int", "UINT64": "uint",
    "DOUBLE": "double", "STRING": "string", "BYTES": "bytes",
}  # fmt: skip
_KEPT = {"bool_value": "bool", "int64_value": "int", "string_value": "string"}

Message = dict[str, list[Any]]


def main(checkout: Path) -> None:
    """Write every case of every file, in the order of the files."""
    cases = [
        case
        for path in sorted((checkout / "tests" / "simple" / "testdata").glob("*.textproto"))
        for case in converted(path)
    ]
    lines = [json.dumps(case, ensure_ascii=False, separators=(",", ":")) for case in cases]
    (FOLDER / "cases.jsonl").write_text("\n".join(lines) + "\n", encoding="utf-8")


def converted(path: Path) -> Iterator[dict[str, Any]]:
    """Yield the cases of one file."""
    for section in message(path.read_text(encoding="utf-8")).get("section", []):
        for test in section.get("test", []):
            place = "/".join((path.stem, text(section["name"]), text(test["name"])))
            found = {"case": place, "expr": text(test["expr"]), **outcome(test)}
            declared = {text(one["name"]): declaration(one) for one in test.get("type_env", [])}
            bound = {text(one["key"]): value(one["value"][0]["value"][0]) for one in test.get("bindings", [])}
            container = text(test["container"]) if "container" in test else ""
            more = ("vars", declared), ("bound", bound), ("container", container)
            yield found | {key: has for key, has in more if has}


def outcome(test: Message) -> dict[str, Any]:
    """Return what must come out: `value` (true unless said), `error`, `type` if the deduced one is said."""
    if "eval_error" in test or "any_eval_errors" in test:
        return {"error": True}
    if "typed_result" in test:
        typed = test["typed_result"][0]
        said = {"value": value(typed["result"][0])} if "result" in typed else {}
        return said | {"type": type_name(typed["deduced_type"][0])}
    return {"value": value(test["value"][0]) if "value" in test else {"bool": True}}


def value(given: Message) -> dict[str, Any]:
    """Return a value with its type."""
    if not given:
        return {"unset": None}
    (kind, (has,)) = next(iter(given.items()))
    if kind in _KEPT:
        return {_KEPT[kind]: _plain(kind, has)}
    if kind == "list_value":
        return {"list": [value(one) for one in has.get("values", [])]}
    if kind == "object_value" and "[type.googleapis.com/google.protobuf.Timestamp]" in has:
        stamp = has["[type.googleapis.com/google.protobuf.Timestamp]"][0]
        return {"timestamp": [int(stamp.get(part, ["0"])[0]) for part in ("seconds", "nanos")]}
    if kind == "object_value":
        return {"message": next(iter(has), "")}
    return {kind.removesuffix("_value"): None}


def _plain(kind: str, has: str) -> bool | int | str:
    if kind == "bool_value":
        return has == "true"
    return int(has, 0) if kind == "int64_value" else text([has])


def declaration(declared: Message) -> str:
    """Return the type of a variable, or `function`."""
    return type_name(declared["ident"][0]["type"][0]) if "ident" in declared else "function"


def type_name(given: Message) -> str:
    """Return a type as CEL writes it."""
    (kind, (has,)) = next(iter(given.items())) if given else ("dyn", ({},))
    match kind:
        case "primitive":
            return _PRIMITIVES[has]
        case "wrapper":
            return f"wrapper({_PRIMITIVES[has]})"
        case "well_known":
            return str(has).lower()
        case "list_type":
            return f"list({type_name(has['elem_type'][0])})" if has else "list(dyn)"
        case "map_type":
            parts = [type_name(has[part][0]) for part in ("key_type", "value_type") if part in has]
            return f"map({', '.join(parts)})"
        case "message_type":
            return text([has])
        case "type":
            return "type"
        case "abstract_type":
            return text(has["name"])
    return kind


def message(source: str) -> Message:
    """Return a message in text format: every field a list of its values, a text still in its quotes."""
    tokens = [found.group() for found in _TOKEN.finditer(source) if found.lastgroup]
    found, rest = _fields(tokens, 0, "")
    if rest != len(tokens):
        raise ValueError(f"text format: {tokens[rest]!r} is left over")
    return found


def text(values: list[Any]) -> str:
    """Return the only value as a text: quoted ones joined, escapes resolved."""
    (given,) = values
    quoted = re.findall(r"\"(?:[^\"\\\n]|\\.)*\"|'(?:[^'\\\n]|\\.)*'", given)
    raw = b"".join(_ESCAPE.sub(_resolved, one[1:-1].encode()) for one in quoted)
    return raw.decode() if quoted else str(given)


def _resolved(escape: re.Match[bytes]) -> bytes:
    said = escape.group(1)
    if said[:1] in b"xuU" and len(said) > 1:
        number = int(said[1:], 16)
        return bytes([number]) if said[:1] == b"x" else chr(number).encode()
    if said[:1] in b"01234567":
        return bytes([int(said, 8)])
    return _CONTROL.get(said, said)


def _fields(tokens: list[str], at: int, end: str) -> tuple[Message, int]:
    found: Message = {}
    while at < len(tokens) and tokens[at] != end:
        if tokens[at] in ",;":
            at += 1
            continue
        name, at = _name(tokens, at)
        if tokens[at] == ":":
            at += 1
        values, at = _values(tokens, at)
        found.setdefault(name, []).extend(values)
    return found, at


def _name(tokens: list[str], at: int) -> tuple[str, int]:
    """A field, or in brackets the type of the message inside an Any."""
    if tokens[at] != "[":
        return tokens[at], at + 1
    closing = tokens.index("]", at)
    return "".join(tokens[at : closing + 1]), closing + 1


def _values(tokens: list[str], at: int) -> tuple[list[Any], int]:
    if tokens[at] in "{<":
        found, at = _fields(tokens, at + 1, "}" if tokens[at] == "{" else ">")
        return [found], at + 1
    if tokens[at] == "[":
        listed: list[Any] = []
        at += 1
        while tokens[at] != "]":
            if tokens[at] == ",":
                at += 1
                continue
            more, at = _values(tokens, at)
            listed += more
        return listed, at + 1
    if tokens[at][0] not in "\"'":
        return [tokens[at]], at + 1
    start = at
    while at < len(tokens) and tokens[at][0] in "\"'":
        at += 1
    return ["".join(tokens[start:at])], at


if __name__ == "__main__":
    main(Path(sys.argv[1]))
