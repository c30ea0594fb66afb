"""Try a rule: fill in the facts it reads, see what it decides and why the rest did not fire."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from nicegui import ui

from engine.diagnostics import Diagnostic
from engine.expressions import EvaluationError, Fact, FactType, Value
from engine.rulebook import Entry, Explanation, Rule, RulebookError
from payments_core.fees import EVALUATORS
from payments_core.money import format_fen, format_rate
from ui.components import chips, states
from ui.i18n import either, language, t
from ui.markup import Markup, div, join, span, tag

_MEETS = {True: ("check", "good"), False: ("close", "f"), None: ("alert", "bad")}


class TryIt:
    """The facts of one trial and its outcome; `rule` gives the rule of the present text, or None."""

    def __init__(self, *, rule: Callable[[], Rule | None], vocabulary: Mapping[str, Fact]) -> None:
        """Put the panel on the page."""
        self._rule = rule
        self._vocabulary = vocabulary
        self._given: dict[str, Value] = {}
        with ui.element("div").classes("try"):
            self._fields = ui.element("div").classes("try-facts")
            self._outcome = ui.html("", sanitize=False).classes("try-outcome")
        self._asked: tuple[str, ...] | None = None

    def show(self, text: str, found: Sequence[Diagnostic]) -> None:
        """Ask for the facts that the present text reads and show what it decides."""
        rule = self._rule()
        if rule is None:
            self._outcome.set_content(str(states.empty(t("try.unreadable"), t("try.unreadable_hint"))))
            return
        asked = tuple(sorted({name for c in rule.conditions.values() for name in c.reads} | _measured(rule)))
        if asked != self._asked:
            self._asked = asked
            self._build_fields(asked)
        self._outcome.set_content(str(self._decide(rule)))

    def _build_fields(self, asked: tuple[str, ...]) -> None:
        self._fields.clear()
        with self._fields:
            if not asked:
                ui.label(t("try.no_facts")).classes("f")
            for name in asked:
                self._field(self._vocabulary[name])

    def _field(self, fact: Fact) -> None:
        label = f"{either(fact.title, fact.title_en)}" + (f" · {fact.unit}" if fact.unit else "")
        present = self._given.get(fact.name, fact.default)

        def keep(value: object) -> None:
            self._given[fact.name] = _typed(fact, value)
            rule = self._rule()
            if rule is not None:
                self._outcome.set_content(str(self._decide(rule)))

        with ui.element("div").classes("field"):
            if fact.type is FactType.BOOL:
                ui.switch(label, value=bool(present), on_change=lambda e: keep(e.value)).props("dense")
            elif fact.type is FactType.STRING and fact.values:
                ui.select(
                    list(fact.values),
                    value=present if present in fact.values else fact.values[0],
                    label=label,
                    on_change=lambda e: keep(e.value),
                )
            else:
                shown = ", ".join(present) if isinstance(present, list | tuple) else str(present)
                ui.input(label, value=shown, on_change=lambda e: keep(e.value)).props("debounce=200")
            ui.label(fact.name).classes("f s mono")

    def _decide(self, rule: Rule) -> Markup:
        facts: dict[str, Value] = {name: fact.default for name, fact in self._vocabulary.items()}
        facts.update(self._given)
        explanation = rule.shape.explain(facts, language=language())
        entries = [_entry(rule, entry) for entry in explanation.entries]
        if explanation.error:
            return join(states.failed(t("try.refused"), explanation.error), *entries)
        try:
            figures = EVALUATORS[rule.kind](rule, facts) if rule.kind in EVALUATORS else {}
        except (RulebookError, EvaluationError) as error:
            return join(states.failed(t("try.refused"), str(error)), *entries)
        return join(_headline(explanation, figures), *entries)


def _measured(rule: Rule) -> set[str]:
    """The amount that prices need beside what conditions read."""
    return {"txn.settle_amount_fen"} if rule.kind in EVALUATORS else set()


def _headline(explanation: Explanation, figures: Mapping[str, Any]) -> Markup:
    outcome = [span(t("try.decides"), " ", span(explanation.decision or "—", cls="b"))]
    for name, value in {**explanation.outputs, **figures}.items():
        outcome.append(span(name, " ", span(_shown(name, value), cls="b"), cls="mono"))
    return div(join(*outcome, between="  ·  "), cls="try-head")


def _entry(rule: Rule, entry: Entry) -> Markup:
    tone = "warn" if entry.fired else "plain"
    state = chips.chip(
        t(f"try.{entry.reason}"),
        "good" if entry.fired else tone,
        icon_name="check" if entry.fired else "minus",
    )
    clauses = [
        tag(
            "li",
            span("✓" if clause.met else "×" if clause.met is False else "!", cls=_MEETS[clause.met][1]),
            " ",
            clause.words,
            " ",
            span(clause.value, cls="f"),
        )
        for clause in entry.clauses
    ]
    head = div(
        span(entry.id or f"{t('try.row')} {entry.line}", cls="mono b"),
        " ",
        entry.label,
        span(cls="grow"),
        span(f"{rule.id} v{rule.version}:{entry.line}", cls="mono f"),
        state,
        cls="row",
    )
    return div(
        head, tag("ul", *clauses, cls="clauses"), cls="try-entry fired" if entry.fired else "try-entry"
    )


def _shown(name: str, value: Any) -> str:
    if isinstance(value, bool):
        return t("try.yes" if value else "try.no")
    if isinstance(value, int):
        if name.endswith("_fen"):
            return format_fen(value)
        if name.endswith("_ppm"):
            return format_rate(value)
    return str(value)


def _typed(fact: Fact, value: object) -> Value:
    """Return what was typed as the fact's type; text that is no number counts as the default."""
    if fact.type is FactType.INT:
        text = str(value).strip().replace(",", "")
        return int(text) if text.lstrip("-").isdigit() else fact.default
    if fact.type is FactType.LIST_STRING:
        return tuple(part.strip() for part in str(value).split(",") if part.strip())
    if fact.type is FactType.BOOL:
        return bool(value)
    return str(value)
