"""Components say what they must: nothing known is never zero, better is not up, parts stay on one scale."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from ui.components import kpi, words
from ui.components.bars import Contribution, contributions, target
from ui.components.data_table import Column, table
from ui.components.explain import Line, popover, rule_line
from ui.components.sparkline import sparkline
from ui.exports import Money, to_csv, to_xlsx
from ui.icons import NAMES, icon
from ui.pages.report_parts import choice


def test_a_tile_without_a_figure_says_so_and_shows_no_zero() -> None:
    shown = kpi.tile(label="毛利", value=None)
    assert "无数据" in shown
    assert "0.00" not in shown


@pytest.mark.parametrize(
    ("value", "before", "more_is", "expected"),
    [
        (110, 100, "better", "better"),
        (90, 100, "better", "worse"),
        (90, 100, "worse", "better"),  # fewer refunds are good
        (110, 100, "worse", "worse"),
        (90, 100, "fact", "fact"),
        (100, 100, "better", "flat"),
    ],
)
def test_colour_says_better_or_worse(value: int, before: int, more_is: str, expected: str) -> None:
    assert f"dl {expected}" in words.change(value, before, more_is=more_is)


@pytest.mark.parametrize(("value", "before"), [(5, 0), (5, None), (None, 5)])
def test_a_change_without_a_base_is_a_dash(value: int | None, before: int | None) -> None:
    assert "—" in words.change(value, before)


@pytest.mark.parametrize(
    ("part", "whole", "expected"), [(967, 1000, "96.7 %"), (1, 3, "33.3 %"), (2, 3, "66.7 %"), (5, 0, "—")]
)
def test_percentages_are_rounded_half_up_to_a_tenth(part: int, whole: int, expected: str) -> None:
    assert words.percent(part, whole) == expected


def test_bars_share_one_zero_axis() -> None:
    shown = contributions(
        [
            Contribution(name="a", amount_fen=300),
            Contribution(name="b", amount_fen=0),
            Contribution(name="c", amount_fen=-100),
        ]
    )
    assert (
        shown.count("left:25.00%") == 5
    )  # three axes, and the bars of a and b begin there: 100 of 400 lie left
    assert "width:75.00%" in shown
    assert 'class="neg"' in shown
    assert "−¥1.00" in shown


def test_a_target_below_is_marked_and_a_missing_one_is_a_dash() -> None:
    assert "below" in target(99, 100)
    assert "below" not in target(100, 100)
    assert "—" in target(5, None)


def test_a_sparkline_needs_two_known_points() -> None:
    assert sparkline([None, 5, None]) == ""
    assert sparkline([1, None, 3]).count("L") == 1


def test_a_table_has_its_totals_in_the_foot_and_its_order_for_screen_readers() -> None:
    columns = [Column[int](key="n", head="N", align="r", cell=str, total=str)]
    shown = table(columns, [1, 2], totals=3, sort="n")
    assert '<td class="r">3</td>' in shown[shown.index("<tfoot>") :]
    assert 'aria-sort="descending"' in shown


def test_an_explanation_ends_in_its_sum_and_links_its_rule_line() -> None:
    lines = [
        Line(label="a", amount_fen=150),
        Line(label="b", amount_fen=-50),
        Line(label="c", amount_fen=100, is_sum=True),
    ]
    shown = popover("¥1.00", lines, foot=[rule_line("ps.beijing.default", 3, 17)])
    assert "−¥0.50" in shown
    assert 'href="/rules/ps.beijing.default?v=3#L17"' in shown


def test_every_icon_is_drawn() -> None:
    assert all("<path" in icon(name) for name in NAMES)


def test_time_is_told_absolutely_and_relatively() -> None:
    now = datetime(2025, 5, 14, 3, 42, tzinfo=UTC)
    assert words.time_of(now) == "2025-05-14 11:42:00"
    assert words.ago(now - timedelta(hours=15), now=now) == "15 小时前"


@pytest.mark.parametrize(
    ("today", "period", "compared"),
    [
        # Seven days closed: this month, against as many days before it.
        (date(2025, 5, 8), (date(2025, 5, 1), date(2025, 5, 7)), (date(2025, 4, 24), date(2025, 4, 30))),
        # Six: last month against the month before.
        (date(2025, 5, 7), (date(2025, 4, 1), date(2025, 4, 30)), (date(2025, 3, 1), date(2025, 3, 31))),
        # The first of a month: the month that ended yesterday.
        (date(2025, 5, 1), (date(2025, 4, 1), date(2025, 4, 30)), (date(2025, 3, 1), date(2025, 3, 31))),
    ],
)
def test_the_default_period_of_a_report(
    today: date, period: tuple[date, date], compared: tuple[date, date]
) -> None:
    chosen = choice.read(first="", last="", vs="", basis="", by="", today=today)
    assert (chosen.period.first, chosen.period.last) == period
    assert (chosen.compared.first, chosen.compared.last) == compared


def test_a_change_without_a_base_is_a_dash_and_beyond_tenfold_says_how_many_times() -> None:
    assert str(words.change(5, 0, against="比上月")).count("比上月") == 0
    assert "12 倍" in words.change(121, 10, against="比上月")
    assert "900.0 %" in words.change(100, 10)


def test_csv_cells_never_become_formulas() -> None:
    assert (
        to_csv([("=1+1", "−5", Money(amount_fen=-123456), None, 7)]).decode("utf-8-sig")
        == "'=1+1,−5,-1234.56,,7\r\n"
    )


def test_a_workbook_holds_exact_money_as_numbers() -> None:
    import io
    import zipfile

    with zipfile.ZipFile(io.BytesIO(to_xlsx([("a<b",), (Money(amount_fen=10),)], sheet="望京"))) as archive:
        sheet = archive.read("xl/worksheets/sheet1.xml").decode()
    assert "a&lt;b" in sheet
    assert "<v>0.10</v>" in sheet
