"""A form file with a mistake says which one, on which line; the form of the product has none."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.forms import load_form
from engine.forms.wording import LINTS
from tests.unit.forms.form import PATH, TEXT, form

ROOT = Path(__file__).parent.parent.parent.parent


def test_a_form_is_read_with_its_layout_and_what_json_schema_cannot_say() -> None:
    made = form()
    assert (made.id, made.version, made.title, made.title_en) == ("visit", 1, "上门", "Visit")
    assert [section.id for section in made.sections] == ["what", "who"]
    assert tuple(made.fields) == (
        "kind",
        "reason",
        "detail",
        "count",
        "urgent",
        "parts",
        "code",
        "phone",
        "until",
    )
    assert made.pii == {"phone": "phone"}
    assert [(one.value, one.title) for one in made.fields["kind"].options] == [
        ("REPAIR", "维修"),
        ("OTHER", "其他"),
    ]
    assert {name: field.widget for name, field in made.fields.items()} == {
        "kind": "radio",
        "reason": "text",
        "detail": "text",
        "count": "text",
        "urgent": "toggle",
        "parts": "checkboxes",
        "code": "text",
        "phone": "text",
        "until": "date",
    }
    assert made.fields["code"].unique
    assert made.fields["until"].expires


def _check(old: str, new: str, *expected: tuple[str, str]) -> None:
    """Replace `old` by `new` in the form and expect these (code, text at the place) findings."""
    assert old in TEXT
    text = TEXT.replace(old, new, 1)
    made, findings = load_form(path=PATH, text=text)
    assert made is None
    lines = text.split("\n")
    found = [(one.code, lines[one.location.line - 1][one.location.column - 1 :]) for one in findings]
    assert [code for code, _ in found] == [code for code, _ in expected]
    for (_, at), (_, begins) in zip(found, expected, strict=True):
        assert at.startswith(begins)
    assert all(one.message and one.message_en and one.location.file == PATH for one in findings)


@pytest.mark.parametrize(
    ("old", "new", "code", "at"),
    [
        ("id: visit", "id: visits", "FORM_PATH_MISMATCH", "visits"),
        ("owner: 总部运营\n", "", "SCHEMA_MISSING_FIELD", "kind"),
        ("version: 1", "version: 1\nversoin: 1", "SCHEMA_UNKNOWN_FIELD", "versoin"),
        ("minimum: 1,", "minimun: 1,", "SCHEMA_UNKNOWN_FIELD", "minimun"),
        ("type: integer", "type: number", "SCHEMA_ENUM", "number"),
        ("additionalProperties: false", "additionalProperties: true", "SCHEMA_ENUM", "true"),
        ("minimum: 1", "minimum: 10", "FORM_SCHEMA_INVALID", "10"),
        ("minimum: 1", "minLength: 1", "FORM_SCHEMA_INVALID", "minLength"),
        ("[A-Z]{3}", "[A-Z", "FORM_SCHEMA_INVALID", '"^[A-Z'),
        ("format: date, ", "", "FORM_SCHEMA_INVALID", "true"),
        ("{zh: 维修, en: Repair}, OTHER", "{zh: 维修, en: Repair}, OTHRE", "FORM_OPTION_LABELS", "x-options"),
        ("required: [kind,", "required: [kinde,", "FORM_FIELD_UNKNOWN", "kinde"),
        ("fields: [phone, until]", "fields: [phone, until, untli]", "FORM_FIELD_UNKNOWN", "untli"),
        ("field: urgent\n", "field: urgnet\n", "FORM_FIELD_UNKNOWN", "urgnet"),
        ("fields: [phone, until]", "fields: [phone, until, kind]", "FORM_FIELD_TWICE", "kind"),
        ("fields: [phone, until]", "fields: [phone]", "FORM_FIELD_NOT_LAID_OUT", "until"),
        ("form.kind == 'OTHER'", "form.kind == 'OTHRE'", "ENUM_UNKNOWN", "'OTHRE'"),
        ("form.kind == 'OTHER'", "form.kin == 'OTHER'", "FACT_UNKNOWN", "form.kin"),
        ("form.kind == 'OTHER'", "form.kind == 5", "TYPE_MISMATCH", ""),
        ("form.kind == 'OTHER'", "form.kind == 'OTHER", "CEL_SYNTAX", ""),
        ("form.kind == 'OTHER'", "form.until == ''", "FORM_WHEN_FORWARD", "form.until"),
        ("form.kind == 'OTHER'", "form.reason == ''", "FORM_WHEN_FORWARD", "form.reason"),
        ("code: TOO_MANY", "code: too many", "SCHEMA_FORMAT", "too many"),
        ('phone: "13800001234"', 'phone: "1"', "FORM_EXAMPLE_FAILS", '"1"'),
        ('as_of: "2025-04-16", answers', 'as_of: "2025-02-30", answers', "FORM_TEST_FAILED", '"2025-02-30"'),
        ("[FIELD_REQUIRED]", "[FIELD_LENGTH]", "FORM_TEST_FAILED", "{reason"),
        ("hidden: [parts, detail]", "hidden: [parts, kind]", "FORM_TEST_FAILED", "kind"),
        ("version: 1", "version: 1.5", "FLOAT_REFUSED", "1.5"),
        ("kind: form\n", "kind: form\nkind: form\n", "YAML_DUPLICATE_KEY", "kind"),
        ("owner: 总部运营", "owner: [", "YAML_SYNTAX", ""),
    ],
)
def test_a_mistake_is_found_where_it_is(old: str, new: str, code: str, at: str) -> None:
    _check(old, new, (code, at))


def test_mistakes_of_one_kind_are_all_found_at_once() -> None:
    text = TEXT.replace("form.kind == 'OTHER'", "form.knd == 'OTHER'").replace(
        "form.kind != ''", "form.urgent"
    )
    text = text.replace("90 / form.count < 20", "form.cuont < 20")
    _, findings = load_form(path=PATH, text=text)
    assert [one.code for one in findings] == ["FACT_UNKNOWN", "FACT_UNKNOWN"]


def test_an_unknown_field_names_the_nearest_one() -> None:
    _, findings = load_form(path=PATH, text=TEXT.replace("fields: [phone, until]", "fields: [phone, untli]"))
    assert findings[0].hint == "是否想写 until？"


def test_every_finding_of_a_form_is_explained_in_the_documentation() -> None:
    text = (ROOT / "docs" / "forms.md").read_text(encoding="utf-8")
    assert {code for code in LINTS if f"`{code}`" not in text} == set()


def test_the_form_in_the_documentation_is_one() -> None:
    text = (ROOT / "docs" / "forms.md").read_text(encoding="utf-8").split("```")[1].removeprefix("yaml\n")
    made, findings = load_form(path=PATH, text=text)
    assert (made is not None, findings) == (True, ())


def test_the_forms_of_the_product_have_no_findings() -> None:
    for path in sorted((ROOT / "forms").glob("*.yaml")):
        made, findings = load_form(path=f"forms/{path.name}", text=path.read_text(encoding="utf-8"))
        assert (made is not None, findings) == (True, ())
