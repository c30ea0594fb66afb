"""A kind's JSON Schema as people meet it: titles in both languages, what sort of value stands at a place."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Literal

Sort = Literal[
    "rate",
    "fen",
    "condition",
    "instant",
    "day",
    "choice",
    "constant",
    "flag",
    "integer",
    "text",
    "group",
    "list",
    "other",
]
Schema = Mapping[str, Any]


def titles(schema: Schema, name: str) -> tuple[str, str]:
    """Return the Chinese and English title; the field's name where the schema has none."""
    zh, _, en = str(schema.get("title", name)).partition(" · ")
    return zh, en or zh


_BY_TYPE: Mapping[str, Sort] = {"boolean": "flag", "object": "group", "array": "list"}


def sort_of(schema: Schema, name: str) -> Sort:
    """Return what sort of value a field holds, by its schema and, for units, by its name."""
    if "const" in schema:
        return "constant"
    if "enum" in schema:
        return "choice"
    kind = schema.get("type")
    main = kind[0] if isinstance(kind, list) else kind
    if main == "string":
        return _sort_of_text(schema, name)
    if main == "integer":
        return "fen" if name.endswith("_fen") else "integer"
    return _BY_TYPE.get(str(main), "other")


def _sort_of_text(schema: Schema, name: str) -> Sort:
    if name == "rate" or name.endswith(("_rate", "_pct")):
        return "rate"
    pattern = str(schema.get("pattern", ""))
    if "T[0-9]" in pattern:
        return "instant"
    if pattern == "^[0-9]{4}-[0-9]{2}-[0-9]{2}$":
        return "day"
    return "condition" if "CEL" in str(schema.get("description", "")) else "text"


def parts(schema: Schema) -> Iterator[Schema]:
    """Yield a schema and the alternatives and additions inside it that apply to the same value."""
    yield schema
    for word in ("allOf", "oneOf", "anyOf"):
        for one in schema.get(word, ()):
            if isinstance(one, Mapping):
                yield from parts(one)


def properties(schema: Schema) -> dict[str, Schema]:
    """Return the fields of a mapping, of all its alternatives, in the order of the schema."""
    found: dict[str, Schema] = {}
    for part in parts(schema):
        for name, one in part.get("properties", {}).items():
            if isinstance(one, Mapping):
                found.setdefault(name, one)
    return found


def step(schema: Schema, key: str | int) -> Schema:
    """Return the schema of what stands under `key`, empty where the schema leaves it open."""
    if isinstance(key, int):
        found = (part.get("items") for part in parts(schema))
        return next((one for one in found if isinstance(one, Mapping)), {})
    named = properties(schema).get(key)
    if named is not None:
        return named
    open_ended = (part.get("additionalProperties") for part in parts(schema))
    return next((one for one in open_ended if isinstance(one, Mapping)), {})


def at(schema: Schema, pointer: tuple[str | int, ...]) -> Schema:
    """Return the schema of the value at `pointer`."""
    for key in pointer:
        schema = step(schema, key)
    return schema
