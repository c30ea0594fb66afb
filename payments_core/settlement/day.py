"""The business day: close → corrections → shares → settlement → payouts → facts → figures → proof.

Each step is one transaction that also notes itself in `business_day.steps`; a run that was killed goes on
where it stopped, and a run of a finished day adds nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from datetime import date, datetime
from typing import Any, Protocol

from sqlalchemy import Connection, Engine, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.sql import bindparam

from payments_core.calendar import day_bounds
from payments_core.corrections import book_corrections
from payments_core.database import transaction
from payments_core.database.lane import bump_directory
from payments_core.errors import ensure
from payments_core.ledger import prove
from payments_core.profit_share import post_shares
from payments_core.settlement.errors import DayNotOver, EarlierDayOpen
from payments_core.settlement.facts import rebuild_facts
from payments_core.settlement.operations import Policies, settle_day
from payments_core.settlement.payouts import instruct
from payments_core.settlement.stats import rebuild_stats

Figures = Mapping[str, int]
Progress = Callable[[str, int, int], None]
"""Called with the step's name, its number from 1, and the number of steps, before each step."""


class Release(Protocol):
    """A checked release."""

    @property
    def rulebook(self) -> Any: ...


class Releases(Protocol):
    """What this module asks of `payments_core.rulebooks.ActiveRulebook`."""

    def get(self, release: Any, /) -> Any: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class StepResult:
    """What a step did: now (`ran`), or in an earlier run."""

    name: str
    ran: bool
    figures: Figures


@dataclass(frozen=True, slots=True, kw_only=True)
class DayResult:
    """Every step of the day in order."""

    business_date: date
    steps: tuple[StepResult, ...]

    def figures(self, step: str) -> Figures:
        """Return the figures of one step."""
        return next(s.figures for s in self.steps if s.name == step)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Day:
    business_date: date
    release_no: int
    now: datetime
    rulebook: Policies
    releases: Releases


Step = Callable[[Connection, _Day], Figures]


def run_day(
    engine: Engine,
    rulebooks: Releases,
    *,
    business_date: date,
    now: datetime,
    progress: Progress | None = None,
) -> DayResult:
    """Run, or finish running, every step of one business date; each is committed on its own.

    Raises DayNotOver, EarlierDayOpen, NoRuleInForce; InvariantBroken where the proof fails.
    """
    total = len(STEPS) + 1
    _report(progress, "close", 1, total)
    with transaction(engine) as connection:
        closed = close_day(connection, business_date=business_date, now=now)
        release_no = _release_no(connection, business_date)
    rulebook = rulebooks.get(release_no).rulebook
    day = _Day(
        business_date=business_date, release_no=release_no, now=now, rulebook=rulebook, releases=rulebooks
    )
    results = [closed]
    for number, (name, step) in enumerate(STEPS, start=2):
        _report(progress, name, number, total)
        with transaction(engine) as connection:
            results.append(_once(connection, name, step, day))
    return DayResult(business_date=business_date, steps=tuple(results))


def close_day(connection: Connection, *, business_date: date, now: datetime) -> StepResult:
    """Close a business date: no batch after the present one books into it. A closed day stays as it is.

    Holding the lane's row, we know every batch before is committed and every later one sees the day closed.
    Raises DayNotOver, EarlierDayOpen.
    """
    lane = connection.execute(_LANE).one()
    done = _steps(connection, business_date)
    if "close" in done:
        return StepResult(name="close", ran=False, figures=done["close"]["figures"])
    if now < day_bounds(business_date)[1]:
        raise DayNotOver(business_date=business_date.isoformat())
    left_open = connection.execute(_LEFT_OPEN, {"business_date": business_date}).scalar_one_or_none()
    if left_open is not None:
        raise EarlierDayOpen(business_date=left_open.isoformat())
    day = {"business_date": business_date, "now": now}
    connection.execute(_CLOSE, {**day, "batch_no": lane.batch_no, "release_no": lane.release_no})
    figures = {"closed_batch_no": lane.batch_no}
    _note(connection, business_date, "close", figures, now)
    bump_directory(connection)  # tells every committer at its next batch that a day has been closed
    return StepResult(name="close", ran=True, figures=figures)


def _once(connection: Connection, name: str, step: Step, day: _Day) -> StepResult:
    done = _steps(connection, day.business_date)
    if name in done:
        return StepResult(name=name, ran=False, figures=done[name]["figures"])
    figures = step(connection, day)
    _note(connection, day.business_date, name, figures, day.now)
    return StepResult(name=name, ran=True, figures=figures)


def _corrections(connection: Connection, day: _Day) -> Figures:
    booked = book_corrections(
        connection,
        day.releases,
        business_date=day.business_date,
        release_no=day.release_no,
        now=day.now,
    )
    return asdict(booked)


def _shares(connection: Connection, day: _Day) -> Figures:
    posted = post_shares(connection, business_date=day.business_date, release_no=day.release_no, now=day.now)
    return {**asdict(posted), "platform_fen": posted.platform_fen}


def _settlement(connection: Connection, day: _Day) -> Figures:
    settled = settle_day(
        connection,
        business_date=day.business_date,
        rulebook=day.rulebook,
        release_no=day.release_no,
        now=day.now,
    )
    return asdict(settled)


def _payouts(connection: Connection, day: _Day) -> Figures:
    instructed = instruct(connection, business_date=day.business_date, release_no=day.release_no, now=day.now)
    settled = text("UPDATE business_day SET state = 'SETTLED' WHERE business_date = :business_date")
    connection.execute(settled, {"business_date": day.business_date})
    return asdict(instructed)


def _facts(connection: Connection, day: _Day) -> Figures:
    return {"rows": rebuild_facts(connection, business_date=day.business_date)}


def _figures(connection: Connection, day: _Day) -> Figures:
    return {"merchants": rebuild_stats(connection, as_of=day.business_date)}


def _proof(connection: Connection, day: _Day) -> Figures:
    proof = prove(connection, business_date=day.business_date)
    wrong = [f"{check.name}: {'; '.join(check.offenders)}" for check in proof.checks if not check.passed]
    ensure(not wrong, f"the books of {day.business_date} do not add up: {' | '.join(wrong)}")
    return {check.name: check.examined for check in proof.checks}


STEPS: tuple[tuple[str, Step], ...] = (
    ("corrections", _corrections),
    ("shares", _shares),
    ("settlement", _settlement),
    ("payouts", _payouts),
    ("facts", _facts),
    ("figures", _figures),
    ("proof", _proof),
)


def _steps(connection: Connection, business_date: date) -> Mapping[str, Any]:
    """Return the finished steps; the day's row stays locked, so two runs take turns."""
    sql = "SELECT steps FROM business_day WHERE business_date = :business_date FOR UPDATE"
    found = connection.execute(text(sql), {"business_date": business_date}).scalar_one_or_none()
    return found or {}


def _note(connection: Connection, business_date: date, name: str, figures: Figures, now: datetime) -> None:
    note = {name: {"finished_at": now.isoformat(), "figures": dict(figures)}}
    connection.execute(_NOTE, {"business_date": business_date, "note": note})


def _release_no(connection: Connection, business_date: date) -> int:
    """Return the release the day was closed under; 0 where none was ever active."""
    sql = "SELECT coalesce(release_no, 0) FROM business_day WHERE business_date = :business_date"
    return int(connection.execute(text(sql), {"business_date": business_date}).scalar_one())


def _report(progress: Progress | None, name: str, number: int, total: int) -> None:
    if progress is not None:
        progress(name, number, total)


_LANE = text("SELECT batch_no, release_no FROM lane WHERE lane_no = 0 FOR UPDATE")
_LEFT_OPEN = text("""
SELECT min(business_date) FROM payment p WHERE business_date < :business_date AND business_date > coalesce(
  (SELECT max(d.business_date) FROM business_day d
   WHERE d.state <> 'OPEN' AND d.business_date < :business_date), '-infinity')
""")
_CLOSE = text("""
INSERT INTO business_day (business_date, state, closed_at, closed_batch_no, release_no)
VALUES (:business_date, 'CLOSED', :now, :batch_no, :release_no)
ON CONFLICT (business_date) DO UPDATE SET state = 'CLOSED', closed_at = excluded.closed_at,
  closed_batch_no = excluded.closed_batch_no, release_no = excluded.release_no
""")
_NOTE = text(
    "UPDATE business_day SET steps = steps || :note WHERE business_date = :business_date"
).bindparams(bindparam("note", type_=JSONB))
