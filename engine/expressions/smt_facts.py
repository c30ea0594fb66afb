"""Facts as the solver's unknowns: which values each may take, and back from a model to Python values.

Only what the vocabulary enforces is assumed (64 bits, registries, at most 100 elements and 1 000 characters),
so what is proved holds for everything `Vocabulary.conform` lets in.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import z3

from engine.expressions.smt_logic import Formula, Number, both, either, negated
from engine.expressions.smt_texts import KnownText, OpenText, Text, Untranslatable, decoded_text
from engine.expressions.tree import (
    Comparison,
    Constant,
    ListOf,
    Membership,
    Node,
    NodeType,
    Quantifier,
    Read,
    Variable,
    walk,
)
from engine.expressions.vocabulary import LIST_LIMIT, TEXT_LIMIT, Fact, FactType, Value

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


def microseconds(instant: datetime) -> int:
    """Return an instant as the solver counts it."""
    return (instant - _EPOCH) // _MICROSECOND


_FIRST = microseconds(datetime.min.replace(tzinfo=UTC))
_LAST = microseconds(datetime.max.replace(tzinfo=UTC))


class FactTerms:
    """The unknowns of some conditions read together."""

    def __init__(self, trees: Iterable[Node], context: Any) -> None:
        """Look at how each fact is used: that decides which texts the solver must tell apart."""
        nodes = [node for tree in trees for node in walk(tree)]
        self._context = context
        self.facts: dict[str, Fact] = {node.fact.name: node.fact for node in nodes if isinstance(node, Read)}
        self._literals = _literals(nodes)
        self._compared = _compared(nodes)
        self._open = _open(nodes)
        self._terms: dict[str, Any] = {}
        self._members: dict[str, dict[str, Any]] = {}
        self._sizes: dict[str, Any] = {}

    def number(self, fact: Fact) -> Number:
        """Return an int, or a timestamp in microseconds."""
        return self._terms.setdefault(fact.name, z3.Int(fact.name, self._context))

    def truth(self, fact: Fact) -> Formula:
        """Return a bool."""
        return self._terms.setdefault(fact.name, z3.Bool(fact.name, self._context))

    def text(self, fact: Fact) -> Text:
        """Return a text: known where there is a registry, or where it is only compared with literals."""
        if fact.name in self._open:
            return OpenText(self._terms.setdefault(fact.name, z3.String(fact.name, self._context)))
        code = self.number(fact)
        return KnownText(tuple((code == place, text) for place, text in enumerate(self._texts(fact))))

    def member(self, fact: Fact, text: str) -> Formula:
        """Return that a list holds this text."""
        members = self._members.setdefault(fact.name, {})
        if fact.values and text not in fact.values and text not in fact.listed:
            return False
        return members.setdefault(text, z3.Bool(f"{fact.name} ∋ {text!r}", self._context))

    def elements(self, fact: Fact) -> tuple[str, ...]:
        """Return every text an element may be, one standing for all that no condition names."""
        if fact.values:
            return tuple(dict.fromkeys((*fact.values, *fact.listed)))
        others = [self._other(one) for one in self.facts.values() if one.type is FactType.STRING]
        registries = [text for one in self.facts.values() for text in one.values]
        named = (*sorted(self._literals), *registries, *others, self._other(fact))
        return tuple(dict.fromkeys(named))

    def size(self, fact: Fact) -> Number:
        """Return the number of elements of a list."""
        return self._sizes.setdefault(fact.name, z3.Int(f"size({fact.name})", self._context))

    def domain(self) -> Iterator[Formula]:
        """Yield what is true of every fact whatever the conditions say."""
        for name, term in self._terms.items():
            fact = self.facts[name]
            if fact.type is FactType.INT:
                yield both(term >= fact.min, term <= fact.max)
            elif fact.type is FactType.TIMESTAMP:
                yield both(term >= _FIRST, term <= _LAST)
            elif name in self._open:
                yield z3.Length(term) <= TEXT_LIMIT
            elif fact.type is FactType.STRING:
                yield both(term >= 0, term < len(self._texts(fact)))
        for name in {**self._sizes, **self._members}:
            yield self._list_domain(self.facts[name])

    def values(self, model: Any) -> dict[str, Value]:
        """Return the facts of a model; those it leaves open have their defaults."""
        return {name: self._value(fact, model) for name, fact in sorted(self.facts.items())}

    def _texts(self, fact: Fact) -> tuple[str, ...]:
        if fact.values:
            return tuple(dict.fromkeys((*fact.values, str(fact.default))))
        return (*sorted(self._compared.get(fact.name, ())), self._other(fact))

    def _other(self, fact: Fact) -> str:
        """A text that stands for every text no condition names; each fact has its own."""
        shared = sum(one.default == fact.default for one in self.facts.values()) > 1
        if isinstance(fact.default, str) and fact.default not in self._literals and not shared:
            return fact.default
        other = f"({fact.name})"
        while other in self._literals:
            other += "'"
        return other

    def _list_domain(self, fact: Fact) -> Formula:
        size = self.size(fact) if fact.name in self._sizes else None
        if fact.values and size is not None:
            for text in self.elements(fact):
                self.member(fact, text)
        members = self._members.get(fact.name, {})
        held = list(members.values())
        bounds: list[Formula] = []
        if size is not None:
            count = z3.Sum([z3.If(one, 1, 0) for one in held]) if held else 0
            bounds += [size >= 0, size <= LIST_LIMIT, size >= count]
            if set(self.elements(fact)) <= members.keys():
                bounds.append(either(size == 0, *held))
        elif len(held) > LIST_LIMIT:
            bounds.append(z3.AtMost(*held, LIST_LIMIT))
        if not fact.values:
            return both(*bounds)
        outside = [one for text, one in members.items() if text not in fact.values]
        as_default = [one if text in fact.listed else negated(one) for text, one in members.items()]
        if size is not None:
            as_default.append(size == len(fact.listed))
        return both(*bounds, either(both(*map(negated, outside)), both(*as_default)))

    def _value(self, fact: Fact, model: Any) -> Value:
        if fact.type is FactType.LIST_STRING:
            return self._list_value(fact, model)
        if fact.name not in self._terms:
            return fact.default
        value = model.eval(self._terms[fact.name], model_completion=True)
        match fact.type:
            case FactType.BOOL:
                return bool(z3.is_true(value))
            case FactType.TIMESTAMP:
                return _instant(value.as_long(), fact)
            case FactType.STRING if fact.name in self._open:
                return decoded_text(value)
            case FactType.STRING:
                return self._texts(fact)[int(value.as_long())]
        return int(value.as_long())

    def _list_value(self, fact: Fact, model: Any) -> tuple[str, ...]:
        members = self._members.get(fact.name, {})
        held = tuple(
            text for text, one in members.items() if z3.is_true(model.eval(one, model_completion=True))
        )
        if not members and fact.name not in self._sizes:
            return fact.listed
        if fact.name not in self._sizes:
            return held
        size = int(model.eval(self._sizes[fact.name], model_completion=True).as_long())
        if size and not held:
            held = (self._other(fact),)
        return held + held[:1] * (size - len(held))


def _instant(count: int, fact: Fact) -> datetime:
    """Return the instant in the zone of the fact's default, in which people read it."""
    instant = _EPOCH + count * _MICROSECOND
    try:
        return instant.astimezone(fact.zone)
    except OverflowError:
        return instant


def _is_text(node: Node) -> bool:
    return isinstance(node, Constant) and node.type is NodeType.STRING


def _literals(nodes: Iterable[Node]) -> frozenset[str]:
    return frozenset(str(node.value) for node in nodes if isinstance(node, Constant) and _is_text(node))


def _equalities(nodes: Iterable[Node]) -> Iterator[tuple[Node, Node]]:
    """Yield every pair of nodes of which only equality is asked, in both orders."""
    for node in nodes:
        if isinstance(node, Comparison) and node.operator in ("==", "!="):
            yield from ((node.left, node.right), (node.right, node.left))
        elif isinstance(node, Membership) and isinstance(node.collection, ListOf):
            for item in node.collection.items:
                yield from ((node.item, item), (item, node.item))


def _compared(nodes: list[Node]) -> dict[str, set[str]]:
    compared: dict[str, set[str]] = {}
    for one, other in _equalities(nodes):
        if isinstance(one, Read) and isinstance(other, Constant) and _is_text(other):
            compared.setdefault(one.fact.name, set()).add(str(other.value))
    return compared


def _open(nodes: list[Node]) -> frozenset[str]:
    """Return the texts without registry of which more is asked than whether they equal a literal."""
    asked: dict[int, bool] = {}
    for one, other in _equalities(nodes):
        asked[id(one)] = asked.get(id(one), True) and _is_text(other)
    for node in nodes:
        if isinstance(node, Membership) and isinstance(node.collection, Read):
            asked[id(node.item)] = True
    reads = [node for node in nodes if isinstance(node, Read) and node.type is NodeType.STRING]
    return frozenset(node.fact.name for node in reads if not node.fact.values and not asked.get(id(node)))


def only_equality(variable: str, predicate: Node) -> bool:
    """Whether a predicate asks of its variable nothing but equality with literals."""
    nodes = list(walk(predicate))
    uses = {id(node) for node in nodes if isinstance(node, Variable) and node.name == variable}
    fine = {id(one) for one, other in _equalities(nodes) if _is_text(other)}
    unfit = {id(one) for one, other in _equalities(nodes) if not _is_text(other)}
    return uses <= fine - unfit


def refuse_quantifier(node: Quantifier, fact: Fact) -> None:
    """Raise Untranslatable where elements cannot stand for each other."""
    if not fact.values and not only_equality(node.variable, node.predicate):
        raise Untranslatable(f"{fact.name}.{node.mode}({node.variable}, …)")
