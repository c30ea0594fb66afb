"""Of a table: that every row can decide, that every case has a row, that no rows get in each other's way."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from engine.expressions import Condition
from engine.expressions.smt import Formula, Reading
from engine.expressions.smt_logic import both, either, negated, two_of
from engine.rulebook.boxes import NotABox, Sweep
from engine.rulebook.errors import NoRowMatches
from engine.rulebook.kinds import HitPolicy
from engine.rulebook.prove.model import Proof
from engine.rulebook.prove.questions import Case, Questions, Words
from engine.rulebook.tables import Row, Table, is_otherwise

COLLECTING = (
    HitPolicy.COLLECT_SUM,
    HitPolicy.COLLECT_MIN,
    HitPolicy.COLLECT_MAX,
    HitPolicy.COLLECT_COUNT,
    HitPolicy.COLLECT_LIST,
)


def prove_table(questions: Questions) -> tuple[Proof, ...]:
    """Return the proofs that the hit policy of a table asks for; none for another shape."""
    table = questions.rule.shape
    if not isinstance(table, Table):
        return ()
    proofs: list[Proof] = []
    if table.hit_policy == HitPolicy.FIRST:
        proofs += [_reachable(questions, table, row) for row in table.rows[1:]]
    if table.hit_policy == HitPolicy.UNIQUE:
        proofs += _pairwise(questions, table, "ROWS_DISJOINT", lambda one, other: True)
    if table.hit_policy == HitPolicy.ANY:
        proofs += _pairwise(questions, table, "ROWS_AGREE", lambda one, other: one.outputs != other.outputs)
    if table.hit_policy not in COLLECTING:
        proofs.append(_complete(questions, table))
    return tuple(proofs)


def _reachable(questions: Questions, table: Table, row: Row) -> Proof:
    return questions.can_happen(
        "ROW_REACHABLE",
        at=row.condition.location,
        when=lambda: decides(questions.reading, table, row),
        confirms=lambda facts: table.decide(facts) is row,
        about=_conditions((row, *table.rows[: row.row_no])),
        words={"row": row.row_no + 1},
        boxed=lambda: questions.sweep.first(row.row_no),
    )


def _complete(questions: Questions, table: Table) -> Proof:
    reading = questions.reading

    def no_row(facts: Case) -> bool:
        try:
            table.decide(facts)
        except NoRowMatches:
            return True
        return False

    return questions.never_happens(
        "TABLE_COMPLETE",
        at=questions.rule.document.location(("spec", "rows")),
        when=lambda: both(*(reading.misses(row.condition.tree) for row in table.rows)),
        confirms=no_row,
        about=_conditions(table.rows),
        boxed=questions.sweep.gap,
    )


def _pairwise(
    questions: Questions, table: Table, code: str, clash: Callable[[Row, Row], bool]
) -> list[Proof]:
    """Ask once about all rows; of each row, about those before it, only where some do meet."""
    rows = but_otherwise(table)
    are_boxes = all(questions.sweep.boxes[row.row_no] is not None for row in rows)
    if not are_boxes and questions.cannot_be(
        lambda: two_of([_holds(questions.reading, row) for row in rows])
    ):
        return [
            questions.known(
                code, at=row.condition.location, witness=None, proved=True, words={"row": row.row_no + 1}
            )
            for row in rows[1:]
        ]
    return [
        _apart(questions, table, code, row, rows[:place], clash) for place, row in enumerate(rows) if place
    ]


def _apart(
    questions: Questions,
    table: Table,
    code: str,
    row: Row,
    earlier: list[Row],
    clash: Callable[[Row, Row], bool],
) -> Proof:
    reading, clashing = questions.reading, [one for one in earlier if clash(one, row)]

    def when() -> Formula:
        # A row whose evaluation is an error makes no decision, so no conflict either.
        sound = (negated(reading.fails(one.condition.tree)) for one in table.rows)
        return both(_holds(reading, row), either(*(_holds(reading, one) for one in clashing)), *sound)

    def together(facts: Case) -> tuple[Row, ...]:
        matching = table.matching(facts)
        return tuple(one for one in (*clashing, row) if one in matching)

    def words(case: Case | None) -> Words:
        met = together(case) if case is not None else ()
        return {"row": row.row_no + 1, "rows": ", ".join(str(one.row_no + 1) for one in met)}

    return questions.never_happens(
        code,
        at=row.condition.location,
        when=when,
        confirms=lambda facts: len(met := together(facts)) > 1 and met[-1] is row,
        about=_conditions((row, *earlier)),
        words=words,
        boxed=lambda: _meeting(questions.sweep, row, clashing),
    )


def _meeting(sweep: Sweep, row: Row, clashing: list[Row]) -> Case | None:
    """Return where the row meets one of the others. Raises NotABox."""
    met = set(sweep.met(row.row_no))
    for one in clashing:
        if one.row_no in met:
            return sweep.both(one.row_no, row.row_no)
    if any(sweep.boxes[one.row_no] is None for one in clashing):
        raise NotABox("a row before it")
    return None


def but_otherwise(table: Table) -> list[Row]:
    """Return the rows without a last one that always holds, which gets in nobody's way."""
    return [row for row in table.rows if not (row is table.rows[-1] and is_otherwise(row))]


def decides(reading: Reading, table: Table, row: Row) -> Formula:
    """Return when a row of a `first` table decides; of other tables, when it matches and none fails."""
    if table.hit_policy == HitPolicy.FIRST:
        earlier = table.rows[: row.row_no]
        return both(_holds(reading, row), *(reading.misses(one.condition.tree) for one in earlier))
    sound = (negated(reading.fails(one.condition.tree)) for one in table.rows)
    return both(_holds(reading, row), *sound)


def _holds(reading: Reading, row: Row) -> Formula:
    return reading.holds(row.condition.tree)


def _conditions(rows: Iterable[Row]) -> tuple[Condition, ...]:
    return tuple(row.condition for row in rows)
