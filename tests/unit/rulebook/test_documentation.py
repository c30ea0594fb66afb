"""docs/rules.md lists what there is: every code, every kind, every hit policy."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from engine.rulebook import HitPolicy, Rulebook
from engine.rulebook.wording import CATALOGUE


@pytest.fixture(scope="module")
def page() -> str:
    """The page on rules."""
    return (Path(__file__).parents[3] / "docs" / "rules.md").read_text("utf-8")


def test_every_code_is_documented_and_no_other(page: str) -> None:
    rows = re.findall(r"^\| `([A-Z][A-Z0-9_]+)` \|", page, re.MULTILINE)
    assert sorted(rows) == sorted(CATALOGUE)


def test_every_kind_is_documented_with_its_shape(page: str, shipped_book: Rulebook) -> None:
    section = page.split("## Kinds")[1].split("### Checks")[0]
    rows = dict(re.findall(r"^\| `([a-z_]+)` \| ([a-z]+) \|", section, re.MULTILINE))
    assert rows == {kind.name: kind.shape for kind in shipped_book.kinds.values()}


def test_every_hit_policy_is_documented(page: str) -> None:
    section = page.split("### `table`")[1].split("### `scored`")[0]
    assert [policy for policy in HitPolicy if f"`{policy}`" not in section] == []
