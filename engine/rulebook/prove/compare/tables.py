"""Two versions of a table. Only rows that the versions do not share in the same order can make a difference.

Suppose one shared row decided in the old version and another in the new: whichever comes first holds, so it
would have decided in both. So a difference is decided by a row of one version alone, or by a shared condition
with another outcome; the many rows that stay cost the solver nothing but their place in the ladder.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence
from difflib import SequenceMatcher
from typing import Any

from engine.expressions import EvaluationError, Value
from engine.expressions.printer import cel_text
from engine.expressions.smt import Formula, Untranslatable
from engine.expressions.smt_logic import both, either, negated, same
from engine.expressions.smt_repeated import Repeated
from engine.expressions.tree import Node, can_fail
from engine.rulebook.compared import ChargeOn
from engine.rulebook.differences import Words
from engine.rulebook.errors import RulebookError
from engine.rulebook.file_tests import Evaluator
from engine.rulebook.kinds import HitPolicy, Kind
from engine.rulebook.prove.compare.charges import Charge, fen_words, read_charge, row_words
from engine.rulebook.prove.compare.model import Outcome, Way
from engine.rulebook.prove.compare.versions import NO_ANSWER
from engine.rulebook.rules import Rule
from engine.rulebook.tables import Row, Table

Facts = Mapping[str, Value]
_ALWAYS = "true"
PAIRS_LIMIT = 20_000
"""Pairs of charges that may meet; beyond it nothing is decided rather than the solver drowned."""


class TableVersions:
    """Compared by what the deciding row charges, where the kind says so, else by its outputs."""

    def __init__(self, old: Rule, new: Rule, kind: Kind, evaluator: Evaluator | None) -> None:
        """Take both rules; `evaluator` computes the charge that a row makes, for the kinds that charge."""
        self._rules = old, new
        self._tables = [_table(rule) for rule in self._rules]
        self.is_exact = kind.hit_policy == HitPolicy.FIRST
        self._charge = kind.compared.charge if self.is_exact else None
        self._evaluator = evaluator
        if self._charge is not None and evaluator is None:
            raise ValueError(f"nothing was given that computes {self._charge.output} of {kind.name}")
        self._silent = {path[-1] for path in kind.compared.without_effect if path[:2] == ("rows", "*")}
        zh, en = (self._charge.zh, self._charge.en) if self._charge else ("结果", "Outcome")
        self.about = Words(zh=zh, en=en)
        self._texts = [[cel_text(row.condition.tree) for row in table.rows] for table in self._tables]
        # One tree for each text, so that a condition of both versions is read once.
        read: dict[str, Node] = {}
        for texts, table in zip(self._texts, self._tables, strict=True):
            for text, row in zip(texts, table.rows, strict=True):
                read.setdefault(text, row.condition.tree)
        self._read = read
        self.trees: Sequence[Node] = tuple(read.values())

    def claims(self, repeated: Repeated) -> Mapping[Way, Formula]:
        """Return when the deciding rows differ in each way; of other hit policies, when they could."""
        if not self.is_exact:
            return {Way.OTHER: self._could_differ(repeated)}
        meaning = [self._meanings(side) for side in (0, 1)]
        ladders = _Ladders(self._texts, self._read, repeated)
        apart = negated(same(ladders.answers(0), ladders.answers(1)))
        meetings = list(_meetings(ladders, meaning))
        if len(meetings) > PAIRS_LIMIT:
            raise Untranslatable(f"{len(meetings)} > {PAIRS_LIMIT}")
        if self._charge is None:
            return {Way.OTHER: either(apart, *(formula for _, _, formula in meetings))}
        dearer = _Dearer(self._charge, repeated)
        return {
            Way.GREATER: either(*(both(f, dearer.than(old, new)) for old, new, f in meetings)),
            Way.LESS: either(*(both(f, dearer.than(new, old)) for old, new, f in meetings)),
            Way.OTHER: apart,
        }

    def decide(self, side: int, facts: Facts) -> Outcome:
        """Return the charge, or the outputs, with the row that decides."""
        try:
            rows = self._tables[side].decide_all(facts)
            if self._charge is None or self._evaluator is None:
                return self._outputs(rows)
            fen = self._evaluator(self._rules[side], facts)[self._charge.output]
        except (RulebookError, EvaluationError):
            return Outcome(amounts=(), answer=None, lines=(), said=NO_ANSWER)
        amount, row = fen_words(fen), row_words(rows[0].outputs, rows[0].line)
        said = Words(zh=f"{amount}（{row.zh}）", en=f"{amount} ({row.en})")
        return Outcome(amounts=(fen,), answer=fen, lines=(rows[0].line,), said=said)

    def near(self, facts: Facts) -> tuple[Node, ...]:
        """Return the conditions of the rows that decide."""
        found = []
        for table in self._tables:
            try:
                found += [row.condition.tree for row in table.decide_all(facts)[:2]]
            except (RulebookError, EvaluationError):
                continue
        return tuple(found)

    def _outputs(self, rows: tuple[Row, ...]) -> Outcome:
        answer = tuple(self._effective(row) for row in rows)
        shown = [
            "，".join(f"{key} {value}" for key, value in row.outputs.items() if key not in self._silent)
            for row in rows
        ]
        names = [row_words(row.outputs, row.line) for row in rows]
        pairs = list(zip(shown, names, strict=True))
        said = Words(
            zh="、".join(f"{text}（{name.zh}）" for text, name in pairs),
            en=", ".join(f"{text.replace('，', ', ')} ({name.en})" for text, name in pairs),
        )
        return Outcome(amounts=(), answer=answer, lines=tuple(row.line for row in rows), said=said)

    def _meanings(self, side: int) -> list[Hashable]:
        """Return what each row of a version amounts to: its charge, or its outputs."""
        rows, spec = self._tables[side].rows, self._rules[side].spec
        if self._charge is None:
            return [self._effective(row) for row in rows]
        return [read_charge(row.outputs, spec, basis=self._charge.basis.name) for row in rows]

    def _effective(self, row: Row) -> Hashable:
        return _frozen({key: value for key, value in row.outputs.items() if key not in self._silent})

    def _could_differ(self, repeated: Repeated) -> Formula:
        """A row that is not shared, outputs and all, has something to say, or fails."""
        keys = [
            [(text, meaning) for text, meaning in zip(self._texts[side], self._meanings(side), strict=True)]
            for side in (0, 1)
        ]
        shared = list(_aligned(keys[0], keys[1]))
        alone: list[str] = []
        for side, texts in enumerate(self._texts):
            kept = {pair[side] for pair in shared}
            alone += [text for number, text in enumerate(texts) if number not in kept]
        truths = [repeated.reading.truth(self._read[text]) for text in alone]
        return either(*(either(truth.holds, truth.fails) for truth in truths))


class _Ladders:
    """The rows of the versions in order: each decides where it holds and no row before it held or failed.

    Rungs are read when they are asked for, and once where both versions begin alike.
    """

    def __init__(self, texts: Sequence[Sequence[str]], read: Mapping[str, Node], repeated: Repeated) -> None:
        self.texts = texts
        self._read = read
        self._repeated = repeated
        apart = next((i for i, (one, other) in enumerate(zip(*texts, strict=False)) if one != other), None)
        self._alike = min(map(len, texts)) if apart is None else apart
        self._rungs: dict[int, list[Formula]] = {0: [True], 1: [True]}

    def decides(self, side: int, number: int) -> Formula:
        """Return when this row decides."""
        truth = self._repeated.reading.truth(self._read[self.texts[side][number]])
        return both(self._before(side, number), truth.holds)

    def any_of(self, side: int, numbers: Iterable[int]) -> Formula:
        """Return when one of these rows decides."""
        return self._repeated.named(either(*(self.decides(side, number) for number in numbers)))

    def answers(self, side: int) -> Formula:
        """Return when any row decides: always, where the last always holds and none can fail."""
        trees = [self._read[text] for text in self.texts[side]]
        if self.texts[side][-1] == _ALWAYS and not any(can_fail(tree) for tree in trees):
            return True
        return self.any_of(side, range(len(trees)))

    def _before(self, side: int, number: int) -> Formula:
        """Return when all rows before this one are false."""
        rungs = self._rungs[0 if number <= self._alike else side]
        if side == 1 and number > self._alike and len(rungs) <= self._alike:
            self._before(0, self._alike)
            rungs[:] = self._rungs[0][: self._alike + 1]
        while len(rungs) <= number:
            truth = self._repeated.reading.truth(self._read[self.texts[side][len(rungs) - 1]])
            rungs.append(self._repeated.named(both(rungs[-1], truth.misses)))
        return rungs[number]


class _Dearer:
    """When one charge exceeds another, each compared once over the amount charged on."""

    def __init__(self, charge: ChargeOn, repeated: Repeated) -> None:
        self._basis = repeated.reading.number(charge.basis)
        self._repeated = repeated
        self._kept: dict[tuple[Hashable, Hashable], Formula] = {}

    def than(self, lower: Hashable, higher: Hashable) -> Formula:
        """Return when `higher` comes to more than `lower`."""
        if never_exceeds(higher, lower):
            return False
        if (lower, higher) not in self._kept:
            formula = _charge(higher).exceeds(_charge(lower), self._basis)
            self._kept[lower, higher] = self._repeated.named(formula)
        return self._kept[lower, higher]


def never_exceeds(one: Hashable, other: Hashable) -> bool:
    """Return that a charge is at most another on any amount, as far as that is seen without the solver."""
    lower, higher = _charge(one), _charge(other)
    if lower.rounding != higher.rounding or lower.is_marginal != higher.is_marginal:
        return False
    if [upto for upto, _ in lower.tiers] != [upto for upto, _ in higher.tiers]:
        return False
    capped = higher.cap_fen is None or (lower.cap_fen is not None and lower.cap_fen <= higher.cap_fen)
    rates = zip(lower.tiers, higher.tiers, strict=True)
    return capped and lower.min_fen <= higher.min_fen and all(low[1] <= high[1] for low, high in rates)


def _meetings(
    ladders: _Ladders, meanings: Sequence[Sequence[Hashable]]
) -> Iterator[tuple[Hashable, Hashable, Formula]]:
    """Yield what may meet what else, old and new, and when: see the module for why this is all."""
    texts = ladders.texts
    shared = list(_aligned(texts[0], texts[1]))
    for here, there in shared:
        if meanings[0][here] != meanings[1][there]:
            formula = both(ladders.decides(0, here), ladders.decides(1, there))
            yield meanings[0][here], meanings[1][there], formula
    groups = [_by_meaning(side) for side in meanings]
    for side in (0, 1):
        kept = {pair[side] for pair in shared}
        alone = [number for number in range(len(texts[side])) if number not in kept]
        if not alone:
            continue
        reached = {
            meaning: ladders.any_of(1 - side, numbers) for meaning, numbers in groups[1 - side].items()
        }
        for meaning, numbers in _by_meaning({number: meanings[side][number] for number in alone}).items():
            own = ladders.any_of(side, numbers)
            for other in groups[1 - side]:
                if other != meaning:
                    formula = both(own, reached[other])
                    yield (meaning, other, formula) if side == 0 else (other, meaning, formula)


def _by_meaning(meanings: Sequence[Hashable] | Mapping[int, Hashable]) -> dict[Hashable, list[int]]:
    numbered = meanings.items() if isinstance(meanings, Mapping) else enumerate(meanings)
    groups: dict[Hashable, list[int]] = {}
    for number, meaning in numbered:
        groups.setdefault(meaning, []).append(number)
    return groups


def _aligned(old: Sequence[Hashable], new: Sequence[Hashable]) -> Iterator[tuple[int, int]]:
    """Yield the positions of what both have, in the order of both."""
    matcher = SequenceMatcher(None, old, new, autojunk=False)
    for block in matcher.get_matching_blocks():
        yield from ((block.a + step, block.b + step) for step in range(block.size))


def _charge(meaning: Hashable) -> Charge:
    if not isinstance(meaning, Charge):
        raise TypeError(f"{meaning} is no charge")
    return meaning


def _table(rule: Rule) -> Table:
    if not isinstance(rule.shape, Table):
        raise TypeError(f"{rule.id} is no table")
    return rule.shape


def _frozen(value: Any) -> Hashable:
    if isinstance(value, dict):
        return frozenset((key, _frozen(item)) for key, item in value.items())
    if isinstance(value, list | tuple):
        return tuple(_frozen(item) for item in value)
    return type(value).__name__, value
