"""Looking for cases in which two versions differ, in all and in each slice, until provably none is left."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from engine.diagnostics import Location
from engine.expressions import Condition, Fact, Node, Value, condition_of
from engine.expressions.smt import Reading, Untranslatable
from engine.expressions.smt_logic import Formula, both, either, negated, same
from engine.expressions.smt_repeated import Repeated
from engine.expressions.smt_search import Undecided, plainest
from engine.expressions.tree import Comparison, Constant, ListOf, Membership, NodeType, Not, Read, walk
from engine.rulebook.differences import Words
from engine.rulebook.prove.compare.model import NOWHERE, Outcome, Way, Witness
from engine.rulebook.prove.compare.versions import Versions
from engine.rulebook.prove.wording import case_in_words
from engine.rulebook.rules import Rule

Facts = Mapping[str, Value]
ROUND_AMOUNTS_FEN = (10_000, 100_000, 1_000_000, 100_000_000)
"""Amounts at which people see at once what a difference comes to."""
_EDGES = 20
_NOWHERE = Location(file="", line=1, column=1)
_ELSEWHERE = Outcome(amounts=(), answer=NOWHERE, lines=(), said=Words(zh="不适用", en="does not apply"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Cut:
    """The cases of one slice; `value` None is whatever no condition names."""

    fact: Fact
    value: str | None
    condition: Condition


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What was found of one way to differ: cases of all (None) and of cuts, and why others are unsettled."""

    witnesses: Mapping[Cut | None, Witness]
    unsettled: Mapping[Cut | None, str]


class Search:
    """Both versions as one set of formulas, with what they are sliced by."""

    def __init__(
        self,
        *,
        versions: Versions,
        rules: tuple[Rule, Rule],
        slicing: Mapping[str, Fact],
        basis: Fact | None,
        defaults: Facts,
    ) -> None:
        """Take the versions of `rules`; `slicing` are facts by the scope key they answer to."""
        self._versions = versions
        self._basis = basis
        self._defaults = defaults
        self._same_scope = rules[0].scope == rules[1].scope
        self._applies = [_scope_conditions(rule, slicing) for rule in rules]
        scopes = [one.tree for side in self._applies for one in side]
        self.cuts = tuple(_cuts((*versions.trees, *scopes), slicing))
        self._charged = [condition_of(tree=_not_negative(basis), location=_NOWHERE)] if basis else []
        others = (one.tree for one in (*self._charged, *(cut.condition for cut in self.cuts)))
        self._repeated = Repeated(Reading([*versions.trees, *scopes, *others]), is_exact=versions.is_exact)

    def run(self) -> Mapping[Way, Found]:
        """Return what is found of each way in which the versions can differ."""
        try:
            claims = self._claims()
        except Untranslatable as error:
            return {Way.OTHER: Found(witnesses={}, unsettled=dict.fromkeys((None, *self.cuts), str(error)))}
        return {way: self._find_all(way, claim) for way, claim in claims.items() if claim is not False}

    def _claims(self) -> Mapping[Way, Formula]:
        """Return when the versions differ in each way, where both apply and no amount is negative."""
        reading = self._repeated.reading
        here = [both(*(reading.holds(one.tree) for one in side)) for side in self._applies]
        charged = both(*(reading.holds(one.tree) for one in self._charged))
        claims = {}
        for way, claim in self._versions.claims(self._repeated).items():
            claims[way] = both(charged, *here, claim)
        if not self._same_scope:
            apart = negated(same(here[0], here[1]))
            claims[Way.SCOPE] = both(charged, apart)
        return {way: self._repeated.named(claim) for way, claim in claims.items()}

    def _find_all(self, way: Way, claim: Formula) -> Found:
        found: dict[Cut | None, Witness] = {}
        unsettled: dict[Cut | None, str] = {}
        try:
            facts = self._ask(way, claim)
        except (Undecided, Untranslatable) as error:
            return Found(witnesses={}, unsettled=dict.fromkeys((None, *self.cuts), str(error)))
        if facts is None:
            return Found(witnesses={}, unsettled={})
        found[None] = self._witness(facts)
        for fact, cuts in _by_fact(self.cuts):
            waiting = self._tried(way, facts, fact, cuts, found)
            try:
                self._find_slices(way, claim, waiting, found)
            except (Undecided, Untranslatable) as error:
                unsettled.update(dict.fromkeys(waiting, str(error)))
        return Found(witnesses=found, unsettled=unsettled)

    def _tried(
        self, way: Way, known: Facts, fact: Fact, cuts: Sequence[Cut], found: dict[Cut | None, Witness]
    ) -> list[Cut]:
        """Try the case known in each slice, which costs less than asking; return the slices that wait."""
        waiting = []
        for cut in cuts:
            facts = dict(known) if cut.value is None else {**known, fact.name: cut.value}
            if self._confirms(way, facts, cut):
                found[cut] = self._witness(facts)
            else:
                waiting.append(cut)
        return waiting

    def _find_slices(
        self, way: Way, claim: Formula, waiting: list[Cut], found: dict[Cut | None, Witness]
    ) -> None:
        """Ask for a case in any slice that has none yet, until there are provably no more."""
        while waiting:
            facts = self._ask(way, claim, *waiting)
            if facts is None:
                return
            cut = next(cut for cut in waiting if cut.condition.evaluate(facts))
            found[cut] = self._witness(facts)
            waiting.remove(cut)

    def _ask(self, way: Way, claim: Formula, *within: Cut) -> Facts | None:
        """Return a case of any of the slices, of all cases where none is named."""

        def confirms(facts: Facts) -> bool:
            if within and not any(cut.condition.evaluate(facts) for cut in within):
                return False
            return self._confirms(way, facts, None)

        holds = self._repeated.reading.holds
        anywhere = either(*(holds(cut.condition.tree) for cut in within)) if within else True
        facts = self._repeated.find(claim, anywhere, confirms=confirms)
        if facts is None:
            return None
        edges = self._versions.near({**self._defaults, **facts})[:_EDGES]
        facts = plainest(facts, reading=self._repeated.reading, confirms=confirms, edges=edges)
        if self._basis is not None:
            tried = ({**facts, self._basis.name: amount} for amount in ROUND_AMOUNTS_FEN)
            facts = next((one for one in tried if confirms(one)), facts)
        return facts

    def _confirms(self, way: Way, facts: Facts, cut: Cut | None) -> bool:
        """Return that the deciding functions say so; nothing else is believed."""
        if cut is not None and not cut.condition.evaluate(facts):
            return False
        if not all(one.evaluate(facts) for one in self._charged):
            return False
        old, new = self._outcomes(facts)
        return way in old.ways_to(new)

    def _outcomes(self, facts: Facts) -> tuple[Outcome, Outcome]:
        whole = {**self._defaults, **facts}
        old, new = (
            self._versions.decide(side, whole)
            if all(one.evaluate(whole) for one in self._applies[side])
            else _ELSEWHERE
            for side in (0, 1)
        )
        return old, new

    def _witness(self, facts: Mapping[str, Value]) -> Witness:
        old, new = self._outcomes(facts)
        shown, about = dict(sorted(facts.items())), self._repeated.reading.facts
        zh, en = case_in_words(witness=shown, facts=about)
        return Witness(facts=shown, old=old, new=new, case=Words(zh=zh, en=en))


def _by_fact(cuts: Sequence[Cut]) -> Iterator[tuple[Fact, list[Cut]]]:
    facts = {cut.fact.name: cut.fact for cut in cuts}
    for name, fact in facts.items():
        yield fact, [cut for cut in cuts if cut.fact.name == name]


def _cuts(trees: Sequence[Node], facts: Mapping[str, Fact]) -> Iterator[Cut]:
    """Yield a cut for each value of each slicing fact that is read: of its registry, or named somewhere."""
    nodes = [node for tree in trees for node in walk(tree)]
    read = {node.fact.name for node in nodes if isinstance(node, Read)}
    for fact in facts.values():
        if fact.name not in read:
            continue
        values = fact.values or tuple(sorted(set(_named(nodes, fact))))
        for value in values:
            yield _cut(fact, value, _equals(fact, (value,)))
        if not fact.values and values:
            yield _cut(fact, None, Not(operand=_equals(fact, values), offset=0))


def _cut(fact: Fact, value: str | None, tree: Node) -> Cut:
    return Cut(fact=fact, value=value, condition=condition_of(tree=tree, location=_NOWHERE))


def _named(nodes: Sequence[Node], fact: Fact) -> Iterator[str]:
    """Yield the texts that conditions compare a fact with."""
    for node in nodes:
        match node:
            case Comparison(left=Read(fact=one), right=Constant(value=str(value))) if one == fact:
                yield value
            case Comparison(right=Read(fact=one), left=Constant(value=str(value))) if one == fact:
                yield value
            case Membership(item=Read(fact=one), collection=ListOf(items=items)) if one == fact:
                yield from (str(item.value) for item in items if isinstance(item, Constant))


def _scope_conditions(rule: Rule, facts: Mapping[str, Fact]) -> tuple[Condition, ...]:
    """Return the rule's scope as conditions, of the keys that a fact answers to."""
    return tuple(
        condition_of(tree=_equals(facts[key], values), location=_NOWHERE)
        for key, values in sorted(rule.scope.items())
        if key in facts
    )


def _equals(fact: Fact, values: Sequence[str]) -> Node:
    items = tuple(Constant(value=value, type=NodeType.STRING, offset=0) for value in values)
    item = Read(fact=fact, type=NodeType.STRING, offset=0)
    return Membership(
        item=item, collection=ListOf(items=items, type=NodeType.LIST_STRING, offset=0), offset=0
    )


def _not_negative(basis: Fact) -> Node:
    zero = Constant(value=0, type=NodeType.INT, offset=0)
    return Comparison(operator=">=", left=Read(fact=basis, type=NodeType.INT, offset=0), right=zero, offset=0)
