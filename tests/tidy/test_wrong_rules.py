"""Every code that the documents explain has a fixture that gets it, and every such code is explained."""

from __future__ import annotations

import re
from pathlib import Path

from tests import wrong_rules

DOCS = Path(__file__).parents[2] / "docs"
_ROW = re.compile(r"^\| `([A-Z][A-Z0-9_]+)`", re.MULTILINE)
# Depends on how long the solver is let think: tests/unit/prove gets it from a claim made for that.
_OF_THE_SOLVER = {"PROOF_UNDECIDED"}


def _documented() -> set[str]:
    rules = (DOCS / "rules.md").read_text("utf-8").split("\n## Findings\n")[1]
    conditions = (DOCS / "expressions.md").read_text("utf-8")
    codes = {*_ROW.findall(rules), *_ROW.findall(conditions)}
    return {code for code in codes - _OF_THE_SOLVER if not code.startswith("SQL_")}


def _found() -> set[str]:
    return {said["code"].split()[1] for findings in wrong_rules.words().values() for said in findings}


def test_every_code_has_a_way_to_get_it() -> None:
    assert _documented() - _found() == set(), "add a folder below tests/fixtures/wrong_rules"


def test_every_code_that_is_found_is_explained() -> None:
    assert _found() - _documented() == set()
