"""Conditions as formulas for Z3: when they hold, when they fail (an error), and back to facts.

    reading = Reading(trees)
    find(reading=reading, claim=reading.holds(tree), confirms=closure(tree))  →  facts, None where none exist

The semantics are those of the closures: int64 that overflows, division towards zero, `false && error` is
false, a choice evaluates its chosen side only. What the reading does not cover raises Untranslatable, so a
proof says that it is not decided; nothing is approximated.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

import z3

from engine.expressions.smt_facts import FactTerms, microseconds, refuse_quantifier
from engine.expressions.smt_logic import (
    Formula,
    Number,
    Truth,
    both,
    chosen,
    either,
    in_range,
    negated,
    quotient,
    same,
)
from engine.expressions.smt_texts import (
    KnownText,
    Text,
    Untranslatable,
    check_text,
    choose_text,
    compare_texts,
    known,
    text_size,
)
from engine.expressions.tree import (
    AllOf,
    AnyOf,
    Arithmetic,
    Choice,
    Comparison,
    Constant,
    ListOf,
    Membership,
    Negation,
    Node,
    NodeType,
    Not,
    Quantifier,
    Read,
    Size,
    TextTest,
    Variable,
)
from engine.expressions.vocabulary import Fact, Value

__all__ = ["Formula", "Reading", "Truth", "Untranslatable"]

Term = Any
"""A Truth, Number or Text, as the node's type says."""
Scope = Mapping[str, Node | str]
"""What quantifiers' variables stand for: a node, or one text of a list."""
_COMPARED: dict[str, Callable[[Number, Number], Formula]] = {
    "==": lambda left, right: left == right,
    "!=": lambda left, right: left != right,
    "<": lambda left, right: left < right,
    "<=": lambda left, right: left <= right,
    ">": lambda left, right: left > right,
    ">=": lambda left, right: left >= right,
}


class Reading:
    """Some conditions read together over one set of unknown facts.

    It has a solver context of its own, so readings may be made in several threads, each used in one.
    """

    def __init__(self, trees: Sequence[Node]) -> None:
        """Take every condition that a question will be asked about: what is read depends on all of them."""
        self.context = z3.Context()
        self.trees = tuple(trees)
        self._facts = FactTerms(self.trees, self.context)
        self._truths: dict[int, Truth] = {}
        self._known = {id(tree) for tree in self.trees}

    @property
    def facts(self) -> Mapping[str, Fact]:
        """Return the facts that the conditions read."""
        return self._facts.facts

    def holds(self, tree: Node) -> Formula:
        """Return when a condition is true. Raises Untranslatable."""
        return self.truth(tree).holds

    def misses(self, tree: Node) -> Formula:
        """Return when a condition is false. Raises Untranslatable."""
        return self.truth(tree).misses

    def fails(self, tree: Node) -> Formula:
        """Return when evaluating a condition is an error. Raises Untranslatable."""
        return self.truth(tree).fails

    def truth(self, tree: Node) -> Truth:
        """Return what a condition of this reading comes to. Raises Untranslatable."""
        if id(tree) not in self._known:
            raise ValueError("a condition that this reading was not made for")
        if id(tree) not in self._truths:
            self._truths[id(tree)] = _Translator(self._facts).truth(tree, {})
        return self._truths[id(tree)]

    def number(self, fact: Fact) -> Number:
        """Return the unknown that stands for an int or a timestamp."""
        return self._facts.number(fact)

    def member(self, fact: Fact, text: str) -> Formula:
        """Return the unknown that stands for a list fact's holding a text."""
        return self._facts.member(fact, text)

    def domain(self) -> Formula:
        """Return what the vocabulary says of the facts met so far."""
        return both(*self._facts.domain())

    def values(self, model: Any) -> dict[str, Value]:
        """Return the facts of a model."""
        return self._facts.values(model)


class _Translator:
    """One method a type: each returns the node's meaning, and when evaluating it fails."""

    def __init__(self, facts: FactTerms) -> None:
        self._facts = facts

    def truth(self, node: Node, scope: Scope) -> Truth:
        match node:
            case Constant():
                return Truth(bool(node.value))
            case Read():
                return Truth(self._facts.truth(node.fact))
            case Variable():
                return self.truth(_bound(node, scope), scope)
            case AllOf():
                return _all(tuple(self.truth(part, scope) for part in node.parts))
            case AnyOf():
                return _any(tuple(self.truth(part, scope) for part in node.parts))
            case Not():
                operand = self.truth(node.operand, scope)
                return Truth(operand.misses, operand.fails)
            case Choice():
                condition = self.truth(node.condition, scope)
                one, other = self.truth(node.when_true, scope), self.truth(node.when_false, scope)
                holds = both(negated(condition.fails), chosen(condition.holds, one.holds, other.holds))
                return Truth(holds, _choice_fails(condition, one.fails, other.fails))
            case Comparison():
                return self._comparison(node.operator, node.left, node.right, scope)
            case Membership():
                return self._membership(node, scope)
            case Quantifier():
                return self._quantifier(node, scope)
            case TextTest():
                text, text_fails = self.text(node.text, scope)
                part, part_fails = self.text(node.part, scope)
                return _strict(check_text(node.operator, text, part), text_fails, part_fails)
        raise Untranslatable(type(node).__name__)

    def number(self, node: Node, scope: Scope) -> tuple[Number, Formula]:
        """Read an int, or a timestamp as microseconds."""
        match node:
            case Constant(value=datetime() as instant):
                return microseconds(instant), False
            case Constant(value=int() as number):
                return number, False
            case Read():
                return self._facts.number(node.fact), False
            case Variable():
                return self.number(_bound(node, scope), scope)
            case Choice():
                condition = self.truth(node.condition, scope)
                (one, one_fails), (other, other_fails) = (
                    self.number(side, scope) for side in (node.when_true, node.when_false)
                )
                value = chosen(condition.holds, one, other)
                return value, _choice_fails(condition, one_fails, other_fails)
            case Negation():
                operand, fails = self.number(node.operand, scope)
                return -operand, either(fails, negated(in_range(-operand)))
            case Arithmetic():
                return self._arithmetic(node, scope)
            case Size():
                return self._size(node.operand, scope)
        raise Untranslatable(type(node).__name__)

    def text(self, node: Node, scope: Scope) -> tuple[Text, Formula]:
        match node:
            case Constant():
                return known(str(node.value)), False
            case Read():
                return self._facts.text(node.fact), False
            case Variable():
                bound = scope[node.name]
                return (known(bound), False) if isinstance(bound, str) else self.text(bound, scope)
            case Choice():
                condition = self.truth(node.condition, scope)
                (one, one_fails), (other, other_fails) = (
                    self.text(side, scope) for side in (node.when_true, node.when_false)
                )
                value = choose_text(condition.holds, one, other)
                return value, _choice_fails(condition, one_fails, other_fails)
        raise Untranslatable(type(node).__name__)

    def _arithmetic(self, node: Arithmetic, scope: Scope) -> tuple[Number, Formula]:
        left, left_fails = self.number(node.left, scope)
        right, right_fails = self.number(node.right, scope)
        match node.operator:
            case "+":
                value, bounded, by_zero = left + right, left + right, False
            case "-":
                value, bounded, by_zero = left - right, left - right, False
            case "*":
                value, bounded, by_zero = left * right, left * right, False
            case _:
                bounded, by_zero = quotient(left, right), right == 0
                # The remainder fails where the division does, though it would always fit itself.
                value = bounded if node.operator == "/" else left - right * bounded
        return value, either(left_fails, right_fails, by_zero, negated(in_range(bounded)))

    def _comparison(self, sign: str, left: Node, right: Node, scope: Scope) -> Truth:
        match left.type:
            case NodeType.BOOL:
                one, other = self.truth(left, scope), self.truth(right, scope)
                equal = same(one.holds, other.holds)
                return _strict(equal if sign == "==" else negated(equal), one.fails, other.fails)
            case NodeType.INT | NodeType.TIMESTAMP:
                (number, fails), (against, against_fails) = (
                    self.number(left, scope),
                    self.number(right, scope),
                )
                return _strict(_COMPARED[sign](number, against), fails, against_fails)
            case NodeType.STRING:
                (text, fails), (part, part_fails) = self.text(left, scope), self.text(right, scope)
                return _strict(compare_texts(sign, text, part), fails, part_fails)
        equal_lists = self._equal_lists(left, right, scope)
        return equal_lists if sign == "==" else Truth(equal_lists.misses, equal_lists.fails)

    def _equal_lists(self, left: Node, right: Node, scope: Scope) -> Truth:
        if isinstance(left, ListOf) and isinstance(right, ListOf):
            pairs = zip(left.items, right.items, strict=False)
            items = [self._comparison("==", one, other, scope) for one, other in pairs]
            rest = (*left.items[len(items) :], *right.items[len(items) :])
            fails = either(*(one.fails for one in items), *(self._item_fails(one, scope) for one in rest))
            return _strict(both(not rest, *(one.holds for one in items)), fails)
        for one, other in ((left, right), (right, left)):
            if isinstance(one, ListOf) and not one.items:
                size, fails = self._size(other, scope)
                return _strict(size == 0, fails)
        raise Untranslatable("list == list")

    def _membership(self, node: Membership, scope: Scope) -> Truth:
        collection = node.collection
        if isinstance(collection, ListOf):
            items = [self._comparison("==", node.item, item, scope) for item in collection.items]
            alone = self._item_fails(node.item, scope)
            return _strict(either(*(one.holds for one in items)), alone, *(one.fails for one in items))
        text, fails = self.text(node.item, scope)
        if not isinstance(collection, Read) or not isinstance(text, KnownText):
            raise Untranslatable("text in list")
        return _strict(
            either(*(both(guard, self._facts.member(collection.fact, one)) for guard, one in text.cases)),
            fails,
        )

    def _quantifier(self, node: Quantifier, scope: Scope) -> Truth:
        combined = _any if node.mode == "exists" else _all
        if isinstance(node.collection, ListOf):
            items = node.collection.items
            tried = [self.truth(node.predicate, {**scope, node.variable: item}) for item in items]
            # The list itself is evaluated first: an error in an item is not absorbed.
            spoilt = either(*(self._item_fails(item, scope) for item in items))
            found = combined(tuple(tried))
            return _strict(found.holds, spoilt, found.fails)
        if not isinstance(node.collection, Read):
            raise Untranslatable(f"(…).{node.mode}")
        fact = node.collection.fact
        refuse_quantifier(node, fact)
        parts = []
        for text in self._facts.elements(fact):
            there = self._facts.member(fact, text)
            element = self.truth(node.predicate, {**scope, node.variable: text})
            absent = node.mode == "all"
            holds = chosen(there, element.holds, absent)
            parts.append(Truth(holds, both(there, element.fails)))
        return combined(tuple(parts))

    def _size(self, node: Node, scope: Scope) -> tuple[Number, Formula]:
        if node.type is NodeType.STRING:
            text, fails = self.text(node, scope)
            return text_size(text), fails
        if isinstance(node, ListOf):
            return len(node.items), either(*(self._item_fails(item, scope) for item in node.items))
        if isinstance(node, Read):
            return self._facts.size(node.fact), False
        raise Untranslatable("size(…)")

    def _item_fails(self, node: Node, scope: Scope) -> Formula:
        match node.type:
            case NodeType.BOOL:
                return self.truth(node, scope).fails
            case NodeType.INT | NodeType.TIMESTAMP:
                return self.number(node, scope)[1]
            case NodeType.STRING:
                return self.text(node, scope)[1]
        raise Untranslatable("list of lists")


def _bound(node: Variable, scope: Scope) -> Node:
    bound = scope[node.name]
    if isinstance(bound, str):
        raise Untranslatable(node.name)
    return bound


def _strict(value: Formula, *fails: Formula) -> Truth:
    """An operation of which every operand is evaluated."""
    failed = either(*fails)
    return Truth(both(value, negated(failed)), failed)


def _all(parts: tuple[Truth, ...]) -> Truth:
    failed = either(*(part.fails for part in parts))
    if failed is False:
        return Truth(both(*(part.holds for part in parts)))
    unmissed = both(*(either(part.holds, part.fails) for part in parts))
    return Truth(both(*(part.holds for part in parts)), both(failed, unmissed))


def _any(parts: tuple[Truth, ...]) -> Truth:
    holds = either(*(part.holds for part in parts))
    return Truth(holds, both(either(*(part.fails for part in parts)), negated(holds)))


def _choice_fails(condition: Truth, when_true: Formula, when_false: Formula) -> Formula:
    return either(
        condition.fails, both(negated(condition.fails), chosen(condition.holds, when_true, when_false))
    )
