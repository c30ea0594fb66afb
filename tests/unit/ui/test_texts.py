"""Every text a person reads stands in the catalogue, in both languages."""

from __future__ import annotations

import ast
import re
import string
from pathlib import Path

import pytest

from ui.i18n import catalogue, language, t, use_language

UI = Path(__file__).parent.parent.parent.parent / "ui"
IDEOGRAPH = re.compile("[一-鿿㐀-䶿]")
CHINESE = re.compile("[一-鿿㐀-䶿，。：；？！（）《》、]")
CODE = [
    path for path in sorted(UI.rglob("*.py")) if "i18n" not in path.parts and "__pycache__" not in path.parts
]


@pytest.mark.parametrize("key", sorted(catalogue()))
def test_a_text_exists_in_both_languages_with_the_same_values(key: str) -> None:
    chinese, english = catalogue()[key]
    assert chinese.strip()
    assert english.strip()
    assert not CHINESE.search(english) or key in ("person.language", "login.title")
    names = [
        {name for _, name, _, _ in string.Formatter().parse(text) if name} for text in (chinese, english)
    ]
    assert names[1] <= names[0] | {"iso", "count"}
    assert names[0] <= names[1] | {"month", "day", "unit", "count", "weekday"}


@pytest.mark.parametrize("path", CODE, ids=lambda path: str(path.relative_to(UI)))
def test_no_module_of_the_console_holds_chinese_text(path: Path) -> None:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    documented = {
        id(node.body[0].value)
        for node in ast.walk(tree)
        if isinstance(node, (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef))
        and node.body
        and isinstance(node.body[0], ast.Expr)
    }
    found = [
        (node.lineno, node.value)
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant)
        and isinstance(node.value, str)
        and id(node) not in documented
        and IDEOGRAPH.search(node.value)
    ]
    assert found == []


@pytest.mark.parametrize("path", CODE, ids=lambda path: str(path.relative_to(UI)))
def test_every_key_that_code_asks_for_was_written(path: Path) -> None:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    asked = [
        node.args[0].value
        for node in ast.walk(tree)
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Name)
        and node.func.id == "t"
        and node.args
        and isinstance(node.args[0], ast.Constant)
    ]
    assert [key for key in asked if key not in catalogue()] == []


def test_the_language_of_the_reader_decides() -> None:
    before = language()
    try:
        use_language("en")
        assert t("nav.today") == "Today"
        use_language("fr")
        assert t("nav.today") == "今日"
    finally:
        use_language(before)


def test_an_unknown_key_is_an_error_not_a_blank() -> None:
    with pytest.raises(KeyError):
        t("no.such.key")
