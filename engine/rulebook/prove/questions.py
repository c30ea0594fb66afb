"""Asking about one rule: a claim becomes a question to the solver, its answer a proof in words."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from functools import cached_property
from typing import Any

from engine.diagnostics import Location
from engine.expressions import Condition, EvaluationError, Node, Value
from engine.expressions.smt import Formula, Reading, Untranslatable
from engine.expressions.smt_search import Facts, Undecided, find, plainest
from engine.rulebook.boxes import Boxes, NotABox, Sweep
from engine.rulebook.documents import Pointer
from engine.rulebook.errors import RulebookError
from engine.rulebook.kinds import Kind
from engine.rulebook.prove.model import Proof, Verdict
from engine.rulebook.prove.wording import UNDECIDED, known_proof
from engine.rulebook.rules import Rule
from engine.rulebook.tables import Table

Case = Mapping[str, Value]
Words = Mapping[str, Any]
Boxed = Callable[[], Case | None]
"""What boxes say: a case, None if there is none. Raises NotABox where they cannot tell."""
NO_WORDS: Words = {}
_EDGES = 20
"""Conditions whose literals are tried to make a case plainer; the first ones are the nearest."""


class Questions:
    """The conditions of one rule, read once for all its claims."""

    def __init__(self, *, rule: Rule, kind: Kind, also: Sequence[Node] = ()) -> None:
        """Take a rule and its kind, and trees beside the rule's conditions."""
        self.rule = rule
        self.kind = kind
        self.conditions: Mapping[Pointer, Condition] = rule.conditions
        self.reading = Reading([*(condition.tree for condition in self.conditions.values()), *also])
        self._defaults: Facts = {name: fact.default for name, fact in self.reading.facts.items()}
        self._examples: dict[str, Facts] = {}

    @cached_property
    def sweep(self) -> Sweep:
        """Return the conditions as boxes, by their number: what they can answer needs no solver."""
        return Sweep(Boxes([condition.tree for condition in self.conditions.values()]))

    @property
    def table(self) -> Table:
        """Return the rule's shape where it is a table; asked only of tables."""
        if not isinstance(self.rule.shape, Table):
            raise TypeError(f"{self.rule.id} is no table")
        return self.rule.shape

    def with_trees(self, trees: Sequence[Node]) -> Questions:
        """Return the same questions read together with other trees."""
        return Questions(rule=self.rule, kind=self.kind, also=trees)

    def can_happen(
        self,
        code: str,
        *,
        at: Location,
        when: Callable[[], Formula],
        confirms: Callable[[Case], bool],
        about: Sequence[Condition],
        words: Words = NO_WORDS,
        boxed: Boxed | None = None,
    ) -> Proof:
        """Return the proof of a claim that there is a case; the case found is its example."""
        return self._asked(code, at, when, confirms, about, Verdict.PROVED, lambda case: words, boxed)

    def never_happens(
        self,
        code: str,
        *,
        at: Location,
        when: Callable[[], Formula],
        confirms: Callable[[Case], bool],
        about: Sequence[Condition],
        words: Callable[[Case | None], Words] = lambda case: NO_WORDS,
        boxed: Boxed | None = None,
    ) -> Proof:
        """Return the proof of a claim about all cases; the case found is its counterexample."""
        return self._asked(code, at, when, confirms, about, Verdict.REFUTED, words, boxed)

    def cannot_be(self, when: Callable[[], Formula]) -> bool:
        """Return whether the solver shows that there is no such case, whatever a case would mean."""
        try:
            return find(reading=self.reading, claim=when(), confirms=lambda facts: True, edges=()) is None
        except (Undecided, Untranslatable):
            return False

    def known(
        self, code: str, *, at: Location, witness: Case | None, proved: bool, words: Words = NO_WORDS
    ) -> Proof:
        """Return a proof that needed no solver."""
        verdict = Verdict.PROVED if proved else Verdict.REFUTED
        return known_proof(code, verdict, at, words, witness=witness, facts=self.kind.vocabulary.facts)

    def _asked(
        self,
        code: str,
        at: Location,
        when: Callable[[], Formula],
        confirms: Callable[[Case], bool],
        about: Sequence[Condition],
        found: Verdict,
        words: Callable[[Case | None], Words],
        boxed: Boxed | None,
    ) -> Proof:
        try:
            facts = self._found(when, _answering(confirms), about, boxed)
        except (Undecided, Untranslatable) as error:
            return _undecided(code, at, error)
        if facts is None:
            other = Verdict.REFUTED if found == Verdict.PROVED else Verdict.PROVED
            return known_proof(code, other, at, words(None))
        reads = frozenset().union(*(condition.reads for condition in about))
        witness = {name: facts[name] for name in sorted(reads & facts.keys())}
        return known_proof(code, found, at, words(facts), witness=witness, facts=self.reading.facts)

    def _found(
        self,
        when: Callable[[], Formula],
        confirms: Callable[[Case], bool],
        about: Sequence[Condition],
        boxed: Boxed | None,
    ) -> Facts | None:
        """Return a case: from boxes if they tell, else a guess, which needs no solver, else the solver's."""
        if boxed is not None:
            with suppress(NotABox):
                case = boxed()
                if case is None:
                    return None
                if confirms(whole := {**self._defaults, **case}):
                    return whole
        edges = [condition.tree for condition in about[:_EDGES]]
        example = self._examples.get(about[0].source) if about else None
        for guess in (self._defaults, example):
            if guess is not None and confirms(guess):
                return plainest(guess, reading=self.reading, confirms=confirms, edges=edges)
        facts = find(reading=self.reading, claim=when(), confirms=confirms, edges=edges)
        if facts is not None and about:
            self._examples[about[0].source] = facts
        return facts


def or_undecided(code: str, at: Location, proofs: Callable[[], tuple[Proof, ...]]) -> tuple[Proof, ...]:
    """Return the proofs, or that what they are about cannot be read."""
    try:
        return proofs()
    except Untranslatable as error:
        return (_undecided(code, at, error),)


def _undecided(code: str, at: Location, error: Exception) -> Proof:
    zh, en = (text.format(reason=error) for text in UNDECIDED)
    return Proof(code=code, verdict=Verdict.UNDECIDED, location=at, witness=None, zh=zh, en=en)


def _answering(confirms: Callable[[Case], bool]) -> Callable[[Case], bool]:
    """An evaluation that ends in an error, or in a refusal to decide, confirms nothing."""

    def answers(facts: Case) -> bool:
        try:
            return confirms(facts)
        except (EvaluationError, RulebookError):
            return False

    return answers
