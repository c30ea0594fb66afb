"""The least that has to change for a condition to hold, against a search of all that could change."""

from __future__ import annotations

from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.expressions import EvaluationError, Value
from engine.rulebook.kinds import Move, Way
from engine.rulebook.prove.nearest import Step, nearest_change
from tests.conditions import VOCABULARY, compiled

MOVES = {
    "a.x": Move(way=Way.UP, per_effort=1),
    "a.y": Move(way=Way.DOWN, per_effort=2),
    "b.tags": Move(way=Way.GAIN, per_effort=1),
}
DEFAULTS = VOCABULARY.conform({})
SMALL = 4


def nearest(source: str, facts: dict[str, Value]) -> tuple[Step, ...] | None:
    return nearest_change(condition=compiled(source), facts={**DEFAULTS, **facts}, moves=MOVES)


@pytest.mark.parametrize(
    ("source", "facts", "expected"),
    [
        ("a.x >= 15", {"a.x": 2}, [("a.x", 15)]),  # 13 more
        ("a.x >= 15", {"a.x": 15}, []),
        ("a.x <= 15", {"a.x": 16}, None),  # it only goes up
        ("a.y <= -4", {"a.y": 1}, [("a.y", -4)]),
        # One fact before two, though 15 is further than 5 and 3.
        ("a.x >= 15 || a.x >= 5 && a.y <= -3", {}, [("a.x", 15)]),
        # 6 of a.x are six efforts, 8 of a.y are four.
        ("a.x >= 6 || a.y <= -8", {}, [("a.y", -8)]),
        ("a.flag && a.x > 1", {}, None),  # nobody moves a flag
        ("!a.flag && a.x > 1", {}, [("a.x", 2)]),
        ("'B' in b.tags && a.x >= 1", {"b.tags": ("A",)}, [("a.x", 1), ("b.tags", ("A", "B"))]),
        ("'A' in b.tags", {"b.tags": ("A",)}, []),
        ("true", {}, []),
        ("a.flag", {}, None),
        ("100 / a.x >= 7", {"a.x": 0}, [("a.x", 1)]),  # an error does not count as holding
    ],
)
def test_the_least_effort(
    source: str, facts: dict[str, Value], expected: list[tuple[str, Value]] | None
) -> None:
    steps = nearest(source, facts)
    found = None if steps is None else [(step.fact.name, step.after) for step in steps]
    assert found == expected


def test_a_step_in_words() -> None:
    more, gained = nearest("a.x >= 15 && 'B' in b.tags", {"a.x": 2}) or ()
    assert (more.words("zh"), more.words("en")) == ("a.x 2 → 15，还差 13", "a.x 2 → 15, 13 more")
    assert (gained.words("zh"), gained.words("en")) == ("b.tags：取得 B", "b.tags: obtain B")
    (less,) = nearest("a.y < 0", {"a.y": 4}) or ()
    assert (less.words("zh"), less.words("en")) == ("a.y 4 → −1，还要减少 5", "a.y 4 → −1, 5 less")


numbers = st.integers(0, SMALL)
atoms = st.one_of(
    st.builds("a.x {} {}".format, st.sampled_from([">=", "==", "<", "!="]), numbers),
    st.builds("a.y {} {}".format, st.sampled_from(["<=", "==", ">"]), numbers),
    st.builds("a.x + a.y {} {}".format, st.sampled_from([">", "<="]), numbers),
    st.builds("12 / a.x >= {}".format, numbers),
)
sources = st.recursive(
    atoms, lambda below: st.builds("({} {} {})".format, below, st.sampled_from(["&&", "||"]), below)
)


@given(source=sources, x=numbers, y=numbers)
@settings(max_examples=60, deadline=None)
def test_no_smaller_change_would_do(source: str, x: int, y: int) -> None:
    """All of a.x from x upwards and of a.y from y downwards, as far as any literal here could matter."""
    condition = compiled(source)

    def effort(after: tuple[int, int]) -> tuple[int, int]:
        return (after[0] != x) + (after[1] != y), 2 * (after[0] - x) + (y - after[1])

    def holds(after: tuple[int, int]) -> bool:
        try:
            return condition.evaluate({**DEFAULTS, "a.x": after[0], "a.y": after[1]})
        except EvaluationError:
            return False

    reach = range(-6 * SMALL, y + 1)
    doing = [after for after in product(range(x, x + 6 * SMALL), reach) if holds(after)]
    steps = nearest(source, {"a.x": x, "a.y": y})
    if steps is None:
        assert doing == []
        return
    after = {"a.x": x, "a.y": y} | {step.fact.name: step.after for step in steps}
    reached = (int(str(after["a.x"])), int(str(after["a.y"])))
    assert holds(reached)
    assert effort(reached) <= min(map(effort, doing), default=effort(reached))
