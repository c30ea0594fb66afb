"""The stylesheet and the charts use the same tokens, and every pair of text and ground can be read."""

from __future__ import annotations

import re

import pytest

from ui import theme

CSS = (theme.STATIC / "theme.css").read_text(encoding="utf-8")


def _tokens(selector: str) -> dict[str, str]:
    block = CSS[CSS.index(selector) :]
    return dict(re.findall(r"--(\w+): (#[0-9a-f]{6})", block[: block.index("}")]))


LIGHT, DARK = _tokens(":root {"), _tokens(':root[data-theme="dark"] {')


@pytest.mark.parametrize(("css", "python"), [(LIGHT, theme.LIGHT), (DARK, theme.DARK)])
def test_python_and_css_agree(css: dict[str, str], python: dict[str, str]) -> None:
    assert {name: css[name] for name in python} == python


def test_both_themes_define_the_same_colours() -> None:
    assert LIGHT.keys() == DARK.keys()


def _luminance(colour: str) -> float:
    parts = [int(colour[n : n + 2], 16) / 255 for n in (1, 3, 5)]
    red, green, blue = (p / 12.92 if p <= 0.03928 else ((p + 0.055) / 1.055) ** 2.4 for p in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _contrast(first: str, second: str) -> float:
    light, dark = sorted((_luminance(first), _luminance(second)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


TEXTS = ("ink", "ink2", "ink3", "blue", "blueink", "good", "warn", "bad", "info")
PAIRS = [(text, ground) for text in TEXTS for ground in ("bg", "surface", "sunken", "hover")]
PAIRS += [
    ("good", "goodbg"),
    ("warn", "warnbg"),
    ("bad", "badbg"),
    ("info", "infobg"),
    ("blueink", "bluebg"),
    ("onblue", "blue"),
]


@pytest.mark.parametrize("tokens", [LIGHT, DARK], ids=["light", "dark"])
@pytest.mark.parametrize(("text", "ground"), PAIRS)
def test_text_has_a_contrast_of_four_and_a_half(tokens: dict[str, str], text: str, ground: str) -> None:
    assert _contrast(tokens[text], tokens[ground]) >= 4.5


@pytest.mark.parametrize("tokens", [LIGHT, DARK], ids=["light", "dark"])
@pytest.mark.parametrize("mark", ["line3", "c1", "c2", "c3", "cprev"])
def test_marks_have_a_contrast_of_three(tokens: dict[str, str], mark: str) -> None:
    assert _contrast(tokens[mark], tokens["surface"]) >= 3


def test_no_rule_uses_a_class_that_quasar_hides() -> None:
    # Quasar hides .xs .sm .md .lg .xl by screen size, with !important.
    assert not re.search(r"\.(xs|sm|md|lg|xl)\b[^-\w]", CSS)
