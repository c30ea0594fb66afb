"""The nearest change: the least that a person would have to do for a condition to hold.

    nearest_change(condition=promote, facts=facts, moves=kind.movable)
    # → active merchants from 12 to 15; () where it holds; None where nothing they can move would do

Only facts that the kind declares as movable move, and only their way. First as few of them as possible, then
the least effort, by the solver's optimisation; the answer is evaluated before anybody sees it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from math import lcm
from typing import Any

import z3

from engine.diagnostics import Language
from engine.expressions import Condition, Fact, Value, format_value
from engine.expressions.settling import settled
from engine.expressions.smt import Reading
from engine.expressions.smt_logic import both
from engine.expressions.smt_search import STEPS_LIMIT, Undecided, WitnessDenied
from engine.expressions.tree import Constant, NodeType, walk
from engine.expressions.vocabulary import FactType
from engine.rulebook.kinds import Move, Way


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One fact that has to change, from what it is to what it must become."""

    fact: Fact
    before: Value
    after: Value

    def words(self, language: Language) -> str:
        """Return the step as people read it: what, from where to where, how much is missing."""
        if not isinstance(self.before, int) or not isinstance(self.after, int):
            return self.goal(language)
        zh = language == "zh"
        title = self.fact.title if zh else self.fact.title_en
        missing, more = abs(self.after - self.before), self.after > self.before
        before, after, missed = (
            self._written(value, language) for value in (self.before, self.after, missing)
        )
        if zh:
            return f"{title} {before} → {after}，{'还差' if more else '还要减少'} {missed}"
        return f"{title} {before} → {after}, {missed} {'more' if more else 'less'}"

    def goal(self, language: Language) -> str:
        """Return what must be reached, where it is not known how far that is."""
        zh = language == "zh"
        title = self.fact.title if zh else self.fact.title_en
        if isinstance(self.before, tuple) and isinstance(self.after, tuple):
            gained = [text for text in self.after if text not in self.before]
            return f"{title}：取得 {'、'.join(gained)}" if zh else f"{title}: obtain {', '.join(gained)}"
        after = self._written(self.after, language)
        return f"{title}达到 {after}" if zh else f"{title} of {after}"

    def _written(self, value: Value, language: Language) -> str:
        return format_value(value=value, unit=self.fact.unit, language=language)


def nearest_change(
    *, condition: Condition, facts: Mapping[str, Value], moves: Mapping[str, Move]
) -> tuple[Step, ...] | None:
    """Return what has to change for `condition` to hold, in the order of `moves`; None if no move gets there.

    `facts` holds every fact that the condition reads. Raises Undecided, Untranslatable, WitnessDenied.
    """
    reads = condition.reads
    fixed = {name: facts[name] for name in reads if name not in moves}
    tree = settled(condition.tree, fixed)
    reading = Reading([tree])
    solver = z3.Optimize(ctx=reading.context)
    solver.set("rlimit", STEPS_LIMIT)
    claim = reading.holds(tree)
    costs = [
        _cost(solver, reading, fact, facts[name], moves[name]) for name, fact in sorted(reading.facts.items())
    ]
    solver.add(both(reading.domain(), claim))
    if costs:
        scale = lcm(*(moves[name].per_effort for name in reading.facts))
        solver.minimize(z3.Sum([z3.If(cost > 0, 1, 0) for cost, _ in costs]))
        solver.minimize(z3.Sum([cost * (scale // effort) for cost, effort in costs]))
    answer = solver.check()
    if answer == z3.unsat:
        return None
    if answer != z3.sat:
        raise Undecided(solver.reason_unknown())
    steps = tuple(_steps(reading, solver.model(), facts, moves))
    if not condition.evaluate({**facts, **{step.fact.name: step.after for step in steps}}):
        raise WitnessDenied(f"{steps} do not do what the solver says")
    return steps


def _cost(solver: Any, reading: Reading, fact: Fact, before: Value, move: Move) -> tuple[Any, int]:
    """Let one fact move its way only; return how far it moves, and how much of that is one effort."""
    if fact.type is FactType.LIST_STRING and isinstance(before, tuple):
        gained = []
        for text in _named(reading):
            member = reading.member(fact, text)
            if text in before:
                solver.add(member)
            else:
                gained.append(z3.If(member, 1, 0, reading.context))
        return z3.Sum([*gained, z3.IntVal(0, reading.context)]), move.per_effort
    term = reading.number(fact)
    if move.way is Way.UP:
        solver.add(term >= before)
        return term - before, move.per_effort
    solver.add(term <= before)
    return before - term, move.per_effort


def _steps(
    reading: Reading, model: Any, facts: Mapping[str, Value], moves: Mapping[str, Move]
) -> Iterator[Step]:
    after = reading.values(model)
    for name in moves:
        if name not in reading.facts:
            continue
        before, now = facts[name], after[name]
        if isinstance(before, tuple) and isinstance(now, tuple):
            now = (*before, *(text for text in now if text not in before))
        if now != before:
            yield Step(fact=reading.facts[name], before=before, after=now)


def _named(reading: Reading) -> tuple[str, ...]:
    """Return the texts that the condition names: no other is worth having."""
    texts = {
        str(node.value)
        for tree in reading.trees
        for node in walk(tree)
        if isinstance(node, Constant) and node.type is NodeType.STRING
    }
    return tuple(sorted(texts))
