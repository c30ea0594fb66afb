"""The rules that the product starts with, read once for all."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from engine.rulebook import Rulebook, check

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="session")
def shipped() -> Mapping[str, str]:
    """Every file under rules/, by path."""
    found = sorted((ROOT / "rules").rglob("*"))
    return {path.relative_to(ROOT).as_posix(): path.read_text("utf-8") for path in found if path.is_file()}


@pytest.fixture(scope="session")
def shipped_book(shipped: Mapping[str, str]) -> Rulebook:
    """The rulebook that the product starts with."""
    made, findings = check(files=shipped)
    assert made is not None, findings
    return made
