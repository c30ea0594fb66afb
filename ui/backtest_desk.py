"""Backtests as pages see them: the last one of a draft, what it found with names, and asking for another.

No NiceGUI here. The worker runs what is asked for; pages look how far it is.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import Connection

from engine import releases
from engine.releases import ReleaseError
from payments_core import backtest
from payments_core.backtest import Covered, Decided, Dimension, Period, Quality, Run, State, Tasked, Total
from payments_core.reporting import Level
from payments_core.reporting.queries_nodes import names_of
from ui.services import Services

USUAL_DAYS = 30
MOST_ROWS = 20
PLACES: tuple[Dimension, ...] = ("day", "city", "district", "store", "broker", "merchant")
_LEVELS: Mapping[str, Level] = {
    "city": Level.CITY,
    "district": Level.DISTRICT,
    "store": Level.STORE,
    "broker": Level.BROKER,
    "merchant": Level.MERCHANT,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Extremes:
    """Who gains most and who loses most, in that order."""

    winners: tuple[Total, ...]
    losers: tuple[Total, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Results:
    """All that a run found, but for the places, which are read one dimension at a time."""

    whole: Total
    merchants: Extremes
    parties: Extremes
    coverage: tuple[Covered, ...]
    decisions: tuple[Decided, ...]
    quality: tuple[Quality, Quality] | None
    tasks: tuple[Tasked, ...]
    names: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Places:
    """The members of one dimension whose money changes most, and how many there are."""

    dimension: Dimension
    rows: tuple[Total, ...]
    count: int
    names: Mapping[str, str]


def last_run(connection: Connection, *, draft: str, meaning: str | None) -> Run | None:
    """Return the backtest of the draft that was asked for last, None where there is none.

    With a meaning, only one of that meaning counts.
    """
    return next(iter(backtest.list_runs(connection, title=draft, meaning=meaning, limit=1)), None)


def impact_of(connection: Connection, *, services: Services, draft: str) -> int | None:
    """Return what the draft as it is moves in a month, in fen; None where nobody has measured it."""
    return backtest.find_impact(connection, meaning=meaning_now(services, draft))


def usual_period(connection: Connection) -> Period | None:
    """Return the thirty days up to the last one settled, None where no day is settled."""
    last = backtest.find_last_day(connection)
    return Period(first=last - timedelta(days=USUAL_DAYS - 1), last=last) if last is not None else None


def ask(
    connection: Connection, *, services: Services, draft: str, period: Period, by: str, now: datetime
) -> int:
    """Ask for a backtest of the draft as it is; return its number. Raises DaysOpen and what git refuses."""
    change = releases.find_change(path=services.repository, name=draft)
    return backtest.ask(
        connection,
        title=draft,
        released_commit=change.released,
        draft_commit=change.merged,
        period=period,
        asked_by=by,
        now=now,
        meaning=change.meaning,
        is_whole=backtest.is_computed(change.files),
    )


def cancel(connection: Connection, *, run_no: int) -> None:
    """Cancel a run. Raises RunOver where it has ended meanwhile."""
    backtest.cancel(connection, run_no=run_no)


def meaning_now(services: Services, draft: str) -> str:
    """Return what the draft means as it is, '' where there is no change to be told."""
    try:
        return releases.find_change(path=services.repository, name=draft).meaning
    except ReleaseError:
        return ""


def is_under_way(run: Run | None) -> bool:
    """Tell whether the run waits or works."""
    return run is not None and run.state in (State.QUEUED, State.RUNNING)


def results(connection: Connection, *, run_no: int) -> Results:
    """Return what a run that is done found. Raises RunNotFound."""
    merchants, parties = (_extremes(connection, run_no, dimension) for dimension in ("merchant", "party"))
    own = {one.member: one.member.partition(":") for one in (*parties.winners, *parties.losers)}
    ids = {"merchant": [one.member for one in (*merchants.winners, *merchants.losers)]}
    for kind, _, member in own.values():
        ids.setdefault(kind, []).append(member)
    return Results(
        whole=backtest.get_total(connection, run_no=run_no),
        merchants=merchants,
        parties=parties,
        coverage=backtest.list_coverage(connection, run_no=run_no),
        decisions=backtest.list_decisions(connection, run_no=run_no),
        quality=backtest.get_quality(connection, run_no=run_no),
        tasks=backtest.list_tasks(connection, run_no=run_no),
        names={
            key: name for kind, some in ids.items() for key, name in _names(connection, kind, some).items()
        },
    )


def places(connection: Connection, *, run_no: int, dimension: Dimension) -> Places:
    """Return the members of a dimension, days in order, others by how much the platform's part changes."""
    found = backtest.list_totals(connection, run_no=run_no, dimension=dimension)
    ordered = found
    if dimension != "day":
        ordered = tuple(sorted(found, key=lambda one: (-abs(_platform(one)), one.member)))[:MOST_ROWS]
    names = _names(connection, dimension, [one.member for one in ordered])
    return Places(dimension=dimension, rows=ordered, count=len(found), names=names)


def _platform(one: Total) -> int:
    return one.draft.platform_fen - one.released.platform_fen


def _extremes(connection: Connection, run_no: int, dimension: str) -> Extremes:
    winners, losers = (
        backtest.list_extremes(
            connection,
            run_no=run_no,
            dimension="merchant" if dimension == "merchant" else "party",
            most=most,
            limit=MOST_ROWS // 2,
        )
        for most in (True, False)
    )
    return Extremes(winners=winners, losers=losers)


def _names(connection: Connection, dimension: str, ids: list[str]) -> Mapping[str, str]:
    level = _LEVELS.get(dimension)
    if level is None:
        return {}
    return {key: node.name for key, node in names_of(connection, level=level, ids=tuple(ids)).items()}


def read_period(first: str, last: str) -> Period | None:
    """Return the period that was typed, None where it is no two dates. Raises PeriodInvalid."""
    try:
        return Period(first=date.fromisoformat(first), last=date.fromisoformat(last))
    except ValueError:
        return None
