"""Which rule is in force when, and for whom.

Version n of a rule is in force over `[from_n, min(to_n, from_{n+1}))`: a later one takes over at its start,
and when it ends the rule ends. For one scope the most specific rule in force applies: `{city: [BJ]}` before
none. A timeline is the result for one kind and scope, cut into spans once, so that a lookup is one bisection.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from engine.rulebook.errors import NoRuleInForce
from engine.rulebook.rules import Rule

_BEGINNING = datetime.min.replace(tzinfo=UTC)
_END = datetime.max.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """One version and the half-open time in which it is in force; `end` None is open."""

    rule: Rule
    start: datetime
    end: datetime | None


class Timeline:
    """The rules of one kind for one scope over time."""

    __slots__ = ("_sets", "_starts", "kind", "scope")

    def __init__(self, *, kind: str, scope: Mapping[str, str], spans: Iterable[Span]) -> None:
        """Cut the spans that fit `scope` into stretches with one answer each."""
        self.kind = kind
        self.scope = scope
        fitting = [span for span in spans if fits(span.rule.scope, scope)]
        fitting.sort(key=lambda span: (-len(span.rule.scope), span.rule.id))
        bounds = {span.start for span in fitting} | {span.end for span in fitting if span.end}
        self._starts = tuple(sorted(bounds))
        self._sets = tuple(
            tuple(s.rule for s in fitting if s.start <= instant and (s.end is None or instant < s.end))
            for instant in self._starts
        )

    def at(self, instant: datetime) -> Rule:
        """Return the most specific rule in force at `instant`. Raises NoRuleInForce."""
        index = bisect_right(self._starts, instant) - 1
        if index < 0 or not self._sets[index]:
            raise NoRuleInForce(f"no {self.kind} is in force at {instant.isoformat()} for {dict(self.scope)}")
        return self._sets[index][0]

    def stretch(self, instant: datetime) -> tuple[datetime, datetime]:
        """Return the half-open stretch around `instant` over which the answer is the same."""
        index = bisect_right(self._starts, instant)
        start = self._starts[index - 1] if index else _BEGINNING
        return start, self._starts[index] if index < len(self._starts) else _END

    def all_at(self, instant: datetime) -> tuple[Rule, ...]:
        """Return every rule in force at `instant`, the most specific first, then by id."""
        index = bisect_right(self._starts, instant) - 1
        return self._sets[index] if index >= 0 else ()


def spans(versions: Sequence[Rule]) -> tuple[Span, ...]:
    """Return when each version of one rule is in force, leaving out those that never are.

    A version with dated values is in force once for each stretch over which none of them changes.
    """
    in_order = sorted(versions, key=lambda rule: rule.version)
    ordered = [stretch for version in in_order for stretch in version.stretches]
    found = []
    for index, rule in enumerate(ordered):
        ends = [later.effective_from for later in ordered[index + 1 :]]
        if rule.effective_to is not None:
            ends.append(rule.effective_to)
        end = min(ends, default=None)
        if end is None or rule.effective_from < end:
            found.append(Span(rule=rule, start=rule.effective_from, end=end))
    return tuple(found)


def fits(rule_scope: Mapping[str, tuple[str, ...]], scope: Mapping[str, str]) -> bool:
    """Return whether every key that `rule_scope` names is in `scope` with a listed value."""
    return all(scope.get(key) in values for key, values in rule_scope.items())


def overlap(one: Span, other: Span) -> bool:
    """Return whether two spans share an instant."""
    return (other.end is None or one.start < other.end) and (one.end is None or other.start < one.end)
