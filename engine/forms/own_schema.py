"""The JSON Schema of a form file.

`schema:` inside a form is JSON Schema 2020-12 itself, of which this admits a static subset: one flat object
of strings, whole numbers, booleans and lists of strings. No `if`, no `$ref`, no `dependentSchemas`:
conditions live in `when:`, where people and the console can read them.
"""

from __future__ import annotations

from engine.rulebook.own_schemas import object_of

FIELD_NAME = r"^[a-z][a-z0-9_]*$"
CHECK_NAMES = ("usci", "cn_id", "luhn", "phone")
PII_NAMES = ("phone", "id", "bank", "name")
WIDGETS = (
    "text",
    "textarea",
    "select",
    "radio",
    "checkboxes",
    "toggle",
    "date",
    "photo",
    "location",
    "money",
)


_TEXT = {"type": "string", "minLength": 1, "maxLength": 200}
_WORDS = object_of(["zh", "en"], {"zh": _TEXT, "en": _TEXT})
_NAME = {"type": "string", "pattern": FIELD_NAME, "maxLength": 60}
_CONDITION = {"type": "string", "minLength": 1, "maxLength": 2000}
_COUNT = {"type": "integer", "minimum": 0}
_DAY = {"type": "string", "pattern": r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$"}
_CODE = {"type": "string", "pattern": r"^[A-Z][A-Z0-9_]*$", "maxLength": 60}
_ENUM = {"type": "array", "items": {"type": "string", "minLength": 1}, "minItems": 1, "uniqueItems": True}
_ANSWERS = {"type": "object", "propertyNames": {"pattern": FIELD_NAME}}

_PROPERTY = object_of(
    ["type", "title", "x-title-en"],
    {
        "type": {"enum": ["string", "integer", "boolean", "array"]},
        "title": _TEXT,
        "x-title-en": _TEXT,
        "description": _TEXT,
        "enum": _ENUM,
        "pattern": {"type": "string", "maxLength": 300},
        "format": {"const": "date"},
        "minLength": _COUNT,
        "maxLength": _COUNT,
        "minimum": {"type": "integer"},
        "maximum": {"type": "integer"},
        "items": object_of(["type", "enum"], {"type": {"const": "string"}, "enum": _ENUM}),
        "minItems": _COUNT,
        "maxItems": _COUNT,
        "x-options": {"type": "object", "additionalProperties": _WORDS},
        "x-hint": _WORDS,
        "x-check": {"enum": list(CHECK_NAMES)},
        "x-pii": {"enum": list(PII_NAMES)},
        "x-unique": {"type": "boolean"},
        "x-expires": {"type": "boolean"},
        "x-widget": {"enum": list(WIDGETS)},
    },
)

_SCHEMA = object_of(
    ["type", "additionalProperties", "required", "properties"],
    {
        "$schema": {"const": "https://json-schema.org/draft/2020-12/schema"},
        "type": {"const": "object"},
        "additionalProperties": {"const": False},
        "required": {"type": "array", "items": _NAME, "uniqueItems": True},
        "properties": {
            "type": "object",
            "minProperties": 1,
            "maxProperties": 100,
            "propertyNames": {"pattern": FIELD_NAME},
            "additionalProperties": _PROPERTY,
        },
    },
)

_ENTRY = {
    "anyOf": [_NAME, object_of(["field"], {"field": _NAME, "when": _CONDITION, "required_when": _CONDITION})],
}
_SECTION = object_of(
    ["id", "title", "fields"],
    {
        "id": _NAME,
        "title": _WORDS,
        "when": _CONDITION,
        "fields": {"type": "array", "items": _ENTRY, "minItems": 1},
    },
)
_CHECK = object_of(
    ["when", "field", "code", "message"],
    {"when": _CONDITION, "field": _NAME, "code": _CODE, "message": _WORDS},
)
_TEST = object_of(
    ["name", "expect"],
    {
        "name": _TEXT,
        "as_of": _DAY,
        "set": _ANSWERS,
        "unset": {"type": "array", "items": _NAME, "uniqueItems": True},
        "expect": {
            "type": "object",
            "additionalProperties": {"type": "array", "items": _CODE, "minItems": 1, "uniqueItems": True},
        },
        "hidden": {"type": "array", "items": _NAME, "uniqueItems": True},
    },
)

FORM = object_of(
    ["kind", "id", "version", "title", "owner", "schema", "sections", "example", "tests"],
    {
        "kind": {"const": "form"},
        "id": _NAME,
        "version": {"type": "integer", "minimum": 1},
        "title": _WORDS,
        "owner": _TEXT,
        "schema": _SCHEMA,
        "sections": {"type": "array", "items": _SECTION, "minItems": 1},
        "checks": {"type": "array", "items": _CHECK},
        "example": object_of(["as_of", "answers"], {"as_of": _DAY, "answers": _ANSWERS}),
        "tests": {"type": "array", "items": _TEST, "minItems": 1},
    },
)
