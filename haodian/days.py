"""Business days as the product runs them: which is next, and the simulated bank's word on payouts."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from sqlalchemy import Connection, Engine, text

from payments_core import rulebooks, settlement
from payments_core.calendar import business_date_of, days_after
from payments_core.database import transaction
from payments_core.database.lane import closed_through

# A day is closed two hours after midnight, when the stragglers of its last minutes have been asked about.
CLOSES_AFTER = timedelta(hours=2)


def next_day(connection: Connection) -> date | None:
    """Return the first business date that is not closed yet; None where nothing was ever booked."""
    closed = closed_through(connection)
    if closed is not None:
        return days_after(closed, 1)
    first = connection.execute(text("SELECT min(business_date) FROM payment WHERE business_date IS NOT NULL"))
    found: date | None = first.scalar_one()
    return found


def day_to_close(connection: Connection, *, now: datetime) -> date | None:
    """Return the next business date where it ended more than two hours before `now`, else None."""
    day = next_day(connection)
    return day if day is not None and day < business_date_of(now - CLOSES_AFTER) else None


def confirm_payouts(engine: Engine, *, now: datetime) -> int:
    """Let the simulated bank pay everything that is due by now; return how many payouts it answered.

    Each business date is a transaction of its own. There is no bank to ask before a contract names one.
    """
    with transaction(engine) as connection:
        active = rulebooks.active(connection)
        due = {"today": business_date_of(now)}
        dates = [row.business_date for row in connection.execute(_DATES_DUE, due)]
    if active is None:
        return 0
    answered = 0
    for day in dates:
        with transaction(engine) as connection:
            answered += len(
                settlement.confirm(
                    connection,
                    business_date=day,
                    reply=lambda _: settlement.Reply(state="SUCCESS"),
                    release_no=active[0],
                    now=now,
                )
            )
    return answered


_DATES_DUE = text("""
SELECT DISTINCT p.business_date FROM payout p JOIN settlement s USING (merchant_id, business_date)
WHERE p.state = 'PROCESSING' AND s.due_on <= :today ORDER BY 1
""")
