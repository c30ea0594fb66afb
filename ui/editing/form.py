"""A rule as a form: its fields as the kind's schema has them, with what the text says; edits as splices.

    form = read_form(text, kind)      # Group → Field, Group, Listing
    text = set_field(text, field, "0.45%")

Rows of tables and scored rules are left to the grid, tests to the YAML. What is too free for a form (a
mapping without named fields) is shown as written.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from engine.rulebook import Kind, ShapeName
from payments_core.calendar import SHANGHAI
from ui.editing import schema as schemas
from ui.editing.amounts import shown_fen, shown_rate, typed_fen, typed_int, typed_rate
from ui.editing.layout import Plain, Pointer, Unreadable, read_layout
from ui.editing.splices import insert, put, remove
from ui.editing.writing import written

_NOT_IN_FORMS = frozenset({"kind", "id", "tests"})
MOST_DEPTH = 6


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """One value. `shown` is what stands in its input; `sort` "texts" is a list typed with commas."""

    at: Pointer
    name: str
    zh: str
    en: str
    sort: str
    shown: str
    value: Plain
    options: tuple[str, ...]
    hint_zh: str
    hint_en: str
    is_required: bool
    may_be_null: bool
    order: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """Fields that belong together; `is_there` is false for one that the text does not have yet."""

    at: Pointer
    name: str
    zh: str
    en: str
    parts: tuple[Part, ...]
    is_required: bool
    is_there: bool
    order: tuple[str, ...]
    schema: Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """A list of groups."""

    at: Pointer
    name: str
    zh: str
    en: str
    items: tuple[Group, ...]
    is_there: bool
    order: tuple[str, ...]
    schema: Mapping[str, Any]


Part = Field | Group | Listing


def read_form(text: str, kind: Kind) -> Group | None:
    """Return the form of a text, None where the text cannot be read or is no mapping."""
    try:
        value: Any = read_layout(text).value
    except Unreadable:
        return None
    if not isinstance(value, dict):
        return None
    left_out = {ShapeName.TABLE: "rows", ShapeName.SCORED: "rules"}.get(kind.shape, "")
    return _group((), "", kind.schema.schema, value, required=True, order=(), left_out=left_out)


def set_field(text: str, field: Field, typed: str | bool) -> str:
    """Return the text with the field as typed; an optional one that is emptied goes. Raises EditRefused."""
    said = typed if isinstance(typed, bool) else typed.strip()
    if said == field.shown.strip():
        return text
    if said == "" and field.may_be_null:
        return put(text, {field.at: None}, order=field.order)
    if said == "" and not field.is_required:
        return remove(text, field.at)
    return put(text, {field.at: _typed(field, said)}, order=field.order)


def add_item(text: str, listing: Listing) -> str:
    """Return the text with one more item: as the last one, else the least that is needed."""
    if listing.items:
        last = read_layout(text).at(listing.items[-1].at).value
        return insert(text, listing.at, at=len(listing.items), values=[last])
    fresh = least(schemas.step(listing.schema, 0))
    if listing.is_there:
        return insert(text, listing.at, at=0, values=[fresh])
    return put(text, {listing.at: [fresh]}, order=listing.order)


def add_group(text: str, group: Group) -> str:
    """Return the text with a group that it did not have."""
    return put(text, {group.at: least(group.schema)}, order=group.order)


def least(schema: schemas.Schema, name: str = "") -> Plain:
    """Return the least value that the schema asks for; the checks say what is still to be filled in."""
    if "const" in schema:
        constant: Plain = schema["const"]
        return constant
    if schema.get("enum"):
        first: Plain = schema["enum"][0]
        return first
    sort = schemas.sort_of(schema, name)
    if sort == "group":
        fields = schemas.properties(schema)
        return {key: least(fields.get(key, {}), key) for key in schema.get("required", ())}
    if sort == "list":
        return [least(schemas.step(schema, 0))] if schema.get("minItems") else []
    plain: dict[str, Plain] = {"rate": "0", "fen": 0, "integer": schema.get("minimum", 0), "flag": False}
    return plain.get(sort, "true" if sort == "condition" else "")


def _group(
    at: Pointer,
    name: str,
    schema: schemas.Schema,
    value: Mapping[str, Any] | None,
    *,
    required: bool,
    order: tuple[str, ...],
    left_out: str = "",
) -> Group:
    fields = schemas.properties(schema)
    needed = {key for part in schemas.parts(schema) for key in part.get("required", ())}
    inner = tuple(fields)
    parts = tuple(
        _part(
            (*at, key),
            key,
            one,
            (value or {}).get(key),
            required=key in needed,
            order=inner,
            left_out=left_out,
        )
        for key, one in fields.items()
        if not (at == () and key in _NOT_IN_FORMS)
        and not (at == ("spec",) and key in (left_out, "inputs"))
        and len(at) < MOST_DEPTH
    )
    zh, en = schemas.titles(schema, name)
    return Group(
        at=at, name=name, zh=zh, en=en, parts=parts if value is not None else (), is_required=required,
        is_there=value is not None, order=order, schema=schema,
    )  # fmt: skip


def _part(
    at: Pointer,
    key: str,
    schema: schemas.Schema,
    value: Any,
    *,
    required: bool,
    order: tuple[str, ...],
    left_out: str,
) -> Part:
    sort: str = schemas.sort_of(schema, key)
    fields = schemas.properties(schema)
    if sort == "group" and fields and (value is None or isinstance(value, dict)):
        return _group(at, key, schema, value, required=required, order=order, left_out=left_out)
    item = schemas.step(schema, 0)
    if isinstance(value, list) or (sort == "list" and value is None):
        if schemas.properties(item) and all(isinstance(one, dict) for one in value or ()):
            return _listing(at, key, schema, item, value, order)
        scalars = all(not isinstance(one, (dict, list)) for one in value or ())
        sort = "texts" if sort == "list" and scalars else "other"
    elif isinstance(value, dict) or sort == "group":
        sort = "other"
    return _field(at, key, schema, value, sort=sort, required=required, order=order)


def _listing(
    at: Pointer, key: str, schema: schemas.Schema, item: schemas.Schema, value: Any, order: tuple[str, ...]
) -> Listing:
    zh, en = schemas.titles(schema, key)
    items = tuple(
        _group((*at, number), str(number), item, one, required=True, order=())
        for number, one in enumerate(value or ())
    )
    return Listing(
        at=at, name=key, zh=zh, en=en, items=items, is_there=value is not None, order=order, schema=schema
    )


def _field(
    at: Pointer,
    key: str,
    schema: schemas.Schema,
    value: Any,
    *,
    sort: str,
    required: bool,
    order: tuple[str, ...],
) -> Field:
    zh, en = schemas.titles(schema, key)
    hint = schema.get("x-hint", {})
    item = schemas.step(schema, 0) if sort == "texts" else schema
    return Field(
        at=at,
        name=key,
        zh=zh,
        en=en,
        sort=sort,
        shown=_shown(value, sort),
        value=value,
        options=tuple(str(one) for one in item.get("enum", ()) if one is not None),
        hint_zh=str(hint.get("zh", "")),
        hint_en=str(hint.get("en", "")),
        is_required=required,
        may_be_null="null" in schema.get("type", ()) if isinstance(schema.get("type"), list) else False,
        order=order,
    )


def _shown(value: Any, sort: str) -> str:
    if value is None:
        return ""
    if sort == "texts" and isinstance(value, list):
        return ", ".join(str(one) for one in value)
    if isinstance(value, (dict, list)):
        return written(value)
    if sort == "rate":
        return shown_rate(str(value))
    if sort == "fen":
        return shown_fen(value)
    if sort == "instant":
        return shown_instant(str(value))
    return str(value).lower() if isinstance(value, bool) else str(value)


def _typed(field: Field, said: str | bool) -> Plain:
    if isinstance(said, bool):
        return said
    if field.sort == "texts":
        numbers = (
            isinstance(field.value, list) and field.value and all(type(one) is int for one in field.value)
        )
        listed: Sequence[str] = [one.strip() for one in said.replace("，", ",").split(",")]
        return [typed_int(one) if numbers else one for one in listed if one]
    if field.sort == "flag":
        return {"true": True, "false": False}.get(said, said)
    if field.sort == "choice" and type(field.value) is int:
        return typed_int(said)
    if field.sort == "rate":
        return typed_rate(said, like=field.value)
    read = {"fen": typed_fen, "integer": typed_int, "instant": typed_instant}.get(field.sort)
    return read(said) if read is not None else said


def shown_instant(held: str) -> str:
    """Return an instant in Shanghai's time: `2025-03-01 00:00:00`."""
    try:
        instant = datetime.fromisoformat(held)
    except ValueError:
        return held
    return instant.astimezone(SHANGHAI).strftime("%Y-%m-%d %H:%M:%S") if instant.tzinfo is not None else held


def typed_instant(typed: str) -> str:
    """Return an instant typed in Shanghai's time as files hold it, with its offset."""
    try:
        instant = datetime.fromisoformat(typed)
    except ValueError:
        return typed
    return (instant if instant.tzinfo is not None else instant.replace(tzinfo=SHANGHAI)).isoformat()
