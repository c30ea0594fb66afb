"""The tests inside a form file: the example passes, and each test changes it and names what must be found."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any

from engine.diagnostics import Diagnostic, Location
from engine.forms.answers import validate, visible_fields
from engine.forms.model import Form
from engine.forms.wording import lint
from engine.rulebook.documents import Document, Pointer


def run_tests(form: Form, document: Document) -> Iterator[Diagnostic]:
    """Yield what the example or a test of the form's file finds otherwise than it says.

    A test is the example with the answers of `set` and without those of `unset`; `expect` maps every field
    with findings to their codes; `hidden` lists fields that must not be shown.
    Tests run only once the example passes.
    """
    example: Mapping[str, Any] = document.value["example"]
    as_of, place = _day(example["as_of"]), document.key_location(("example",))
    if as_of is None:
        yield _failed(document, ("example", "as_of"), "example", "as_of", example["as_of"])
        return
    wrong = validate(form, example["answers"], as_of=as_of)
    for finding in wrong:
        at: Pointer = ("example", "answers", finding.field)
        yield lint(
            "FORM_EXAMPLE_FAILS",
            document.location(at) if finding.field in example["answers"] else place,
            field=finding.field,
            code=finding.code,
            detail=finding.message,
        )
    for number, test in enumerate(document.value["tests"] if not wrong else ()):
        yield from _run(form, document, ("tests", number), test, example["answers"], as_of)


def _run(
    form: Form,
    document: Document,
    at: Pointer,
    test: Mapping[str, Any],
    example: Mapping[str, Any],
    example_as_of: date,
) -> Iterator[Diagnostic]:
    as_of = _day(test["as_of"]) if "as_of" in test else example_as_of
    if as_of is None:
        yield _failed(document, (*at, "as_of"), test["name"], "as_of", test["as_of"])
        return
    answers = {name: value for name, value in example.items() if name not in test.get("unset", ())}
    answers |= test.get("set", {})
    found: dict[str, list[str]] = {}
    for finding in validate(form, answers, as_of=as_of):
        found.setdefault(finding.field, []).append(finding.code)
    expected: Mapping[str, list[str]] = test["expect"]
    for field in sorted(expected.keys() | found.keys()):
        wanted, actual = sorted(expected.get(field, [])), sorted(found.get(field, []))
        if wanted != actual:
            yield _failed(document, (*at, "expect"), test["name"], f"{field} {wanted}", f"{field} {actual}")
    shown = set(visible_fields(form, answers))
    for number, field in enumerate(test.get("hidden", ())):
        if field in shown:
            yield _failed(
                document, (*at, "hidden", number), test["name"], f"{field} hidden", f"{field} shown"
            )


def _failed(document: Document, at: Pointer, test: str, expected: str, actual: str) -> Diagnostic:
    place: Location = document.location(at)
    return lint("FORM_TEST_FAILED", place, test=test, expected=expected, actual=actual)


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None
