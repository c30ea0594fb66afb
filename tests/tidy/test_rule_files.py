"""Each rule file tells editors its schema in the first line, and that schema is the one of its kind."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

RULES = Path(__file__).parents[2] / "rules"
FILES = sorted(path for path in RULES.glob("*/*.yaml") if path.parent.name != "kinds")


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_the_first_line_names_the_schema_of_the_kind(path: Path) -> None:
    kind = path.parent.name
    named = f"../kinds/{kind}.schema.json"
    assert path.read_text("utf-8").split("\n")[0] == f"# yaml-language-server: $schema={named}"
    schema = json.loads((path.parent / named).read_text("utf-8"))
    assert schema["properties"]["kind"]["const"] == kind


def test_there_are_rules_to_look_at() -> None:
    assert len(FILES) > 40
