"""What goes into a runner and what comes out: events, matches, refusals. Times are whole microseconds."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any

from engine.expressions import Value

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)

Key = tuple[Value, ...]


def microseconds(instant: datetime) -> int:
    """Return an aware instant as whole microseconds since 1970."""
    return (instant - _EPOCH) // _MICROSECOND


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """Something that happened at `at_us` and was recorded at `seen_us`.

    `facts` have passed `Vocabulary.conform`. Events of one instant are taken in the order of their ids.
    """

    id: str
    at_us: int
    seen_us: int
    facts: Mapping[str, Value]


@dataclass(frozen=True, slots=True, kw_only=True)
class Match:
    """A sequence that a rule found. `at_us` is when it was complete: its last event, or the end of the wait.

    `events` are the ids it is made of, in order. `outcome` is the rule's own.
    """

    rule_id: str
    version: int
    key: Key
    events: tuple[str, ...]
    at_us: int
    outcome: Mapping[str, Any]

    @property
    def identity(self) -> str:
        """Return what names this match for ever; a replay names it the same, so it is stored once."""
        said = json.dumps([self.rule_id, self.version, self.key, self.events], ensure_ascii=False)
        return hashlib.sha256(said.encode()).hexdigest()[:32]


class RefusalCode(StrEnum):
    """Why a rule did not take an event."""

    LATE = "LATE"
    NOT_EVALUATED = "NOT_EVALUATED"
    TOO_MANY_OPEN = "TOO_MANY_OPEN"


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """An event that a rule could not take: it is reported, never dropped in silence."""

    rule_id: str
    version: int
    event_id: str
    code: RefusalCode
    detail: str = ""
