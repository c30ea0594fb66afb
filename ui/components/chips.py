"""A state in three ways at once: the shape of an icon, a word, a tint."""

from __future__ import annotations

from typing import Literal

from ui.icons import icon
from ui.markup import Markup, span

Meaning = Literal["good", "warn", "bad", "info", "plain", "blue"]

_ICONS: dict[Meaning, str] = {
    "good": "check",
    "warn": "triangle",
    "bad": "alert",
    "info": "hourglass",
    "plain": "pencil",
    "blue": "check",
}


def chip(word: str, meaning: Meaning, *, icon_name: str = "") -> Markup:
    """Return a status chip; `icon_name` replaces the usual icon of the meaning."""
    return span(icon(icon_name or _ICONS[meaning], size=14), word, cls=f"chip {meaning}")
