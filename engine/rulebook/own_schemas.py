"""The JSON Schemas that the engine itself depends on.

Those of the rules are data (`rules/kinds/*.schema.json`). Here are the files that are no rules (facts,
aggregates, approval chains, kinds) and, for each shape, the least that a rule must have.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

NAME = r"^[a-z][a-z0-9_]*$"
FACT_NAME = r"^[a-z][a-z0-9_]*\.[a-z][a-z0-9_]*$"


def object_of(required: list[str], properties: Mapping[str, Any]) -> dict[str, Any]:
    """Return the schema of an object that has these properties and no others."""
    return {
        "type": "object",
        "additionalProperties": False,
        "required": required,
        "properties": dict(properties),
    }


def _map_of(value: Mapping[str, Any]) -> dict[str, Any]:
    return {"type": "object", "propertyNames": {"pattern": NAME}, "additionalProperties": dict(value)}


_TEXT = {"type": "string", "minLength": 1, "maxLength": 200}
_TITLE = object_of(["zh", "en"], {"zh": _TEXT, "en": _TEXT})
_FACT = {"type": "string", "pattern": FACT_NAME}
_TEXTS = {"type": "array", "items": {"type": "string"}}
_UNIT = {"enum": ["", "fen", "ppm", "cnt", "s", "m"]}

FACTS = object_of(
    ["namespaces"],
    {
        "namespaces": _map_of(
            object_of(
                ["title", "facts"],
                {
                    "title": _TITLE,
                    "facts": _map_of(
                        object_of(
                            ["type", "default", "zh", "en"],
                            {
                                "type": {"enum": ["int", "bool", "string", "list_string", "timestamp"]},
                                "unit": _UNIT,
                                "default": {},
                                "values": _TEXTS,
                                "min": {"type": "integer"},
                                "max": {"type": "integer"},
                                "zh": _TEXT,
                                "en": _TEXT,
                                "note": _TEXT,
                                "supplied": {"type": "boolean"},
                            },
                        )
                    ),
                    "supplied": {"type": "boolean"},
                },
            )
        )
    },
)

AGGREGATES = object_of(
    ["namespace", "title", "aggregates"],
    {
        "namespace": {"type": "string", "pattern": NAME},
        "title": _TITLE,
        "aggregates": {
            "type": "array",
            "items": object_of(
                ["name", "key", "fn", "window", "zh", "en"],
                {
                    "name": {"type": "string", "pattern": NAME},
                    "key": {"type": "array", "items": _FACT, "minItems": 1, "maxItems": 4},
                    "fn": {"enum": ["count", "sum", "distinct", "max"]},
                    "field": _FACT,
                    "where": _TEXT,
                    "window": {
                        "type": "string",
                        "pattern": "^[1-9][0-9]{0,4}[smhd]$",
                        "x-hint": {
                            "zh": "数字加 s、m、h 或 d，例如 10m",
                            "en": "a number and s, m, h or d, such as 10m",
                        },
                    },
                    "zh": _TEXT,
                    "en": _TEXT,
                },
            ),
        },
    },
)

_THRESHOLD = object_of(
    ["from_fen", "approve"],
    {"from_fen": {"type": "integer", "minimum": 1}, "approve": {**_TEXTS, "minItems": 1}},
)

_CHAIN = object_of(
    ["title", "write", "approve", "publish"],
    {
        "title": _TITLE,
        "write": _TEXTS,
        "approve": {**_TEXTS, "minItems": 1},
        "publish": _TEXTS,
        "by_impact": {"type": "array", "items": _THRESHOLD},
        "unmeasured": {**_TEXTS, "minItems": 1},
        "files": {
            "type": "array",
            "items": {"type": "string", "pattern": "^(rules|forms)/[A-Za-z0-9._/-]*$"},
        },
    },
)

APPROVAL = object_of(
    ["chains"],
    {
        "chains": _map_of(_CHAIN),
        "roll_back": object_of(["approve", "emergency"], {"approve": _TEXTS, "emergency": _TEXTS}),
    },
)

_SHAPES: Mapping[str, Mapping[str, Any]] = {
    "table": {
        "required": ["rows"],
        "properties": {
            "rows": {
                "type": "array",
                "minItems": 1,
                "items": {
                    "type": "object",
                    "if": {"not": {"required": ["in"]}},
                    "then": {"required": ["when"]},
                    "properties": {
                        "when": {"type": "string"},
                        "in": {"type": "array", "items": {"type": ["string", "integer", "boolean"]}},
                    },
                },
            },
            "inputs": {"type": "array", "items": {"type": "string"}},
        },
    },
    "scored": {
        "required": ["rules"],
        "properties": {
            "rules": {
                "type": "array",
                "items": {
                    "type": "object",
                    "required": ["id", "label", "when"],
                    "properties": {
                        **{name: {"type": "string"} for name in ("id", "label", "when")},
                        "score": {"type": "integer"},
                    },
                },
            },
            "score_bands": {
                "type": "array",
                "items": {
                    "type": "object",
                    "required": ["min", "decision"],
                    "properties": {"min": {"type": "integer"}},
                },
            },
        },
    },
    "definition": {},
}


def rule_of(*, shape: str, decisions: tuple[str, ...]) -> dict[str, Any]:
    """Return the least that a rule of this shape must have; `decisions` are those of its kind."""
    spec = {"type": "object", **_SHAPES[shape]}
    if shape == "scored":
        decision = {"properties": {"decision": {"enum": list(decisions)}}}
        of_rules = {"rules": {"items": decision}, "score_bands": {"items": decision}}
        spec = {"allOf": [spec, {"properties": of_rules}]}
    text = {"type": "string"}
    effective = {
        "type": "object",
        "required": ["from"],
        "properties": {"from": text, "to": {"type": ["string", "null"]}},
    }
    return {
        "type": "object",
        "required": ["kind", "id", "version", "title", "owner", "effective", "spec"],
        "properties": {
            **{name: text for name in ("kind", "id", "title", "owner")},
            "version": {"type": "integer", "minimum": 1},
            "effective": effective,
            "correction": {"type": "object", "required": ["reason", "reference"]},
            "scope": {"type": "object", "additionalProperties": _TEXTS},
            "spec": spec,
            "accept": {
                "type": "array",
                "items": {
                    "type": "object",
                    "required": ["claim", "at"],
                    "properties": {name: text for name in ("claim", "at", "until")},
                },
            },
            "prove": {
                "type": "array",
                "items": {
                    "type": "object",
                    "required": ["that"],
                    "properties": {name: text for name in ("name", "when", "that")},
                },
            },
            "tests": {
                "type": "array",
                "items": {
                    "type": "object",
                    "required": ["expect"],
                    "properties": {name: {"type": "object"} for name in ("facts", "expect")},
                },
            },
        },
    }


_POINTER = {"type": "string", "pattern": r"^[a-z_*][a-z0-9_*]*(\.[a-z_*][a-z0-9_*]*)*$"}

_CHECK_NEEDS: Mapping[str, tuple[str, ...]] = {
    "tiers": ("at",),
    "sum_at_most_one": ("at",),
    "rate_not_below": ("other", "over", "amount", "unless"),
    "at_most": ("at", "against"),
    "facts_named": ("at",),
    "from_before_to": ("at",),
    "less_than": ("at", "against"),
    "named_in": ("at", "against"),
    "reads_none_of": ("at", "against"),
    "rising": ("at",),
    "rule_named": ("at", "against"),
    "rollout": (),
    "sequence": (),
    "sum_is": ("at", "total"),
    "unique": ("at",),
}

_COMPARE = object_of(
    [],
    {
        "dearer": {"enum": ["greater", "less"]},
        "charge": object_of(
            ["zh", "en", "basis", "output"], {"zh": _TEXT, "en": _TEXT, "basis": _FACT, "output": _TEXT}
        ),
        "parts": {
            "type": "array",
            "items": object_of(
                ["zh", "en", "rates"],
                {"zh": _TEXT, "en": _TEXT, "rates": _TEXTS, "where": _map_of({"type": "string"})},
            ),
        },
        "only_if": _TEXT,
        "slices": _map_of(_FACT),
        "without_effect": _TEXTS,
    },
)

_CLAIM_NEEDS: Mapping[str, tuple[str, ...]] = {
    "levels_reachable": ("at", "against"),
    "budget_covers": ("at", "against"),
    "budget_funded": ("at", "against", "other"),
    "payouts": ("at", "when", "volumes", "jump_fen"),
    "margin_not_negative": ("other", "amount", "unless"),
    "overrides_tighten": ("at", "direction"),
    "stacking_within": ("at", "when", "total_fen"),
}
_CLAIM_PATHS: Mapping[str, int] = {"payouts": 2, "budget_funded": 1, "stacking_within": 1}
"""How many paths `at` names, where not any number."""


def _items(count: int | None) -> dict[str, Any]:
    return {} if count is None else {"minItems": count, "maxItems": count}


_CLAIM = {
    **object_of(
        ["claim"],
        {
            "claim": {"enum": list(_CLAIM_NEEDS)},
            "at": {"type": "array", "items": _POINTER, "minItems": 1},
            **{name: _POINTER for name in ("against", "times", "when", "cap", "key", "group")},
            "other": {"type": "string", "pattern": NAME},
            "amount": _FACT,
            "unless": {"type": "string"},
            "once_per": {"type": "string"},
            "volumes": {"type": "array", "items": _FACT, "minItems": 1},
            "divides": {"type": "array", "items": _FACT},
            "direction": {"enum": ["up", "down"]},
            "total_fen": {"type": "integer", "minimum": 0},
            "jump_fen": {"type": "integer", "minimum": 0},
        },
    ),
    "allOf": [
        {
            "if": {"properties": {"claim": {"const": name}}},
            "then": {
                "required": list(needs),
                "properties": {"at": _items(_CLAIM_PATHS.get(name))},
            },
        }
        for name, needs in _CLAIM_NEEDS.items()
    ],
}

KIND = object_of(
    ["kind", "title", "shape", "namespaces", "approval"],
    {
        "kind": {"type": "string", "pattern": NAME},
        "title": _TITLE,
        "shape": {"enum": ["table", "scored", "definition"]},
        "applies": {"enum": ["one", "all"]},
        "in_use": {"type": "boolean"},
        "supplied": _TEXTS,
        "namespaces": {"type": "array", "items": {"type": "string", "pattern": NAME}},
        "approval": {"type": "string", "pattern": NAME},
        "scope": _TEXTS,
        "compare": _COMPARE,
        "movable": {
            "type": "object",
            "additionalProperties": object_of(
                ["way", "per_effort"],
                {"way": {"enum": ["up", "down", "gain"]}, "per_effort": {"type": "integer", "minimum": 1}},
            ),
        },
        "hit_policy": {
            "enum": [
                "unique",
                "any",
                "first",
                "priority",
                "rule_order",
                "output_order",
                "collect_sum",
                "collect_min",
                "collect_max",
                "collect_count",
                "collect_list",
            ]
        },
        "complete": {"type": "boolean"},
        "correctable": {"type": "boolean"},
        "outputs": _TEXTS,
        "priority": object_of(["output", "order"], {"output": _TEXT, "order": _TEXTS}),
        "conditions": {"type": "array", "items": _POINTER},
        "claims": {"type": "array", "items": _CLAIM},
        "checks": {
            "type": "array",
            "items": {
                **object_of(
                    ["check"],
                    {
                        "check": {"enum": list(_CHECK_NEEDS)},
                        "at": {"type": "array", "items": _POINTER, "minItems": 1},
                        "against": _POINTER,
                        "total": {"type": "integer", "minimum": 1},
                        "other": {"type": "string", "pattern": NAME},
                        "over": {"type": "array", "items": _FACT},
                        "amount": _FACT,
                        "unless": {"type": "string"},
                    },
                ),
                "allOf": [
                    {"if": {"properties": {"check": {"const": name}}}, "then": {"required": list(needs)}}
                    for name, needs in _CHECK_NEEDS.items()
                ],
            },
        },
    },
)
