"""JSON Schema findings turned into diagnostics with file, line, column and words a person can act on."""

from __future__ import annotations

import difflib
import functools
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from jsonschema import Draft202012Validator
from jsonschema.exceptions import SchemaError, UnknownType, ValidationError
from referencing import Registry
from referencing.exceptions import Unresolvable
from referencing.jsonschema import DRAFT202012

from engine.diagnostics import Diagnostic, Location
from engine.rulebook.documents import Document, Pointer
from engine.rulebook.raw_text import merge_conflicts
from engine.rulebook.wording import finding

_TYPES = {
    "string": ("文字", "text"),
    "integer": ("整数", "a whole number"),
    "number": ("数字", "a number"),
    "boolean": ("true 或 false", "true or false"),
    "array": ("列表", "a list"),
    "object": ("一组字段", "a mapping"),
    "null": ("空", "null"),
}
_RANGE = {
    "minimum": "≥ {}",
    "maximum": "≤ {}",
    "exclusiveMinimum": "> {}",
    "exclusiveMaximum": "< {}",
    "multipleOf": "× {}",
}
_COUNT = frozenset(
    ("minItems", "maxItems", "minLength", "maxLength", "minProperties", "maxProperties", "uniqueItems")
)
_ANNOTATIONS = frozenset(("title", "description", "x-hint"))


class SchemaFile:
    """One JSON Schema, ready to check documents; `findings` says why it cannot, if it cannot."""

    def __init__(
        self, *, path: str, schema: Mapping[str, Any], siblings: Mapping[str, Mapping[str, Any]]
    ) -> None:
        """Take the schema at `path`; `siblings` are the files it may name in $ref, by file name."""
        self.path = path
        registry: Registry[Any] = Registry().with_resources(
            (name, DRAFT202012.create_resource(dict(value))) for name, value in siblings.items()
        )
        self._schema: Mapping[str, Any] = _inlined(dict(schema), siblings)
        self._validator = Draft202012Validator(self._schema, registry=registry)
        broken = _metaschema_error(json.dumps(schema))
        self._findings = (_schema_broken(path, broken),) if broken else ()

    @property
    def findings(self) -> tuple[Diagnostic, ...]:
        """Return what is wrong with the schema itself."""
        return self._findings

    @property
    def schema(self) -> Mapping[str, Any]:
        """Return the schema with what it names in its siblings put in place."""
        return self._schema

    def check(self, document: Document) -> tuple[Diagnostic, ...]:
        """Return everything about the document that does not fit."""
        if self._findings:
            return ()
        try:
            errors = list(self._validator.iter_errors(document.value))
        except (Unresolvable, UnknownType, RecursionError, re.error) as error:
            # What the metaschema cannot see: a $ref to nowhere or to itself, a pattern that is none.
            reason = str(error).splitlines()[0] if str(error) else type(error).__name__
            return (_schema_broken(self.path, f"{type(error).__name__}: {reason}"),)
        return tuple(
            diagnostic
            for error in errors
            for diagnostic in _translate(error, document, schema_path=self.path)
        )


def _inlined(part: Any, siblings: Mapping[str, Mapping[str, Any]], within: tuple[str, ...] = ()) -> Any:
    """Return a schema with what it names in its siblings put in place: looking names up is half the work.

    Names inside a sibling are made to say which file they mean. Whatever cannot be found, or holds itself, is
    left for the validator to look up or to complain of.
    """
    if isinstance(part, list):
        return [_inlined(item, siblings, within) for item in part]
    if not isinstance(part, dict):
        return part
    beside = {key: _inlined(item, siblings, within) for key, item in part.items() if key != "$ref"}
    name = part.get("$ref")
    if not isinstance(name, str):
        return beside if name is None else {**beside, "$ref": name}
    if name.startswith("#") and within:
        name = within[-1].partition("#")[0] + name
    found = _named(name, siblings)
    if found is None or name in within:
        return {**beside, "$ref": name}
    named = _inlined(found, siblings, (*within, name))
    return (
        {**named, **beside}
        if beside.keys() <= _ANNOTATIONS
        else {**beside, "allOf": [*beside.get("allOf", ()), named]}
    )


def _named(name: str, siblings: Mapping[str, Mapping[str, Any]]) -> Mapping[str, Any] | None:
    """Return the schema at `file#/a/b`, None where there is none."""
    file, _, pointer = name.partition("#/")
    found: Any = siblings.get(file)
    for key in pointer.split("/"):
        found = found.get(key) if isinstance(found, dict) else None
    return found if isinstance(found, dict) else None


def parse_schema(*, path: str, text: str) -> tuple[Mapping[str, Any] | None, tuple[Diagnostic, ...]]:
    """Return the JSON object in `text`, or the finding that says where it is not one."""
    conflicts = merge_conflicts(path=path, text=text)
    if conflicts:
        return None, conflicts
    try:
        value = json.loads(text)
    except json.JSONDecodeError as error:
        location = Location(file=path, line=error.lineno, column=error.colno)
        return None, (finding("KIND_SCHEMA_INVALID", location, path=path, detail=error.msg),)
    except (ValueError, RecursionError) as error:  # a number of thousands of digits, thousands of levels
        return None, (_schema_broken(path, str(error)),)
    if not isinstance(value, dict):
        return None, (_schema_broken(path, "not an object"),)
    broken = _metaschema_error(json.dumps(value))
    return (None, (_schema_broken(path, broken),)) if broken else (value, ())


def nearest(name: str, known: Iterable[str]) -> str | None:
    """Return the known name most like `name`, if any is like it."""
    close = difflib.get_close_matches(name, list(known), n=1, cutoff=0.6)
    return close[0] if close else None


def shown(value: object) -> str:
    """Return a value as a person would write it in YAML, shortened."""
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 60 else text[:57] + "…"


@functools.lru_cache(maxsize=256)
def _metaschema_error(schema_text: str) -> str:
    """Return why a text is not a JSON Schema, "" if it is one; kept, for live editors ask again and again."""
    try:
        Draft202012Validator.check_schema(json.loads(schema_text))
    except SchemaError as error:
        return error.message
    return ""


def _schema_broken(path: str, detail: str) -> Diagnostic:
    return finding("KIND_SCHEMA_INVALID", Location(file=path, line=1, column=1), path=path, detail=detail)


def _translate(error: ValidationError, document: Document, *, schema_path: str) -> Iterator[Diagnostic]:
    pointer: Pointer = tuple(error.absolute_path)
    rule = str(error.validator)
    field = _field_name(pointer, document)
    place = document.location(pointer)
    length = document.mark(pointer).length
    limit: Any = error.validator_value
    if rule in ("additionalProperties", "unevaluatedProperties"):
        yield from _unknown_fields(error, document, pointer)
    elif rule == "required":
        yield from _missing_fields(error, document, pointer)
    elif rule == "type":
        types = [limit] if isinstance(limit, str) else list(limit)
        zh, en = (" / ".join(_TYPES[name][i] for name in types) for i in (0, 1))
        yield finding(
            "SCHEMA_TYPE",
            place,
            length=length,
            field=field,
            expected=zh,
            expected_en=en,
            value=shown(error.instance),
        )
    elif rule in ("enum", "const"):
        yield _not_allowed(error, place, field=field, length=length)
    elif rule in ("pattern", "format"):
        yield _ill_written(error, place, field=field, length=length)
    elif rule in _RANGE:
        value = shown(error.instance)
        yield finding(
            "SCHEMA_RANGE", place, length=length, field=field, value=value, limit=_RANGE[rule].format(limit)
        )
    elif rule in _COUNT:
        yield finding("SCHEMA_COUNT", place, length=length, field=field, limit=f"{rule} {limit}")
    elif rule in ("oneOf", "anyOf") and all("required" in choice for choice in limit):
        choices = " / ".join("+".join(choice["required"]) for choice in limit)
        yield finding("SCHEMA_CHOICE", place, field=field, choices=choices)
    else:
        yield finding(
            "SCHEMA_INVALID",
            place,
            length=length,
            field=field,
            detail=error.message[:120],
            schema=schema_path,
        )


def _field_name(pointer: Pointer, document: Document) -> str:
    """Return what to call a place: its key, the number of a list item, or the file."""
    if not pointer:
        return document.path
    last = pointer[-1]
    return f"{pointer[-2]} #{last + 1}" if isinstance(last, int) and len(pointer) > 1 else str(last)


def _unknown_fields(error: ValidationError, document: Document, pointer: Pointer) -> Iterator[Diagnostic]:
    properties = list(error.schema.get("properties", {})) if isinstance(error.schema, dict) else []
    instance = _mapping(error.instance)
    for name in instance:
        if name in properties:
            continue
        close = nearest(name, [known for known in properties if known not in instance])
        hint = (f"是否想写 {close}？", f"did you mean {close}?") if close else None
        yield finding(
            "SCHEMA_UNKNOWN_FIELD",
            document.key_location((*pointer, name)),
            length=len(name),
            hint=hint,
            field=name,
            allowed=", ".join(properties) or "—",
        )


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def _missing_fields(error: ValidationError, document: Document, pointer: Pointer) -> Iterator[Diagnostic]:
    # jsonschema reports each missing name by itself; the name is the one its message quotes.
    names: Any = error.validator_value
    for name in names:
        if name not in _mapping(error.instance) and error.message.startswith(repr(name)):
            place = document.key_location(pointer) if pointer else document.location(pointer)
            yield finding("SCHEMA_MISSING_FIELD", place, field=name)


def _not_allowed(error: ValidationError, place: Location, *, field: str, length: int) -> Diagnostic:
    limit: Any = error.validator_value
    allowed = limit if error.validator == "enum" else [limit]
    texts = [str(value) for value in allowed]
    close = nearest(str(error.instance), texts)
    listed = ", ".join(shown(value) for value in allowed)
    hint = (f"是否想写 {close}？可选：{listed}", f"did you mean {close}? one of: {listed}") if close else None
    return finding(
        "SCHEMA_ENUM",
        place,
        length=length,
        hint=hint,
        field=field,
        value=shown(error.instance),
        allowed=listed,
    )


def _ill_written(error: ValidationError, place: Location, *, field: str, length: int) -> Diagnostic:
    """A schema may say in `x-hint` {zh, en} what its pattern means: nobody reads regular expressions."""
    said = error.schema.get("x-hint") if isinstance(error.schema, dict) else None
    hint = (str(said["zh"]), str(said["en"])) if said else None
    return finding(
        "SCHEMA_FORMAT",
        place,
        length=length,
        hint=hint,
        field=field,
        value=shown(error.instance),
        pattern=error.validator_value,
    )
