"""What people are told about a fact: title, type, unit, default, values, where it comes from."""

from __future__ import annotations

from collections.abc import Mapping

from engine.expressions import Fact, format_value
from engine.rulebook import Aggregate, Rulebook
from ui.i18n import either, language, t


def cards(rulebook: Rulebook) -> dict[str, list[str]]:
    """Return the lines about every fact, by its name; the first is its title."""
    windows = {one.fact: one for one in rulebook.aggregates}
    return {name: card(fact, windows) for name, fact in rulebook.vocabulary.facts.items()}


def card(fact: Fact, windows: Mapping[str, Aggregate]) -> list[str]:
    """Return the lines about one fact."""
    default = format_value(value=fact.default, unit=fact.unit, language=language())
    kind = t(f"fact.{fact.type.value}") + (f" · {fact.unit}" if fact.unit else "")
    lines = [
        either(fact.title, fact.title_en),
        t("fact.type", type=kind),
        t("fact.default", value=default or "—"),
    ]
    if fact.bounds:
        lines.append(t("fact.bounds", bounds=fact.bounds))
    if fact.values:
        lines.append(t("fact.values", values=", ".join(fact.values)))
    window = windows.get(fact.name)
    if window is not None:
        lines.append(
            t("fact.window", fn=window.fn, window=_length(window.window_s), by=", ".join(window.key))
        )
    elif not fact.supplied:
        lines.append(t("fact.unsupplied"))
    else:
        lines.append(t("fact.source", namespace=fact.namespace))
    return lines


def _length(seconds: int) -> str:
    for unit, size in (("d", 86400), ("h", 3600), ("m", 60)):
        if seconds % size == 0:
            return f"{seconds // size}{unit}"
    return f"{seconds}s"
