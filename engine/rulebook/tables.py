"""The shape `table`: rows of conditions and outputs under a DMN hit policy.

A last row whose condition is the text `true` is the "otherwise" row of `unique` and `any` tables: it counts
only when no other row matches. An error in a condition that was read is raised, never taken for "false".
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from engine.diagnostics import Language
from engine.expressions import (
    Condition,
    EvaluationError,
    Value,
    Vocabulary,
    compile_all,
    compile_first_match,
)
from engine.rulebook.dated import DatedValue
from engine.rulebook.errors import HitConflict, NoRowMatches, RulebookError
from engine.rulebook.explanation import Explanation, RuleRef, entry, facts_read
from engine.rulebook.kinds import HitPolicy

Facts = Mapping[str, Value]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Row:
    """One row; `row_no` counts from 0, `outputs` is the row without its `when`; `dated` are those by date."""

    row_no: int
    line: int
    outputs: Mapping[str, Any]
    condition: Condition
    dated: tuple[DatedValue, ...] = ()


class Table:
    """Rows under a hit policy. `ranked_output` and `order` serve `priority` and `output_order`."""

    __slots__ = (
        "_choose",
        "_every",
        "_first",
        "_rank",
        "_ranked_output",
        "_vocabulary",
        "hit_policy",
        "ref",
        "rows",
    )

    def __init__(
        self,
        *,
        ref: RuleRef,
        rows: tuple[Row, ...],
        hit_policy: HitPolicy,
        vocabulary: Vocabulary,
        ranked_output: str = "",
        order: tuple[str, ...] = (),
    ) -> None:
        """Take the rows in the order of the file."""
        self.ref = ref
        self.rows = rows
        self.hit_policy = hit_policy
        self._vocabulary = vocabulary
        # What decides is written now, so that no payment waits for it; what only explains, when it is asked.
        decides_first = hit_policy == HitPolicy.FIRST
        self._first = compile_first_match(self.conditions) if decides_first else None
        self._every = None if decides_first else compile_all(self.conditions)
        self._rank = {value: position for position, value in enumerate(order)}
        self._ranked_output = ranked_output
        self._choose: Mapping[HitPolicy, Callable[[tuple[Row, ...]], Row]] = {
            HitPolicy.UNIQUE: self._unique,
            HitPolicy.ANY: self._any,
            HitPolicy.PRIORITY: lambda matching: min(matching, key=self._rank_of),
        }

    @property
    def conditions(self) -> tuple[Condition, ...]:
        """Return the rows' conditions in order."""
        return tuple(row.condition for row in self.rows)

    def decide(self, facts: Facts) -> Row:
        """Return the one row that applies; of the policies with many results, the first in their order.

        Raises NoRowMatches, HitConflict (unique, any) and EvaluationError.
        """
        if self._first is not None:
            row_no = self._first(facts)
            if row_no is None:
                raise NoRowMatches(f"{self.ref}: no row matches")
            return self.rows[row_no]
        return self.decide_all(facts)[0]

    def decide_all(self, facts: Facts) -> tuple[Row, ...]:
        """Return every row that applies, in the order of the hit policy; one where it has one result.

        Raises NoRowMatches, HitConflict (unique, any) and EvaluationError.
        """
        if self.hit_policy == HitPolicy.FIRST:
            return (self.decide(facts),)
        matching = self.matching(facts)
        if not matching:
            raise NoRowMatches(f"{self.ref}: no row matches")
        if self.hit_policy in self._choose:
            return (self._choose[self.hit_policy](matching),)
        if self.hit_policy == HitPolicy.OUTPUT_ORDER:
            return tuple(sorted(matching, key=self._rank_of))
        return matching

    def collect(self, facts: Facts, *, output: str) -> int | tuple[Any, ...] | None:
        """Return the collected `output`: sum, min or max (None when no row matches), count, or the list.

        Raises EvaluationError.
        """
        values = tuple(row.outputs[output] for row in self.matching(facts) if output in row.outputs)
        if self.hit_policy == HitPolicy.COLLECT_COUNT:
            return len(values)
        if self.hit_policy == HitPolicy.COLLECT_SUM:
            return sum(int(value) for value in values)
        if self.hit_policy == HitPolicy.COLLECT_MIN:
            return min(values, default=None)
        if self.hit_policy == HitPolicy.COLLECT_MAX:
            return max(values, default=None)
        return values

    def _matches(self, facts: Facts) -> tuple[int, ...]:
        if self._every is None:
            self._every = compile_all(self.conditions)
        return self._every(facts)

    def matching(self, facts: Facts) -> tuple[Row, ...]:
        """Return the rows whose condition holds, in the order of the file, whatever the hit policy."""
        found = tuple(self.rows[row_no] for row_no in self._matches(facts))
        if (
            self.hit_policy in (HitPolicy.UNIQUE, HitPolicy.ANY)
            and len(found) > 1
            and is_otherwise(found[-1])
        ):
            return found[:-1]
        return found

    def explain(self, facts: Facts, *, language: Language = "zh") -> Explanation:
        """Return the decision, or why there is none, and for every row why it fired or did not."""
        chosen, error = self._tried(facts)
        return Explanation(
            rule=self.ref,
            decision=", ".join(str(row.row_no) for row in chosen),
            outputs=chosen[0].outputs if chosen else {},
            error=error,
            entries=tuple(
                entry(
                    id=str(row.row_no),
                    label=str(row.outputs.get("label", "")),
                    line=row.line,
                    condition=row.condition,
                    facts=facts,
                    vocabulary=self._vocabulary,
                    fired=row in chosen,
                    language=language,
                )
                for row in self.rows
            ),
            facts=facts_read(self.conditions, facts),
            dated=tuple(one for row in chosen for one in row.dated),
        )

    def _tried(self, facts: Facts) -> tuple[tuple[Row, ...], str]:
        try:
            return self.decide_all(facts), ""
        except (RulebookError, EvaluationError) as error:
            return (), str(error)

    def _unique(self, matching: tuple[Row, ...]) -> Row:
        if len(matching) > 1:
            raise HitConflict(f"{self.ref}: rows {[row.row_no for row in matching]} all match")
        return matching[0]

    def _any(self, matching: tuple[Row, ...]) -> Row:
        if any(row.outputs != matching[0].outputs for row in matching):
            raise HitConflict(f"{self.ref}: rows {[row.row_no for row in matching]} contradict each other")
        return matching[0]

    def _rank_of(self, row: Row) -> tuple[int, int]:
        return self._rank.get(row.outputs.get(self._ranked_output, ""), len(self._rank)), row.row_no


def is_otherwise(row: Row) -> bool:
    """Return whether the row is written to hold always."""
    return row.condition.source.strip() == "true"
