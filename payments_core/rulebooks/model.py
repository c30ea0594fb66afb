"""People who act on a change, and a review as it stands."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from engine.releases import Author, Given

MAIL = "@haodian"
"""What follows a login in the addresses of git."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Actor:
    """Somebody who requests, approves or publishes, in one role."""

    login: str
    name: str
    role: str

    @property
    def author(self) -> Author:
        """The person as git names them."""
        return Author(name=self.name, email=f"{self.login}{MAIL}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """One yes or no: who, in which role, to which meaning, when, and in which words."""

    person: str
    person_name: str
    role: str
    meaning: str
    decision: str
    words: str
    at: datetime

    @property
    def given(self) -> Given:
        """The approval as the requirements count it."""
        return Given(person=f"{self.person}{MAIL}", role=self.role, meaning=self.meaning)


@dataclass(frozen=True, slots=True, kw_only=True)
class Review:
    """A review: what is asked for, by whom, and every decision so far, oldest first.

    `due_at` is when it will be activated, None where that was not planned; `outcome` is the code of the
    refusal that a planned activation met.
    """

    review_no: int
    draft: str
    rolls_back_to: int | None
    commit: str
    meaning: str
    author: str
    author_name: str
    title: str
    reason: str
    requested_at: datetime
    impact_fen: int | None
    summary: Mapping[str, Any]
    state: str
    release_no: int | None
    decisions: tuple[Decision, ...]
    due_at: datetime | None
    outcome: str

    @property
    def is_open(self) -> bool:
        """Whether it still waits for somebody."""
        return self.state == "OPEN"

    @property
    def approvals(self) -> tuple[Decision, ...]:
        """The decisions that say yes."""
        return tuple(one for one in self.decisions if one.decision == "APPROVE")
