"""Follow the outbox with the sequence rules of the active release, page by page.

    follower = Follower(engine=engine, rulebooks=releases, report=log_refusal)
    step = follower.step(now=now)      # read what is new, write what was found; again at once if it is behind

What is held is only memory. A follower that begins, that had an error, or that changes over to a new release
feeds the events of the rules' horizon again, up to the position in the database, and goes on from there.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from sqlalchemy import Connection, Engine, text

from engine.rulebook import Rulebook
from engine.sequences import Match, Refusal, SequenceRunner, microseconds, plans
from payments_core.database import transaction
from payments_core.database.lane import advance_seen
from payments_core.errors import ensure
from payments_core.sequences.feed import Feed, first_since
from payments_core.sequences.operations import Position, get_position, instant, move

KIND = "sequence"
PAGE_ROWS = 2_000
"""How many events are read and fed before the position moves."""
TICK_US = 5_000_000
"""Without events the clock moves in steps of this length: a wait is noticed to be over so much later."""


class Release(Protocol):
    """What is read of an `engine.releases.Release`."""

    @property
    def rulebook(self) -> Rulebook:
        """The checked rules."""
        ...


class Rulebooks(Protocol):
    """What is read of `payments_core.rulebooks.ActiveRulebook`."""

    def get(self, release_no: int, /) -> Release:
        """Return a release by its number, compiled once and kept."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """What one step did: events fed, matches written, and whether more waits."""

    events: int = 0
    matches: int = 0
    is_behind: bool = False


@dataclass(slots=True, kw_only=True)
class _Reading:
    """The rules of one release at work, and the position they have come to."""

    release_no: int
    rules: str
    runner: SequenceRunner
    feed: Feed
    position: Position


@dataclass(frozen=True, slots=True, kw_only=True)
class _Lane:
    release_no: int | None
    commit_no: int
    seen_us: int


class Follower:
    """One reader of the lane. One thread at a time."""

    def __init__(
        self,
        *,
        engine: Engine,
        rulebooks: Rulebooks,
        report: Callable[[Refusal], None],
        page_rows: int = PAGE_ROWS,
    ) -> None:
        """Read nothing yet. `report` is told once of every event a rule could not take."""
        self._engine, self._rulebooks, self._report = engine, rulebooks, report
        self._page_rows = page_rows
        self._reading: _Reading | None = None
        self._is_replaying = False

    @property
    def release_no(self) -> int | None:
        """The release whose rules are at work; None before the first step."""
        return self._reading.release_no if self._reading else None

    def step(self, *, now: datetime) -> Step:
        """Feed the next page of events, or let time pass where there is none; write what was found.

        Where a release was activated its rules take over first. After any error the next step begins from
        what the database says. Raises ReaderOvertaken where another process reads as well.
        """
        try:
            self._tick(now)
            with transaction(self._engine) as connection:
                lane = _lane(connection)
                if lane.release_no is None:
                    return Step()
                reading = self._reading_of(connection, lane.release_no)
                return self._read_on(connection, reading, lane)
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """Give the memory back."""
        if self._reading is not None:
            self._reading.runner.close()
            self._reading = None

    def _tick(self, now: datetime) -> None:
        """Where nothing has happened for a while, say so: the lane's time moves on without events."""
        with transaction(self._engine) as connection:
            lane = _lane(connection)
            if microseconds(now) - lane.seen_us >= TICK_US:
                advance_seen(connection, to=now)

    def _read_on(self, connection: Connection, reading: _Reading, lane: _Lane) -> Step:
        before, runner = reading.position, reading.runner
        page = reading.feed.page(
            connection, after=before.commit_no, through=lane.commit_no, limit=self._page_rows
        )
        matches = [match for event in page.events for match in runner.feed(event)]
        is_behind = page.commit_no < lane.commit_no
        if not is_behind:
            # All that was told up to here has been fed, and what is told later is not seen before this.
            matches += runner.advance(lane.seen_us)
        to = Position(commit_no=page.commit_no, clock_us=runner.clock_us)
        if to == before:
            return Step()
        written = move(connection, before=before, to=to, matches=matches, release_no=reading.release_no)
        reading.position = to
        return Step(events=len(page.events), matches=written, is_behind=is_behind)

    def _reading_of(self, connection: Connection, release_no: int) -> _Reading:
        if self._reading is None or self._reading.release_no != release_no:
            rulebook = self._rulebooks.get(release_no).rulebook
            rules = _said(rulebook)
            if self._reading is None or self._reading.rules != rules:
                made = self._begin(connection, rulebook, rules, release_no)
                self.close()
                self._reading = made
            self._reading.release_no = release_no
        return self._reading

    def _begin(self, connection: Connection, rulebook: Rulebook, rules: str, release_no: int) -> _Reading:
        """Return the rules of a release, having fed them what matters of what was read before."""
        position = get_position(connection)
        runner = SequenceRunner(
            plans=plans(rulebook), report=self._report_unless_replaying, resumed_us=position.clock_us
        )
        feed = Feed(vocabulary=rulebook.vocabulary, reads=runner.reads)
        reading = _Reading(release_no=release_no, rules=rules, runner=runner, feed=feed, position=position)
        if position.clock_us is not None:
            self._is_replaying = True
            try:
                given = self._replay(connection, reading, position.clock_us)
            finally:
                self._is_replaying = False
            ensure(not given, "a replay gives no match: all were written when the position moved")
        return reading

    def _replay(self, connection: Connection, reading: _Reading, clock_us: int) -> list[Match]:
        runner, through = reading.runner, reading.position.commit_no
        after = min(first_since(connection, at=instant(clock_us - runner.horizon_us)), through)
        given: list[Match] = []
        while after < through:
            page = reading.feed.page(connection, after=after, through=through, limit=self._page_rows)
            given += [match for event in page.events for match in runner.feed(event)]
            after = page.commit_no
        return given + list(runner.advance(clock_us))

    def _report_unless_replaying(self, refusal: Refusal) -> None:
        if not self._is_replaying:
            self._report(refusal)


def _lane(connection: Connection) -> _Lane:
    row = connection.execute(text("SELECT release_no, commit_no, seen_at FROM lane WHERE lane_no = 0")).one()
    return _Lane(release_no=row.release_no, commit_no=row.commit_no, seen_us=microseconds(row.seen_at))


def _said(rulebook: Rulebook) -> str:
    """Return what the sequence rules say: a release that leaves that alone changes nothing here."""
    rules = [
        (span.rule.id, span.rule.version, span.start, span.end, span.rule.spec)
        for span in rulebook.spans(kind=KIND)
    ]
    facts = sorted((fact.name, fact.default) for fact in rulebook.vocabulary.facts.values())
    return json.dumps([rules, facts], default=str, ensure_ascii=False)
