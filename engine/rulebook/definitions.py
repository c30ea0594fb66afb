"""The shape `definition`: validated, versioned configuration that code reads; its conditions are compiled."""

from __future__ import annotations

from collections.abc import Mapping

from engine.diagnostics import Language
from engine.expressions import Condition, EvaluationError, Value, Vocabulary
from engine.rulebook.dated import DatedValue
from engine.rulebook.documents import Pointer
from engine.rulebook.explanation import Explanation, RuleRef, entry, facts_read


class Definition:
    """The conditions of a spec by their pointer below it, such as ("uplifts", 0, "when")."""

    __slots__ = ("_lines", "_vocabulary", "conditions", "dated", "ref")

    def __init__(
        self,
        *,
        ref: RuleRef,
        conditions: Mapping[Pointer, Condition],
        lines: Mapping[Pointer, int],
        vocabulary: Vocabulary,
        dated: tuple[DatedValue, ...] = (),
    ) -> None:
        """Take the compiled conditions and the line of each, and the values that are so by date."""
        self.ref = ref
        self.dated = dated
        self.conditions = conditions
        self._lines = lines
        self._vocabulary = vocabulary

    def explain(self, facts: Mapping[str, Value], *, language: Language = "zh") -> Explanation:
        """Return for every condition whether it holds; those without an answer are no outputs."""
        holding: dict[Pointer, bool] = {}
        problems: list[str] = []
        for pointer, condition in self.conditions.items():
            try:
                holding[pointer] = condition.evaluate(facts)
            except EvaluationError as error:
                problems.append(f"{dotted(pointer)}: {error}")
        return Explanation(
            rule=self.ref,
            decision="",
            outputs={dotted(pointer): holds for pointer, holds in holding.items()},
            error="; ".join(problems),
            entries=tuple(
                entry(
                    id=dotted(pointer),
                    label="",
                    line=self._lines[pointer],
                    condition=condition,
                    facts=facts,
                    vocabulary=self._vocabulary,
                    fired=holding.get(pointer, False),
                    language=language,
                )
                for pointer, condition in self.conditions.items()
            ),
            facts=facts_read(self.conditions.values(), facts),
            dated=self.dated,
        )


def dotted(pointer: Pointer) -> str:
    """Return a pointer as text: `uplifts.0.when`."""
    return ".".join(str(part) for part in pointer)
