"""Rates and amounts as people type them and as rule files hold them: 0.38 % is "0.0038", ¥20.00 is 2000.

What cannot be read stays as it was typed: the checks then say what is wrong with it, where it stands.
"""

from __future__ import annotations

import re
from decimal import Decimal

_RATE = re.compile(r"([0-9]{1,3}(?:\.[0-9]{1,6})?)\s*%\Z")
_DECIMAL = re.compile(r"[0-9](?:\.[0-9]{1,6})?\Z")
_YUAN = re.compile(r"[0-9]{1,12}(?:\.[0-9]{1,2})?\Z")
_INTEGER = re.compile(r"-?[0-9]{1,18}\Z")
_USUAL_PLACES, _MOST_PLACES = 4, 6


def typed_rate(typed: str, *, like: object = None) -> str:
    """Return a rate as files hold it, of `0.38%` or `0.0038`, with as many places as `like` has."""
    text = typed.strip().replace("％", "%")
    percent = _RATE.match(text)
    value = Decimal(percent[1]) / 100 if percent else Decimal(text) if _DECIMAL.match(text) else None
    if value is None:
        return typed.strip()
    whole, _, places = f"{value.normalize():f}".partition(".")
    former = like.partition(".")[2] if isinstance(like, str) and _DECIMAL.match(like) else "0" * _USUAL_PLACES
    padded = places.ljust(len(former), "0")
    return (f"{whole}.{padded}" if padded else whole) if len(places) <= _MOST_PLACES else typed.strip()


def shown_rate(held: str) -> str:
    """Return a rate as people read it: `0.38 %`, `0.30 %`; from one percent on without zeros: `24 %`."""
    if not _DECIMAL.match(held):
        return held
    percent = Decimal(held) * 100
    digits = f"{percent.normalize():f}"
    places = len(digits.partition(".")[2])
    return f"{percent:.2f} %" if 0 < percent < 1 and places < 2 else f"{digits} %"


def typed_fen(typed: str) -> int | str:
    """Return an amount typed in yuan as fen."""
    text = typed.strip().removeprefix("¥").removeprefix("￥").replace(",", "").strip()
    return int(Decimal(text) * 100) if _YUAN.match(text) else typed.strip()


def shown_fen(held: object) -> str:
    """Return fen as yuan without the sign, as columns of amounts show them: `1,234.50`."""
    if isinstance(held, bool) or not isinstance(held, int) or held < 0:
        return "" if held is None else str(held)
    return f"{held // 100:,}.{held % 100:02d}"


def typed_int(typed: str) -> int | str:
    """Return a whole number."""
    text = typed.strip().replace(",", "")
    return int(text) if _INTEGER.match(text) else typed.strip()
