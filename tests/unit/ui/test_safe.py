"""Nothing from data may run in a browser: keys, addresses, markup."""

from __future__ import annotations

import pytest

from ui.markup import Markup, div, fill, join, show, tag
from ui.safe import UnsafeKey, clean, is_own_path, safe_url


@pytest.mark.parametrize(
    "value",
    [
        {":formatter": "alert(1)"},
        {" :x": 1},
        {"rowData": [{"name": "a"}, {":name": "alert(1)"}]},
        {"series": ({"data": [[{"deep": {":x": 1}}]]},)},
        {1: "a number is no key of a chart"},
    ],
)
def test_a_key_that_would_run_as_code_is_refused_at_any_depth(value: object) -> None:
    with pytest.raises(UnsafeKey):
        clean(value)


def test_data_without_such_keys_passes_unchanged() -> None:
    value = {"rowData": [{"name": ":not a key", "n:o": 1}], "columns": ({"field": "name"},)}
    assert clean(value) is value


@pytest.mark.parametrize(
    "address",
    [
        "javascript:alert(1)",
        "//evil.example",
        "https://evil.example",
        "/\\evil.example",
        "data:text/html,x",
        "",
        "/a\nb",
    ],
)
def test_an_address_outside_the_console_is_not_linked(address: str) -> None:
    assert not is_own_path(address)
    assert safe_url(address) == "#"
    assert 'href="#"' in tag("a", "x", href=address)


@pytest.mark.parametrize("address", ["/", "/hierarchy/HQ?first=2025-04-01#L17", "#how", "?month=2025-05"])
def test_an_own_address_is_linked(address: str) -> None:
    assert safe_url(address) == address


def test_text_is_escaped_everywhere() -> None:
    evil = '<img src=x onerror="a">'
    for made in (div(evil), tag("a", evil, title=evil), join(evil), fill("{x}", x=evil)):
        assert "<img" not in made
        assert "&lt;img" in made


def test_markup_takes_no_event_handlers() -> None:
    with pytest.raises(ValueError, match="onclick"):
        tag("a", "x", onclick="alert(1)")


def test_plain_text_cannot_be_put_on_a_page_as_html() -> None:
    with pytest.raises(TypeError):
        show("<b>not escaped by anybody</b>")
    assert isinstance(div("x"), Markup)
