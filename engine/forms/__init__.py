"""Forms as data: read a definition, ask which fields an answer shows, find all that is wrong with it."""

from engine.forms.answers import kept_answers, required_fields, validate, visible_fields
from engine.forms.model import CrossCheck, Field, FieldFinding, Form, Option, Section
from engine.forms.reading import load_form
from engine.forms.values import VALUE_CHECKS, is_cn_id, is_luhn, is_phone, is_usci

__all__ = [
    "VALUE_CHECKS",
    "CrossCheck",
    "Field",
    "FieldFinding",
    "Form",
    "Option",
    "Section",
    "is_cn_id",
    "is_luhn",
    "is_phone",
    "is_usci",
    "kept_answers",
    "load_form",
    "required_fields",
    "validate",
    "visible_fields",
]
