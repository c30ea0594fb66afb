"""Every way to write rules wrong gets exactly the words of tests/fixtures/wrong_rules/words.yaml."""

from __future__ import annotations

import pytest

from engine.diagnostics import Severity
from engine.rulebook import check, check_file
from engine.rulebook.documents import load
from engine.rulebook.wording import CATALOGUE
from payments_core.fees import EVALUATORS
from tests import wrong_rules

FEE, RISK = "rules/merchant_fee/fee.test.yaml", "rules/risk/risk.test.yaml"


@pytest.mark.parametrize("way", wrong_rules.ways())
def test_the_mistake_is_said_where_it_is_and_what_to_do(way: str) -> None:
    assert wrong_rules.as_words(wrong_rules.found(way)) == wrong_rules.words()[way]


def test_every_way_has_its_words_and_no_other() -> None:
    assert sorted(wrong_rules.words()) == list(wrong_rules.ways())


@pytest.mark.parametrize("way", wrong_rules.ways())
def test_the_words_are_whole(way: str) -> None:
    for said in wrong_rules.words()[way]:
        assert all(said.values())


@pytest.mark.parametrize("way", [way for way in wrong_rules.ways() if wrong_rules.is_one_file(way)])
def test_the_editor_says_of_the_file_what_the_whole_check_says(way: str) -> None:
    path, text = wrong_rules.one_file(way)
    found = check_file(path=path, text=text, files=wrong_rules.declared(), evaluators=EVALUATORS)
    assert wrong_rules.as_words(found) == [
        said for said in wrong_rules.words()[way] if said["place"].startswith(f"{path}:")
    ]


def test_all_findings_of_all_files_come_at_once_in_order() -> None:
    files = {
        **wrong_rules.declared(),
        RISK: wrong_rules.one_file("band_order")[1],
        FEE: wrong_rules.one_file("rate_number")[1],
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


def test_a_condition_in_a_block_is_pointed_at_within_the_block() -> None:
    text = wrong_rules.one_file("rate_number")[1].replace("rate: 0.0038", 'rate: "0.0038"')
    block = text.replace(
        '    - {when: "txn.channel == \'BANKCARD\'", rate: "0.0060"}',
        "    - when: |\n        txn.channel == 'BANKCARD' &&\n        txn.amout_fen > 5\n"
        '      rate: "0.0060"',
    )
    (finding,) = check_file(path=FEE, text=block, files=wrong_rules.declared())
    assert (finding.code, finding.location.line, finding.location.column) == ("FACT_UNKNOWN", 15, 9)


def test_every_wording_is_complete() -> None:
    for code, wording in CATALOGUE.items():
        assert all((wording.zh, wording.en, wording.hint_zh, wording.hint_en)), code


def test_a_fact_that_nothing_supplies_is_warned_about() -> None:
    withheld = wrong_rules.one_file("fact_withheld")[1]
    text = withheld.replace("broker.level == 'P5'", "merchant.open_tickets > 0")
    findings = check_file(path=FEE, text=text, files=wrong_rules.declared())
    found = [(one.code, one.severity, one.location.line, one.location.column) for one in findings]
    assert ("FACT_NOT_SUPPLIED", Severity.WARNING, 13, 15) in found
