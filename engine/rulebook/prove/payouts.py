"""Of incentives: that more never earns less, that splitting a merchant never pays, that no fen earns a jump.

A payout is a function of volumes: a reward where `when` holds, or tiers by a volume, at most `cap`. Two or
three cases are asked about at once, in which only volumes differ: copies of the facts stand for them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from engine.diagnostics import Location
from engine.expressions import Condition, Fact, Node, condition_of
from engine.expressions.settling import replaced
from engine.expressions.smt import Formula, Reading
from engine.expressions.smt_logic import Number, both, chosen, either
from engine.expressions.tree import Comparison, Constant, NodeType, Read
from engine.rulebook.claims import KindClaim, Path
from engine.rulebook.prove.compare.charges import Charge, read_charge
from engine.rulebook.prove.model import Proof
from engine.rulebook.prove.questions import Case, Questions, Words, or_undecided
from engine.rulebook.prove.wording import yuan
from engine.rulebook.rules import Rule, matches

_ALWAYS = Constant(value=True, type=NodeType.BOOL, offset=0)
_CAP = "cap_fen"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Payout:
    """What a rule pays: by tiers, or a fixed sum; `volumes` are the facts it grows with."""

    claim: KindClaim
    when: Node
    charge: Charge | None
    by: Fact | None
    cash_fen: int
    volumes: tuple[Fact, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Copy:
    """The same facts but for some volumes, which have names of their own; `when` is read over them."""

    facts: Mapping[str, Fact]
    when: Condition


def prove_payouts(questions: Questions) -> tuple[Proof, ...]:
    """Return the three proofs that `payouts` asks for; none where no volume is read."""
    asked = [one for one in questions.kind.claims if one.claim == "payouts"]
    at = questions.rule.document.location(("spec",))
    return tuple(
        proof
        for claim in asked
        for proof in or_undecided("PAYOUT_RISES", at, partial(_payouts, questions, claim))
    )


def _payouts(questions: Questions, claim: KindClaim) -> tuple[Proof, ...]:
    payout = _read(questions, claim)
    if not payout.volumes:
        return ()
    return (_rises(questions, payout), _splitting(questions, payout), _smooth(questions, payout))


def _read(questions: Questions, claim: KindClaim) -> _Payout:
    rule, vocabulary = questions.rule, questions.kind.vocabulary
    reward, tiers = claim.at
    condition = questions.conditions.get(claim.when)
    written, cap = _at(rule, tiers), _at(rule, claim.cap)
    by = vocabulary.facts[written["by"]] if written else None
    charge = None
    if by is not None:
        outputs = {"tiers": written} if cap is None else {"tiers": written, _CAP: cap}
        charge = read_charge(outputs, rule.spec, basis=by.name)
    reads = (condition.reads if condition else frozenset()) | ({by.name} if by else frozenset())
    cash_fen = min(_at(rule, reward) or 0, cap) if cap is not None else _at(rule, reward) or 0
    return _Payout(
        claim=claim,
        when=condition.tree if condition else _ALWAYS,
        charge=charge,
        by=by,
        cash_fen=cash_fen,
        volumes=tuple(vocabulary.facts[name] for name in claim.volumes if name in reads),
    )


def _rises(questions: Questions, payout: _Payout) -> Proof:
    """Every volume at least as great, and less paid."""
    base, more = _copy(payout, (), ""), _copy(payout, payout.volumes, "more")
    asked = _Asked(questions, payout, (base, more))

    def grows(value: Callable[[Fact], Any]) -> list[Any]:
        return [value(more.facts[one.name]) >= value(one) for one in payout.volumes]

    return asked.proof(
        "PAYOUT_RISES",
        given=lambda value: both(*grows(value)),
        broken=lambda paid: paid[1] < paid[0],
        words=lambda paid: {"former": yuan(paid[0]), "amount": yuan(paid[1])},
    )


def _splitting(questions: Questions, payout: _Payout) -> Proof:
    """One merchant's volumes in two parts, and more paid for both than for the whole."""
    claim, rule = payout.claim, questions.rule
    divided = tuple(one for one in payout.volumes if one.name in claim.divides)
    at = rule.document.location(("spec", *claim.when))
    is_once = bool(claim.once_per) and claim.once_per in (_at(rule, claim.key) or ())
    if not divided or is_once:
        return questions.known("SPLITTING_NEVER_PAYS", at=at, witness=None, proved=True)
    whole = _copy(payout, (), "")
    one, other = (_copy(payout, divided, part) for part in ("one", "other"))
    asked = _Asked(questions, payout, (whole, one, other))

    def parts(value: Callable[[Fact], Any]) -> list[Any]:
        pairs = [
            (value(one.facts[fact.name]), value(other.facts[fact.name]), value(fact)) for fact in divided
        ]
        return [condition for a, b, c in pairs for condition in (a >= 0, b >= 0, a + b == c)]

    return asked.proof(
        "SPLITTING_NEVER_PAYS",
        given=lambda value: both(*parts(value)),
        broken=lambda paid: paid[1] + paid[2] > paid[0],
        words=lambda paid: {"whole": yuan(paid[0]), "parts": f"{yuan(paid[1])} + {yuan(paid[2])}"},
    )


def _smooth(questions: Questions, payout: _Payout) -> Proof:
    """One fen more of one volume, and a jump above what the kind states."""
    limit_fen = payout.claim.jump_fen
    in_fen = tuple(one for one in payout.volumes if one.unit == "fen")
    base = _copy(payout, (), "")
    copies = (base, *(_copy(payout, (one,), "more") for one in in_fen))
    asked = _Asked(questions, payout, copies)

    def a_fen_more(value: Callable[[Fact], Any]) -> list[Any]:
        return [
            value(copy.facts[one.name]) == value(one) + 1
            for one, copy in zip(in_fen, copies[1:], strict=True)
        ]

    return asked.proof(
        "PAYOUT_WITHOUT_CLIFF",
        given=lambda value: both(*a_fen_more(value)),
        broken=lambda paid: either(*(one - paid[0] > limit_fen for one in paid[1:])),
        words=lambda paid: {"former": yuan(paid[0]), "amount": yuan(max(paid)), "limit": yuan(limit_fen)},
    )


class _Asked:
    """One question about a payout in several copies of the facts."""

    def __init__(self, questions: Questions, payout: _Payout, copies: Sequence[_Copy]) -> None:
        # Every volume is read in every copy, whether a condition asks about it or not.
        volumes = {one.name: one for copy in copies for one in copy.facts.values()}
        read = [_comparison(one) for one in volumes.values()]
        self._own = questions.with_trees([*(copy.when.tree for copy in copies), *read])
        self._payout, self._copies = payout, copies
        self._about = tuple(copy.when for copy in copies) + tuple(
            condition_of(tree=one, location=copies[0].when.location) for one in read
        )

    def proof(
        self,
        code: str,
        *,
        given: Callable[[Callable[[Fact], Any]], Formula],
        broken: Callable[[Sequence[Any]], Formula],
        words: Callable[[Sequence[int]], Words],
    ) -> Proof:
        """Return that where `given` holds of the volumes, what is paid in each copy is not `broken`."""
        reading = self._own.reading
        rule = self._own.rule

        def paid(case: Case) -> list[int]:
            return [self._paid_in(copy, case) for copy in self._copies]

        def confirms(case: Case) -> bool:
            return bool(given(lambda fact: case[fact.name])) and bool(broken(paid(case)))

        def when() -> Formula:
            amounts = [self._term(reading, copy) for copy in self._copies]
            return both(given(reading.number), broken(amounts))

        return self._own.never_happens(
            code,
            at=rule.document.location(("spec", *self._payout.claim.when)),
            when=when,
            confirms=confirms,
            about=self._about,
            words=lambda case: words(paid(case)) if case is not None else {},
        )

    def _term(self, reading: Reading, copy: _Copy) -> Number:
        payout = self._payout
        amount: Number = payout.cash_fen
        if payout.charge is not None and payout.by is not None:
            amount = payout.charge.amount(reading.number(copy.facts[payout.by.name]))
        return chosen(reading.holds(copy.when.tree), amount, 0)

    def _paid_in(self, copy: _Copy, case: Case) -> int:
        payout = self._payout
        if not copy.when.evaluate(case):
            return 0
        if payout.charge is None or payout.by is None:
            return payout.cash_fen
        return int(payout.charge.amount(case[copy.facts[payout.by.name].name]))


_TITLES = {
    "more": ("增加后的{zh}", "{en}, increased"),
    "one": ("第一份{zh}", "{en}, first part"),
    "other": ("第二份{zh}", "{en}, second part"),
}


def _copy(payout: _Payout, changed: Sequence[Fact], name: str) -> _Copy:
    """Return the facts with copies of `changed`; the others are the same in every copy."""
    copies = {one.name: _named(one, name) for one in changed}
    every = [*payout.volumes, *((payout.by,) if payout.by else ())]
    facts = {one.name: copies.get(one.name, one) for one in every}
    nodes = {old: Read(fact=new, type=NodeType.INT, offset=0) for old, new in copies.items()}
    place = Location(file="", line=1, column=1)
    return _Copy(facts=facts, when=condition_of(tree=replaced(payout.when, nodes), location=place))


def _named(fact: Fact, name: str) -> Fact:
    zh, en = _TITLES[name]
    return replace(
        fact,
        name=f"{name}.{fact.name.replace('.', '_')}",
        title=zh.format(zh=fact.title),
        title_en=en.format(en=fact.title_en),
    )


def _comparison(fact: Fact) -> Node:
    read = Read(fact=fact, type=NodeType.INT, offset=0)
    return Comparison(operator="==", left=read, right=read, offset=0)


def _at(rule: Rule, path: Path) -> Any:
    return next((value for _, value in matches(rule.spec, path)), None) if path else None
