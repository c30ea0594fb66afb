"""Two versions of a rule as formulas: where their outcomes differ, and what each really decides.

A definition without an order is compared condition by condition; a scored rule by its decision. Tables, which
may be long, have a module of their own.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from typing import Any, Protocol

from engine.expressions import Condition, EvaluationError, Value, format_value
from engine.expressions.smt import Formula
from engine.expressions.smt_logic import Number, both, chosen, either, negated, same
from engine.expressions.smt_repeated import Repeated
from engine.expressions.tree import Node
from engine.rulebook.checks import rate_of
from engine.rulebook.compared import Compared, Part
from engine.rulebook.definitions import Definition, dotted
from engine.rulebook.differences import Words
from engine.rulebook.differences.matching import IDENTITIES
from engine.rulebook.documents import Pointer
from engine.rulebook.prove.compare.model import Outcome, Way
from engine.rulebook.rules import Rule, matches
from engine.rulebook.scores import Scored

Facts = Mapping[str, Value]
NO_ANSWER = Words(zh="没有答案", en="no answer")
_WHOLE_PPM = 1_000_000


class Versions(Protocol):
    """What the search needs of two versions; `side` is 0 for the old and 1 for the new."""

    about: Words
    trees: Sequence[Node]
    is_exact: bool

    def claims(self, repeated: Repeated) -> Mapping[Way, Formula]:
        """Return, for each way in which they can differ, when they do. Raises Untranslatable."""

    def decide(self, side: int, facts: Facts) -> Outcome:
        """Return what a version decides."""

    def near(self, facts: Facts) -> tuple[Node, ...]:
        """Return the conditions that matter most in a case."""


class ScoredVersions:
    """Compared by the decision; scores and hits serve to reach it."""

    about = Words(zh="决定", en="Decision")
    is_exact = True

    def __init__(self, old: Scored, new: Scored, order: tuple[str, ...]) -> None:
        """Take both shapes; `order` ranks the decisions, gravest first."""
        self._sides = old, new
        self._order = order
        self.trees: Sequence[Node] = [one.tree for side in self._sides for one in side.conditions]

    def claims(self, repeated: Repeated) -> Mapping[Way, Formula]:
        """Return when one version decides what the other does not, or one alone has an answer."""
        reading = repeated.reading
        sound = [both(*(negated(reading.fails(one.tree)) for one in side.conditions)) for side in self._sides]
        reached = [[self._reaches(side, rank, repeated) for side in self._sides] for rank in self._ranks]
        apart = either(*(negated(same(old, new)) for old, new in reached))
        return {Way.OTHER: either(negated(same(*sound)), both(*sound, apart))}

    def decide(self, side: int, facts: Facts) -> Outcome:
        """Return the decision with its score and hits."""
        try:
            verdict = self._sides[side].decide(facts)
        except EvaluationError:
            return Outcome(amounts=(), answer=None, lines=(), said=NO_ANSWER)
        hits = "、".join(f"{hit.id} {hit.label}" for hit in verdict.hits)
        zh = f"{verdict.decision}（{verdict.score} 分{'：' if hits else ''}{hits}）"
        en = f"{verdict.decision} (score {verdict.score}{': ' if hits else ''}{hits.replace('、', ', ')})"
        lines = tuple(hit.line for hit in verdict.hits)
        return Outcome(amounts=(), answer=verdict.decision, lines=lines, said=Words(zh=zh, en=en))

    def near(self, facts: Facts) -> tuple[Node, ...]:
        """Return every condition."""
        return tuple(self.trees)

    @property
    def _ranks(self) -> range:
        """Every rank but the last, which is the decision when nothing fires."""
        return range(len(self._order) - 1)

    def _reaches(self, side: Scored, rank: int, repeated: Repeated) -> Formula:
        """Return that the decision is at least this grave."""
        grave, reading = self._order[: rank + 1], repeated.reading
        by_itself = (reading.holds(one.condition.tree) for one in side.rules if one.decision in grave)
        score = sum(chosen(reading.holds(one.condition.tree), one.score, 0) for one in side.rules)
        by_score = (score >= band.min for band in side.bands if band.decision in grave)
        return repeated.named(either(*by_itself, *by_score))


class DefinitionVersions:
    """Compared by the parties' parts where the kind names them, else by each condition at its place."""

    is_exact = True

    def __init__(self, old: Rule, new: Rule, compared: Compared) -> None:
        """Take both rules and how their kind compares."""
        self._sides = [_Sharing(rule, compared) for rule in (old, new)]
        self._parts = compared.parts
        zh, en = ("各方比例", "Shares") if compared.parts else ("条件", "Conditions")
        self.about = Words(zh=zh, en=en)
        self.trees: Sequence[Node] = [one.tree for side in self._sides for one in side.conditions.values()]

    def claims(self, repeated: Repeated) -> Mapping[Way, Formula]:
        """Return when a party gets more, when one gets less, and when a condition alone tells them apart."""
        sound = [side.sound(repeated) for side in self._sides]
        places = sorted({place for side in self._sides for place in side.others}, key=str)
        apart = either(
            *(negated(same(*(side.holds_at(place, repeated) for side in self._sides))) for place in places)
        )
        claims = {Way.OTHER: either(negated(same(*sound)), both(*sound, apart))}
        numbers = range(len(self._parts))
        pairs = [tuple(side.amount(number, repeated) for side in self._sides) for number in numbers]
        if pairs:
            claims[Way.GREATER] = both(*sound, either(*(new > old for old, new in pairs)))
            claims[Way.LESS] = both(*sound, either(*(new < old for old, new in pairs)))
        return claims

    def decide(self, side: int, facts: Facts) -> Outcome:
        """Return each party's part, or which conditions hold."""
        return self._sides[side].outcome(facts, self._parts)

    def near(self, facts: Facts) -> tuple[Node, ...]:
        """Return every condition."""
        return tuple(self.trees)


class _Sharing:
    """One version of a definition."""

    def __init__(self, rule: Rule, compared: Compared) -> None:
        shape = rule.shape
        if not isinstance(shape, Definition):
            raise TypeError(f"{rule.id} is no definition")
        self._rule = rule
        self.conditions = shape.conditions
        self._gate = self.conditions.get(compared.only_if)
        taken = {id(self._gate)}
        self._rates: dict[int, list[tuple[int, Condition | None]]] = {}
        for number, part in enumerate(compared.parts):
            found = [
                (_ppm(rate), self.conditions.get((*pointer[:-1], "when")))
                for pattern in part.rates
                for pointer, rate in matches(rule.spec, pattern)
                if _fits(rule.spec, pointer, part)
            ]
            self._rates[number] = found
            taken.update(id(condition) for _, condition in found)
        self.others: dict[Hashable, Condition] = {
            _place(rule.spec, pointer): one
            for pointer, one in self.conditions.items()
            if id(one) not in taken
        }

    def sound(self, repeated: Repeated) -> Formula:
        return both(*(negated(repeated.reading.fails(one.tree)) for one in self.conditions.values()))

    def holds_at(self, place: Hashable, repeated: Repeated) -> Formula:
        condition = self.others.get(place)
        return repeated.reading.holds(condition.tree) if condition is not None else False

    def amount(self, number: int, repeated: Repeated) -> Number:
        reading = repeated.reading
        gate = reading.holds(self._gate.tree) if self._gate is not None else True
        return sum(
            chosen(both(gate, reading.holds(condition.tree) if condition is not None else True), ppm, 0)
            for ppm, condition in self._rates[number]
        )

    def outcome(self, facts: Facts, parts: tuple[Part, ...]) -> Outcome:
        try:
            holding = {pointer: one.evaluate(facts) for pointer, one in self.conditions.items()}
        except EvaluationError:
            return Outcome(amounts=(), answer=None, lines=(), said=NO_ANSWER)
        lines = tuple(self._rule.line_of(("spec", *pointer)) for pointer, holds in holding.items() if holds)
        others = tuple(
            sorted(((str(place), one.evaluate(facts)) for place, one in self.others.items()), key=str)
        )
        if not parts:
            true = [dotted(pointer) for pointer, holds in holding.items() if holds]
            said = Words(zh="、".join(true) or "都不成立", en=", ".join(true) or "none hold")
            return Outcome(amounts=(), answer=others, lines=lines, said=said)
        is_open = self._gate is None or self._gate.evaluate(facts)
        amounts = tuple(
            sum(
                ppm
                for ppm, condition in self._rates[number]
                if is_open and (condition is None or condition.evaluate(facts))
            )
            for number in range(len(parts))
        )
        return Outcome(amounts=amounts, answer=(amounts, others), lines=lines, said=_shares(parts, amounts))


def _shares(parts: tuple[Part, ...], amounts: tuple[int, ...]) -> Words:
    shown = [format_value(value=ppm, unit="ppm", language="zh") for ppm in amounts]
    pairs = list(zip(parts, shown, strict=True))
    return Words(
        zh="、".join(f"{part.zh} {rate}" for part, rate in pairs),
        en=", ".join(f"{part.en} {rate}" for part, rate in pairs),
    )


def _ppm(rate: Any) -> int:
    return int((rate_of(rate) or 0) * _WHOLE_PPM)


def _fits(spec: Any, pointer: Pointer, part: Part) -> bool:
    holder = spec
    for key in pointer[:-1]:
        holder = holder[key]
    return all(holder.get(name) == value for name, value in part.where.items())


def _place(spec: Any, pointer: Pointer) -> Hashable:
    """Return a pointer that knows list items by what names them, as far as they are named."""
    place: list[Hashable] = []
    value = spec
    for key in pointer:
        value = value[key]
        named = isinstance(key, int) and isinstance(value, dict)
        name = next((value[one] for one in IDENTITIES if named and one in value), None)
        place.append(key if name is None else str(name))
    return tuple(place)
