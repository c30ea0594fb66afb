"""Read an answer against its form: what it shows, what it must hold, everything wrong with it.

A field is shown while the `when` of its section and its own hold. They are decided in the order of the
layout, over what is shown so far, so a hidden answer never shows another field. A condition that cannot be
evaluated shows the field and asks for it: an error is never "false".
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import TypeGuard

from jsonschema import Draft202012Validator

from engine.expressions import Condition, EvaluationError, Value
from engine.forms.model import CrossCheck, Field, FieldFinding, Form
from engine.forms.values import VALUE_CHECKS
from engine.forms.wording import field_finding

Answers = Mapping[str, object]

_CONTROL = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}\Z")
_CODES = {
    "type": "FIELD_TYPE",
    "enum": "FIELD_OPTION",
    "pattern": "FIELD_PATTERN",
    "minLength": "FIELD_LENGTH",
    "maxLength": "FIELD_LENGTH",
    "minimum": "FIELD_RANGE",
    "maximum": "FIELD_RANGE",
    "minItems": "FIELD_ITEMS",
    "maxItems": "FIELD_ITEMS",
    "uniqueItems": "FIELD_ITEMS",
}
_SIGNS = {"min": "≥ ", "max": "≤ "}


def visible_fields(form: Form, answers: Answers) -> tuple[str, ...]:
    """Return the names of the fields this answer shows, in the order they are asked."""
    return tuple(_read(form, answers).shown)


def required_fields(form: Form, answers: Answers) -> frozenset[str]:
    """Return the names of the shown fields that must be filled in, given this answer."""
    return _read(form, answers).required


def kept_answers(form: Form, answers: Answers) -> dict[str, object]:
    """Return what is to be stored: the filled-in answers of the shown fields, in the order they are asked."""
    return {name: answers[name] for name in _read(form, answers).shown if not _is_blank(answers.get(name))}


def validate(form: Form, answers: Answers, *, as_of: date | None = None) -> tuple[FieldFinding, ...]:
    """Return everything wrong with the answer at once, in the order of the form; empty if it may pass.

    `as_of` is the day on which documents must still be valid; without it their dates are not compared.
    Answers of hidden fields are ignored. The form's own checks speak only of fields without another finding.
    """
    reading = _read(form, answers)
    findings = [
        field_finding("FIELD_UNKNOWN", field=name, title=name, title_en=name)
        for name in answers
        if name not in form.fields
    ]
    for name in reading.shown:
        findings += _of_field(form.fields[name], answers.get(name), name in reading.required, as_of)
    wrong = {finding.field for finding in findings}
    for check in form.checks:
        if check.field in reading.shown and check.field not in wrong:
            findings += _of_check(check, form.fields[check.field], reading.facts)
    return tuple(findings)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Reading:
    """What an answer comes to: the fields shown, those required, and the facts conditions see."""

    shown: Mapping[str, None]
    required: frozenset[str]
    facts: Mapping[str, Value]


def _read(form: Form, answers: Answers) -> _Reading:
    facts: dict[str, Value] = {f"form.{name}": blank_value(field) for name, field in form.fields.items()}
    shown: dict[str, None] = {}
    required: set[str] = set()
    for section in form.sections:
        if not _holds(section.when, facts):
            continue
        for name in section.fields:
            field = form.fields[name]
            if not _holds(field.when, facts):
                continue
            shown[name] = None
            value = answers.get(name)
            if not _is_blank(value) and _fits(value, field):
                facts[f"form.{name}"] = tuple(value) if isinstance(value, list) else value
    for name in shown:
        field = form.fields[name]
        if field.required or (field.required_when is not None and _holds(field.required_when, facts)):
            required.add(name)
    return _Reading(shown=shown, required=frozenset(required), facts=facts)


def blank_value(field: Field) -> Value:
    """Return what a condition sees of a field that is hidden, blank or of the wrong type."""
    blanks: Mapping[str, Value] = {"string": "", "integer": 0, "boolean": False, "array": ()}
    return blanks[field.type]


def _holds(condition: Condition | None, facts: Mapping[str, Value]) -> bool:
    if condition is None:
        return True
    try:
        return condition.evaluate(facts)
    except EvaluationError:
        return True


def _is_blank(value: object) -> bool:
    return value is None or (isinstance(value, str) and not value.strip()) or value in ([], ())


def _fits(value: object, field: Field) -> TypeGuard[Value | list[str]]:
    match field.type:
        case "string":
            return isinstance(value, str)
        case "integer":
            return type(value) is int and -(2**53) <= value <= 2**53
        case "boolean":
            return isinstance(value, bool)
        case _:
            return isinstance(value, list | tuple) and all(isinstance(item, str) for item in value)


def _of_field(field: Field, value: object, required: bool, as_of: date | None) -> list[FieldFinding]:
    if _is_blank(value):
        return [_finding("FIELD_REQUIRED", field)] if required else []
    if not _fits(value, field):
        return [_finding("FIELD_TYPE", field)]
    found = list(_of_schema(field, list(value) if isinstance(value, tuple) else value))
    if found or not isinstance(value, str):
        return found
    if _CONTROL.search(value):
        return [_finding("FIELD_TEXT", field)]
    if field.schema.get("format") == "date":
        return list(_of_day(field, value, as_of))
    check = VALUE_CHECKS.get(field.check)
    if check is not None and not check.holds(value):
        return [
            FieldFinding(
                field=field.name, code=check.code, message=check.message, message_en=check.message_en
            )
        ]
    return []


def _of_schema(field: Field, value: object) -> Iterator[FieldFinding]:
    said: set[str] = set()
    for error in Draft202012Validator(dict(field.schema)).iter_errors(value):
        keyword = str(error.validator)
        code = _CODES.get(keyword, "FIELD_PATTERN")
        if code not in said:  # one word a code: two options outside the list are one mistake
            said.add(code)
            yield _finding(code, field, limit=_limit(field, keyword))


def _limit(field: Field, keyword: str) -> str:
    bound = field.schema.get(keyword)
    return f"{_SIGNS.get(keyword[:3], '')}{bound}" if isinstance(bound, int) else ""


def _of_day(field: Field, value: str, as_of: date | None) -> Iterator[FieldFinding]:
    try:
        day = date.fromisoformat(value) if _DAY.match(value) else None
    except ValueError:
        day = None
    if day is None:
        yield _finding("FIELD_DATE", field)
    elif field.expires and as_of is not None and day < as_of:
        yield _finding("DOCUMENT_EXPIRED", field, limit=as_of.isoformat())


def _of_check(check: CrossCheck, field: Field, facts: Mapping[str, Value]) -> list[FieldFinding]:
    try:
        applies = check.when.evaluate(facts)
    except EvaluationError:
        return [_finding("CHECK_ERROR", field)]
    if not applies:
        return []
    return [
        FieldFinding(field=check.field, code=check.code, message=check.message, message_en=check.message_en)
    ]


def _finding(code: str, field: Field, *, limit: str = "") -> FieldFinding:
    if code == "FIELD_PATTERN" and field.hint:
        return FieldFinding(
            field=field.name,
            code=code,
            message=f"{field.title}：{field.hint}",
            message_en=f"{field.title_en}: {field.hint_en}",
        )
    return field_finding(code, field=field.name, title=field.title, title_en=field.title_en, limit=limit)
