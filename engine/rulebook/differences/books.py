"""Two whole rulebooks: the rules that were added, removed or changed, each with its lines."""

from __future__ import annotations

from dataclasses import dataclass

from engine.rulebook.book import Rulebook
from engine.rulebook.differences.lines import rule_differences
from engine.rulebook.differences.model import Difference
from engine.rulebook.rules import Rule


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleDifferences:
    """One rule that differs: `old` is None where it was added, `new` where it was removed."""

    old: Rule | None
    new: Rule | None
    lines: tuple[Difference, ...]

    @property
    def rule(self) -> Rule:
        """Return the rule as it is now, or as it was before it was removed."""
        rule = self.new or self.old
        if rule is None:
            raise ValueError("a difference is about a rule")
        return rule


def rulebook_differences(*, old: Rulebook, new: Rulebook) -> tuple[RuleDifferences, ...]:
    """Return every rule of the files that differs, by kind and id; a rule is the same by kind and id."""
    before, after = ({(rule.kind, rule.id): rule for rule in book.rules} for book in (old, new))
    found = []
    for key in sorted(before.keys() | after.keys()):
        one, other = before.get(key), after.get(key)
        lines: tuple[Difference, ...] = ()
        if one is not None and other is not None:
            lines = rule_differences(old=one, new=other, kind=new.kinds[other.kind])
            if not lines:
                continue
        found.append(RuleDifferences(old=one, new=other, lines=lines))
    return tuple(found)
