"""Boxes against the solver: whatever intervals and enumerations answer, the solver answers the same."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from engine.diagnostics import Location
from engine.expressions import Condition, Fact, FactType, Value, Vocabulary, compile_condition
from engine.expressions.smt import Formula, Reading
from engine.expressions.smt_logic import both
from engine.expressions.smt_search import find
from engine.rulebook.boxes import Boxes, NotABox, Sweep

EPOCH = datetime(2025, 4, 1, tzinfo=UTC)
INT_MIN, INT_MAX = -(2**63), 2**63 - 1


def declared(name: str, fact_type: FactType, default: Value, values: tuple[str, ...] = ()) -> Fact:
    return Fact(name=name, type=fact_type, default=default, values=values, title=name, title_en=name)


VOCABULARY = Vocabulary.of(
    facts=(
        declared("a.x", FactType.INT, 0),
        declared("a.y", FactType.INT, 5),
        declared("a.flag", FactType.BOOL, False),
        declared("b.level", FactType.STRING, "P0", ("P1", "P2", "P3")),
        declared("b.code", FactType.STRING, "A"),
        declared("b.tags", FactType.LIST_STRING, ("VIP",)),
        declared("b.at", FactType.TIMESTAMP, EPOCH),
    )
)
ints = st.sampled_from([INT_MIN, -3, 0, 1, 2, 3, 4, 5, 6, INT_MAX])
instants = st.integers(-2, 2).map(lambda day: f"timestamp('{(EPOCH + timedelta(days=day)).isoformat()}')")
orders = st.sampled_from(["==", "!=", "<", "<=", ">", ">="])


def listed(choices: Sequence[str]) -> st.SearchStrategy[str]:
    return st.lists(st.sampled_from(choices), min_size=1, max_size=2).map(
        lambda few: "[" + ", ".join(f"'{one}'" for one in few) + "]"
    )


clauses = st.one_of(
    st.tuples(st.sampled_from(["a.x", "a.y"]), orders, ints).map(lambda of: f"{of[0]} {of[1]} {of[2]}"),
    st.tuples(ints, orders).map(lambda of: f"{of[0]} {of[1]} a.x"),
    st.tuples(ints, ints).map(lambda of: f"(a.x < {of[0]} || a.x > {of[1]})"),
    st.tuples(ints, ints).map(lambda of: f"a.y in [{of[0]}, {of[1]}]"),
    st.sampled_from(["a.flag", "a.flag == false", "true", "false", "a.x < a.y", "a.x + 1 > 3"]),
    listed(["P1", "P2", "P3"]).map(lambda few: f"b.level in {few}"),
    st.tuples(st.sampled_from(["==", "!="]), st.sampled_from("AB")).map(
        lambda of: f"b.code {of[0]} '{of[1]}'"
    ),
    st.sampled_from(["'VIP' in b.tags", "'NIGHT' in b.tags"]),
    st.tuples(orders, instants).map(lambda of: f"b.at {of[0]} {of[1]}"),
)
parts = st.tuples(st.sampled_from(["", "!"]), clauses).map(lambda of: f"{of[0]}({of[1]})")
rows_of_a_table = st.lists(st.lists(parts, min_size=1, max_size=3).map(" && ".join), min_size=1, max_size=6)


def compiled(source: str) -> Condition:
    place = Location(file="r.yaml", line=1, column=1)
    condition, found = compile_condition(source=source, vocabulary=VOCABULARY, location=place)
    assert condition is not None, found
    return condition


class Solver:
    """The solver's answers to the same questions, about boxes alone."""

    def __init__(self, rows: Sequence[Condition], known: Sequence[int]) -> None:
        self.reading = Reading([row.tree for row in rows])
        self._rows, self._known = rows, known

    def can(self, *claims: Formula) -> bool:
        found = find(reading=self.reading, claim=both(*claims), confirms=lambda facts: True, edges=())
        return found is not None

    def holds(self, row: int) -> Formula:
        return self.reading.holds(self._rows[row].tree)

    def none_before(self, row: int) -> list[Formula]:
        return [self.reading.misses(self._rows[one].tree) for one in self._known if one < row]


@settings(max_examples=80, deadline=None)
@given(rows_of_a_table)
def test_boxes_and_the_solver_give_one_answer(sources: list[str]) -> None:
    rows = [compiled(source) for source in sources]
    sweep = Sweep(Boxes([row.tree for row in rows]))
    known = [number for number, box in enumerate(sweep.boxes) if box is not None]
    solver = Solver(rows, known)
    whole = VOCABULARY.conform({})

    def holding(case: dict[str, Value]) -> list[int]:
        return [number for number in known if rows[number].evaluate({**whole, **case})]

    for row in known:
        case = sweep.example(row)
        assert (case is None) == sweep.never(row) == (not solver.can(solver.holds(row)))
        assert case is None or row in holding(dict(case))
        case = sweep.counterexample(row)
        assert (case is None) == sweep.always(row) == (not solver.can(solver.reading.misses(rows[row].tree)))
        assert case is None or row not in holding(dict(case))
        case = sweep.first(row)
        assert (case is not None) == solver.can(solver.holds(row), *solver.none_before(row))
        assert case is None or holding(dict(case))[0] == row
        met = [one for one in known if one < row and solver.can(solver.holds(one), solver.holds(row))]
        assert list(sweep.met(row)) == met
        assert all({one, row} <= set(holding(dict(sweep.both(one, row)))) for one in met)
    case = sweep.gap()
    assert (case is not None) == solver.can(*solver.none_before(len(rows)))
    assert case is None or holding(dict(case)) == []


def test_what_is_no_box_is_not_answered() -> None:
    sweep = Sweep(Boxes([compiled("a.x < a.y").tree, compiled("a.x > 3 || a.flag").tree]))
    asked: list[Callable[[int], object]] = [sweep.example, sweep.first, sweep.met, sweep.always]
    for ask in asked:
        for row in (0, 1):
            try:
                ask(row)
            except NotABox:
                continue
            raise AssertionError(f"{ask} answered row {row}")


def test_a_search_beyond_its_steps_is_given_up_and_not_guessed() -> None:
    # Four rows that only together cover the fifth: no single one does.
    sources = ["a.x >= 0 && a.flag", "a.x >= 0 && !a.flag", "a.x < 0 && a.flag", "a.x < 0 && !a.flag", "true"]
    trees = [compiled(source).tree for source in sources]
    assert Sweep(Boxes(trees)).first(4) is None
    limited = Sweep(Boxes(trees), steps=1)
    try:
        limited.first(4)
    except NotABox:
        return
    raise AssertionError("an answer without looking")
