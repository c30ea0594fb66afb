"""Money and rates as text, in and out. Never through a float."""

from __future__ import annotations

import re

from payments_core.money.arithmetic import divide
from payments_core.money.errors import MoneyError, RateNotString

MINUS = "−"
_RATE = re.compile(r"^(-?)(\d{1,3})(?:\.(\d{1,6}))?$")
_YUAN = re.compile(r"^(-?)(\d{1,13})(?:\.(\d{1,5}))?$")


def parse_rate(text: object) -> int:
    """Return the ppm of a quoted decimal fraction: "0.0038" → 3800. Raises RateNotString."""
    match = _RATE.match(text) if isinstance(text, str) else None
    if match is None:
        raise RateNotString(f'{text!r} is not a rate: write a quoted decimal such as "0.0038"', value=text)
    sign, whole, places = match.groups()
    ppm = int(whole) * 1_000_000 + int((places or "").ljust(6, "0"))
    return -ppm if sign else ppm


def parse_yuan(text: str) -> int:
    """Return the fen of a decimal amount in yuan: "19.90" → 1990. Raises MoneyError for parts of a fen."""
    match = _YUAN.match(text.strip())
    if match is None:
        raise MoneyError(f"{text!r} is not an amount in yuan", value=text)
    sign, whole, places = match.groups()
    digits = (places or "").ljust(5, "0")
    if digits[2:] != "000":
        raise MoneyError(f"{text!r} has parts of a fen", value=text)
    fen = int(whole) * 100 + int(digits[:2])
    return -fen if sign else fen


def format_fen(amount_fen: int, *, symbol: bool = True, signed: bool = False) -> str:
    """Return `¥1,234.56`; minus is −; `signed` writes + before a gain and nothing before zero."""
    sign = MINUS if amount_fen < 0 else "+" if signed and amount_fen > 0 else ""
    yuan, fen = divmod(abs(amount_fen), 100)
    return f"{sign}{'¥' if symbol else ''}{yuan:,}.{fen:02d}"


def format_rate(rate_ppm: int) -> str:
    """Return `0.38 %`: a percentage with as many places as it needs, at least none."""
    sign = MINUS if rate_ppm < 0 else ""
    whole, places = divmod(abs(rate_ppm), 10_000)
    decimals = f"{places:04d}".rstrip("0")
    return f"{sign}{whole}{'.' if decimals else ''}{decimals} %"


def format_fraction(millionths_of_fen: int, *, places: int = 4) -> str:
    """Return an exact part of a fen in yuan, as explanations show it: 15_360_000 → `¥0.1536`."""
    sign = MINUS if millionths_of_fen < 0 else ""
    units = divide(abs(millionths_of_fen) * 10**places, 100_000_000)
    yuan, rest = divmod(units, 10**places)
    return f"{sign}¥{yuan:,}.{rest:0{places}d}"


def format_change(value: int, before: int) -> str | None:
    """Return the change from `before` to `value` as `9.1 %` without a sign; None where there is no base."""
    if before <= 0:
        return None
    tenths = divide(abs(value - before) * 1000, before)
    return f"{tenths // 10:,}.{tenths % 10} %"
