"""One fixture for every way to write a rule file wrong, with the code, line and column it must get."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from engine.diagnostics import Severity
from engine.rulebook import check, check_file, decode
from engine.rulebook.documents import load
from engine.rulebook.wording import CATALOGUE

FIXTURES = Path(__file__).parents[2] / "fixtures" / "rulebook"
FEE, SHARE, RISK = (
    "rules/merchant_fee/fee.test.yaml",
    "rules/profit_share/ps.test.yaml",
    "rules/risk/risk.test.yaml",
)

WRONG = (
    # file, path, (code, line, column) …
    ("syntax", FEE, (("YAML_SYNTAX", 6, 20),)),
    ("tab", FEE, (("YAML_TAB", 9, 1),)),
    ("bom", FEE, (("YAML_BOM", 1, 1),)),
    ("gbk", FEE, (("YAML_NOT_UTF8", 4, 8),)),
    ("empty", FEE, (("YAML_EMPTY", 1, 1),)),
    ("two_documents", FEE, (("YAML_MULTIPLE_DOCUMENTS", 15, 1),)),
    ("duplicate_key", FEE, (("YAML_DUPLICATE_KEY", 6, 1),)),
    ("key_not_text", FEE, (("YAML_KEY_NOT_TEXT", 6, 1),)),
    ("alias", FEE, (("YAML_ALIAS", 13, 49), ("YAML_ALIAS", 14, 28))),
    ("tag", FEE, (("YAML_TAG", 3, 10),)),
    ("rate_number", FEE, (("RATE_NOT_STRING", 14, 28),)),
    ("rate_whole_number", FEE, (("RATE_NOT_STRING", 14, 28),)),
    ("float", FEE, (("FLOAT_REFUSED", 3, 10),)),
    ("look_alike_id", FEE, (("ID_NOT_ASCII", 2, 5),)),
    ("look_alike_key", FEE, (("SCHEMA_MISSING_FIELD", 1, 1), ("ID_NOT_ASCII", 5, 1))),
    ("unknown_field", FEE, (("SCHEMA_MISSING_FIELD", 1, 1), ("SCHEMA_UNKNOWN_FIELD", 5, 1))),
    ("unknown_field_in_row", FEE, (("SCHEMA_UNKNOWN_FIELD", 13, 59),)),
    ("missing_field", FEE, (("SCHEMA_MISSING_FIELD", 1, 1),)),
    ("wrong_type", FEE, (("SCHEMA_TYPE", 3, 10),)),
    ("yes_is_text", FEE, (("SCHEMA_TYPE", 12, 26),)),
    ("not_in_list", FEE, (("SCHEMA_ENUM", 10, 31),)),
    ("rate_too_long", FEE, (("SCHEMA_FORMAT", 14, 28),)),
    ("rate_over_one", FEE, (("SCHEMA_FORMAT", 14, 28),)),
    ("id_upper_case", FEE, (("SCHEMA_FORMAT", 2, 5),)),
    ("negative_cap", FEE, (("SCHEMA_RANGE", 13, 68),)),
    ("no_rows", FEE, (("SCHEMA_COUNT", 12, 9),)),
    ("rate_and_tiers", FEE, (("SCHEMA_CHOICE", 14, 7),)),
    ("not_a_mapping", FEE, (("SCHEMA_TYPE", 1, 1),)),
    ("kind_unknown", FEE, (("KIND_UNKNOWN", 1, 7),)),
    ("wrong_place", "rules/merchant_fee/fee.other.yaml", (("PATH_MISMATCH", 2, 5),)),
    ("date_without_zone", FEE, (("SCHEMA_FORMAT", 6, 19),)),
    ("date_impossible", FEE, (("SCHEMA_FORMAT", 6, 19),)),
    ("ends_before_start", FEE, (("EFFECTIVE_ORDER", 6, 52),)),
    ("condition_syntax", FEE, (("CEL_SYNTAX", 13, 27),)),
    ("fact_unknown", FEE, (("FACT_UNKNOWN", 13, 15),)),
    ("fact_withheld", FEE, (("FACT_WITHHELD", 13, 15),)),
    ("enum_unknown", FEE, (("ENUM_UNKNOWN", 13, 30),)),
    ("condition_not_boolean", FEE, (("NOT_BOOLEAN", 13, 15),)),
    ("no_default_row", FEE, (("NO_DEFAULT_ROW", 14, 7),)),
    ("row_unreachable", FEE, (("ROW_UNREACHABLE", 13, 15),)),
    ("tier_order", FEE, (("TIER_ORDER", 20, 24),)),
    ("tier_gap_above", FEE, (("TIER_GAP", 20, 24),)),
    ("tier_gap_between", FEE, (("TIER_GAP", 19, 13),)),
    ("tier_fact_unknown", FEE, (("FACT_UNKNOWN", 17, 13),)),
    ("tier_fact_withheld", FEE, (("FACT_WITHHELD", 17, 13),)),
    ("tier_fact_text", FEE, (("FACT_TYPE", 17, 13),)),
    ("negative_margin", FEE, (("NEGATIVE_MARGIN", 14, 28),)),  # 0.20 % < 0.22 %
    ("negative_margin_cap", FEE, (("NEGATIVE_MARGIN", 13, 68),)),  # capped at 1500, cost at 1800
    ("split_over_100", SHARE, (("SPLIT_OVER_100", 14, 47),)),  # 0.24 + 0.77 = 1.01
    ("split_over_100_with_uplift", SHARE, (("SPLIT_OVER_100", 16, 48),)),  # 0.24 + 0.16 + 0.61 = 1.01
    ("score_id_twice", RISK, (("ID_DUPLICATE", 13, 12),)),
    ("band_order", RISK, (("BAND_ORDER", 14, 52),)),
    ("test_failed", FEE, (("TEST_FAILED", 17, 14),)),
    ("test_fact_unknown", FEE, (("FACT_UNKNOWN", 16, 13),)),
    ("test_fact_type", FEE, (("FACT_TYPE", 16, 29),)),
    ("test_score", RISK, (("TEST_FAILED", 18, 14),)),
    (
        "several_at_once",
        FEE,
        (
            ("SCHEMA_MISSING_FIELD", 1, 1),
            ("SCHEMA_UNKNOWN_FIELD", 5, 1),
            ("RATE_NOT_STRING", 13, 49),
            ("NO_DEFAULT_ROW", 14, 7),
            ("FACT_UNKNOWN", 14, 15),
        ),
    ),
)


@pytest.mark.parametrize(("name", "path", "expected"), WRONG, ids=[case[0] for case in WRONG])
def test_the_mistake_is_found_where_it_is(
    shipped: Mapping[str, str], name: str, path: str, expected: tuple[tuple[str, int, int], ...]
) -> None:
    text, findings = decode(path=path, raw=(FIXTURES / f"{name}.yaml").read_bytes())
    if text is not None:
        findings = check_file(path=path, text=text, files=_others(shipped))
    places = tuple((one.code, one.location.line, one.location.column) for one in findings)
    assert places == expected
    for one in findings:
        assert one.severity == Severity.ERROR
        assert one.location.file == path
        assert one.message
        assert one.message_en
        assert one.hint
        assert one.hint_en


def _others(shipped: Mapping[str, str]) -> dict[str, str]:
    """Declarations and the costs that a fee must not undercut; no rule that could overlap."""
    return {
        path: text
        for path, text in shipped.items()
        if path.count("/") == 1 or path.startswith(("rules/kinds/", "rules/channel_cost/"))
    }


def test_every_fixture_is_expected() -> None:
    assert {path.stem for path in FIXTURES.glob("*.yaml")} == {case[0] for case in WRONG}


def test_all_findings_of_all_files_come_at_once_in_order(shipped: Mapping[str, str]) -> None:
    files = {
        **_others(shipped),
        RISK: (FIXTURES / "band_order.yaml").read_text("utf-8"),
        FEE: (FIXTURES / "rate_number.yaml").read_text("utf-8"),
    }
    rulebook, findings = check(files=files)
    assert rulebook is None
    errors = [(one.location.file, one.code) for one in findings if one.severity == Severity.ERROR]
    assert errors == [(FEE, "RATE_NOT_STRING"), (RISK, "BAND_ORDER")]


@pytest.mark.parametrize(
    ("text", "code", "line", "column"),
    [
        ("a: " + "[" * 41 + "]" * 41, "YAML_TOO_DEEP", 1, 43),
        ("# " + "x" * 1_000_000 + "\na: 1", "YAML_TOO_LARGE", 1, 1),
        ("a: 总\nb: \x01z", "YAML_SYNTAX", 2, 4),
        ("a: ok\nb: 坏\udcff", "YAML_NOT_UTF8", 2, 5),
        ("a: &x [1]\nb: [*x, *x, *x]", "YAML_ALIAS", 1, 4),
        ("? [1, 2]\n: 3", "YAML_KEY_NOT_TEXT", 1, 3),
        ("a: .nan", "FLOAT_REFUSED", 1, 4),
    ],
)
def test_hostile_text_is_refused(text: str, code: str, line: int, column: int) -> None:
    _, findings = load(path="x.yaml", text=text)
    first = findings[0]
    assert (first.code, first.location.line, first.location.column) == (code, line, column)


def test_scalars_follow_yaml_1_2() -> None:
    text = "a: on\nb: yes\nc: 18:30\nd: 0123\ne: 0o17\nf: ~\ng: true\nh: 2025-01-01\ni: '1'\n"
    document, findings = load(path="x.yaml", text=text)
    assert findings == ()
    assert document is not None
    assert document.value == {
        "a": "on",
        "b": "yes",
        "c": "18:30",
        "d": 123,
        "e": 15,
        "f": None,
        "g": True,
        "h": "2025-01-01",
        "i": "1",
    }


def test_a_condition_in_a_block_is_pointed_at_within_the_block(shipped: Mapping[str, str]) -> None:
    text = (FIXTURES / "rate_number.yaml").read_text("utf-8").replace("rate: 0.0038", 'rate: "0.0038"')
    block = text.replace(
        '    - {when: "txn.channel == \'BANKCARD\'", rate: "0.0060"}',
        "    - when: |\n        txn.channel == 'BANKCARD' &&\n        txn.amout_fen > 5\n"
        '      rate: "0.0060"',
    )
    (finding,) = check_file(path=FEE, text=block, files=_others(shipped))
    assert (finding.code, finding.location.line, finding.location.column) == ("FACT_UNKNOWN", 15, 9)


def test_every_wording_is_complete() -> None:
    for code, wording in CATALOGUE.items():
        assert all((wording.zh, wording.en, wording.hint_zh, wording.hint_en)), code


def test_a_fact_that_nothing_supplies_is_warned_about(shipped: Mapping[str, str]) -> None:
    withheld = (FIXTURES / "fact_withheld.yaml").read_text(encoding="utf-8")
    text = withheld.replace("broker.level == 'P5'", "merchant.open_tickets > 0")
    findings = check_file(path=FEE, text=text, files=_others(shipped))
    found = [(one.code, one.severity, one.location.line, one.location.column) for one in findings]
    assert ("FACT_NOT_SUPPLIED", Severity.WARNING, 13, 15) in found
