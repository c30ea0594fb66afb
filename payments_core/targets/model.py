"""The targets before a broker, each with the nearest change that reaches it. Pure.

Facts that the platform does not record yet have no value to start from: they may become whatever is asked,
and the step says only what must be reached, not how far it is.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from engine.expressions import Condition, FactType, Value
from engine.expressions.smt import Untranslatable
from engine.expressions.smt_search import Undecided
from engine.rulebook import Move, Rule, Rulebook, Way
from engine.rulebook.prove.nearest import Step, nearest_change

LEVELS, INCENTIVES = "broker_level", "incentive"
_MONTHLY = "broker.month"
_UNRECORDED = {
    FactType.INT: Move(way=Way.UP, per_effort=1),
    FactType.LIST_STRING: Move(way=Way.GAIN, per_effort=1),
}

Known = Mapping[str, Value]
"""The facts that are recorded of a broker, by name; all others are not known."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """One thing to reach: `steps` from recorded values, `required` of what is not recorded yet.

    Both are empty where it is reached; `out_of_reach` where nothing a broker can move would do.
    """

    rule: Rule
    label: str
    line: int
    steps: tuple[Step, ...]
    required: tuple[Step, ...]
    out_of_reach: bool = False

    @property
    def is_reached(self) -> bool:
        """Whether nothing is missing."""
        return not (self.steps or self.required or self.out_of_reach)


def next_targets(*, rulebook: Rulebook, known: Known, at: datetime) -> tuple[Target, ...]:
    """Return the next level, then each monthly incentive in force, for a broker with these facts.

    What the solver cannot decide is left out.
    """
    found: list[Target] = []
    scope = {"city": str(known.get("broker.city", "")), "district": str(known.get("broker.district", ""))}
    for kind, targets in ((LEVELS, _levels), (INCENTIVES, _incentives)):
        for rule in rulebook.all_in_force(kind=kind, at=at, scope=scope):
            for label, condition in targets(rule, known):
                target = _target(rulebook, rule, label, condition, known)
                found += [target] if target is not None else []
    return tuple(found)


def _levels(rule: Rule, known: Known) -> Iterator[tuple[str, Condition]]:
    """Yield the level above the present one: nobody rises two at once."""
    levels = rule.document.value["spec"]["levels"]
    names = [level["id"] for level in levels]
    place = names.index(known["broker.level"]) + 1 if known.get("broker.level") in names else 0
    if place < len(levels):
        level = levels[place]
        yield f"{level['id']} {level['label']}", rule.conditions["levels", place, "promote"]


def _incentives(rule: Rule, known: Known) -> Iterator[tuple[str, Condition]]:
    if rule.document.value["spec"]["trigger"] == _MONTHLY:
        yield rule.title, rule.conditions["when",]


def _target(rulebook: Rulebook, rule: Rule, label: str, condition: Condition, known: Known) -> Target | None:
    kind = rulebook.kinds[rule.kind]
    facts = {name: known.get(name, fact.default) for name, fact in kind.vocabulary.facts.items()}
    free = {
        name: _UNRECORDED[fact.type]
        for name, fact in kind.vocabulary.facts.items()
        if name not in known and fact.type in _UNRECORDED
    }
    try:
        steps = nearest_change(condition=condition, facts=facts, moves={**kind.movable, **free})
    except (Undecided, Untranslatable):
        return None
    blank = Target(rule=rule, label=label, line=condition.location.line, steps=(), required=())
    if steps is None:
        return replace(blank, out_of_reach=True)
    return replace(
        blank,
        steps=tuple(step for step in steps if step.fact.name in known),
        required=tuple(step for step in steps if step.fact.name not in known),
    )
