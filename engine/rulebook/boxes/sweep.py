"""Rows as boxes: which row is never first, which meet, and what no row covers, each with a place to look at.

Every line is cut where some box begins or ends; between two cuts nothing changes, so a set of rows (one bit
a row) stands for each piece. Rows that meet, or that cover a box, are then a few operations on such sets;
only a box that several rows cover together is searched piece by piece, within a limit of steps.
"""

from __future__ import annotations

import operator
from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence

from engine.expressions import Value
from engine.rulebook.boxes.lines import Intervals, Line, common
from engine.rulebook.boxes.reading import Box, Boxes, LineName, NotABox, is_empty

STEPS_LIMIT = 3_000_000
"""Pieces looked at for all questions together; what takes more is left to the solver."""

Case = Mapping[str, Value]
Place = Mapping[LineName, int]


class Sweep:
    """The boxes of a table's conditions in their order; a row that is no box covers nothing."""

    def __init__(self, boxes: Boxes, *, steps: int = STEPS_LIMIT) -> None:
        """Cut every line once; `steps` are all that may be looked at."""
        self._steps = steps
        self.boxes = boxes.boxes
        self._facts = boxes.facts
        self._lines = boxes.lines
        self._rows = [(number, box) for number, box in enumerate(boxes.boxes) if box is not None]
        self._full = sum(1 << number for number, box in self._rows if not is_empty(box))
        self._cuts = {name: _Cuts(line, self._full, self._rows, name) for name, line in boxes.lines.items()}

    def example(self, row: int) -> Case | None:
        """Return where the row holds, None if nowhere. Raises NotABox."""
        box = self._box(row)
        return None if is_empty(box) else self._case(self._plainest(box))

    def never(self, row: int) -> bool:
        """Return whether the row holds nowhere. Raises NotABox."""
        return is_empty(self._box(row))

    def always(self, row: int) -> bool:
        """Return whether the row holds everywhere. Raises NotABox."""
        return not self._box(row)

    def counterexample(self, row: int) -> Case | None:
        """Return where the row does not hold, None if it always does. Raises NotABox."""
        box = self._box(row)
        if is_empty(box):
            return self._case({})
        for name, intervals in box.items():
            free = self._cuts[name].outside(intervals)
            if free:
                return self._case({name: _plainest_of(free, self._lines[name])})
        return None

    def first(self, row: int) -> Case | None:
        """Return where the row holds and none before it that is a box, None if nowhere. Raises NotABox."""
        box = self._box(row)
        return None if is_empty(box) else self._case_of(self._uncovered(box, self._full & ((1 << row) - 1)))

    def gap(self) -> Case | None:
        """Return where no row that is a box holds, None if nowhere. Raises NotABox."""
        return self._case_of(self._uncovered({}, self._full))

    def covering(self, row: int) -> int | None:
        """Return the first of the rows before that leaves this one nothing by itself, or None."""
        covers = self._covering(self._box(row)) & self._full & ((1 << row) - 1)
        return _lowest(covers) if covers else None

    def met(self, row: int) -> tuple[int, ...]:
        """Return the rows before this one that hold together with it somewhere. Raises NotABox."""
        box = self._box(row)
        if is_empty(box):
            return ()
        return tuple(_bits(self._meeting(box, self._full & ((1 << row) - 1))))

    def both(self, one: int, other: int) -> Case:
        """Return where two rows that meet hold together. Raises NotABox."""
        first, second = self._box(one), self._box(other)
        names = {*first, *second}
        whole = {name: self._lines[name].whole for name in names}
        shared = {name: common(first.get(name, whole[name]), second.get(name, whole[name])) for name in names}
        return self._case(self._plainest(shared))

    def _box(self, row: int) -> Box:
        box = self.boxes[row]
        if box is None:
            raise NotABox(f"row {row + 1}")
        return box

    def _meeting(self, box: Box, rows: int) -> int:
        for name, intervals in box.items():
            rows &= self._cuts[name].meeting(intervals)
        return rows

    def _covering(self, box: Box) -> int:
        rows = self._full
        for name, cuts in self._cuts.items():
            rows &= cuts.covering(box.get(name, self._lines[name].whole))
        return rows

    def _uncovered(self, box: Box, rows: int) -> Place | None:
        """Return a place in the box that none of the rows holds, the plainest first. Raises NotABox."""
        start = self._plainest(box)
        rows = self._meeting(box, rows)
        if not self._at(start, rows):
            return start
        if self._covering(box) & rows:
            return None
        search = _Search(self._cuts, self._lines, box, self._steps)
        try:
            return search.run(rows)
        finally:
            self._steps = search.steps

    def _at(self, place: Place, rows: int) -> int:
        for name, cuts in self._cuts.items():
            rows &= cuts.at(place.get(name, self._lines[name].plain))
        return rows

    def _plainest(self, box: Box) -> dict[LineName, int]:
        return {name: _plainest_of(intervals, self._lines[name]) for name, intervals in box.items()}

    def _case_of(self, place: Place | None) -> Case | None:
        return None if place is None else self._case(place)

    def _case(self, place: Place) -> Case:
        """Return every fact of the boxes: a place's values, defaults otherwise."""
        case: dict[str, Value] = {name: fact.default for name, fact in self._facts.items()}
        for name, line in self._lines.items():
            value = line.value(place.get(name, line.plain))
            if line.member is None:
                case[line.fact.name] = value
            else:
                held = case[line.fact.name]
                others = tuple(one for one in held if one != line.member) if isinstance(held, tuple) else ()
                case[line.fact.name] = (*others, line.member) if value else others
        return case


class _Cuts:
    """One line in pieces, and the rows of each piece."""

    def __init__(self, line: Line, full: int, rows: Sequence[tuple[int, Box]], name: LineName) -> None:
        self._line = line
        changes: dict[int, int] = {line.first: 0}
        free = full
        for number, box in rows:
            if name in box and full >> number & 1:
                bit = 1 << number
                free ^= bit
                for low, high in box[name]:
                    changes[low] = changes.get(low, 0) ^ bit
                    if high < line.last:
                        changes[high + 1] = changes.get(high + 1, 0) ^ bit
        self.starts = sorted(changes)
        held = free
        self.held = [held := held ^ changes[start] for start in self.starts]
        self._meeting = _Ranges(self.held, either=True)
        self._covering = _Ranges(self.held, either=False)

    def at(self, place: int) -> int:
        """Return the rows that hold a place."""
        return self.held[bisect_right(self.starts, place) - 1]

    def meeting(self, intervals: Intervals) -> int:
        """Return the rows that hold something of the intervals."""
        found = 0
        for low, high in self.pieces(intervals):
            found |= self._meeting.over(low, high)
        return found

    def covering(self, intervals: Intervals) -> int:
        """Return the rows that hold all of the intervals."""
        found = -1
        for low, high in self.pieces(intervals):
            found &= self._covering.over(low, high)
        return found

    def pieces(self, intervals: Intervals) -> Iterator[tuple[int, int]]:
        """Yield the first and the last piece that each interval touches."""
        for low, high in intervals:
            yield bisect_right(self.starts, low) - 1, bisect_right(self.starts, high) - 1

    def end(self, piece: int) -> int:
        """Return the last place of a piece."""
        return self.starts[piece + 1] - 1 if piece + 1 < len(self.starts) else self._line.last

    def outside(self, intervals: Intervals) -> Intervals:
        """Return what the line holds besides."""
        inside = {piece for low, high in self.pieces(intervals) for piece in range(low, high + 1)}
        pieces = (piece for piece in range(len(self.starts)) if piece not in inside)
        return tuple((self.starts[piece], self.end(piece)) for piece in pieces)


class _Ranges:
    """Sets of rows joined over any run of pieces in two steps: runs of 1, 2, 4, 8 … pieces are kept."""

    def __init__(self, sets: Sequence[int], *, either: bool) -> None:
        self._either = either
        self._levels: list[list[int]] = [list(sets)]
        while 1 << len(self._levels) <= len(sets):
            last, half = self._levels[-1], 1 << (len(self._levels) - 1)
            joined = operator.or_ if either else operator.and_
            self._levels.append(list(map(joined, last, last[half:])))

    def over(self, low: int, high: int) -> int:
        """Return the union, or what is common, from one piece to another."""
        level = (high - low + 1).bit_length() - 1
        one, other = self._levels[level][low], self._levels[level][high + 1 - (1 << level)]
        return one | other if self._either else one & other


class _Search:
    """Looking for a place in a box, line by line, dropping the rows that do not hold it on the way."""

    def __init__(
        self, cuts: Mapping[LineName, _Cuts], lines: Mapping[LineName, Line], box: Box, steps: int
    ) -> None:
        self._cuts, self._lines, self._box = cuts, lines, box
        self.steps = steps
        self._covered: set[tuple[int, int]] = set()
        self._names = list(cuts)
        self._pieces: list[list[tuple[int, int]]] = []
        self._rest: list[int] = []

    def run(self, rows: int) -> dict[LineName, int] | None:
        """Return a place none of the rows holds, None if there is none. Raises NotABox."""
        within = {name: self._box.get(name, self._lines[name].whole) for name in self._names}
        sizes = {name: sum(b - a + 1 for a, b in self._cuts[name].pieces(within[name])) for name in within}
        self._names.sort(key=lambda name: sizes[name])
        self._pieces = [self._ordered(name, within[name]) for name in self._names]
        rest = rows
        self._rest = [
            rest := rest & self._cuts[name].covering(within[name]) for name in reversed(self._names)
        ]
        self._rest.reverse()
        return self._place(0, rows)

    def _place(self, depth: int, rows: int) -> dict[LineName, int] | None:
        if not rows:
            return {name: pieces[0][1] for name, pieces in zip(self._names, self._pieces, strict=True)}
        if depth == len(self._names) or rows & self._rest[depth] or (depth, rows) in self._covered:
            return None
        held, tried = self._cuts[self._names[depth]].held, set()
        for piece, place in self._pieces[depth]:
            self.steps -= 1
            if self.steps < 0:
                raise NotABox("too many pieces")
            left = rows & held[piece]
            if left not in tried:
                tried.add(left)
                found = self._place(depth + 1, left)
                if found is not None:
                    return {**found, self._names[depth]: place}
        self._covered.add((depth, rows))
        return None

    def _ordered(self, name: LineName, within: Intervals) -> list[tuple[int, int]]:
        """Return the pieces inside the box with the plainest place of each, plainest first."""
        cuts, line = self._cuts[name], self._lines[name]
        found = [
            (piece, line.plainest(max(cuts.starts[piece], low), min(cuts.end(piece), high)))
            for low, high in within
            for first, last in cuts.pieces(((low, high),))
            for piece in range(first, last + 1)
        ]
        return sorted(found, key=lambda pair: _plainness(pair[1], line))


def _plainest_of(intervals: Intervals, line: Line) -> int:
    places = (line.plainest(low, high) for low, high in intervals)
    return min(places, key=lambda place: _plainness(place, line))


def _plainness(place: int, line: Line) -> tuple[bool, bool, int]:
    """The default first, then what is not negative, then small."""
    return place != line.plain, place < 0, abs(place)


def _bits(rows: int) -> Iterator[int]:
    while rows:
        lowest = _lowest(rows)
        yield lowest
        rows &= rows - 1


def _lowest(rows: int) -> int:
    return (rows & -rows).bit_length() - 1
