"""The facts conditions may read: their types, units, defaults and texts.

Reading `facts.yaml` is the rulebook's affair; here are only the values it builds. Facts are validated once,
by `Vocabulary.conform`, where they enter; a compiled condition trusts them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, tzinfo
from enum import StrEnum
from types import MappingProxyType
from typing import TypeGuard

from engine.expressions.errors import EvaluationError

Value = int | bool | str | tuple[str, ...] | datetime
"""What a fact may hold. Timestamps are aware datetimes."""

INT_MIN, INT_MAX = -(2**63), 2**63 - 1
LIST_LIMIT = 100
"""The most elements a list fact may hold; the static cost of a condition counts on it."""
TEXT_LIMIT = 1000
"""The most characters a text may have. The solver builds a text of a wanted length one by one, so it needs a
bound: asked for a text of 2⁶³ − 1 characters it would not stop, not even at its limit of steps."""


class FactType(StrEnum):
    """The types a fact can have."""

    INT = "int"
    BOOL = "bool"
    STRING = "string"
    LIST_STRING = "list_string"
    TIMESTAMP = "timestamp"


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    """One declared fact. `name` is qualified (`txn.amount_fen`); `values` is its registry, empty if open.

    `min` and `max` are the least and the most an int may be. `supplied` is false for a fact that nothing
    gathers yet: a condition on it would always see the default.
    """

    name: str
    type: FactType
    unit: str = ""
    default: Value
    values: tuple[str, ...] = ()
    min: int = INT_MIN
    max: int = INT_MAX
    title: str
    title_en: str
    supplied: bool = True

    def __post_init__(self) -> None:
        if "." not in self.name:
            raise ValueError(f"a fact's name is namespace.name, not {self.name!r}")
        if self.values and self.type not in (FactType.STRING, FactType.LIST_STRING):
            raise ValueError(f"{self.name}: only strings have a registry of values")
        if not _FITS[self.type](self.default):
            raise ValueError(f"{self.name}: the default {self.default!r} is not a {self.type}")
        if self.type is not FactType.INT:
            if self.bounds:
                raise ValueError(f"{self.name}: only ints have bounds")
        elif not (
            isinstance(self.default, int) and INT_MIN <= self.min <= self.default <= self.max <= INT_MAX
        ):
            raise ValueError(f"{self.name}: the default {self.default!r} is outside {self.bounds}")

    @property
    def namespace(self) -> str:
        """The part before the last dot."""
        return self.name.rpartition(".")[0]

    @property
    def listed(self) -> tuple[str, ...]:
        """What a list holds by default."""
        return self.default if isinstance(self.default, tuple) else ()

    @property
    def zone(self) -> tzinfo | None:
        """The zone in which people read a timestamp: its default's."""
        return self.default.tzinfo if isinstance(self.default, datetime) else None

    @property
    def bounds(self) -> str:
        """The least and the most as people read them, "" without any."""
        least = "" if self.min == INT_MIN else str(self.min)
        most = "" if self.max == INT_MAX else str(self.max)
        return f"{least}…{most}" if least or most else ""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Vocabulary:
    """Every fact by its name. `withheld` are names that exist but that this kind of rule may not read."""

    facts: Mapping[str, Fact]
    withheld: frozenset[str] = frozenset()
    _defaults: Mapping[str, Value] = field(init=False, repr=False)
    _accepts: Mapping[str, Callable[[object], bool]] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        for name, fact in self.facts.items():
            if name != fact.name:
                raise ValueError(f"{fact.name!r} is filed under {name!r}")
        accepts = {name: _acceptance(fact) for name, fact in self.facts.items()}
        object.__setattr__(self, "_accepts", accepts)
        object.__setattr__(self, "facts", MappingProxyType(dict(self.facts)))
        object.__setattr__(self, "_defaults", {name: fact.default for name, fact in self.facts.items()})

    @staticmethod
    def of(*, facts: Iterable[Fact]) -> Vocabulary:
        """Return a vocabulary of these facts."""
        return Vocabulary(facts={fact.name: fact for fact in facts})

    @property
    def namespaces(self) -> tuple[str, ...]:
        """Every namespace, in the order of first declaration."""
        return tuple(dict.fromkeys(fact.namespace for fact in self.facts.values()))

    def restricted(self, namespaces: Iterable[str]) -> Vocabulary:
        """Return the facts of these namespaces; the others are withheld."""
        allowed = frozenset(namespaces)
        kept = {name: fact for name, fact in self.facts.items() if fact.namespace in allowed}
        return Vocabulary(facts=kept, withheld=self.withheld | (self.facts.keys() - kept.keys()))

    def conform(self, facts: Mapping[str, object]) -> dict[str, Value]:
        """Return every fact of the vocabulary: those given, checked, and defaults for the rest.

        A list becomes a tuple. Raises EvaluationError FACT_UNKNOWN, FACT_TYPE (a bool is not an int; int64;
        naive timestamp; more than LIST_LIMIT elements or TEXT_LIMIT characters) or FACT_VALUE (not in the
        registry).
        """
        conformed = dict(self._defaults)
        accepts = self._accepts
        for name, given in facts.items():
            value = tuple(given) if type(given) is list else given
            if name not in accepts or not accepts[name](value):
                raise self._refusal(name, value)
            conformed[name] = value  # type: ignore[assignment]  # it was accepted: it is a Value
        return conformed

    def _refusal(self, name: str, value: object) -> EvaluationError:
        fact = self.facts.get(name)
        if fact is None:
            return EvaluationError("FACT_UNKNOWN", fact=name)
        if not _FITS[fact.type](value):
            return EvaluationError("FACT_TYPE", fact=name, detail=type(value).__name__)
        return EvaluationError("FACT_VALUE", fact=name, detail=str(value))


def _acceptance(fact: Fact) -> Callable[[object], bool]:
    """Return the test of a fact's values: type, and registry where it has one. The default always passes."""
    fits = _FITS[fact.type]
    if fact.bounds:
        least, most = fact.min, fact.max
        return lambda value: type(value) is int and least <= value <= most
    if not fact.values:
        return fits
    if fact.type is FactType.STRING:
        registry = frozenset((*fact.values, fact.default))
        return lambda value: fits(value) and value in registry
    listed = frozenset(fact.values)

    def accepts_list(value: object) -> bool:
        return _is_list(value) and (value == fact.default or listed.issuperset(value))

    return accepts_list


def _is_int(value: object) -> bool:
    return type(value) is int and INT_MIN <= value <= INT_MAX


def _is_list(value: object) -> TypeGuard[tuple[str, ...]]:
    return isinstance(value, tuple) and len(value) <= LIST_LIMIT and all(map(_is_text, value))


def _is_text(value: object) -> bool:
    return type(value) is str and len(value) <= TEXT_LIMIT


_FITS: Mapping[FactType, Callable[[object], bool]] = {
    FactType.INT: _is_int,
    FactType.BOOL: lambda value: type(value) is bool,
    FactType.STRING: _is_text,
    FactType.LIST_STRING: _is_list,
    FactType.TIMESTAMP: lambda value: isinstance(value, datetime) and value.tzinfo is not None,
}
