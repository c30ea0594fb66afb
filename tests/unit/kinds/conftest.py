"""The shipped rules and what they are read against."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from engine.rulebook import Context, Rulebook, check, read_context

ROOT = Path(__file__).parents[3]


@pytest.fixture(scope="session")
def files() -> Mapping[str, str]:
    """Every file under rules/, by path."""
    found = sorted((ROOT / "rules").rglob("*"))
    return {path.relative_to(ROOT).as_posix(): path.read_text("utf-8") for path in found if path.is_file()}


@pytest.fixture(scope="session")
def context(files: Mapping[str, str]) -> Context:
    """Facts and kinds, read once."""
    read, findings = read_context(files)
    assert findings == []
    return read


@pytest.fixture(scope="session")
def rulebook(files: Mapping[str, str]) -> Rulebook:
    """The rulebook that the product starts with."""
    made, findings = check(files=files)
    assert made is not None, findings
    return made
