"""Rules of kind `sequence`, ready to run: durations in microseconds, conditions by their part."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from engine.expressions import Condition
from engine.rulebook import Definition, Rulebook, Span
from engine.rulebook.sequences import KIND, seconds_of
from engine.sequences.model import microseconds

_SECOND_US = 1_000_000


class Pattern(StrEnum):
    """How the two events of a sequence belong together, by the word the file uses."""

    THEN = "then"
    WITHOUT = "without"
    TIMES = "times"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Plan:
    """One version of one rule, in force over `[start_us, end_us)`. `ends` is None for `times`."""

    rule_id: str
    version: int
    key: tuple[str, ...]
    pattern: Pattern
    first: Condition
    ends: Condition | None
    times: int
    window_us: int
    lateness_us: int
    start_us: int
    end_us: int | None
    outcome: Mapping[str, Any]

    @property
    def horizon_us(self) -> int:
        """Return how far back events matter: one window, for `times` also that of the event before."""
        windows = 2 if self.pattern is Pattern.TIMES else 1
        return windows * self.window_us + self.lateness_us

    def is_in_force(self, at_us: int) -> bool:
        """Tell whether this version speaks about what happened at that time."""
        return self.start_us <= at_us and (self.end_us is None or at_us < self.end_us)


def plans(rulebook: Rulebook) -> tuple[Plan, ...]:
    """Return every version of every sequence rule, by id and start."""
    return tuple(_plan(span) for span in rulebook.spans(kind=KIND))


def _plan(span: Span) -> Plan:
    rule, spec = span.rule, span.rule.spec
    asked: Mapping[str, Any] = spec["pattern"]
    pattern = next(one for one in Pattern if one in asked)
    if not isinstance(rule.shape, Definition):
        raise TypeError(f"kind {KIND} has another shape than this package reads")
    conditions = rule.shape.conditions
    return Plan(
        rule_id=rule.id,
        version=rule.version,
        key=tuple(spec["key"]),
        pattern=pattern,
        first=conditions["steps", asked["first"]],
        ends=None if pattern is Pattern.TIMES else conditions["steps", asked[pattern]],
        times=asked.get("times", 1),
        window_us=seconds_of(asked["within"]) * _SECOND_US,
        lateness_us=seconds_of(spec["lateness"]) * _SECOND_US,
        start_us=microseconds(span.start),
        end_us=microseconds(span.end) if span.end is not None else None,
        outcome=spec["outcome"],
    )
