"""Many conditions in one Python function: every one that is true, or the first.

Each fact is read once. Where most conditions ask one fact for certain values (a table of rates by MCC, say)
they are not gone through: a dict gives the few that a value leaves, and only those are evaluated. It changes
nothing CEL promises, for `false && error` is false.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from engine.expressions.closures import Facts, Writer, closure, compiled_function, explain
from engine.expressions.errors import EvaluationError
from engine.expressions.tree import (
    AllOf,
    Comparison,
    Constant,
    ListOf,
    Membership,
    Node,
    NodeType,
    Read,
    reads,
)
from engine.expressions.vocabulary import Value

_WORTH = 8
"""A condition met through the dict costs about as much as so many gone through in turn."""

Asked = Mapping[int, tuple[Node, tuple[Value, ...]]]
"""By the index of a condition: the part of it that asks a fact for certain values, and those."""
Left = tuple[tuple[int, Callable[..., bool]], ...]
"""Conditions by index, each a function of all facts that any of them reads, in the order of their names."""


def closure_of_all(trees: Sequence[Node]) -> Callable[[Facts], tuple[int, ...]]:
    """Return the function giving the index of every tree that is true, ascending."""
    fired: Callable[[Facts], tuple[int, ...]] = _function(
        trees, "fired = []", "fired.append({})", "return tuple(fired)", stops=False
    )
    return fired


def closure_of_first(trees: Sequence[Node]) -> Callable[[Facts], int | None]:
    """Return the function giving the index of the first tree that is true, None if none is."""
    first: Callable[[Facts], int | None] = _function(trees, "", "return {}", "return None", stops=True)
    return first


def _function(trees: Sequence[Node], before: str, found: str, after: str, *, stops: bool) -> Any:
    """Return the function that does `found` with the index of each tree that is true."""
    names = sorted(frozenset().union(*(reads(tree) for tree in trees)))
    locals_ = {name: f"v{number}" for number, name in enumerate(names)}
    writer = Writer(hoisted=locals_)
    name, asked = _telling(trees)
    if name:
        writer.names["left"], writer.names["others"] = _dispatch(trees, asked, writer, (*locals_.values(),))
        body = [
            f"for index, test in left.get({locals_[name]}, others):",
            f"    if test({', '.join(locals_.values())}): {found.format('index')}",
        ]
    else:
        body = [f"if {writer.text(tree)}: {found.format(index)}" for index, tree in enumerate(trees)]
    reading = [f"{local} = f[{name!r}]" for name, local in locals_.items()]
    lines = "\n        ".join(filter(None, (before, *reading, *body, after)))
    text = f"""\
def evaluate(f):
    try:
        {lines}
    except (EvaluationError, KeyError, TypeError, AttributeError) as error:
        raise blame(error, f) from error
"""
    writer.names["blame"] = _blamer(trees, stops=stops)
    return compiled_function(text, writer, "evaluate")


def _telling(trees: Sequence[Node]) -> tuple[str, Asked]:
    """Return the fact whose value leaves the fewest conditions, "" if none leaves few enough."""
    asked: dict[str, dict[int, tuple[Node, tuple[Value, ...]]]] = {}
    for index, tree in enumerate(trees):
        for part in _parts(tree):
            name, values = _asks(part)
            if name:
                asked.setdefault(name, {}).setdefault(index, (part, values))
    left = {name: _left_on_average(len(trees), found) for name, found in asked.items()}
    best = min(left, key=left.__getitem__, default="")
    if not best or left[best] * _WORTH >= len(trees):
        return "", {}
    return best, asked[best]


def _left_on_average(count: int, asked: Asked) -> float:
    """Return how many conditions a value leaves, were every value that is named as likely as all others."""
    values = [set(values) for _, values in asked.values()]
    return count - len(asked) + sum(map(len, values)) / (len(set().union(*values)) + 1)


def _asks(part: Node) -> tuple[str, tuple[Value, ...]]:
    """Return the fact a part asks for certain values, and those; "" if it does nothing of the kind.

    Whole numbers and texts: a dict finds them exactly where `==` does.
    """
    match part:
        case Comparison(operator="==", left=Read() as read, right=Constant() as one):
            items: tuple[Node, ...] = (one,)
        case Membership(item=Read() as read, collection=ListOf(items=items)):
            pass
        case _:
            return "", ()
    values = tuple(item.value for item in items if isinstance(item, Constant))
    if read.type not in (NodeType.INT, NodeType.STRING) or len(values) < len(items):
        return "", ()
    return read.fact.name, values


def _dispatch(
    trees: Sequence[Node], asked: Asked, writer: Writer, locals_: Sequence[str]
) -> tuple[Mapping[Value, Left], Left]:
    """Return what each value leaves, and what all others leave."""
    taken = ", ".join(locals_)
    rests = [_without(tree, asked[index][0] if index in asked else None) for index, tree in enumerate(trees)]
    written = "".join(f"    lambda {taken}: {writer.text(rest) if rest else True},\n" for rest in rests)
    tests: Sequence[Callable[..., bool]] = compiled_function(f"tests = [\n{written}]", writer, "tests")
    wanted = {index: frozenset(values) for index, (_, values) in asked.items()}

    def left(value: Value | None) -> Left:
        return tuple(
            (index, test)
            for index, test in enumerate(tests)
            if index not in wanted or (value is not None and value in wanted[index])
        )

    return {value: left(value) for value in frozenset().union(*wanted.values())}, left(None)


def _without(tree: Node, part: Node | None) -> Node | None:
    """Return a condition without one of its parts; None if nothing is left of it."""
    rest = tuple(one for one in _parts(tree) if one is not part)
    return AllOf(parts=rest, offset=tree.offset) if len(rest) > 1 else next(iter(rest), None)


def _parts(tree: Node) -> tuple[Node, ...]:
    return tree.parts if isinstance(tree, AllOf) else (tree,)


def _blamer(trees: Sequence[Node], *, stops: bool) -> Callable[[Exception, Facts], EvaluationError]:
    """Return the function that finds, slowly, which of a set's conditions failed."""

    def blame(error: Exception, facts: Facts) -> EvaluationError:
        for index, tree in enumerate(trees):
            try:
                if closure(tree)(facts) and stops:
                    break
            except EvaluationError as found:
                return EvaluationError(found.code, fact=found.fact, detail=found.detail, index=index)
        return error if isinstance(error, EvaluationError) else explain(error)

    return blame
