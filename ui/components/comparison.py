"""How two versions of a rule compare: one row a slice, with its verdict and a case that shows it."""

from __future__ import annotations

from datetime import datetime

from engine.rulebook.prove.compare import Comparison, Effect, Slice
from ui.components import chips, data_table, words
from ui.components.chips import Meaning
from ui.components.data_table import Column
from ui.i18n import language, t
from ui.markup import Markup, div, join, span, tag

_MEANINGS: dict[Effect, Meaning] = {
    Effect.EQUAL: "plain",
    Effect.DEARER: "warn",
    Effect.CHEAPER: "good",
    Effect.MIXED: "warn",
    Effect.CHANGED: "info",
    Effect.UNDECIDED: "bad",
}


def panel(one: Comparison, *, since: datetime) -> Markup:
    """Return the verdict for all cases, then the slices; what shows in no outcome is told in words."""
    told = language()
    head = div(
        tag("h2", t("comparison.title", about=one.about.say(language=told))),
        chip_of(one.whole),
        span(t("comparison.since", time=words.time_of(since, seconds=False)), cls="f s"),
        span(t("comparison.proved"), cls="f s"),
        cls="ph",
    )
    settings = [
        div(t("comparison.setting", what=what.say(language=told)), cls="pbody m") for what in one.settings
    ]
    return join(head, div(_table((one.whole, *one.slices)), cls="grid-box"), *settings)


def chip_of(one: Slice) -> Markup:
    """Return the verdict of a slice."""
    sign = "minus" if one.effect is Effect.EQUAL else ""
    return chips.chip(t(f"comparison.{one.effect.value}"), _MEANINGS[one.effect], icon_name=sign)


def _table(slices: tuple[Slice, ...]) -> Markup:
    columns = (
        Column(key="slice", head=t("comparison.slice"), cell=_name),
        Column(key="effect", head=t("comparison.effect"), cell=chip_of),
        Column(key="case", head=t("comparison.case"), cell=_case),
    )
    return data_table.table(columns, list(slices), loose=True)


def _name(one: Slice) -> Markup:
    return span(one.name.say(language=language()), cls="b" if one.fact is None else "")


def _case(one: Slice) -> Markup:
    told = [div(witness.words(language=language()), cls="s") for witness in one.witnesses]
    if one.reason:
        told.append(div(one.reason, cls="s f"))
    return join(*told)
