"""docs/refusals.md lists every refusal there is, exactly as the code words it, and nothing else."""

from __future__ import annotations

import importlib
import pkgutil
import re
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

import payments_core
from engine.releases import ReleaseError
from haodian.gateway import refusals
from payments_core.errors import PaymentsCoreError

ROOT = Path(__file__).parent.parent.parent
DOCUMENT = ROOT / "docs/refusals.md"
Row = tuple[str, str, str, str, str]
"""code, 中文, English, where it comes from, HTTP status"""


def _declaring() -> Iterator[ModuleType]:
    """Every module that declares refusals a caller can meet."""
    yield refusals
    for found in pkgutil.walk_packages(payments_core.__path__, "payments_core."):
        if found.name.endswith(".errors"):
            yield importlib.import_module(found.name)


def _declared() -> tuple[type[PaymentsCoreError], ...]:
    return tuple(
        value
        for module in _declaring()
        for value in vars(module).values()
        if isinstance(value, type) and issubclass(value, PaymentsCoreError)
        if value.__module__ == module.__name__
    )


def _row(refusal: type[PaymentsCoreError]) -> Row:
    english = (refusal.__doc__ or "").strip().splitlines()[0]
    where = refusal.__module__.removesuffix(".errors").removesuffix(".refusals")
    return refusal.code, refusal.chinese, english, f"`{where}`", str(refusals.status_of(refusal))


def _rows() -> set[Row]:
    cells = (re.split(r"\s*(?<!\\)\|\s*", line)[1:-1] for line in DOCUMENT.read_text("utf-8").splitlines())
    return {(row[0].strip("`"), *row[1:]) for row in cells if len(row) == 5 and row[0].startswith("`")}


@pytest.mark.parametrize(
    "refusal", _declared(), ids=lambda refusal: f"{refusal.__module__}.{refusal.__name__}"
)
def test_every_refusal_has_a_code_and_both_languages_of_its_own(refusal: type[PaymentsCoreError]) -> None:
    own = vars(refusal)
    assert re.fullmatch(r"[A-Z]+(_[A-Z]+)*", own.get("code", ""))
    assert re.search(r"[\u4e00-\u9fff]", own.get("chinese", ""))
    assert not re.search(r"[\u4e00-\u9fff]", own.get("__doc__", ""))


def _of_git() -> list[type[ReleaseError]]:
    from engine.releases import errors

    return [one for one in vars(errors).values() if isinstance(one, type) and issubclass(one, ReleaseError)]


@pytest.mark.parametrize("refusal", _of_git(), ids=lambda refusal: refusal.__name__)
def test_what_the_repository_of_rules_refuses_has_both_languages_too(refusal: type[ReleaseError]) -> None:
    own = vars(refusal)
    assert re.fullmatch(r"[A-Z]+(_[A-Z]+)*", own.get("code", ""))
    assert re.search(r"[\u4e00-\u9fff]", own.get("chinese", ""))


def test_the_document_lists_exactly_the_refusals_there_are() -> None:
    wanted = {_row(refusal) for refusal in _declared()}
    written = _rows()
    assert wanted - written == set(), "missing from docs/refusals.md"
    assert written - wanted == set(), "in docs/refusals.md, but not in the code"


def test_a_code_means_one_thing() -> None:
    """Features may share a code for the same thing; then they answer with the same status."""
    statuses: dict[str, set[str]] = {}
    for row in _rows():
        statuses.setdefault(row[0], set()).add(row[4])
    assert [code for code, found in statuses.items() if len(found) > 1] == []


def test_what_the_framework_refuses_is_told_too() -> None:
    text = DOCUMENT.read_text("utf-8")
    assert [code for code in refusals.CHINESE if f"`{code}`" not in text] == []
