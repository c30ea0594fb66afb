"""Asking the solver for facts of which a claim is true: none, some, or not decided within its limit.

Facts from a model are never believed: they are returned only if a Python function, which evaluates the
conditions as the product does, confirms them; and in the plainest form it still confirms.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta

import z3

from engine.expressions.smt import Formula, Reading
from engine.expressions.tree import Constant, Node, walk
from engine.expressions.vocabulary import INT_MAX, INT_MIN, Fact, Value

Facts = dict[str, Value]
Confirms = Callable[[Mapping[str, Value]], bool]

STEPS_LIMIT = 5_000_000
"""Counted by the solver in its own steps, so the same question has the same answer on every machine."""


_BESIDE = timedelta(microseconds=-1), timedelta(0), timedelta(microseconds=1)
_FIRST, _LAST = datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)


class Undecided(Exception):
    """The solver gave up within its limit."""


class WitnessDenied(Exception):
    """The solver and the Python reading disagree: one of the two readings is wrong. Never to be handled."""


def find(
    *,
    reading: Reading,
    claim: Formula,
    confirms: Confirms,
    edges: Sequence[Node] | None = None,
    steps: int = STEPS_LIMIT,
) -> Facts | None:
    """Return the plainest facts found for which `claim` is true, None if there are none.

    `confirms` says the same of given facts by evaluating the conditions; `edges` are those whose literals are
    tried as plain values, all of them unless said. Raises Undecided, WitnessDenied.
    """
    if claim is False:
        return None
    solver = z3.SimpleSolver(ctx=reading.context)
    solver.set("rlimit", steps)
    solver.add(reading.domain(), claim)
    answer = solver.check()
    if answer == z3.unsat:
        return None
    if answer != z3.sat:
        raise Undecided(solver.reason_unknown())
    facts = reading.values(solver.model())
    if not confirms(facts):
        raise WitnessDenied(f"{facts} do not do what the solver says")
    return plainest(facts, reading=reading, confirms=confirms, edges=edges)


def boundaries(trees: Sequence[Node]) -> dict[type, tuple[Value, ...]]:
    """Return, by type, the values at which the conditions turn: every literal and its neighbours."""
    found: dict[type, set[Value]] = {int: {0}, str: set(), datetime: set()}
    for node in (node for tree in trees for node in walk(tree)):
        match node:
            case Constant(value=bool()):
                pass
            case Constant(value=int(value)):
                found[int].update(one for one in (value - 1, value, value + 1) if INT_MIN <= one <= INT_MAX)
            case Constant(value=str(value)):
                found[str].add(value)
            case Constant(value=datetime() as value):
                steps = (step for step in _BESIDE if _FIRST - value <= step <= _LAST - value)
                found[datetime].update(value + step for step in steps)
    return {kind: tuple(sorted(values, key=_plainness)) for kind, values in found.items()}


def plainest(
    facts: Facts, *, reading: Reading, confirms: Confirms, edges: Sequence[Node] | None = None
) -> Facts:
    """Return confirmed facts with every value as plain as it can be; twice, for one may depend on another."""
    candidates = boundaries(reading.trees if edges is None else edges)
    for _ in range(2):
        for name, fact in sorted(reading.facts.items()):
            for value in _plainer(facts[name], fact, candidates):
                if confirms({**facts, name: value}):
                    facts = {**facts, name: value}
                    break
    return facts


def _plainer(value: Value, fact: Fact, candidates: Mapping[type, tuple[Value, ...]]) -> Iterator[Value]:
    yield fact.default
    if isinstance(value, tuple):
        for one in value:
            yield (one,)
        return
    if fact.values:
        yield from fact.values
        return
    if isinstance(value, int) and not isinstance(value, bool):
        numbers = (one for one in candidates[int] if isinstance(one, int))
        yield from (one for one in numbers if fact.min <= one <= fact.max)
    elif not isinstance(value, bool):
        yield from candidates[datetime if isinstance(value, datetime) else str]


def _plainness(value: Value) -> tuple[bool, object]:
    """Not negative first, then small."""
    if isinstance(value, int):
        return value < 0, abs(value)
    return False, value
