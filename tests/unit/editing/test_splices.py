"""Edits of a YAML text: what was meant is what the text then says, and no other line has changed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from ui.editing.layout import read_layout
from ui.editing.splices import EditRefused, insert, move, put, remove

RULES = sorted((Path(__file__).parents[3] / "rules").glob("*/*.yaml"))
RATES = """\
# the head
kind: x
spec:
  inputs: [a, b]   # two
  rows:
    # first
    - {in: ["-", ">= 5"], rate: "0.0038"}  # kept
    # second
    - in: [A, "-"]
      rate: '0.0040'
      # inner
      label: 云
    - {in: ["-", "-"], rate: "0.0060"}
  note: |
    one
    two
tests: []
"""


def says(text: str) -> Any:
    return read_layout(text).value


def changed(old: str, new: str) -> tuple[list[str], list[str]]:
    """Return the lines only of the old text and only of the new one."""
    a, b = old.split("\n"), new.split("\n")
    head = next((i for i, (x, y) in enumerate(zip(a, b, strict=False)) if x != y), min(len(a), len(b)))
    tail = 0
    while tail < min(len(a), len(b)) - head and a[-1 - tail] == b[-1 - tail]:
        tail += 1
    return a[head : len(a) - tail], b[head : len(b) - tail]


@pytest.mark.parametrize(
    ("pointer", "value", "old", "new"),
    [
        (
            ("spec", "rows", 0, "rate"),
            "0.0040",
            ['    - {in: ["-", ">= 5"], rate: "0.0038"}  # kept'],
            ['    - {in: ["-", ">= 5"], rate: "0.0040"}  # kept'],
        ),
        (("spec", "rows", 1, "rate"), "0.5", ["      rate: '0.0040'"], ["      rate: '0.5'"]),
        (("spec", "rows", 1, "in", 0), "B, C", ['    - in: [A, "-"]'], ['    - in: ["B, C", "-"]']),
        (("spec", "rows", 1, "cap_fen"), 20, [], ["      cap_fen: 20"]),
        (
            ("spec", "rows", 2, "cap_fen"),
            20,
            ['    - {in: ["-", "-"], rate: "0.0060"}'],
            ['    - {in: ["-", "-"], rate: "0.0060", cap_fen: 20}'],
        ),
        (("spec", "note"), "one\nthree\n", ["    two"], ["    three"]),
        (("spec", "note"), "on", ["  note: |", "    one", "    two"], ["  note: |-", "    on"]),
        (("kind",), "on", ["kind: x"], ['kind: "on"']),
        (("owner",), "a: b # c", [], ['owner: "a: b # c"']),
        (("spec", "inputs"), ["a"], ["  inputs: [a, b]   # two"], ["  inputs: [a]   # two"]),
    ],
)
def test_put_changes_the_one_line(pointer: Any, value: Any, old: list[str], new: list[str]) -> None:
    text = put(RATES, {pointer: value})
    assert changed(RATES, text) == (old, new)


def test_a_key_that_is_new_stands_where_the_schema_has_it() -> None:
    order = ("in", "rate", "cap_fen", "label")
    text = put(RATES, {("spec", "rows", 1, "cap_fen"): 1}, order=order)
    assert list(says(text)["spec"]["rows"][1]) == ["in", "rate", "cap_fen", "label"]
    text = put(RATES, {("spec", "rows", 0, "when"): "true"}, order=("when", *order))
    assert '- {when: "true", in: ["-"' in text


def test_rows_come_go_and_move_with_their_comments() -> None:
    rows = ("spec", "rows")
    assert changed(RATES, insert(RATES, rows, at=1, values=[{"in": ["-", "1"], "rate": "0.1"}])) == (
        [],
        ['    - {in: ["-", "1"], rate: "0.1"}'],
    )
    text = move(RATES, rows, at=1, to=0)
    assert "  rows:\n    # second\n    - in: [A" in text
    assert "label: 云\n    # first\n    - {in:" in text
    assert remove(RATES, (*rows, 0)).count("# first") == 1
    assert says(remove(RATES, (*rows, 0), (*rows, 1), (*rows, 2)))["spec"]["rows"] == []
    assert insert(RATES, ("tests",), at=0, values=[{"name": "a"}]).endswith("tests: [{name: a}]\n")


@pytest.mark.parametrize(
    "text", ["a: &x 1\nb: *x\n", "a: [1\n", "a: 1\n---\nb: 2\n", "a: 1\na: 2\n", "x: !!str 1\n"]
)
def test_texts_that_cannot_be_edited_in_place_are_refused(text: str) -> None:
    with pytest.raises(EditRefused):
        put(text, {("a",): "2"})


def test_what_is_not_there_cannot_be_changed() -> None:
    for pointer in (("spec", "rows", 9, "rate"), ("kind", "x"), ("spec", "none", "x")):
        with pytest.raises(EditRefused):
            put(RATES, {pointer: "1"})


texts = st.text(st.characters(exclude_categories=("Cs",), exclude_characters="\x00"), max_size=12)
values = st.one_of(
    texts,
    st.sampled_from(
        [
            "-",
            "0.0038",
            "true",
            "null",
            "~",
            ":x",
            "- a",
            "a: b",
            "#",
            "0x1f",
            "1e3",
            "",
            " ",
            "\n",
            "=",
            "&a",
            "%",
        ]
    ),
    st.integers(-(10**12), 10**12),
    st.booleans(),
    st.none(),
    st.lists(texts, max_size=3),
)


def scalars(value: Any, at: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    found = [] if isinstance(value, (dict, list)) else [at]
    return [*found, *(one for key, item in items for one in scalars(item, (*at, key)))]


def lists(value: Any, at: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    found = [at] if isinstance(value, list) and value else []
    return [*found, *(one for key, item in items for one in lists(item, (*at, key)))]


@settings(max_examples=80, deadline=None)
@given(st.data())
def test_an_edit_of_a_value_says_what_was_meant_and_touches_no_other_line(data: st.DataObject) -> None:
    text = data.draw(st.sampled_from(RULES)).read_text(encoding="utf-8")
    before = says(text)
    pointer = data.draw(st.sampled_from(scalars(before)))
    value = data.draw(values)
    after = put(text, {pointer: value})
    place = before
    for step in pointer[:-1]:
        place = place[step]
    span = read_layout(text).at(pointer)
    place[pointer[-1]] = value  # `before` is read anew for each text, so this is the expectation
    assert yaml_of(after) == yaml_of_value(before)
    old, _ = changed(text, after)
    lines = text[span.start : span.end].count("\n") + 1
    assert len(old) <= lines


WITH_LISTS = [path for path in RULES if lists(says(path.read_text(encoding="utf-8")))]


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_lists_lose_gain_and_reorder_items_and_every_other_line_stays(data: st.DataObject) -> None:
    text = data.draw(st.sampled_from(WITH_LISTS)).read_text(encoding="utf-8")
    before = says(text)
    pointer = data.draw(st.sampled_from(lists(before)))
    items = before
    for step in pointer:
        items = items[step]
    at = data.draw(st.integers(0, len(items) - 1))
    to = data.draw(st.integers(0, len(items) - 1))
    moved = move(text, pointer, at=at, to=to)
    assert sorted(moved.split("\n")) == sorted(text.split("\n")) or read_layout(text).at(pointer).flow
    assert move(moved, pointer, at=to, to=at) == text or read_layout(text).at(pointer).flow
    new = insert(text, pointer, at=at, values=[data.draw(values)])
    assert remove(new, (*pointer, at)) == text
    less = remove(text, (*pointer, at))
    assert len(yaml_of(less)) == len(yaml_of(text))


def yaml_of(text: str) -> Any:
    """What another reader of YAML finds in the text: every scalar as text, so that no types differ."""
    return yaml.load(text, Loader=yaml.BaseLoader)


def yaml_of_value(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: yaml_of_value(item) for key, item in value.items()}
    if isinstance(value, list):
        return [yaml_of_value(item) for item in value]
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    return str(value)
