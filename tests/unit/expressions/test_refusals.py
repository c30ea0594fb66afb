"""What a condition is refused for: the exact code, place and underlined text of each finding."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from engine.diagnostics import Diagnostic, Location
from engine.expressions import Vocabulary, compile_condition

Findings = Callable[[str], tuple[Diagnostic, ...]]

# The text; then, per finding, its code and what its caret underlines.
REFUSED = [
    ("txn.amout_fen >= 5000", [("FACT_UNKNOWN", "txn.amout_fen")]),
    ("txn . amout_fen >= 1", [("FACT_UNKNOWN", "txn . amout_fen")]),
    ("txn.amount_fen.foo == 1", [("FACT_UNKNOWN", "txn.amount_fen.foo")]),
    ("nope", [("FACT_UNKNOWN", "nope")]),
    ("'银行' == txn.bank_code && txn.zz > 1", [("FACT_UNKNOWN", "txn.zz")]),
    ("'😀' == txn.bank_code && txn.zz > 1", [("FACT_UNKNOWN", "txn.zz")]),
    ("txn.amount_fen >= 'x'", [("TYPE_MISMATCH", ">=")]),
    ("txn.channel in [1]", [("TYPE_MISMATCH", "in")]),
    ("'a' in txn.bank_code", [("TYPE_MISMATCH", "in")]),
    ("!txn.amount_fen", [("TYPE_MISMATCH", "!")]),
    ("txn.is_first_payer ? 1 : 'a'", [("TYPE_MISMATCH", "?")]),
    ("txn.bank_code.startsWith(1)", [("TYPE_MISMATCH", "startsWith")]),
    ("merchant.tags.exists(t, t)", [("TYPE_MISMATCH", "exists")]),
    ("txn.amount_fen and true", [("CEL_SYNTAX", "and")]),
    ("txn.amount_fen = 5", [("CEL_SYNTAX", "=")]),
    ("txn.bank_code == 'B", [("CEL_SYNTAX", "'B")]),
    ("txn.amount_fen > 9223372036854775808", [("CEL_SYNTAX", "9223372036854775808")]),
    ("txn.amount_fen", [("NOT_BOOLEAN", "txn.amount_fen")]),
    ("  txn.amount_fen + 1 ", [("NOT_BOOLEAN", "txn.amount_fen + 1")]),
    ("txn.amount_fen == 1.5", [("FLOAT_REFUSED", "1.5")]),
    ("1e3 < 2.0", [("FLOAT_REFUSED", "1e3"), ("FLOAT_REFUSED", "2.0")]),
    ("dyn(1) == 2", [("DYN_REFUSED", "dyn")]),
    ("[1, 'a'].exists(x, x == 1)", [("DYN_REFUSED", "[")]),
    ("size([]) == 0", [("DYN_REFUSED", "[")]),
    ("txn.channel == 'WECHT'", [("ENUM_UNKNOWN", "'WECHT'")]),
    ("'WECHT' != txn.channel", [("ENUM_UNKNOWN", "'WECHT'")]),
    ("txn.channel in ['ALIPAY', 'ALIPY']", [("ENUM_UNKNOWN", "'ALIPY'")]),
    ("'VIPP' in merchant.tags", [("ENUM_UNKNOWN", "'VIPP'")]),
    ("merchant.tags.exists(t, t == 'VIPP')", [("ENUM_UNKNOWN", "'VIPP'")]),
    ("has(txn.amount_fen)", [("UNSUPPORTED", "has")]),
    ("txn.bank_code.matches('a')", [("UNSUPPORTED", "matches")]),
    ("merchant.tags.map(x, x) == merchant.tags", [("UNSUPPORTED", "map")]),
    ("merchant.tags.filter(x, true) == merchant.tags", [("UNSUPPORTED", "filter")]),
    ("merchant.tags.exists_one(x, x == 'VIP')", [("UNSUPPORTED", "exists_one")]),
    ("merchant.tags.exists(x, i, x == 'VIP')", [("UNSUPPORTED", "exists")]),
    ("merchant.tags.exists(txn, true)", [("UNSUPPORTED", "exists")]),
    ("merchant.tags[0] == 'VIP'", [("UNSUPPORTED", "[")]),
    ("{'a': 1}.size() == 1", [("UNSUPPORTED", "{")]),
    ("b'a' == b'b'", [("UNSUPPORTED", "b'a'"), ("UNSUPPORTED", "b'b'")]),
    ("1u == 2u", [("UNSUPPORTED", "1u"), ("UNSUPPORTED", "2u")]),
    ("txn.amount_fen == null", [("UNSUPPORTED", "null")]),
    ("duration('1s') > duration('2s')", [("UNSUPPORTED", "duration"), ("UNSUPPORTED", "duration")]),
    ("txn.paid_at - txn.paid_at == txn.paid_at - txn.paid_at", [("UNSUPPORTED", "-"), ("UNSUPPORTED", "-")]),
    ("txn.paid_at.getHours() > 1", [("UNSUPPORTED", "getHours")]),
    ("timestamp(txn.bank_code) < txn.paid_at", [("UNSUPPORTED", "timestamp")]),
    ("int('1') == 1", [("UNSUPPORTED", "int")]),
    ("txn.bank_code + 'a' == 'b'", [("UNSUPPORTED", "+")]),
    ("true < txn.is_first_payer", [("UNSUPPORTED", "<")]),
    ("[[1]] == [[1]]", [("UNSUPPORTED", "["), ("UNSUPPORTED", "[")]),
    ("foo(1)", [("UNSUPPORTED", "foo")]),
    ("txn.?amount_fen == 1", [("UNSUPPORTED", "txn")]),
    ("txn.paid_at < timestamp('2025-13-01T00:00:00Z')", [("TIMESTAMP_INVALID", "'2025-13-01T00:00:00Z'")]),
    ("txn.paid_at < timestamp('2025-04-01')", [("TIMESTAMP_INVALID", "'2025-04-01'")]),
    (
        "txn.paid_at < timestamp('0001-01-01T00:00:00+08:00')",  # in the year 0 of UTC
        [("TIMESTAMP_INVALID", "'0001-01-01T00:00:00+08:00'")],
    ),
    (
        "txn.paid_at < timestamp('9999-12-31T23:59:59-08:00')",
        [("TIMESTAMP_INVALID", "'9999-12-31T23:59:59-08:00'")],
    ),
]


@pytest.mark.parametrize(("source", "expected"), REFUSED, ids=[source for source, _ in REFUSED])
def test_refused_with_code_and_exact_place(
    findings: Findings, source: str, expected: list[tuple[str, str]]
) -> None:
    found = findings(source)
    starts = [one.location.column - 11 for one in found]
    underlined = [source[at : at + one.length] for at, one in zip(starts, found, strict=True)]

    assert [(one.code, text) for one, text in zip(found, underlined, strict=True)] == expected
    assert all(one.location.file == "rules/risk/r.yaml" and one.location.line == 7 for one in found)
    assert all(one.message and one.message_en for one in found)


@pytest.mark.parametrize(
    ("source", "column"),
    [
        ("", 11),
        ("txn.amount_fen >", 27),  # column 11 + 16 characters: the place of what is missing
        ("(txn.is_first_payer", 30),  # 11 + 19
        ("txn.bank_code == 'a\0'", 30),  # 11 + 19
    ],
)
def test_incomplete_texts_are_syntax_errors(findings: Findings, source: str, column: int) -> None:
    (found,) = findings(source)
    assert (found.code, found.location.column, found.length) == ("CEL_SYNTAX", column, 1)


@pytest.mark.parametrize(
    "source",
    [
        "merchant.tags.exists(a, merchant.tags.exists(b, a == b))",  # 1 + 1 + 100 × (1 + 1 + 100 × 3) > 5 000
        " && ".join(["txn.amount_fen > 1"] * 500),  # 11 000 characters > 8 000
        "(" * 40 + "1" + ")" * 40 + " == 1",
        "true && (true || (" * 13 + "true" + "))" * 13,
        " + ".join(["1"] * 27) + " > 1",
        " + ".join(["txn.amount_fen"] * 60) + " > 1",
    ],
    ids=["nested lists", "long", "parentheses", "alternation", "sum", "long sum"],
)
def test_expensive_conditions_are_refused(findings: Findings, source: str) -> None:
    assert [one.code for one in findings(source)] == ["COST_REFUSED"]


def test_every_documented_code_is_tested_here() -> None:
    document = Path(__file__).parents[3] / "docs" / "expressions.md"
    checking = document.read_text(encoding="utf-8").partition("\n## As SQL")[0]
    documented = set(re.findall(r"^\| `([A-Z_]+)`", checking, re.MULTILINE))
    assert documented == {code for _, found in REFUSED for code, _ in found} | {
        "COST_REFUSED",
        "FACT_WITHHELD",
    }


def test_every_fault_is_found_at_once(findings: Findings) -> None:
    found = findings(
        "txn.amout_fen >= 1.5 && txn.chanel == 'A' && txn.hour_cst == 'x' && txn.channel == 'ALIPY'"
    )
    assert [one.code for one in found] == [
        "FACT_UNKNOWN",
        "FLOAT_REFUSED",
        "FACT_UNKNOWN",
        "TYPE_MISMATCH",
        "ENUM_UNKNOWN",
    ]


@pytest.mark.parametrize(
    ("source", "hint", "hint_en"),
    [
        ("txn.amout_fen > 1", "是不是 txn.amount_fen？", "did you mean txn.amount_fen?"),
        ("txn.channel == 'WECHT'", "是不是 'WECHAT'？", "did you mean 'WECHAT'?"),
        ("txn.amount_fen = 5", "“等于”写作 ==", "write == for equals"),
        ("txn.channel == 'ZZZ'", "可取：WECHAT、ALIPAY、UNIONPAY_QR、BANKCARD", "one of: WECHAT, ALIPAY"),
    ],
)
def test_hints_say_what_to_write(findings: Findings, source: str, hint: str, hint_en: str) -> None:
    (found,) = findings(source)
    assert found.hint == hint
    assert found.hint_en.startswith(hint_en)


def test_places_in_later_lines_keep_the_column_of_the_block(findings: Findings) -> None:
    (found,) = findings("txn.amount_fen > 1 &&\n  txn.zz > 1")
    # Line 7 + 1; the block begins at column 11 and the name two characters in.
    assert (found.location.line, found.location.column) == (8, 13)


def test_facts_of_other_namespaces_are_withheld(vocabulary: Vocabulary) -> None:
    condition, (found,) = compile_condition(
        source="device.offline_s > 1",
        vocabulary=vocabulary.restricted(("txn", "merchant")),
        location=Location(file="r.yaml", line=1, column=1),
    )
    assert condition is None
    assert (found.code, found.hint) == ("FACT_WITHHELD", "可读：txn、merchant")


def test_rendered_caret_stands_under_the_name(findings: Findings) -> None:
    source = "'银行' == txn.bank_code && txn.zz > 1"
    (found,) = findings(source)
    file_text = "\n" * 6 + "    when: " + source
    assert (
        found.render(file_text)
        == (
            "rules/risk/r.yaml:7:36: error FACT_UNKNOWN: 没有名为 txn.zz 的事实\n"
            "      when: '银行' == txn.bank_code && txn.zz > 1\n"
            + "  "
            + " " * 11
            + "\u3000" * 2
            + " " * 22
            + "^^^^^^\n"  # 11 + 2 wide + 22 = 35 characters before
            "  事实在 rules/facts.yaml 中声明"
        )
    )
    assert found.render(None, language="en") == (
        "rules/risk/r.yaml:7:36: error FACT_UNKNOWN: there is no fact named txn.zz\n"
        "  facts are declared in rules/facts.yaml"
    )
