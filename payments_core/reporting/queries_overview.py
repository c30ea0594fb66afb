"""Today: figures so far against the same weekday a week ago, the hours, the channels, yesterday's
business day.

Today is read from the payments themselves, because daily facts exist only for days that were closed. Both
days are cut at the same time of day, else every morning would look like a collapse.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import Connection, text

from payments_core.calendar import SHANGHAI, business_date_of, day_bounds

CHANNEL_WINDOW = timedelta(minutes=15)
TREND_DAYS = 14
STEPS = ("close", "shares", "settlement", "payouts", "facts", "proof")
"""The steps people follow; the refresh of merchant figures between them is of no interest to them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DaySoFar:
    """One day up to a time of day. Amounts in fen."""

    payment_count: int
    payment_fen: int
    merchants: int
    refund_count: int
    refund_fen: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Hour:
    """Payments of one hour today and a week ago; None where the hour has not come."""

    hour: int
    payment_count: int | None
    before_count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelHealth:
    """How one channel answered in the last 15 minutes; `decided` excludes what is still open."""

    channel: str
    requests: int
    decided: int
    succeeded: int
    waiting: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One step of a business day; None where it has not finished."""

    key: str
    finished_at: datetime | None
    figures: Mapping[str, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class BusinessDayState:
    """Yesterday's business day: its state and steps in order."""

    on: date
    state: str
    steps: tuple[Step, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ClosedDay:
    """Sums of one closed day, for the tile of yesterday's margin and the small lines."""

    on: date
    payment_count: int
    payment_fen: int
    merchants: int
    refund_fen: int
    margin_fen: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Overview:
    """Everything the page 今日 shows; `closed` are the last days with facts, oldest first."""

    today: DaySoFar
    week_ago: DaySoFar
    hours: tuple[Hour, ...]
    channels: tuple[ChannelHealth, ...]
    business_day: BusinessDayState | None
    closed: tuple[ClosedDay, ...]
    newest_payment_at: datetime | None

    def closed_on(self, on: date) -> ClosedDay | None:
        """Return the closed day `on`, where it has facts."""
        return next((day for day in self.closed if day.on == on), None)


def overview(connection: Connection, *, now: datetime) -> Overview:
    """Return today's figures at `now`, within the reader's scope."""
    today = business_date_of(now)
    week_ago = now - timedelta(days=7)
    return Overview(
        today=_so_far(connection, today, now),
        week_ago=_so_far(connection, business_date_of(week_ago), week_ago),
        hours=_hours(connection, now),
        channels=_channels(connection, now),
        business_day=_business_day(connection, today - timedelta(days=1)),
        closed=_closed(connection, today),
        newest_payment_at=connection.execute(
            text("SELECT max(paid_at) FROM payment WHERE paid_at BETWEEN :start AND :now"),
            {"start": day_bounds(today)[0], "now": now},
        ).scalar_one(),
    )


def _so_far(connection: Connection, on: date, until: datetime) -> DaySoFar:
    paid = connection.execute(
        text(
            """SELECT count(*) AS n, coalesce(sum(settle_amount_fen), 0)::bigint AS fen, count(DISTINCT
            merchant_id) AS merchants
            FROM payment WHERE business_date = :on AND paid_at <= :until"""
        ),
        {"on": on, "until": until},
    ).one()
    back = connection.execute(
        text(
            """SELECT count(*) AS n, coalesce(sum(amount_fen), 0)::bigint AS fen
            FROM refund WHERE business_date = :on AND refunded_at <= :until AND state = 'SUCCESS'"""
        ),
        {"on": on, "until": until},
    ).one()
    return DaySoFar(
        payment_count=paid.n,
        payment_fen=paid.fen,
        merchants=paid.merchants,
        refund_count=back.n,
        refund_fen=back.fen,
    )


def _hours(connection: Connection, now: datetime) -> tuple[Hour, ...]:
    today = business_date_of(now)
    found = connection.execute(
        text(
            """SELECT business_date AS "on", extract(hour FROM paid_at AT TIME ZONE 'Asia/Shanghai')::int
            AS hour, count(*) AS n
            FROM payment WHERE business_date IN (:today, :before) AND paid_at <= :now GROUP BY 1, 2"""
        ),
        {"today": today, "before": today - timedelta(days=7), "now": now},
    )
    counts = {(row.on, row.hour): row.n for row in found}
    present = now.astimezone(SHANGHAI).hour
    return tuple(
        Hour(
            hour=hour,
            payment_count=counts.get((today, hour), 0) if hour <= present else None,
            before_count=counts.get((today - timedelta(days=7), hour), 0),
        )
        for hour in range(24)
    )


def _channels(connection: Connection, now: datetime) -> tuple[ChannelHealth, ...]:
    found = connection.execute(
        text(
            """SELECT channel, count(*) AS requests, count(*) FILTER (WHERE state IN ('SUCCESS',
            'FAILED')) AS decided,
              count(*) FILTER (WHERE state = 'SUCCESS') AS succeeded, count(*) FILTER (WHERE state IN
                ('INIT', 'PAYING')) AS waiting
            FROM payment WHERE created_at > :since AND created_at <= :now
              AND refused_code IS DISTINCT FROM 'RISK_REJECTED' GROUP BY 1 ORDER BY 2 DESC, 1"""
        ),
        {"since": now - CHANNEL_WINDOW, "now": now},
    )
    return tuple(ChannelHealth(**row) for row in found.mappings())


def _business_day(connection: Connection, on: date) -> BusinessDayState | None:
    row = connection.execute(
        text("SELECT business_date, state, steps FROM business_day WHERE business_date = :on"), {"on": on}
    ).one_or_none()
    if row is None:
        return None
    steps = tuple(_step(key, row.steps.get(key)) for key in STEPS)
    return BusinessDayState(on=row.business_date, state=row.state, steps=steps)


def _step(key: str, written: Mapping[str, object] | None) -> Step:
    if not written:
        return Step(key=key, finished_at=None, figures={})
    at, figures = written.get("finished_at"), written.get("figures")
    known = figures.items() if isinstance(figures, dict) else ()
    return Step(
        key=key,
        finished_at=datetime.fromisoformat(at) if isinstance(at, str) else None,
        figures={name: value for name, value in known if isinstance(value, int)},
    )


def _closed(connection: Connection, today: date) -> tuple[ClosedDay, ...]:
    found = connection.execute(
        text(
            """SELECT business_date AS "on", sum(payment_count)::bigint AS payment_count,
            sum(payment_fen)::bigint AS payment_fen,
              count(DISTINCT merchant_id) FILTER (WHERE payment_count > 0) AS merchants,
                sum(refund_fen)::bigint AS refund_fen,
              (sum(fee_fen) - sum(cost_fen))::bigint AS margin_fen
            FROM fact_day WHERE business_date >= :since AND business_date < :today GROUP BY 1 ORDER BY 1"""
        ),
        {"since": today - timedelta(days=TREND_DAYS), "today": today},
    )
    return tuple(ClosedDay(**row) for row in found.mappings())
