"""Every claim about the rule with its verdict: the refuted ones first, each with a case to look at."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING

from nicegui import background_tasks, ui
from nicegui.events import GenericEventArguments
from starlette.concurrency import run_in_threadpool

from engine.diagnostics import Diagnostic
from engine.expressions import Fact, Value, format_value
from engine.rulebook import Rule
from ui import rule_evidence
from ui.components import chips, states
from ui.components.chips import Meaning
from ui.i18n import catalogue, language, t
from ui.markup import Markup, div, join, span, tag

if TYPE_CHECKING:
    from engine.rulebook.prove import Proof

Prove = Callable[[Rule], "tuple[Proof, ...]"]
_CHIPS: Mapping[str, tuple[Meaning, str]] = {
    "refuted": ("bad", "alert"),
    "undecided": ("warn", "triangle"),
    "accepted": ("info", "check"),
    "proved": ("good", "check"),
}
_ACTS = """(event) => {
  const hit = event.target.closest('[data-line], [data-try]');
  if (hit) emit({ line: Number(hit.dataset.line || 0), proof: Number(hit.dataset.try ?? -1) });
}"""


class ProofView:
    """The proofs of the present text, made once a text while it is looked at."""

    def __init__(
        self,
        *,
        facts: Mapping[str, Fact],
        rule: Callable[[], Rule | None],
        prove: Prove,
        reveal: Callable[[int], None],
        try_case: Callable[[Mapping[str, Value]], None],
        speak: Callable[[], None],
    ) -> None:
        """Put it on the page; `speak` sets the reader's language for what is written later."""
        self._facts, self._rule, self._prove, self._speak = facts, rule, prove, speak
        self._reveal, self._try = reveal, try_case
        self._text: str | None = None
        self._found: tuple[Proof, ...] = ()
        self._html = ui.html("", sanitize=False).classes("proof-view")
        self._html.on("click", self._clicked, js_handler=_ACTS)

    def show(self, text: str, found: Sequence[Diagnostic]) -> None:
        """Prove the present text unless that is done or under way."""
        if text == self._text:
            return
        self._text = text
        rule = self._rule()
        if rule is None:
            self._html.set_content(str(states.empty(t("proof.unreadable"), t("try.unreadable_hint"))))
            return
        waiting = div(span(t("proof.running", count=len(rule.conditions)), cls="m"), cls="pad", role="status")
        self._html.set_content(str(join(waiting, states.skeleton(lines=4))))
        background_tasks.create(self._run(text, rule))

    async def _run(self, text: str, rule: Rule) -> None:
        found = await run_in_threadpool(partial(self._prove, rule))
        if text != self._text or self._html.is_deleted:
            return
        self._speak()
        self._found = found
        self._html.set_content(str(_drawn(rule, found, self._facts)))

    def _clicked(self, event: GenericEventArguments) -> None:
        line, number = int(event.args["line"]), int(event.args["proof"])
        if 0 <= number < len(self._found) and (witness := self._found[number].witness) is not None:
            self._try(witness)
        elif line:
            self._reveal(line)


def _drawn(rule: Rule, found: Sequence[Proof], facts: Mapping[str, Fact]) -> Markup:
    counts = rule_evidence.count(found)
    told = [
        chips.chip(
            t(f"proof.{verdict}_count", count=number),
            _CHIPS[verdict][0] if number else "plain",
            icon_name=_CHIPS[verdict][1],
        )
        for verdict, number in counts.items()
        if number or verdict in ("refuted", "proved")
    ]
    look = [
        _card(rule, number, proof, facts)
        for number, proof in enumerate(found)
        if str(proof.verdict) != "proved"
    ]
    stand = [_line(rule, proof) for proof in found if str(proof.verdict) == "proved"]
    return join(
        div(*told, span(cls="grow"), span(t("proof.basis"), cls="f s"), cls="proof-head row"),
        *look,
        tag("h2", t("proof.stand"), cls="proof-title") if stand else None,
        div(*stand),
    )


def _card(rule: Rule, number: int, proof: Proof, facts: Mapping[str, Fact]) -> Markup:
    """One claim to look at: the verdict, the words, the case fact by fact."""
    tone, mark = _CHIPS[str(proof.verdict)]
    head = div(
        chips.chip(t(f"proof.{proof.verdict}"), tone, icon_name=mark),
        span(_claim(proof.code), cls="b"),
        span(proof.code, cls="mono f s"),
        span(cls="grow"),
        _place(rule, proof),
        cls="row",
    )
    act = (
        tag("button", t("proof.try"), type="button", cls="btn small", data_try=number)
        if proof.witness
        else None
    )
    return div(
        head,
        div(proof.words(language=language()), cls="proof-words"),
        _case(proof, facts),
        act,
        cls=f"proof-card {tone}",
    )


def _case(proof: Proof, facts: Mapping[str, Fact]) -> Markup | None:
    if not proof.witness:
        return None
    rows = []
    for name, value in proof.witness.items():
        fact = facts.get(name)
        if fact is not None:
            said = format_value(value=value, unit=fact.unit, language=language())
            title = fact.title if language() == "zh" else fact.title_en
            rows.append(
                div(tag("dt", span(title), " ", span(name, cls="mono f s")), tag("dd", said or "—", cls="b"))
            )
    return tag("dl", *rows, cls="proof-case")


def _claim(code: str) -> str:
    """Return what is claimed in a few words; the code itself where nobody has written any."""
    return t(f"claim.{code}") if f"claim.{code}" in catalogue() else code


def _line(rule: Rule, proof: Proof) -> Markup:
    tone, mark = _CHIPS[str(proof.verdict)]
    said = span(proof.words(language=language()), cls="grow")
    return div(
        chips.chip(t(f"proof.{proof.verdict}"), tone, icon_name=mark),
        said,
        _place(rule, proof),
        cls="proof-line row",
    )


def _place(rule: Rule, proof: Proof) -> Markup:
    line = proof.location.line
    return tag("button", f"{rule.id}:{line}", type="button", cls="lk mono s plain", data_line=line)
