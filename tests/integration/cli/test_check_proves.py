"""`haodian check --prove`: refuted claims stop, with the entry that would accept them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from pathlib import Path

import pytest

from engine.diagnostics import Severity
from haodian.checking import check_files, read_folder
from haodian.findings import as_text

ROOT = Path(__file__).parents[3]
PATH = "rules/merchant_fee/fee.default.yaml"
STANDARD = '    - {when: "true", rate: "0.0038", label: 标准}\n'
DEAD = '    - {when: "txn.channel == \'BANKCARD\' && txn.amount_fen > 5", rate: "0.0061", label: 大额}\n'
ACCEPTED = "accept:\n  - {claim: ROW_REACHABLE, at: rows.2.when, reason: 试, by: 张敏, until: 2026-01-01}\n"


@pytest.fixture(scope="module")
def files() -> Mapping[str, str]:
    """The product's rules, one row of a fee never reached."""
    shipped = {path: text for path, text in read_folder(ROOT).items() if path.startswith("rules/")}
    return {**shipped, PATH: shipped[PATH].replace(STANDARD, DEAD + STANDARD).replace("{row: 2,", "{row: 3,")}


def test_a_dead_row_stops_only_where_proofs_are_asked_for(files: Mapping[str, str]) -> None:
    assert check_files(files).is_good
    checked = check_files(files, proving=True)
    assert [one.code for one in checked.findings if one.severity is Severity.ERROR] == ["PROOF_REFUTED"]
    shown = as_text(checked)
    assert "ROW_REACHABLE 不成立：第 3 行永远用不到：它成立时，总有前面的行先成立" in shown
    assert "accept: - {claim: ROW_REACHABLE, at: rows.2.when, reason: …, by: …, until: YYYY-MM-DD}" in shown


@pytest.mark.parametrize(("on", "is_good"), [(date(2025, 6, 1), True), (date(2026, 1, 1), False)])
def test_an_entry_lets_it_pass_until_its_day(files: Mapping[str, str], on: date, is_good: bool) -> None:
    text = files[PATH] + ACCEPTED
    assert check_files({**files, PATH: text}, proving=True, on=on).is_good == is_good
