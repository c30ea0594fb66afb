"""The shape `scored`: rules that add points and may decide by themselves, and bands that decide by the sum.

The gravest decision wins, as the kind ranks them (REJECT before REVIEW before PASS); the last is the answer
when nothing fires. Every rule is read: an error in one is raised, and the caller fails as `fail_mode` says.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from engine.diagnostics import Language
from engine.expressions import Condition, EvaluationError, Value, Vocabulary, compile_all
from engine.rulebook.explanation import Explanation, RuleRef, entry, facts_read

Facts = Mapping[str, Value]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ScoredRule:
    """One rule; `decision` is "" when it only adds its score."""

    id: str
    label: str
    line: int
    score: int
    decision: str
    condition: Condition


@dataclass(frozen=True, slots=True, kw_only=True)
class Band:
    """From this sum of scores on, this decision."""

    min: int
    decision: str
    line: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What the rules decided, the sum of scores, and the rules that fired, in order."""

    decision: str
    score: int
    hits: tuple[ScoredRule, ...]


class Scored:
    """Scored rules and bands. `order` ranks the decisions, gravest first."""

    __slots__ = ("_all", "_order", "_quiet", "_rank", "_vocabulary", "bands", "ref", "rules")

    def __init__(
        self,
        *,
        ref: RuleRef,
        rules: tuple[ScoredRule, ...],
        bands: tuple[Band, ...],
        order: tuple[str, ...],
        vocabulary: Vocabulary,
    ) -> None:
        """Take the rules in the order of the file and the bands in rising order."""
        self.ref = ref
        self.rules = rules
        self.bands = bands
        self._vocabulary = vocabulary
        self._all = compile_all(self.conditions)
        self._order = order
        self._rank = {decision: position for position, decision in enumerate(order)}
        self._quiet = Verdict(decision=order[-1], score=0, hits=())

    @property
    def conditions(self) -> tuple[Condition, ...]:
        """Return the rules' conditions in order."""
        return tuple(rule.condition for rule in self.rules)

    def decide(self, facts: Facts) -> Verdict:
        """Return the verdict. Raises EvaluationError."""
        fired = self._all(facts)
        return self.verdict(tuple(self.rules[number] for number in fired)) if fired else self._quiet

    def verdict(self, hits: tuple[ScoredRule, ...]) -> Verdict:
        """Return what these hits amount to under the bands."""
        score = sum(rule.score for rule in hits)
        rank = self._rank[self._order[-1]]
        for rule in hits:
            rank = min(rank, self._rank.get(rule.decision, rank))
        for band in self.bands:
            if score >= band.min:
                rank = min(rank, self._rank[band.decision])
        return Verdict(decision=self._order[rank], score=score, hits=hits)

    def explain(self, facts: Facts, *, language: Language = "zh") -> Explanation:
        """Return the verdict, or why there is none, and for every rule why it fired or did not."""
        verdict, problem = self._quiet, ""
        try:
            verdict = self.decide(facts)
        except EvaluationError as error:
            problem = str(error)
        return Explanation(
            rule=self.ref,
            decision="" if problem else verdict.decision,
            outputs={"score": verdict.score, "hits": tuple(rule.id for rule in verdict.hits)},
            error=problem,
            entries=tuple(
                entry(
                    id=rule.id,
                    label=rule.label,
                    line=rule.line,
                    condition=rule.condition,
                    facts=facts,
                    vocabulary=self._vocabulary,
                    fired=rule in verdict.hits,
                    language=language,
                )
                for rule in self.rules
            ),
            facts=facts_read(self.conditions, facts),
        )
