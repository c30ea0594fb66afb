"""Decision grids: what a cell means, what is refused and where, and that a grid decides like conditions."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.diagnostics import Diagnostic, Location
from engine.expressions import Fact, FactType, Vocabulary, compile_condition, condition_of
from engine.rulebook import Rulebook
from engine.rulebook.cells import CellUnclear, read_cell

PLACE = Location(file="grid", line=1, column=1)
FACTS = {
    "n": Fact(name="f.n", type=FactType.INT, default=0, title="数", title_en="number"),
    "s": Fact(name="f.s", type=FactType.STRING, default="", title="字", title_en="text"),
    "b": Fact(name="f.b", type=FactType.BOOL, default=False, title="是", title_en="flag"),
    "t": Fact(
        name="f.t",
        type=FactType.TIMESTAMP,
        default=datetime(2025, 1, 1, tzinfo=UTC),
        title="时",
        title_en="time",
    ),
    "l": Fact(name="f.l", type=FactType.LIST_STRING, default=(), title="签", title_en="tags"),
}
VOCABULARY = Vocabulary.of(facts=FACTS.values())


@pytest.mark.parametrize(
    ("fact", "cell", "text"),
    [
        ("n", "5", "f.n == 5"),
        ("n", "-7", "f.n == -7"),
        ("n", "1, 2,3", "f.n in [1, 2, 3]"),
        ("n", ">= 1000", "f.n >= 1000"),
        ("n", "!=0", "f.n != 0"),
        ("n", "[1000..5000)", "f.n >= 1000 && f.n < 5000"),
        ("n", "(-1..1]", "f.n > -1 && f.n <= 1"),
        ("n", "0, [10..20], > 90", "f.n == 0 || f.n >= 10 && f.n <= 20 || f.n > 90"),
        ("n", "not([10..20])", "!(f.n >= 10 && f.n <= 20)"),
        ("s", "WECHAT", 'f.s == "WECHAT"'),
        ("s", "5812, 5814", 'f.s in ["5812", "5814"]'),
        ("s", '"a, b", \'c"d\'', 'f.s in ["a, b", "c\\"d"]'),
        ("s", "not(餐饮, 零售)", '!(f.s in ["餐饮", "零售"])'),
        ("s", '""', 'f.s == ""'),
        ("b", "true", "f.b == true"),
        ("l", "A, B", '"A" in f.l || "B" in f.l'),
        ("l", "not(A)", '!("A" in f.l)'),
        ("l", "= A", '"A" in f.l'),
        ("l", "!= A", '!("A" in f.l)'),
        (
            "t",
            '["2025-01-01T00:00:00+08:00".."2025-02-01T00:00:00+08:00")',
            'f.t >= timestamp("2025-01-01T00:00:00+08:00") && f.t < timestamp("2025-02-01T00:00:00+08:00")',
        ),
    ],
)
def test_a_cell_is_a_condition_on_its_fact(fact: str, cell: str, text: str) -> None:
    tree = read_cell(cell, FACTS[fact])
    assert tree is not None
    made = condition_of(tree=tree, location=PLACE)
    assert made.source == text
    written, findings = compile_condition(source=text, vocabulary=VOCABULARY, location=PLACE)
    assert written is not None, findings
    assert written.tree == tree


def test_a_dash_holds_for_anything() -> None:
    assert read_cell(" - ", FACTS["n"]) is None


@pytest.mark.parametrize(
    ("fact", "cell", "offset"),
    [
        ("n", "", 0),
        ("n", "five", 0),
        ("n", "1 2", 2),
        ("n", ">= ", 3),
        ("n", "[1..2", 5),
        ("n", "[1,2]", 2),
        ("n", "[5..5]", 5),
        ("n", "1.5", 0),
        ("n", "9223372036854775808", 0),
        ("n", "not(1", 5),
        ("s", ">= a", 0),
        ("s", "[a..b]", 0),
        ("s", "a,", 2),
        ("s", '"open', 0),
        ("b", "yes", 0),
        ("t", "2025-01-01", 0),
        ("t", '"2025-01-01"', 0),
        ("t", '"0001-01-01T00:00:00+08:00"', 0),  # in the year 0 of UTC
    ],
)
def test_what_is_no_test_of_its_fact_is_refused_where_it_goes_wrong(
    fact: str, cell: str, offset: int
) -> None:
    with pytest.raises(CellUnclear) as unclear:
        read_cell(cell, FACTS[fact])
    assert unclear.value.offset == offset


words = st.text(alphabet="aAé中 ,()[].\"'\\<>=!-\t", max_size=6)


@given(values=st.lists(words, min_size=1, max_size=4), given_value=words)
def test_any_text_in_quotes_is_itself(values: list[str], given_value: str) -> None:
    cell = ", ".join(json.dumps(value, ensure_ascii=False) for value in values)
    tree = read_cell(cell, FACTS["s"])
    assert tree is not None
    assert condition_of(tree=tree, location=PLACE).evaluate({"f.s": given_value}) is (given_value in values)


@given(cell=st.text(alphabet="0123-.,[]()<>=! notaé\"'", max_size=12), fact=st.sampled_from("nsbtl"))
def test_whatever_is_typed_is_read_or_refused(cell: str, fact: str) -> None:
    try:
        tree = read_cell(cell, FACTS[fact])
    except CellUnclear as unclear:
        tree, offset = None, unclear.offset
    else:
        offset = 0
    assert 0 <= offset <= len(cell)
    if tree is not None:
        made = condition_of(tree=tree, location=PLACE)
        written, findings = compile_condition(source=made.source, vocabulary=VOCABULARY, location=PLACE)
        assert written is not None, findings
        assert written.tree == tree


def fee(inputs: str, *rows: str) -> str:
    """Return a merchant_fee file with a grid."""
    written = "".join(f"    - {row}\n" for row in rows)
    return (
        "kind: merchant_fee\nid: fee.test\nversion: 1\ntitle: 费率\nowner: 测试\n"
        'effective: {from: "2025-01-01T00:00:00+08:00", to: null}\nspec:\n'
        "  basis: settle_amount_fen\n  clock: txn.paid_at\n"
        "  rounding: {unit: fen, mode: HALF_UP, per: txn}\n  refund: return_cumulative\n"
        f"{inputs}  rows:\n{written}"
    )


INPUTS = "  inputs: [txn.channel, txn.settle_amount_fen]\n"
LAST = '{in: ["-", "-"], rate: "0.0060"}'


def rate(rulebook: Rulebook, **facts: Any) -> str:
    """Return the rate of the row that decides."""
    rule = rulebook.find(rule_id="fee.test")
    given_facts = {name: fact.default for name, fact in rulebook.vocabulary.facts.items()}
    row = rule.shape.decide({**given_facts, **facts})
    return str(row.outputs["rate"])


def test_a_grid_decides_like_the_conditions_it_stands_for(book: Callable[..., Rulebook]) -> None:
    rulebook = book(
        fee(
            INPUTS,
            '{in: ["WECHAT, ALIPAY", "[0..100000)"], rate: "0.0038"}',
            '{when: "txn.channel == \'BANKCARD\'", rate: "0.0055"}',
            '{in: ["not(WECHAT)", 7], rate: "0.0050"}',
            LAST,
        )
    )
    cases = (
        ("WECHAT", 99_999, "0.0038"),
        ("WECHAT", 100_000, "0.0060"),
        ("BANKCARD", 7, "0.0055"),
        ("UNIONPAY_QR", 7, "0.0050"),
        ("UNIONPAY_QR", 8, "0.0060"),
    )
    for channel, amount_fen, expected in cases:
        facts: Mapping[str, Any] = {"txn.channel": channel, "txn.settle_amount_fen": amount_fen}
        assert rate(rulebook, **facts) == expected, facts


@pytest.mark.parametrize(
    ("inputs", "row", "code", "line", "column"),
    [
        ("", '{in: ["-", "-"], rate: "0.0038"}', "GRID_INPUTS", 12, 3),
        (INPUTS, '{in: ["-"], rate: "0.0038"}', "GRID_WIDTH", 14, 12),
        (INPUTS, '{in: ["-", "-"], when: "true", rate: "0.0038"}', "GRID_BOTH", 14, 8),
        (INPUTS, '{in: ["-", ">= many"], rate: "0.0038"}', "CELL_UNCLEAR", 14, 22),
        (INPUTS, '{in: [WECHATT, "-"], rate: "0.0038"}', "CELL_VALUE", 14, 13),
        ("  inputs: [txn.chanel, txn.settle_amount_fen]\n", LAST, "FACT_UNKNOWN", 12, 12),
        (INPUTS, '{rate: "0.0038"}', "SCHEMA_MISSING_FIELD", 14, 7),
    ],
)
def test_what_is_wrong_in_a_grid_is_told_with_its_cell(
    findings: Callable[..., tuple[Diagnostic, ...]], inputs: str, row: str, code: str, line: int, column: int
) -> None:
    found = findings(fee(inputs, row, '{when: "true", rate: "0.0060"}'))
    places = [(one.code, one.location.line, one.location.column) for one in found]
    assert (code, line, column) in places, places


def test_a_row_of_dashes_is_the_otherwise_row(
    findings: Callable[..., tuple[Diagnostic, ...]],
) -> None:
    assert findings(fee(INPUTS, '{in: [WECHAT, "-"], rate: "0.0038"}', LAST)) == ()
    found = findings(fee(INPUTS, LAST, '{in: [WECHAT, "-"], rate: "0.0038"}'))
    assert {"NO_DEFAULT_ROW", "ROW_UNREACHABLE"} == {one.code for one in found}
