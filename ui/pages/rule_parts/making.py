"""How each view of the workbench is made of one open rule."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

from nicegui import ui

from engine.diagnostics import Diagnostic
from engine.expressions import Value
from engine.rulebook import Rule
from ui import desk, rule_evidence, uses
from ui.components import coverage_view, fact_cards, uses_view
from ui.components.completion import attach
from ui.components.form_view import FormView
from ui.components.grid_view import GridView
from ui.components.proof_view import ProofView
from ui.components.rule_text import RuleText
from ui.components.try_it import TryIt
from ui.components.yaml_editor import YamlEditor
from ui.editing.completing import complete
from ui.editing.trials import add_test
from ui.i18n import t
from ui.markup import Markup, div, join, tag
from ui.pages.backtest_parts.panel import BacktestPanel
from ui.pages.rule_parts import payment_facts

if TYPE_CHECKING:
    from ui.pages.rule_edit import Workbench

_TO_LINE = """(event) => {
  const hit = event.target.closest('[data-line]');
  if (hit) emit(Number(hit.dataset.line));
}"""


class Makers:
    """Makes the views of one workbench."""

    def __init__(self, bench: Workbench) -> None:
        """Take the workbench whose text they show."""
        self._bench = bench
        self._cards = fact_cards.cards(bench.opened.release.rulebook)

    def editor(self) -> YamlEditor:
        """Make the YAML view, which holds the text, and the model of the text."""
        bench = self._bench
        label = t("bench.editor", rule=bench.opened.rule.id)
        bench.editor = YamlEditor(
            bench.opened.text,
            released=bench.opened.released_text,
            label=label,
            dark=bench.visit.dark,
            on_change=bench.on_edit,
            on_check=bench.check,
            can_edit=bench.can_edit,
        )
        attach(
            bench.editor.element, complete=partial(complete, kind=bench.kind), cards=self._cards, label=label
        )
        bench.model = RuleText(bench.editor, can_edit=bench.can_edit, language=bench.speak)
        return bench.editor

    def form(self) -> FormView:
        """Make the form."""
        bench = self._bench
        return FormView(
            model=bench.model,
            kind=bench.kind,
            cards=self._cards,
            look_at=bench.views.look_at,
            dark=bench.visit.dark,
        )

    def grid(self) -> GridView:
        """Make the table."""
        return GridView(model=self._bench.model, kind=self._bench.kind)

    def trial(self) -> TryIt:
        """Make the trial; only who may edit can keep one as a test."""
        bench = self._bench
        release = bench.opened.release

        async def keep(facts: Mapping[str, Value], expect: Mapping[str, Any]) -> None:
            name = t("try.test_name", number="{number}")
            if await bench.model.edit(partial(add_test, name=name, facts=facts, expect=expect)):
                ui.notify(t("try.kept"), type="positive")

        return TryIt(
            rule=self._read,
            vocabulary=release.rulebook.vocabulary.facts,
            load=partial(payment_facts.load, bench.visit, release),
            keep=keep if bench.can_edit else None,
            speak=bench.speak,
        )

    def proofs(self) -> ProofView:
        """Make the proofs of the present text."""
        bench = self._bench
        release = bench.opened.release

        def try_case(witness: Mapping[str, Value]) -> None:
            bench.views.look_at("try")
            trial = bench.views.build("try")
            if isinstance(trial, TryIt):
                trial.fill(witness)

        return ProofView(
            facts=release.rulebook.vocabulary.facts,
            rule=self._read,
            prove=partial(rule_evidence.proofs, release, on=bench.visit.today),
            reveal=bench.reveal,
            try_case=try_case,
            speak=bench.speak,
        )

    def backtest(self) -> BacktestPanel:
        """Make the backtest of the draft; starting it keeps the present text as the draft first."""
        bench = self._bench
        own = bench.opened.rule.id

        def reveal(rule_id: str, line: int) -> None:
            if rule_id == own:
                bench.reveal(line)
            else:
                ui.navigate.to(f"/rules/{rule_id}")

        return BacktestPanel(
            bench.visit,
            draft=desk.draft_name(rule_id=own, login=bench.visit.person.login),
            action=bench.edits if bench.can_edit else None,
            prepare=bench.keep_for_backtest,
            reveal=reveal,
            saved=lambda: bench.saved_text,
        )

    def coverage(self) -> Linked:
        """Make the coverage of the present text's tests."""
        bench = self._bench

        def drawn(text: str) -> Markup:
            rule = bench.rule
            reached = rule_evidence.coverage(bench.opened.release, rule) if rule is not None else None
            return coverage_view.drawn(rule, reached)

        return Linked(drawn, reveal=bench.reveal)

    def uses(self) -> Linked:
        """Make what the rule reads and what hangs on it."""
        bench = self._bench
        release, own = bench.opened.release, bench.opened.rule
        others = tuple(use for use in uses.find(release, own.id) if use.path != own.path)

        def drawn(text: str) -> Markup:
            found = uses.impact_of_rule(release, bench.rule or own)
            named = uses_view.lines(others) if others else div(t("uses.own_only"), cls="f pad")
            head = div(tag("h2", t("uses.others")), cls="ph")
            return join(uses_view.impact(release, found), head, named)

        return Linked(drawn, reveal=bench.reveal)

    def _read(self) -> Rule | None:
        return self._bench.rule


class Linked:
    """A view that only shows, and whose lines lead to the YAML."""

    def __init__(self, render: Any, *, reveal: Any) -> None:
        """Put it on the page, empty."""
        self._render = render
        self._html = ui.html("", sanitize=False)
        self._html.on("click", lambda event: reveal(int(event.args)), js_handler=_TO_LINE)

    def show(self, text: str, found: Sequence[Diagnostic]) -> None:
        """Draw the present text."""
        self._html.set_content(str(self._render(text)))
