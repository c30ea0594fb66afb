"""The shipped rulebook, and small ones made of its declarations."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from engine.diagnostics import Diagnostic
from engine.rulebook import Rulebook, check

ROOT = Path(__file__).parents[3]


@pytest.fixture(scope="session")
def declarations(shipped: Mapping[str, str]) -> Mapping[str, str]:
    """Facts, aggregates, approval chains and kinds, without any rule."""
    return {
        path: text
        for path, text in shipped.items()
        if path.count("/") == 1 or path.startswith("rules/kinds/")
    }


@pytest.fixture
def book(declarations: Mapping[str, str]) -> Callable[..., Rulebook]:
    """Make a rulebook of rule texts; the path follows from kind and id."""

    def make(*texts: str, kinds: Mapping[str, str] | None = None) -> Rulebook:
        files = {**declarations, **(kinds or {}), **{place(text): text for text in texts}}
        made, findings = check(files=files)
        assert made is not None, [one.render(files.get(one.location.file)) for one in findings]
        return made

    return make


@pytest.fixture
def findings(declarations: Mapping[str, str]) -> Callable[..., tuple[Diagnostic, ...]]:
    """Check rule texts together with the declarations and other files."""

    def found(*texts: str, others: Mapping[str, str] | None = None) -> tuple[Diagnostic, ...]:
        return check(files={**declarations, **(others or {}), **{place(text): text for text in texts}})[1]

    return found


def place(text: str) -> str:
    """Return where a rule text belongs."""
    lines = dict(line.split(": ", 1) for line in text.splitlines() if line.startswith(("kind: ", "id: ")))
    return f"rules/{lines['kind']}/{lines['id']}.yaml"
