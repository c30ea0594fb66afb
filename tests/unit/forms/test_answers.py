"""Everything wrong with an answer is found at once, with its code; hidden fields do not count."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.forms import kept_answers, required_fields, validate, visible_fields
from tests.unit.forms.form import form

FORM = form()
AS_OF = date(2025, 4, 16)
GOOD: Mapping[str, Any] = {"kind": "REPAIR", "count": 1, "phone": "13800001234", "until": "2025-04-16"}


def _codes(answers: Mapping[str, Any], *, as_of: date | None = AS_OF) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for finding in validate(FORM, answers, as_of=as_of):
        found.setdefault(finding.field, []).append(finding.code)
    return found


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({}, {}),
        ({"kind": None}, {"kind": ["FIELD_REQUIRED"]}),
        ({"kind": "  "}, {"kind": ["FIELD_REQUIRED"]}),
        ({"kind": "REPAIRS"}, {"kind": ["FIELD_OPTION"]}),
        ({"kind": 5}, {"kind": ["FIELD_TYPE"]}),
        ({"kind": "OTHER", "reason": "x"}, {"reason": ["FIELD_LENGTH"]}),
        ({"kind": "OTHER", "reason": "换一个码牌吧"}, {"reason": ["FIELD_LENGTH"]}),
        ({"kind": "OTHER", "reason": "码牌\x00"}, {"reason": ["FIELD_TEXT"]}),
        ({"kind": "OTHER", "reason": "码牌\u2028"}, {"reason": ["FIELD_TEXT"]}),
        ({"count": 0}, {"count": ["FIELD_RANGE"]}),
        ({"count": 10}, {"count": ["FIELD_RANGE"]}),
        ({"count": True}, {"count": ["FIELD_TYPE"]}),
        ({"count": "1"}, {"count": ["FIELD_TYPE"]}),
        ({"count": 1.5}, {"count": ["FIELD_TYPE"]}),
        ({"count": 2**60}, {"count": ["FIELD_TYPE"]}),
        ({"urgent": True, "count": None}, {"count": ["FIELD_REQUIRED"], "urgent": ["CHECK_ERROR"]}),
        ({"urgent": "yes"}, {"urgent": ["FIELD_TYPE"]}),
        ({"urgent": True, "count": 9}, {"urgent": ["TOO_MANY"]}),  # 90 / 9 = 10 < 20
        ({"urgent": True, "count": 4}, {}),  # 90 / 4 = 22
        ({"parts": ["A", "B"]}, {"parts": ["PARTS_EXCLUDE"]}),
        ({"parts": ["A", "C"]}, {}),
        ({"parts": ["A", "D"]}, {"parts": ["FIELD_OPTION"]}),
        ({"parts": ["D", "E"]}, {"parts": ["FIELD_OPTION"]}),  # one mistake, one finding
        ({"parts": ["A", "B", "C"]}, {"parts": ["FIELD_ITEMS"]}),  # and not PARTS_EXCLUDE on top
        ({"parts": "A"}, {"parts": ["FIELD_TYPE"]}),
        ({"parts": [1]}, {"parts": ["FIELD_TYPE"]}),
        ({"phone": "1380000123"}, {"phone": ["PHONE_INVALID"]}),
        ({"code": "abc"}, {"code": ["FIELD_PATTERN"]}),
        ({"code": "ABC"}, {}),
        ({"until": "2025-04-15"}, {"until": ["DOCUMENT_EXPIRED"]}),
        ({"until": "2025-02-29"}, {"until": ["FIELD_DATE"]}),
        ({"until": "20250416"}, {"until": ["FIELD_DATE"]}),
        ({"until": "2025-4-16"}, {"until": ["FIELD_DATE"]}),
        ({"colour": "red"}, {"colour": ["FIELD_UNKNOWN"]}),
    ],
)
def test_findings(change: dict[str, Any], expected: dict[str, list[str]]) -> None:
    assert _codes({**GOOD, **change}) == expected


def test_all_findings_come_at_once_in_the_order_of_the_form() -> None:
    answers = {"kind": "OTHER", "reason": "x", "count": 0, "phone": "1", "until": "soon", "colour": "red"}
    assert [finding.field for finding in validate(FORM, answers)] == [
        "colour",
        "reason",
        "count",
        "phone",
        "until",
    ]


def test_findings_speak_chinese_and_english_and_use_the_hint_of_a_pattern() -> None:
    [finding] = validate(FORM, {**GOOD, "code": "abc"})
    assert (finding.message, finding.message_en) == ("编号：三个大写字母", "Code: three capitals")
    [finding] = validate(FORM, {**GOOD, "phone": ""})
    assert (finding.message, finding.message_en) == ("请填写手机", "Phone is required")


def test_dates_are_compared_only_with_a_day_to_compare_with() -> None:
    assert _codes({**GOOD, "until": "1999-01-01"}, as_of=None) == {}


def test_hidden_fields_are_neither_checked_nor_kept() -> None:
    answers = {**GOOD, "reason": 7, "detail": "x"}
    assert _codes(answers) == {}
    assert kept_answers(FORM, answers) == GOOD
    assert "reason" not in visible_fields(FORM, answers)


def test_a_hidden_answer_does_not_show_another_field() -> None:
    """`detail` is shown by an answer in `reason`, which is itself hidden while the kind is REPAIR."""
    assert "detail" not in visible_fields(FORM, {"kind": "REPAIR", "reason": "坏了"})
    assert "detail" in visible_fields(FORM, {"kind": "OTHER", "reason": "坏了"})


def test_a_hidden_section_asks_nothing() -> None:
    assert visible_fields(FORM, {}) == ("kind", "count", "urgent", "code")
    assert _codes({}) == {"kind": ["FIELD_REQUIRED"]}


def test_a_condition_that_cannot_be_evaluated_shows_its_field() -> None:
    """100 / form.count divides by zero while there is no count: an error is never "false"."""
    assert "code" in visible_fields(FORM, {"kind": "OTHER"})
    assert "code" not in visible_fields(FORM, {"kind": "OTHER", "count": 200})


def test_required_fields_follow_the_answer() -> None:
    assert required_fields(FORM, {"kind": "REPAIR"}) == {"kind", "phone", "until"}
    assert required_fields(FORM, {"kind": "OTHER", "urgent": True}) == {
        "kind",
        "reason",
        "count",
        "phone",
        "until",
    }


def test_blank_answers_are_not_kept() -> None:
    assert kept_answers(FORM, {**GOOD, "code": " ", "parts": []}) == GOOD


_ANYTHING = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(allow_nan=False),
    st.text(max_size=8),
    st.lists(st.one_of(st.text(max_size=2), st.integers()), max_size=3),
    st.dictionaries(st.text(max_size=2), st.integers(), max_size=1),
)


@given(st.dictionaries(st.sampled_from([*FORM.fields, "x"]), _ANYTHING))
def test_no_answer_raises_and_what_passes_passes_again_as_it_is_kept(
    answers: dict[str, Any],
) -> None:
    findings = validate(FORM, answers, as_of=AS_OF)
    kept = kept_answers(FORM, answers)
    assert set(kept) <= set(visible_fields(FORM, answers))
    if not findings:
        assert validate(FORM, kept, as_of=AS_OF) == ()
        assert required_fields(FORM, kept) <= set(kept)
