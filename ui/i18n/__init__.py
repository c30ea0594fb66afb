"""Every text a person reads, in Chinese and English, and the language of whoever is reading.

`t("report.total", count=10)` answers in the reader's language. The language is a context variable that
the gate of `ui/security.py` sets for each request and each socket; texts live in `texts_*.py` beside
this file, as `TEXTS = {"area.key": ("中文", "English")}`.
"""

from __future__ import annotations

import importlib
import pkgutil
from contextvars import ContextVar
from functools import cache
from typing import Literal

Language = Literal["zh", "en"]

LANGUAGES: tuple[Language, ...] = ("zh", "en")
QUASAR_LANGUAGE: dict[Language, Literal["zh-CN", "en-US"]] = {"zh": "zh-CN", "en": "en-US"}
_current: ContextVar[Language] = ContextVar("ui_language", default="zh")


def language() -> Language:
    """Return the language of the person this request or socket belongs to."""
    return _current.get()


def use_language(code: str) -> None:
    """Read everything from here on in `code`; an unknown code means Chinese."""
    _current.set("en" if code == "en" else "zh")


def t(key: str, **values: object) -> str:
    """Return the text of `key` with `values` filled in. Raises KeyError for a key nobody wrote."""
    template = catalogue()[key][LANGUAGES.index(language())]
    return template.format(**values) if values else template


def either(zh: str, en: str) -> str:
    """Return whichever of two texts from data (a rule title, a metric definition) the reader reads."""
    return en if language() == "en" and en else zh


@cache
def catalogue() -> dict[str, tuple[str, str]]:
    """Return all texts. Raises ValueError where two modules write the same key."""
    merged: dict[str, tuple[str, str]] = {}
    for module in pkgutil.iter_modules(__path__):
        if not module.name.startswith("texts_"):
            continue
        texts: dict[str, tuple[str, str]] = importlib.import_module(f"{__name__}.{module.name}").TEXTS
        if twice := merged.keys() & texts.keys():
            raise ValueError(f"written twice: {sorted(twice)}")
        merged |= texts
    return merged
