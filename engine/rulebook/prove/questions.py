"""Asking about one rule: a claim becomes a question to the solver, its answer a proof in words."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from engine.diagnostics import Location
from engine.expressions import Condition, EvaluationError, Fact, Value
from engine.expressions.smt import Formula, Reading, Untranslatable
from engine.expressions.smt_search import Undecided, find
from engine.rulebook.documents import Pointer
from engine.rulebook.errors import RulebookError
from engine.rulebook.kinds import Kind
from engine.rulebook.prove.model import Proof, Verdict
from engine.rulebook.prove.wording import CLAIMS, UNDECIDED_EN, UNDECIDED_ZH, case_in_words
from engine.rulebook.rules import Rule

Case = Mapping[str, Value]
Words = Mapping[str, Any]
NO_WORDS: Words = {}


class Questions:
    """The conditions of one rule, read once for all its claims."""

    def __init__(self, *, rule: Rule, kind: Kind) -> None:
        """Take a rule and its kind."""
        self.rule = rule
        self.kind = kind
        self.conditions: Mapping[Pointer, Condition] = rule.conditions
        self.reading = Reading([condition.tree for condition in self.conditions.values()])

    def can_happen(
        self,
        code: str,
        *,
        at: Location,
        when: Callable[[], Formula],
        confirms: Callable[[Case], bool],
        reads: Iterable[str],
        words: Words = NO_WORDS,
    ) -> Proof:
        """Return the proof of a claim that there is a case; the case found is its example."""
        return self._asked(code, at, when, confirms, reads, Verdict.PROVED, lambda case: words)

    def never_happens(
        self,
        code: str,
        *,
        at: Location,
        when: Callable[[], Formula],
        confirms: Callable[[Case], bool],
        reads: Iterable[str],
        words: Callable[[Case | None], Words] = lambda case: NO_WORDS,
    ) -> Proof:
        """Return the proof of a claim about all cases; the case found is its counterexample."""
        return self._asked(code, at, when, confirms, reads, Verdict.REFUTED, words)

    def known(
        self, code: str, *, at: Location, witness: Case | None, proved: bool, words: Words = NO_WORDS
    ) -> Proof:
        """Return a proof that needed no solver."""
        verdict = Verdict.PROVED if proved else Verdict.REFUTED
        return _proof(code, verdict, at, witness, self.kind.vocabulary.facts, words)

    def _asked(
        self,
        code: str,
        at: Location,
        when: Callable[[], Formula],
        confirms: Callable[[Case], bool],
        reads: Iterable[str],
        found: Verdict,
        words: Callable[[Case | None], Words],
    ) -> Proof:
        try:
            facts = find(reading=self.reading, claim=when(), confirms=_answering(confirms))
        except (Undecided, Untranslatable) as error:
            zh, en = UNDECIDED_ZH.format(reason=error), UNDECIDED_EN.format(reason=error)
            return Proof(code=code, verdict=Verdict.UNDECIDED, location=at, witness=None, zh=zh, en=en)
        if facts is None:
            other = Verdict.REFUTED if found == Verdict.PROVED else Verdict.PROVED
            return _proof(code, other, at, None, self.reading.facts, words(None))
        witness = {name: facts[name] for name in sorted(reads)}
        return _proof(code, found, at, witness, self.reading.facts, words(facts))


def _answering(confirms: Callable[[Case], bool]) -> Callable[[Case], bool]:
    """An evaluation that ends in an error, or in a refusal to decide, confirms nothing."""

    def answers(facts: Case) -> bool:
        try:
            return confirms(facts)
        except (EvaluationError, RulebookError):
            return False

    return answers


def _proof(
    code: str,
    verdict: Verdict,
    at: Location,
    witness: Case | None,
    facts: Mapping[str, Fact],
    words: Words,
) -> Proof:
    claim, shown = CLAIMS[code], witness or {}
    zh = case_in_words(witness=shown, facts=facts, language="zh")
    en = case_in_words(witness=shown, facts=facts, language="en")
    proved = verdict == Verdict.PROVED
    return Proof(
        code=code,
        verdict=verdict,
        location=at,
        witness=witness,
        zh=(claim.proved_zh if proved else claim.refuted_zh).format(case=zh, **words),
        en=(claim.proved_en if proved else claim.refuted_en).format(case=en, **words),
    )
