"""Conditions as boxes: for each fact the values it may have, whatever the other facts are.

What ties two facts together, computes, or asks more of a text than whether it is a literal, is no box.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence

from engine.expressions import Fact, FactType, Node
from engine.expressions.tree import (
    AllOf,
    AnyOf,
    Comparison,
    Constant,
    ListOf,
    Membership,
    NodeType,
    Not,
    Read,
    walk,
)
from engine.rulebook.boxes.lines import (
    NOTHING,
    Intervals,
    Line,
    common,
    joined,
    line_of,
    outside,
    place_of,
)

LineName = tuple[str, str | None]
"""A fact, and of a list the text asked for."""
Box = Mapping[LineName, Intervals]
"""The lines on which not every value will do; an empty set on one of them makes the box empty."""
_MIRRORED = {"<": ">", "<=": ">=", ">": "<", ">=": "<=", "==": "==", "!=": "!="}
_ORDERED = (FactType.INT, FactType.TIMESTAMP)


class NotABox(Exception):
    """The condition is no box, or what is asked cannot be told from boxes within the limit."""


class Boxes:
    """Some conditions read together, and the `facts` they read. `boxes` has None for what is no box.

    What is a box cannot fail to evaluate.
    """

    def __init__(self, trees: Sequence[Node]) -> None:
        """Read every condition that a question will be about."""
        self.lines: dict[LineName, Line] = {}
        nodes = [node for tree in trees for node in walk(tree)]
        self.facts: Mapping[str, Fact] = {
            node.fact.name: node.fact for node in nodes if isinstance(node, Read)
        }
        self._literals = _literals(nodes)
        self.boxes: tuple[Box | None, ...] = tuple(self._box_of(tree) for tree in trees)

    def _box_of(self, tree: Node) -> Box | None:
        try:
            return self._box(tree, True)
        except NotABox:
            return None

    def _box(self, node: Node, wanted: bool) -> Box:
        """Return where the node is true, or false if that is wanted."""
        match node:
            case Constant(value=bool() as value):
                return {} if value == wanted else {("", None): NOTHING}
            case Not():
                return self._box(node.operand, not wanted)
            case AllOf() | AnyOf():
                parts = [self._box(part, wanted) for part in node.parts]
                return _within(parts) if isinstance(node, AllOf) == wanted else self._any(parts)
            case Read(type=NodeType.BOOL):
                return self._on((node.fact.name, None), node.fact, lambda line: ((1, 1),), wanted)
            case Comparison():
                return self._comparison(node, wanted)
            case Membership():
                return self._membership(node, wanted)
        raise NotABox(type(node).__name__)

    def _any(self, parts: Sequence[Box]) -> Box:
        """Return a union that is a box itself: of one line, or where one part is everything."""
        alive = [part for part in parts if not is_empty(part)]
        if not alive:
            return parts[0]
        if any(not part for part in alive):
            return {}
        names = {name for part in alive for name in part}
        if len(names) > 1:
            raise NotABox("||")
        (name,) = names
        return self._set(name, joined(pair for part in alive for pair in part[name]))

    def _comparison(self, node: Comparison, wanted: bool) -> Box:
        left, right, sign = node.left, node.right, str(node.operator)
        if isinstance(left, Constant):
            left, right, sign = right, left, _MIRRORED[sign]
        if not isinstance(left, Read) or not isinstance(right, Constant):
            raise NotABox(sign)
        fact, value = left.fact, right.value
        if (sign not in ("==", "!=") and fact.type not in _ORDERED) or fact.type is FactType.LIST_STRING:
            raise NotABox(sign)
        if fact.type in _ORDERED:
            place = place_of(value)
            return self._on((fact.name, None), fact, lambda line: _compared(sign, place, line), wanted)
        equal = wanted == (sign == "==")
        return self._on((fact.name, None), fact, lambda line: _choice(line, [value]), equal)

    def _membership(self, node: Membership, wanted: bool) -> Box:
        item, collection = node.item, node.collection
        if isinstance(item, Read) and isinstance(collection, ListOf):
            values = [one.value for one in collection.items if isinstance(one, Constant)]
            if len(values) == len(collection.items):
                fact = item.fact
                if fact.type in _ORDERED:
                    places = joined((place_of(one), place_of(one)) for one in values)
                    return self._on((fact.name, None), fact, lambda line: common(places, line.whole), wanted)
                return self._on((fact.name, None), fact, lambda line: _choice(line, values), wanted)
        if isinstance(item, Constant) and isinstance(collection, Read) and isinstance(item.value, str):
            fact, text = collection.fact, item.value
            known = {*fact.values}
            if known and not known.issuperset((text, *_listed(fact))):
                raise NotABox("in")
            return self._on((fact.name, text), fact, lambda line: ((1, 1),), wanted)
        raise NotABox("in")

    def _on(self, name: LineName, fact: Fact, holds: Callable[[Line], Intervals], wanted: bool) -> Box:
        line = self.lines.get(name)
        if line is None:
            line = line_of(fact, member=name[1], literals=self._literals.get(fact.name, ()))
            self.lines[name] = line
        found = holds(line)
        return self._set(name, found if wanted else outside(found, line))

    def _set(self, name: LineName, found: Intervals) -> Box:
        return {} if found == self.lines[name].whole else {name: found}


def is_empty(box: Box) -> bool:
    """Return whether nothing is in the box."""
    return any(not intervals for intervals in box.values())


def _within(parts: Sequence[Box]) -> Box:
    found: dict[LineName, Intervals] = {}
    for part in parts:
        for name, intervals in part.items():
            found[name] = common(found[name], intervals) if name in found else intervals
    return found


def _listed(fact: Fact) -> tuple[str, ...]:
    return fact.default if isinstance(fact.default, tuple) else ()


def _compared(sign: str, place: int, line: Line) -> Intervals:
    low, high = line.first, line.last
    match sign:
        case "==":
            low, high = place, place
        case "!=":
            return outside(_compared("==", place, line), line)
        case "<":
            high = place - 1
        case "<=":
            high = place
        case ">":
            low = place + 1
        case _:
            low = place
    return common(((low, high),), line.whole) if low <= high else NOTHING


def _choice(line: Line, values: Sequence[object]) -> Intervals:
    places = [line.choices.index(one) for one in values if one in line.choices]
    return joined((place, place) for place in places)


def _literals(nodes: Sequence[Node]) -> Mapping[str, set[str]]:
    """Return the texts that each fact is compared with."""
    found: dict[str, set[str]] = {}
    for fact, node in _asked(nodes):
        if isinstance(node, Constant) and isinstance(node.value, str):
            found.setdefault(fact, set()).add(node.value)
    return found


def _asked(nodes: Sequence[Node]) -> Iterator[tuple[str, Node]]:
    for node in nodes:
        if isinstance(node, Comparison):
            for one, other in ((node.left, node.right), (node.right, node.left)):
                if isinstance(one, Read):
                    yield one.fact.name, other
        elif isinstance(node, Membership) and isinstance(node.item, Read):
            for one in node.collection.items if isinstance(node.collection, ListOf) else ():
                yield node.item.fact.name, one
