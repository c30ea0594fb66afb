"""The hash that approvals are bound to: layout keeps it, anything a rule says changes it."""

from __future__ import annotations

import pytest

from engine.releases import meaning_of
from tests.unit.releases.world import FEE, fee

OLD, NEW = (
    fee(version=1, rate="0.0038", start="2024-11-01"),
    fee(version=2, rate="0.0030", start="2025-03-01"),
)
MEANING = meaning_of(before={FEE: OLD}, after={FEE: NEW})


@pytest.mark.parametrize(
    "text",
    [
        f"# a comment\n\n{NEW}",
        NEW.replace('rate: "0.0030"', "rate: '0.0030'"),
        NEW.replace('- {when: "true", rate: "0.0030"}', '- rate: "0.0030"\n      when: "true"  # last'),
        "\n".join([*NEW.splitlines()[1:3], "kind: merchant_fee", *NEW.splitlines()[3:]]),
    ],
)
def test_another_writing_means_the_same(text: str) -> None:
    assert text != NEW
    assert meaning_of(before={FEE: OLD}, after={FEE: text}) == MEANING
    assert (
        meaning_of(before={FEE: OLD, "forms/f.yaml": "a: 1"}, after={FEE: text, "forms/f.yaml": "a:  1"})
        == MEANING
    )


@pytest.mark.parametrize(
    "text",
    [
        NEW.replace("0.0030", "0.0031"),
        NEW.replace('"0.0030"', "0030"),
        NEW.replace("scope: {}", "scope: {city: [BJ]}"),
        NEW.replace("title: 标准费率", "title: 优惠费率"),
        NEW + "- {}\n",
        None,
    ],
)
def test_an_edit_means_another_thing(text: str | None) -> None:
    assert meaning_of(before={FEE: OLD}, after={FEE: text}) != MEANING


def test_where_a_change_comes_from_is_part_of_it() -> None:
    assert meaning_of(before={FEE: OLD.replace("0.0038", "0.0060")}, after={FEE: NEW}) != MEANING
    assert meaning_of(before={FEE: None}, after={FEE: NEW}) != MEANING


def test_the_order_of_rows_means_something() -> None:
    rows = '    - {when: "a", rate: "1"}\n    - {when: "b", rate: "2"}\n'
    turned = '    - {when: "b", rate: "2"}\n    - {when: "a", rate: "1"}\n'
    one, other = (f"spec:\n  rows:\n{some}" for some in (rows, turned))
    assert meaning_of(before={FEE: None}, after={FEE: one}) != meaning_of(
        before={FEE: None}, after={FEE: other}
    )
