"""Try a rule: fill in the facts it reads, see what it decides and why the rest did not fire."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

from nicegui import ui

from engine.diagnostics import Diagnostic
from engine.expressions import EvaluationError, Fact, FactType, Value, Vocabulary
from engine.rulebook import Entry, Explanation, HitPolicy, Rule, RulebookError, Scored, Table
from payments_core.fees import EVALUATORS
from payments_core.money import format_fen, format_rate
from ui.components import chips, states
from ui.editing.form import shown_instant, typed_instant
from ui.i18n import either, language, t
from ui.markup import Markup, div, join, show, span, tag

_MOST_UNMET = 60
_SEVERAL = frozenset(
    policy for policy in HitPolicy if policy.value.startswith(("rule_", "output_", "collect_"))
)
_MEETS = {True: ("check", "good"), False: ("close", "f"), None: ("alert", "bad")}


class TryIt:
    """The facts of one trial and its outcome; `rule` gives the rule of the present text, or None.

    `load` fetches the facts stored with a payment by its number, `keep` writes the trial as a test.
    """

    def __init__(
        self,
        *,
        rule: Callable[[], Rule | None],
        vocabulary: Mapping[str, Fact],
        load: Callable[[str], Awaitable[Mapping[str, Value] | None]] | None = None,
        keep: Callable[[Mapping[str, Value], Mapping[str, Any]], Awaitable[object]] | None = None,
        speak: Callable[[], None] = lambda: None,
    ) -> None:
        """Put the panel on the page."""
        self._rule, self._vocabulary, self._load, self._keep, self._speak = (
            rule,
            vocabulary,
            load,
            keep,
            speak,
        )
        self._given: dict[str, Value] = {}
        self._boxes: dict[str, ui.element] = {}
        self._asked: tuple[str, ...] | None = None
        with ui.element("div").classes("try"):
            with ui.element("div").classes("try-facts"):
                self._tools()
                self._fields = ui.element("div").classes("try-fields")
            self._outcome = ui.html("", sanitize=False).classes("try-outcome")

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

    def fill(self, facts: Mapping[str, Value]) -> None:
        """Take these facts for the trial, defaults for the rest."""
        self._given = {name: value for name, value in facts.items() if name in self._vocabulary}
        self._asked = None
        self.show("", ())

    def _tools(self) -> None:
        search = ui.input(placeholder=t("try.search"), on_change=lambda e: self._filter(str(e.value or "")))
        search.props["aria-label"] = t("try.search")
        if self._load is not None:
            with ui.element("div").classes("row"):
                number = ui.input(placeholder=t("try.payment")).classes("grow")
                number.props["aria-label"] = t("try.payment")
                number.on("keydown.enter", lambda: self._fetch(str(number.value or "")))
                ui.button(t("try.load"), on_click=lambda: self._fetch(str(number.value or ""))).props(
                    "outline"
                )
        with ui.element("div").classes("row"):
            ui.button(t("try.reset"), on_click=lambda: self.fill({})).props("outline")
            if self._keep is not None:
                ui.button(t("try.keep"), on_click=self._save).props("outline")

    async def _fetch(self, number: str) -> None:
        assert self._load is not None
        found = await self._load(number.strip())
        self._speak()
        if not found:
            ui.notify(t("try.no_payment", number=number.strip() or "—"), type="info")
            return
        self.fill(found)
        known = sum(name in found for name in self._asked or ())
        ui.notify(t("try.loaded", count=known, of=len(self._asked or ())))

    async def _save(self) -> None:
        self._speak()
        rule = self._rule()
        if rule is not None and self._keep is not None:
            read = {name: value for name, value in self._given.items() if name in (self._asked or ())}
            explanation = rule.shape.explain({**self._defaults(), **self._given}, language=language())
            await self._keep(read, expected(rule, explanation))

    def _filter(self, text: str) -> None:
        wanted = text.strip().lower()
        for name, box in self._boxes.items():
            fact = self._vocabulary[name]
            box.set_visibility(any(wanted in said.lower() for said in (name, fact.title, fact.title_en)))

    def _defaults(self) -> dict[str, Value]:
        return {name: fact.default for name, fact in self._vocabulary.items()}

    def _build_fields(self, asked: tuple[str, ...]) -> None:
        self._fields.clear()
        self._boxes = {}
        with self._fields:
            if not asked:
                ui.label(t("try.no_facts")).classes("f")
            for name in asked:
                self._boxes[name] = self._field(self._vocabulary[name])

    def _field(self, fact: Fact) -> ui.element:
        label = f"{either(fact.title, fact.title_en)}" + (f" · {fact.unit}" if fact.unit else "")
        present = self._given.get(fact.name, fact.default)

        def keep(value: object) -> None:
            self._given[fact.name] = _typed(fact, value)
            rule = self._rule()
            if rule is not None:
                self._outcome.set_content(str(self._decide(rule)))

        with ui.element("div").classes("rule-field") as box:
            named = (span(label), span(fact.name, cls="mono f s"))
            show(div(*named, cls="rule-label"))
            if fact.type is FactType.BOOL:
                made: Any = ui.switch(value=bool(present), on_change=lambda e: keep(e.value)).props("dense")
            elif fact.type is FactType.STRING and fact.values:
                chosen = present if present in fact.values else fact.values[0]
                made = ui.select(list(fact.values), value=chosen, on_change=lambda e: keep(e.value))
            else:
                shown = ", ".join(present) if isinstance(present, list | tuple) else _written(present)
                made = ui.input(value=shown, on_change=lambda e: keep(e.value)).props("debounce=200")
            made.props["aria-label"] = label
        return box

    def _decide(self, rule: Rule) -> Markup:
        try:
            facts = Vocabulary(facts=self._vocabulary).conform(self._given)
        except EvaluationError as error:
            return states.failed(t("try.refused"), str(error))
        explanation = rule.shape.explain(facts, language=language())
        entries = _entries(rule, explanation)
        if explanation.error:
            return join(states.failed(t("try.refused"), explanation.error), *entries)
        try:
            figures = EVALUATORS[rule.kind](rule, facts) if rule.kind in EVALUATORS else {}
        except (RulebookError, EvaluationError) as error:
            return join(states.failed(t("try.refused"), str(error)), *entries)
        return join(_headline(explanation, figures), *entries)


def expected(rule: Rule, explanation: Explanation) -> dict[str, Any]:
    """Return what a test of this trial expects: the row, the decision, or each condition."""
    fired = [number for number, entry in enumerate(explanation.entries) if entry.fired]
    if isinstance(rule.shape, Table):
        several = rule.shape.hit_policy in _SEVERAL
        return {"rows": fired} if several else {"row": fired[0]} if fired else {}
    if isinstance(rule.shape, Scored):
        return {
            "decision": explanation.decision,
            "hits": [entry.id for entry in explanation.entries if entry.fired],
        }
    paths = (".".join(map(str, pointer)) for pointer in rule.conditions)
    return {path: entry.fired for path, entry in zip(paths, explanation.entries, strict=True)}


def _entries(rule: Rule, explanation: Explanation) -> list[Markup]:
    """What fired first, then why the rest did not; of a long table only the first of those."""
    fired = [_entry(rule, entry) for entry in explanation.entries if entry.fired]
    rest = [entry for entry in explanation.entries if not entry.fired]
    told = [_entry(rule, entry) for entry in rest[:_MOST_UNMET]]
    head = tag("h2", t("try.why_not", count=len(rest)), cls="proof-title") if rest else None
    left = len(rest) - _MOST_UNMET
    more = div(t("try.more", count=left), cls="f pad") if left > 0 else None
    return [*fired, join(head), *told, join(more)]


def _measured(rule: Rule) -> set[str]:
    """The amount that prices need beside what conditions read."""
    return {"txn.settle_amount_fen"} if rule.kind in EVALUATORS else set()


def _headline(explanation: Explanation, figures: Mapping[str, Any]) -> Markup:
    outcome = [span(t("try.decides"), " ", span(explanation.decision or "—", cls="b"))]
    for name, value in {**explanation.outputs, **figures}.items():
        outcome.append(span(name, " ", span(_shown(name, value), cls="b"), cls="mono"))
    return div(join(*outcome, between="  ·  "), cls="try-head")


def _entry(rule: Rule, entry: Entry) -> Markup:
    state = chips.chip(
        t(f"try.{entry.reason}"),
        "good" if entry.fired else "plain",
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
    if fact.type is FactType.TIMESTAMP:
        try:
            return datetime.fromisoformat(typed_instant(str(value).strip()))
        except ValueError:
            return fact.default
    return str(value)


def _written(value: Value) -> str:
    return shown_instant(value.isoformat()) if isinstance(value, datetime) else str(value)
