"""A form being filled in: what is shown, which findings are spoken of when, what is submitted."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from engine.forms import Form, load_form
from ui.forms.filling import Filling

AS_OF = date(2025, 4, 16)
PATH = Path(__file__).parents[3] / "forms" / "onboarding.yaml"


@pytest.fixture(scope="module")
def form() -> Form:
    loaded, findings = load_form(path="forms/onboarding.yaml", text=PATH.read_text(encoding="utf-8"))
    assert loaded is not None, findings
    return loaded


@pytest.fixture
def answers() -> dict[str, object]:
    """The whole, correct answer of the form's own example."""
    return dict(YAML(typ="safe").load(PATH)["example"]["answers"])


def filling(form: Form, answers: dict[str, object] | None = None) -> Filling:
    made = Filling(form=form, as_of=AS_OF)
    for name, value in (answers or {}).items():
        made.put(name, value)
    return made


def shown(state: Filling) -> dict[str, list[str]]:
    return {part.section.id: [one.name for one in part.fields] for part in state.shown()}


def test_a_condition_shows_and_hides_a_whole_section_and_single_fields(form: Form) -> None:
    state = filling(form)
    assert "licence" not in shown(state)
    state.put("type", "INDIVIDUAL")
    assert "licence_expires" in shown(state)["licence"]
    state.put("licence_permanent", True)
    assert "licence_expires" not in shown(state)["licence"]
    state.put("mcc", "5812")
    assert "permit" in shown(state)  # food asks for a permit
    state.put("mcc", "7230")
    assert "permit" not in shown(state)


def test_nothing_is_said_before_a_field_is_left(form: Form) -> None:
    state = filling(form, {"phone": "12800001234"})
    assert state.spoken() == {}
    state.leave("phone")
    assert {name: one.code for name, one in state.spoken().items()} == {"phone": "PHONE_INVALID"}


def test_a_blank_field_that_was_left_is_not_yet_a_mistake(form: Form) -> None:
    state = filling(form)
    state.leave("short_name")
    assert state.spoken() == {}


def test_submitting_shows_every_finding_at_once_and_they_go_one_by_one(
    form: Form, answers: dict[str, object]
) -> None:
    state = filling(form, answers | {"phone": "1", "card_no": "6222020000111122223", "short_name": ""})
    assert state.submit() is None
    assert set(state.spoken()) == {"phone", "card_no", "short_name"}
    state.put("phone", answers["phone"])
    assert set(state.spoken()) == {"card_no", "short_name"}


def test_a_correct_answer_is_submitted_whole(form: Form, answers: dict[str, object]) -> None:
    assert filling(form, answers).submit() == answers


def test_hidden_answers_stay_on_the_page_and_are_not_submitted(
    form: Form, answers: dict[str, object]
) -> None:
    state = filling(form, answers)
    state.put("type", "MICRO")  # no licence, no permit
    given = state.submit()
    assert given is not None
    assert "licence_no" not in given
    assert "permit_no" not in given
    state.put("type", "INDIVIDUAL")
    assert state.submit() == answers


def test_white_space_is_no_answer(form: Form) -> None:
    state = filling(form, {"short_name": "  "})
    assert state.answers == {}
    state.put("short_name", " 老王饺子馆 ")
    assert state.answers == {"short_name": "老王饺子馆"}


def test_the_outline_counts_what_is_required_and_what_is_filled(form: Form) -> None:
    state = filling(form, {"type": "MICRO", "mcc": "5812"})
    subject = state.shown()[0]
    assert (subject.section.id, subject.required, subject.filled) == ("subject", 3, 2)


def test_an_expired_document_is_found_on_the_page(form: Form, answers: dict[str, object]) -> None:
    state = filling(form, answers | {"legal_id_expires": "2025-04-15"})
    assert state.submit() is None
    assert state.spoken()["legal_id_expires"].code == "DOCUMENT_EXPIRED"
