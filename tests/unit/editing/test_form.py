"""A rule as a form: every rule of the rulebook can be shown, and what is typed becomes YAML."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.unit.editing.test_grid import CONTEXT, FILES, kind
from ui.editing.form import Field, Group, Listing, Part, add_group, add_item, read_form, set_field
from ui.editing.layout import read_layout

SHARES = FILES["rules/profit_share/ps.beijing.default.yaml"]
RULES = sorted(
    path for path in FILES if path.endswith(".yaml") and path.count("/") == 2 and "/kinds/" not in path
)


def form(text: str = SHARES, name: str = "profit_share") -> Group:
    found = read_form(text, kind(name))
    assert found is not None
    return found


def fields(part: Part) -> Iterator[Field | Group | Listing]:
    yield part
    inner = part.parts if isinstance(part, Group) else part.items if isinstance(part, Listing) else ()
    for one in inner:
        yield from fields(one)


def find(at: tuple[Any, ...], text: str = SHARES, name: str = "profit_share") -> Any:
    return next(one for one in fields(form(text, name)) if one.at == at)


@pytest.mark.parametrize("path", RULES)
def test_every_rule_has_a_form_and_typing_what_is_shown_changes_nothing(path: str) -> None:
    text = FILES[path]
    found = read_form(text, CONTEXT.kinds[path.split("/")[1]])
    assert found is not None
    shown = [one for one in fields(found) if isinstance(one, Field)]
    assert {"version", "title", "owner"} <= {one.name for one in shown}
    for one in shown:
        assert set_field(text, one, one.shown) == text


@pytest.mark.parametrize(
    ("at", "sort", "shown", "typed", "held"),
    [
        (("title",), "text", "北京默认分润", "北京分润", "北京分润"),
        (("version",), "integer", "3", "4", 4),
        (
            ("effective", "from"),
            "instant",
            "2025-03-01 00:00:00",
            "2025-07-01 00:00",
            "2025-07-01T00:00:00+08:00",
        ),
        (("effective", "to"), "instant", "", "2026-01-01", "2026-01-01T00:00:00+08:00"),
        (("scope", "city"), "texts", "BJ", "BJ，SH", ["BJ", "SH"]),
        (("spec", "shares", 0, "rate"), "rate", "24 %", "27%", "0.27"),
        (("spec", "shares", 0, "role"), "choice", "opener", "maintainer", "maintainer"),
        (("spec", "uplifts", 0, "when"), "condition", "broker.level in ['P4', 'P5']", "true", "true"),
        (("spec", "reversal", "max_days"), "integer", "180", "90", 90),
        (("spec", "reversal", "max_days"), "integer", "180", "many", "many"),
    ],
)
def test_a_field_shows_its_value_and_takes_another(
    at: Any, sort: str, shown: str, typed: str, held: object
) -> None:
    field = find(at)
    assert (field.sort, field.shown) == (sort, shown)
    text = set_field(SHARES, field, typed)
    assert read_layout(text).at(at).value == held
    assert sum(a != b for a, b in zip(SHARES.split("\n"), text.split("\n"), strict=True)) == 1


def test_what_is_emptied_goes_where_it_may_and_what_is_missing_stands_in_its_place() -> None:
    label = find(("spec", "uplifts", 0, "label"))
    assert set_field(SHARES, label, "") == SHARES.replace(", label: 高级别经纪人", "")
    assert read_layout(set_field(SHARES, find(("title",)), "")).at(("title",)).value == ""
    text = SHARES.replace(", label: 签约人", "")
    assert set_field(text, find(("spec", "shares", 0, "label"), text), "签约人") == SHARES
    until = SHARES.replace("to: null", 'to: "2026-01-01T00:00:00+08:00"')
    assert set_field(until, find(("effective", "to"), until), "") == SHARES


def test_lists_gain_an_item_and_groups_appear() -> None:
    text = add_item(SHARES, find(("spec", "shares")))
    assert (
        read_layout(text).at(("spec", "shares", 2)).value
        == read_layout(SHARES).at(("spec", "shares", 1)).value
    )
    plain = FILES["rules/profit_share/ps.default.yaml"]
    text = add_item(plain, find(("spec", "uplifts"), plain))
    assert read_layout(text).at(("spec", "uplifts", 0)).value == {"when": "true", "add_rate": "0"}
    assert text.index("uplifts:") < text.index("reversal:")
    text = add_group(plain, find(("spec", "store_override"), plain))
    assert read_layout(text).at(("spec", "store_override")).value == {"rate": "0", "when": "true"}


def test_rows_are_left_to_the_grid_and_amounts_are_in_yuan() -> None:
    names = {
        one.name for one in fields(form(FILES["rules/merchant_fee/fee.community.std.yaml"], "merchant_fee"))
    }
    assert "rows" not in names
    path = "rules/settlement_policy/" + next(p for p in RULES if "settlement_policy" in p).rsplit("/", 1)[1]
    money = [
        one for one in fields(form(FILES[path], "settlement_policy")) if getattr(one, "sort", "") == "fen"
    ]
    assert money
    text = set_field(FILES[path], money[0], "¥1,234.56")
    assert read_layout(text).at(money[0].at).value == 123456
    assert read_form("a: [", kind("profit_share")) is None
