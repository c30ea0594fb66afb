"""The tier for while somebody types: what boxes alone refute about one rule, in milliseconds.

Everything it says is so; what is no box, or takes too long, it leaves to `prove_rule`. Rows of a table that
get in each other's way are told by group, not pair by pair.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from engine.diagnostics import Location
from engine.expressions import EvaluationError, Value
from engine.rulebook.boxes import Boxes, NotABox, Sweep
from engine.rulebook.errors import NoRowMatches, RulebookError
from engine.rulebook.kinds import HitPolicy
from engine.rulebook.prove.model import Proof, Verdict
from engine.rulebook.prove.tables import COLLECTING, but_otherwise
from engine.rulebook.prove.wording import GROUP, known_proof
from engine.rulebook.rules import Rule
from engine.rulebook.tables import Table

Case = Mapping[str, Value]
_SHOWN = 8
_STEPS = 60_000
"""Worth a few hundredths of a second."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Glance:
    """What is refuted, by place; `open` are the numbers (from 0) of conditions that are no boxes."""

    refuted: tuple[Proof, ...]
    open: tuple[int, ...]


def glance(*, rule: Rule) -> Glance:
    """Return what intervals and enumerations refute: dead conditions and rows, a gap, rows that meet."""
    looked = _Looked(rule)
    proofs = (*looked.conditions(), *looked.table())
    ordered = tuple(sorted(proofs, key=lambda proof: proof.location))
    return Glance(refuted=ordered, open=looked.open)


class _Looked:
    """One rule's conditions as boxes."""

    def __init__(self, rule: Rule) -> None:
        self._rule = rule
        self._conditions = tuple(rule.conditions.values())
        self._boxes = Boxes([condition.tree for condition in self._conditions])
        self._sweep = Sweep(self._boxes, steps=_STEPS)
        self.open = tuple(number for number, box in enumerate(self._sweep.boxes) if box is None)

    def conditions(self) -> Iterator[Proof]:
        """Yield the conditions that never hold, or always do."""
        for number, condition in enumerate(self._conditions):
            if number in self.open or condition.source.strip() == "true":
                continue
            never, always = self._sweep.never(number), self._sweep.always(number)
            if never or always:
                words = {"said": condition.words(language="zh"), "said_en": condition.words(language="en")}
                yield self._refuted("CONDITION_CAN_HOLD" if never else "CONDITION_CAN_MISS", number, **words)

    def table(self) -> Iterator[Proof]:
        """Yield what is wrong between the rows of a table."""
        table = self._rule.shape
        if not isinstance(table, Table):
            return
        if table.hit_policy == HitPolicy.FIRST:
            yield from self._dead(table)
        if table.hit_policy == HitPolicy.UNIQUE:
            yield from self._overlaps(table, "ROWS_DISJOINT")
        if table.hit_policy == HitPolicy.ANY:
            yield from self._overlaps(table, "ROWS_AGREE")
        if table.hit_policy not in COLLECTING:
            yield from self._gap(table)

    def _dead(self, table: Table) -> Iterator[Proof]:
        for row in table.rows[1:]:
            try:
                is_dead = self._sweep.first(row.row_no) is None
            except NotABox:
                continue
            if is_dead:
                yield self._refuted("ROW_REACHABLE", row.row_no, row=row.row_no + 1)

    def _gap(self, table: Table) -> Iterator[Proof]:
        try:
            case = self._sweep.gap()
            if case is not None:
                table.decide(case)
        except NoRowMatches:
            yield self._proof("TABLE_COMPLETE", self._rule.document.location(("spec", "rows")), case)
        except (NotABox, EvaluationError, RulebookError):
            return

    def _overlaps(self, table: Table, code: str) -> Iterator[Proof]:
        rows = but_otherwise(table)
        pairs = [
            (other, row.row_no)
            for row in rows
            if row.row_no not in self.open
            for other in self._sweep.met(row.row_no)
            if code == "ROWS_DISJOINT" or table.rows[other].outputs != row.outputs
        ]
        for group in _groups(pairs):
            one, other = group[0]
            case = self._sweep.both(one, other)
            words = {"rows": f"{one + 1}, {other + 1}"}
            found = self._proof(code, self._conditions[other].location, case, **words)
            yield _of_group(found, group) if len(group) > 1 else found

    def _refuted(self, code: str, number: int, **words: object) -> Proof:
        return self._proof(code, self._conditions[number].location, None, **words)

    def _proof(self, code: str, location: Location, case: Case | None, **words: object) -> Proof:
        return known_proof(code, Verdict.REFUTED, location, words, witness=case, facts=self._boxes.facts)


def _of_group(first: Proof, group: Sequence[tuple[int, int]]) -> Proof:
    """Return what is said of a group of rows that meet; `first` tells of two of them."""
    rows = _ranges({row for pair in group for row in pair})
    zh, en = (
        text.format(rows=rows, pairs=len(group), first=said)
        for text, said in zip(GROUP, (first.zh, first.en), strict=True)
    )
    return replace(first, zh=zh, en=en)


def _groups(pairs: Sequence[tuple[int, int]]) -> list[list[tuple[int, int]]]:
    """Return the pairs by group: rows that meet, directly or through others, are in one."""
    leader: dict[int, int] = {}

    def find(row: int) -> int:
        while leader.setdefault(row, row) != row:
            leader[row] = leader[leader[row]]
            row = leader[row]
        return row

    for one, other in pairs:
        low, high = sorted((find(one), find(other)))
        leader[high] = low
    groups: dict[int, list[tuple[int, int]]] = {}
    for pair in pairs:
        groups.setdefault(find(pair[0]), []).append(pair)
    return list(groups.values())


def _ranges(rows: Iterable[int]) -> str:
    """Return the numbers of rows for people, the first of many: `1–3, 7`."""
    runs: list[list[int]] = []
    for row in sorted(rows):
        if runs and row == runs[-1][-1] + 1:
            runs[-1].append(row)
        else:
            runs.append([row])
    said = [str(run[0] + 1) if len(run) == 1 else f"{run[0] + 1}–{run[-1] + 1}" for run in runs]
    return ", ".join(said if len(said) <= _SHOWN else [*said[:_SHOWN], "…"])
