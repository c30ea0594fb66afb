"""The shipped rulebook, and events of its facts."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from engine.expressions import Value
from engine.rulebook import Rulebook, check
from engine.sequences import Event

ROOT = Path(__file__).parents[3]
MINUTE_US = 60_000_000
START_US = 1_760_000_000_000_000


@pytest.fixture(scope="session")
def files() -> dict[str, str]:
    """Every declaration, the rules of kind sequence, and the tasks they name."""
    found = sorted((ROOT / "rules").rglob("*"))
    texts = {path.relative_to(ROOT).as_posix(): path.read_text("utf-8") for path in found if path.is_file()}
    own = ("rules/kinds/", "rules/sequence/", "rules/task/")
    return {path: text for path, text in texts.items() if path.count("/") == 1 or path.startswith(own)}


@pytest.fixture(scope="session")
def book(files: dict[str, str]) -> Rulebook:
    """The rulebook of these files."""
    made, findings = check(files=files)
    assert made is not None, findings
    return made


@pytest.fixture(scope="session")
def event(book: Rulebook) -> Callable[..., Event]:
    """Make an event: its id, the minute it happened, its type and further facts; recorded at once."""

    def make(name: str, minute: int, kind: str, facts: dict[str, Value], seen: int | None = None) -> Event:
        seen_us = START_US + MINUTE_US * (minute if seen is None else seen)
        conformed = book.vocabulary.conform({"event.type": kind, **facts})
        return Event(id=name, at_us=START_US + MINUTE_US * minute, seen_us=seen_us, facts=conformed)

    return make
