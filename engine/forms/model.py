"""What a form is, once it has been read and checked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from engine.expressions import Condition


@dataclass(frozen=True, slots=True, kw_only=True)
class Option:
    """One value an answer may have, and its label."""

    value: str
    title: str
    title_en: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """One question. `schema` is its JSON Schema; the rest is what JSON Schema cannot say.

    `section` names its section; `when` shows it, `required_when` asks for it; `check` names a value check;
    `pii` the kind of personal data; `expires` marks the date a document ends on; `widget` how it is entered.
    """

    name: str
    title: str
    title_en: str
    hint: str
    hint_en: str
    type: str
    schema: Mapping[str, Any]
    section: str
    when: Condition | None
    required: bool
    required_when: Condition | None
    options: tuple[Option, ...]
    check: str
    pii: str
    unique: bool
    expires: bool
    widget: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """Fields asked together, in order; shown while `when` holds."""

    id: str
    title: str
    title_en: str
    when: Condition | None
    fields: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class CrossCheck:
    """A finding for `field` whenever `when` holds over the whole answer."""

    when: Condition
    field: str
    code: str
    message: str
    message_en: str


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Form:
    """A checked form. `fields` are in the order they are asked; `pii` maps a field to its kind of data."""

    id: str
    version: int
    title: str
    title_en: str
    schema: Mapping[str, Any]
    sections: tuple[Section, ...]
    fields: Mapping[str, Field]
    checks: tuple[CrossCheck, ...]
    pii: Mapping[str, str]
    file: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldFinding:
    """One thing wrong with one field of an answer."""

    field: str
    code: str
    message: str
    message_en: str
