"""Two versions of a shipped rule: as it is, and with some of its text replaced."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from engine.rulebook import Context, Rule, parse_rule, read_context

ROOT = Path(__file__).parents[3]
FEE = "rules/merchant_fee/fee.community.std.yaml"
Versions = Callable[..., tuple[Rule, Rule]]


@pytest.fixture(scope="session")
def context(shipped: Mapping[str, str]) -> Context:
    """The shipped facts and kinds."""
    return read_context(shipped)[0]


@pytest.fixture
def versions(shipped: Mapping[str, str], context: Context) -> Versions:
    """Return a shipped rule, and the same with each (old, new) of `edits` replaced in its text."""

    def made(*edits: tuple[str, str], path: str = FEE) -> tuple[Rule, Rule]:
        text = shipped[path]
        for old, new in edits:
            assert old in text, old
            text = text.replace(old, new, 1)
        return read(shipped[path], path), read(text, path)

    def read(text: str, path: str) -> Rule:
        rule, findings = parse_rule(path=path, text=text, context=context)
        assert rule is not None, [one.render(text) for one in findings]
        return rule

    return made
