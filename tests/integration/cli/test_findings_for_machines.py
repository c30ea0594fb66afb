"""`haodian check` for scanners and for GitHub, and `haodian test` with what the tests in rule files reach."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.command_line import Done, haodian

ROOT = Path(__file__).parents[3]
FEE = """\
kind: merchant_fee
id: fee.test
version: 1
title: 费率
owner: 测试
effective: {from: "2025-01-01T00:00:00+08:00", to: null}
spec:
  basis: settle_amount_fen
  clock: txn.paid_at
  rounding: {unit: fen, mode: HALF_UP, per: txn}
  refund: return_cumulative
  rows:
    - {when: "txn.channel == 'WECHAT'", rate: "0.0038"}
    - {when: "txn.channel == 'ALIPAY'", rate: "0.0040"}
    - {when: "true", rate: "0.0060"}
tests:
  - {name: 微信, facts: {txn.channel: WECHAT}, expect: {rate: "0.0038"}}
  - {name: 银联, facts: {txn.channel: UNIONPAY_QR}, expect: {rate: "0.0060"}}
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A rulebook of the product's declarations and one fee."""
    for path in [*(ROOT / "rules").glob("*.yaml"), *(ROOT / "rules" / "kinds").iterdir()]:
        target = tmp_path / path.relative_to(ROOT)
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(path.read_bytes())
    (tmp_path / "rules" / "merchant_fee").mkdir()
    return tmp_path


def told(folder: Path, fee: str, command: str, *options: str) -> Done:
    (folder / "rules" / "merchant_fee" / "fee.test.yaml").write_text(fee, encoding="utf-8")
    return haodian(command, str(folder), *options)


MISSPELT = FEE.replace("txn.channel == 'A", "txn.chanel == 'A")


def test_sarif_names_the_code_the_file_and_the_place(folder: Path) -> None:
    done = told(folder, MISSPELT, "check", "--format", "sarif")
    log = json.loads(done.out)
    assert (done.code, log["version"]) == (1, "2.1.0")
    (result,) = log["runs"][0]["results"]
    place = result["locations"][0]["physicalLocation"]
    assert (result["ruleId"], result["level"]) == ("FACT_UNKNOWN", "error")
    assert place["artifactLocation"]["uri"] == "rules/merchant_fee/fee.test.yaml"
    assert place["region"] == {"startLine": 14, "startColumn": 15, "endColumn": 25}
    assert {rule["id"] for rule in log["runs"][0]["tool"]["driver"]["rules"]} == {"FACT_UNKNOWN"}


def test_github_is_told_by_one_command_a_finding(folder: Path) -> None:
    done = told(folder, MISSPELT, "check", "--format", "github")
    (line,) = done.out.splitlines()
    assert line.startswith(
        "::error file=rules/merchant_fee/fee.test.yaml,line=14,col=15,endColumn=25,title=FACT_UNKNOWN::"
    )
    assert "%0A" in line


def test_a_good_rulebook_says_nothing_to_github(folder: Path) -> None:
    done = told(folder, FEE, "check", "--format", "github")
    assert (done.code, done.out.strip()) == (0, "")


def test_what_no_test_reaches_is_told_by_line(folder: Path) -> None:
    done = told(folder, FEE, "test")
    assert done.code == 0
    first, last = done.out.splitlines()
    assert first == "rules/merchant_fee/fee.test.yaml  2 tests  2/3  未测到的行 lines never reached: 14"
    assert last.endswith("2 tests, 0 wrong; 2 of 3 conditions reached")


def test_a_test_that_fails_is_shown_with_its_line(folder: Path) -> None:
    done = told(folder, FEE.replace('expect: {rate: "0.0060"}', 'expect: {rate: "0.0061"}'), "test")
    assert done.code == 1
    assert "rules/merchant_fee/fee.test.yaml:18:" in done.out
    assert "TEST_FAILED" in done.out
    assert "1 wrong" in done.out
