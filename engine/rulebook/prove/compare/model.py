"""What comparing two versions of a rule comes to: a verdict for all cases and for each slice of them."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from engine.diagnostics import Language
from engine.expressions import Fact, Value
from engine.rulebook.differences import Words


class Effect(StrEnum):
    """How the new version compares with the old, in every case of a slice.

    `changed` is where there is no order to speak of; `undecided` is never to be taken for equal.
    """

    EQUAL = "equal"
    DEARER = "dearer"
    CHEAPER = "cheaper"
    MIXED = "mixed"
    CHANGED = "changed"
    UNDECIDED = "undecided"


class Way(StrEnum):
    """One way in which outcomes differ: by a greater or a lesser amount, otherwise, or one alone applies."""

    GREATER = "greater"
    LESS = "less"
    OTHER = "other"
    SCOPE = "scope"


NOWHERE = "-"
"""The answer of a version where it does not apply."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What one version decides in one case: `amounts` where outcomes have an order, and the answer itself.

    `answer` is None where there is none (an error, or no row); `lines` are those of the file that decide.
    """

    amounts: tuple[int, ...]
    answer: Hashable
    lines: tuple[int, ...]
    said: Words

    def ways_to(self, other: Outcome) -> frozenset[Way]:
        """Return the ways in which another outcome differs from this one."""
        if (self.answer == NOWHERE) != (other.answer == NOWHERE):
            return frozenset({Way.SCOPE})
        if len(self.amounts) != len(other.amounts) or not self.amounts:
            return frozenset() if self.answer == other.answer else frozenset({Way.OTHER})
        pairs = list(zip(self.amounts, other.amounts, strict=True))
        found = {Way.GREATER} if any(new > old for old, new in pairs) else set()
        found |= {Way.LESS} if any(new < old for old, new in pairs) else set()
        return frozenset(found or ({Way.OTHER} if self.answer != other.answer else ()))


@dataclass(frozen=True, slots=True, kw_only=True)
class Witness:
    """A case in which the versions differ in one way, as the deciding function confirmed it."""

    facts: Mapping[str, Value]
    old: Outcome
    new: Outcome
    case: Words

    def words(self, *, language: Language) -> str:
        """Return the case and both outcomes."""
        old, new = self.old.said.say(language=language), self.new.said.say(language=language)
        return f"{self.case.say(language=language)}{'：' if language == 'zh' else ': '}{old} → {new}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Slice:
    """The cases in which a fact has one value; `fact` None is all of them, `value` None all other values."""

    fact: Fact | None
    value: str | None
    effect: Effect
    witnesses: tuple[Witness, ...]
    reason: str = ""

    @property
    def name(self) -> Words:
        """Return what the slice is called."""
        if self.fact is None:
            return Words(zh="全部情况", en="every case")
        if self.value is None:
            return Words(zh=f"{self.fact.title} 其他", en=f"any other {self.fact.title_en}")
        return Words(zh=f"{self.fact.title} {self.value}", en=f"{self.fact.title_en} {self.value}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """`whole` and the slices, by fact and value; `settings` are differences that no outcome shows.

    `about` says what is compared: the fee, the parties' shares, the decision.
    """

    about: Words
    whole: Slice
    slices: tuple[Slice, ...]
    settings: tuple[Words, ...]
