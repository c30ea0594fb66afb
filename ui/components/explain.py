"""How a figure comes about: signed lines that add up to it, and the rule line that made it so."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ui.components import words
from ui.markup import Markup, div, join, link, span, tag


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One line: what, how much; `is_sum` draws the rule above it, `text` replaces the amount."""

    label: str
    amount_fen: int | None = None
    text: str = ""
    is_sum: bool = False
    signed: bool = False


def lines(entries: Sequence[Line]) -> Markup:
    """Return the lines as a definition list."""
    parts: list[Markup] = []
    for entry in entries:
        shown = entry.text or words.money(entry.amount_fen, signed=entry.signed)
        cls = "sum" if entry.is_sum else ""
        parts += [tag("dt", entry.label, cls=cls), tag("dd", shown, cls=cls)]
    return tag("dl", *parts, cls="ex")


def rule_line(rule_id: str, version: int, line: int) -> Markup:
    """Return `ps.beijing.default v3:17`, which always links to that line."""
    return link(f"{rule_id} v{version}:{line}", f"/rules/{rule_id}?v={version}#L{line}", cls="lk mono")


def popover(
    figure: str, entries: Sequence[Line], *, foot: Sequence[Markup] = (), left: bool = False
) -> Markup:
    """Return the figure with a dashed underline; opening it shows how it comes about."""
    inside = join(lines(entries), div(*foot, cls="ex-foot s") if foot else None)
    return tag(
        "details",
        tag("summary", span(figure, cls="why")),
        div(inside, cls="pop"),
        cls="menu left" if left else "menu",
    )
