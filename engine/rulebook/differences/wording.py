"""Names and values of a rule file in the words of the business.

A field is called what its schema says in `title` ("费率 · Rate"), a fact what the vocabulary says; a value is
shown by the unit in its field's name: `_fen` in yuan, rates in percent, instants in Shanghai time.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from engine.diagnostics import Language
from engine.expressions import format_value
from engine.rulebook.checks import rate_of
from engine.rulebook.differences.model import Words
from engine.rulebook.documents import Pointer
from engine.rulebook.kinds import Kind

_SHANGHAI = ZoneInfo("Asia/Shanghai")
_INSTANT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,6})?(Z|[+-]\d\d:\d\d)\Z")
_RATE_KEY = re.compile(r"(.*_)?(rate|pct)\Z")
_BASIS_POINT_PPM = 100
_UNITS: Mapping[str, tuple[str, int]] = {
    "fen": ("fen", 1), "ppm": ("ppm", 1), "bp": ("ppm", _BASIS_POINT_PPM), "s": ("s", 1), "m": ("m", 1),
    "min": ("s", 60), "minutes": ("s", 60), "hours": ("s", 3600), "days": ("s", 86_400),
}  # fmt: skip
"""By the last word of a field's name: the unit, and how many of it one is."""


def both(said: Callable[[Language], str]) -> Words:
    """Return a text made in each language."""
    return Words(zh=said("zh"), en=said("en"))


def title_of(pointer: Pointer, kind: Kind) -> Words:
    """Return what the field at `pointer` is called; its name, where nothing gives it a title."""
    key = str(pointer[-1])
    fact = kind.vocabulary.facts.get(key)
    if fact is not None:
        return Words(zh=fact.title, en=fact.title_en)
    for part in _parts(kind.schema.schema, pointer):
        title = part.get("title")
        if isinstance(title, str):
            zh, separator, en = title.partition(" · ")
            return Words(zh=zh, en=en if separator else zh)
    return Words(zh=key, en=key)


def scalar_words(key: str, value: Any, kind: Kind) -> Words:
    """Return a plain value, or a list of plain values, as people read it."""
    if isinstance(value, list):
        inner = [scalar_words(key, item, kind) for item in value]
        return Words(zh="、".join(w.zh for w in inner) or "[]", en=", ".join(w.en for w in inner) or "[]")
    if value is None:
        return Words(zh="长期", en="open") if key == "to" else Words(zh="无", en="none")
    if isinstance(value, str):
        return _text(key, value)
    if isinstance(value, int) and not isinstance(value, bool):
        return _whole_number(key, value, kind)
    return both(lambda language: format_value(value=value, language=language))


def _text(key: str, value: str) -> Words:
    if _INSTANT.match(value):
        shown = _instant(value)
    elif _RATE_KEY.match(key) and (rate := rate_of(value)) is not None:
        shown = format_value(value=int(rate * 1_000_000), unit="ppm", language="zh")
    else:
        return both(lambda language: format_value(value=value, language=language))
    return Words(zh=shown, en=shown)


def _whole_number(key: str, value: int, kind: Kind) -> Words:
    fact = kind.vocabulary.facts.get(key)
    unit, size = (fact.unit, 1) if fact is not None else _UNITS.get(key.rpartition("_")[2], ("", 1))
    # A version or a line number is no quantity: no thousands separator without a unit.
    if not unit or unit == "cnt":
        return Words(zh=str(value), en=str(value))
    return both(lambda language: format_value(value=value * size, unit=unit, language=language))


def _instant(text: str) -> str:
    try:
        local = datetime.fromisoformat(text).astimezone(_SHANGHAI)
    except (ValueError, OverflowError):
        return text
    whole_minute = not local.second and not local.microsecond
    return f"{local:%Y-%m-%d %H:%M}" if whole_minute else f"{local:%Y-%m-%d} {local.time().isoformat()}"


def _parts(schema: Any, pointer: Pointer) -> Iterator[Mapping[str, Any]]:
    """Yield every part of a schema that is about the value at `pointer`."""
    if not isinstance(schema, dict):
        return
    if not pointer:
        yield schema
    for choice in ("allOf", "oneOf", "anyOf"):
        for branch in schema.get(choice, ()):
            yield from _parts(branch, pointer)
    if pointer:
        head, rest = pointer[0], pointer[1:]
        if isinstance(head, int):
            yield from _parts(schema.get("items"), rest)
        else:
            named = schema.get("properties", {}).get(head)
            yield from _parts(schema.get("additionalProperties") if named is None else named, rest)
