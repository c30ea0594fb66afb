"""The rows of a rule as a grid: what is typed or pasted stays text; findings find their cells."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.rulebook import Kind, check_file, read_context
from ui.editing import grid as grids
from ui.editing.amounts import shown_fen, shown_rate, typed_fen, typed_rate
from ui.editing.grid import Grid, read_grid
from ui.editing.layout import read_layout
from ui.editing.splices import EditRefused

ROOT = Path(__file__).parents[3]
FILES = {
    path.relative_to(ROOT).as_posix(): path.read_text(encoding="utf-8")
    for suffix in ("yaml", "json")
    for path in (ROOT / "rules").rglob(f"*.{suffix}")
}
CONTEXT, _ = read_context(FILES)
PATH = "rules/merchant_fee/fee.grid.yaml"
TEXT = """\
kind: merchant_fee
id: fee.grid
version: 1
title: 网格
owner: 总部运营
effective: {from: "2030-01-01T00:00:00+08:00", to: null}
scope: {city: [SH]}
spec:
  basis: settle_amount_fen
  clock: txn.paid_at
  rounding: {unit: fen, mode: HALF_UP, per: txn}
  refund: return_cumulative
  inputs: [txn.channel, txn.settle_amount_fen, merchant.tags]
  rows:
    # wholesale
    - {in: [WECHAT, "[0..100000)", WHOLESALE], rate: "0.0038"} # a
    - {in: ["-", "-", "-"], rate: "0.0060", cap_fen: 2000}
"""


def kind(name: str = "merchant_fee") -> Kind:
    return CONTEXT.kinds[name]


def opened(text: str = TEXT) -> Grid:
    found = read_grid(text, kind())
    assert found is not None
    return found


def row(text: str, number: int) -> Any:
    return read_layout(text).at(("spec", "rows", number)).value


def test_columns_are_inputs_then_outputs_and_cells_read_as_people_write() -> None:
    grid = opened()
    assert [column.key for column in grid.columns] == [
        "c0",
        "c1",
        "c2",
        "o_rate",
        "o_cap_fen",
        "o_min_fen",
        "o_label",
    ]
    filled = {key: cell for key, cell in grid.rows[1].items() if cell}
    assert filled == {"c0": "-", "c1": "-", "c2": "-", "o_rate": "0.60 %", "o_cap_fen": "20.00"}


@pytest.mark.parametrize(
    ("key", "typed", "field", "held"),
    [
        ("o_rate", "0.45%", "rate", "0.0045"),
        ("o_rate", "0.45 ％", "rate", "0.0045"),
        ("o_rate", "0.0045", "rate", "0.0045"),
        ("o_rate", "half", "rate", "half"),
        ("o_cap_fen", "¥1,234.5", "cap_fen", 123450),
        ("o_cap_fen", "0.001", "cap_fen", "0.001"),
        ("o_label", "=1+1", "label", "=1+1"),
        ("o_label", ":onclick", "label", ":onclick"),
        ("c1", ">= 5000", "in", ["-", ">= 5000", "-"]),
        ("c1", "5000", "in", ["-", 5000, "-"]),
        ("c1", "", "in", ["-", "-", "-"]),
        ("c0", "WECHAT, ALIPAY", "in", ["WECHAT, ALIPAY", "-", "-"]),
    ],
)
def test_what_is_typed_is_held_as_the_file_has_it(key: str, typed: str, field: str, held: object) -> None:
    text = grids.set_cells(TEXT, opened(), {(1, key): typed})
    assert row(text, 1)[field] == held
    assert text.split("\n")[:-2] == TEXT.split("\n")[:-2]


def test_an_emptied_output_is_taken_away_and_a_collection_is_not_overwritten() -> None:
    assert "cap_fen" not in row(grids.set_cells(TEXT, opened(), {(1, "o_cap_fen"): " "}), 1)
    tiers = grids.set_cells(TEXT, opened(), {(1, "o_label"): "x"}).replace(
        'rate: "0.0060"', "tiers: {mode: whole, by: txn.settle_amount_fen, rows: []}"
    )
    with pytest.raises(EditRefused, match="LOCKED"):
        grids.set_cells(tiers, opened(tiers), {(1, "o_tiers"): "x"})


def test_rows_are_added_above_the_one_that_holds_always_and_change_nothing() -> None:
    text = grids.add_row(TEXT, opened(), at=2)
    assert row(text, 1) == row(TEXT, 0)
    assert row(text, 2) == row(TEXT, 1)
    text = grids.move_row(text, opened(text), at=0, to=1)
    assert "rows:\n    - {in: [WECHAT" in text
    assert grids.remove_rows(text, opened(text), [0, 1]).count("- {in") == 1


def test_a_block_from_a_spreadsheet_fills_cells_and_makes_rows() -> None:
    block = grids.read_block('渠道\t应结金额\r\n"ALIPAY"\t"< ""5"""\r\nWECHAT\t\r\n')
    assert block == [["渠道", "应结金额"], ["ALIPAY", '< "5"'], ["WECHAT", ""]]
    heads = ["支付渠道", "应结金额", "商户标签", "费率"]
    rows = [["ALIPAY", "< 500", "-", "0.3%"], ["WECHAT", "", "", "0.4%"], ["-", "-", "-", "=A1"]]
    text = grids.paste(TEXT, opened(), row=0, column="c0", block=[heads, *rows])
    assert row(text, 0) == {"in": ["ALIPAY", "< 500", "-"], "rate": "0.0030"}
    assert row(text, 1) == {"in": ["WECHAT", "-", "-"], "rate": "0.0040", "cap_fen": 2000}
    assert row(text, 2)["rate"] == "=A1"
    assert text.startswith(TEXT[: TEXT.index("    - {in")])


@settings(max_examples=60, deadline=None)
@given(
    block=st.lists(
        st.lists(
            st.one_of(st.text(max_size=8), st.sampled_from([":x", "=1+1", "{a: 1}", "0.38%", "-", "[1..2)"])),
            max_size=9,
        ),
        max_size=4,
    ),
    first=st.integers(0, 1),
)
def test_whatever_is_pasted_stays_text_and_no_line_above_changes(block: list[list[str]], first: int) -> None:
    try:
        text = grids.paste(TEXT, opened(), row=first, column="c0", block=block)
    except EditRefused:
        return
    assert text.startswith(TEXT[: TEXT.index("    - {in")])
    held = [item for number in range(len(opened(text).rows)) for item in row(text, number).values()]
    flat = [one for item in held for one in (item if isinstance(item, list) else [item])]
    assert {type(one) for one in flat} <= {str, int}


def test_a_block_that_is_too_large_is_refused_before_anything_changes() -> None:
    for clipboard in ("x\n" * (grids.MOST_ROWS + 1), "\t".join("x" * (grids.MOST_COLUMNS + 1))):
        with pytest.raises(EditRefused, match="BLOCK_TOO_LARGE"):
            grids.read_block(clipboard)
    with pytest.raises(EditRefused, match="BLOCK_TOO_LARGE"):
        grids.paste(TEXT, opened(), row=1, column="c0", block=[["-"]] * grids.MOST_ROWS)


def test_a_finding_stands_in_its_cell() -> None:
    text = grids.set_cells(TEXT, opened(), {(0, "c1"): ">= many", (1, "o_rate"): "0.5.5"})
    found = check_file(path=PATH, text=text, files=FILES, now=datetime(2025, 1, 1, tzinfo=UTC))
    placed = grids.findings_by_cell(text, opened(text), found)
    assert {(at, one.code) for at, several in placed.items() for one in several} == {
        ((0, "c1"), "CELL_UNCLEAR"),
        ((1, "o_rate"), "SCHEMA_FORMAT"),
    }


def test_a_cell_says_in_words_what_it_asks_also_while_others_are_wrong() -> None:
    text = grids.set_cells(TEXT, opened(), {(0, "c0"): "[[", (1, "c1"): ">= 50000"})

    def said(row: int, key: str) -> str:
        return grids.words_of(opened(text), kind(), row=row, key=key, language="zh")

    assert said(0, "c0") == ""
    assert "¥1,000.00" in said(0, "c1")
    assert said(1, "c2") == ""
    assert said(1, "o_rate") == said(1, "c1") != ""
    fees = FILES["rules/merchant_fee/fee.community.std.yaml"]
    found = read_grid(fees, kind())
    assert found is not None
    assert "BANKCARD" in grids.words_of(found, kind(), row=1, key="o_rate", language="en")


def test_scored_rules_and_rows_with_conditions_are_grids_too_and_definitions_are_not() -> None:
    risk = read_grid(FILES["rules/risk/risk.limits.yaml"], kind("risk"))
    assert risk is not None
    assert [column.name for column in risk.columns][:3] == ["id", "label", "when"]
    fees = read_grid(FILES["rules/merchant_fee/fee.community.std.yaml"], kind())
    assert fees is not None
    assert fees.columns[0].key == "when"
    assert (2, "o_tiers") in fees.locked
    assert read_grid(FILES["rules/profit_share/ps.default.yaml"], kind("profit_share")) is None
    assert read_grid("spec: [", kind()) is None


@given(st.integers(0, 10**6))
def test_rates_and_amounts_are_read_back_as_they_are_shown(number: int) -> None:
    held = typed_rate(f"0.{number:06d}" if number < 10**6 else "1")
    assert typed_rate(shown_rate(held)) == held
    assert typed_fen(shown_fen(number)) == number
