"""Load the demo world into an empty installation: its people and places, then day after day of its past.

Every payment goes through the real committer and every day through the real business day, so all that the
console shows was priced, posted, shared and settled by the product itself. Loading may be killed and started
again: people and places are one transaction, orders have keys, a business day goes on where it stopped.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import partial
from itertools import takewhile
from typing import Any

from sqlalchemy import Engine, text

from haodian.days import CLOSES_AFTER, confirm_payouts
from haodian.demo import plan
from haodian.demo.days import generate_day, ordinary_by_trade
from haodian.demo.labels import label_world
from haodian.demo.playing import ROUND_ITEMS, Played, Player
from haodian.demo.population import write_population
from haodian.demo.showcase import SHOWCASE_DAYS
from haodian.demo.signs import with_signs
from haodian.demo.world import world_of
from payments_core.calendar import business_date_of, day_bounds, days_after
from payments_core.database import transaction
from payments_core.payments import Committer
from payments_core.privacy import Sealer
from payments_core.settlement import run_day

Progress = Callable[[str, int, int], None]
"""Called with the business date being played, and how many payments are done of how many in all."""

_PAID_OUT_AT = timedelta(hours=10)


@dataclass(frozen=True, slots=True, kw_only=True)
class Loaded:
    """What loading brought, by business date in order; a day that was there before is not among them."""

    days: tuple[tuple[date, Played], ...]

    @property
    def payments(self) -> int:
        """Payments of all days."""
        return sum(played.payments for _, played in self.days)


def load_world(
    engine: Engine,
    *,
    rulebooks: Any,
    sealer: Sealer,
    scale: str,
    through: date = days_after(plan.ANCHOR, -1),
    days: int = plan.HISTORY_DAYS,
    until: datetime | None = None,
    progress: Progress = lambda day, done, total: None,
) -> Loaded:
    """Load the world with its last `days` days up to `through`, each played and closed.

    The showcase days of March come first. With `until` that day is played too, up to the instant, and left
    open. `rulebooks` is an `ActiveRulebook` and a release must be active. What is there is left as it is.
    """
    dates = [*(d for d in SHOWCASE_DAYS if d <= through), *past_days(through=through, days=days)]
    since = min((d for d in dates if d not in SHOWCASE_DAYS), default=through)
    counts = {d: 5 if d in SHOWCASE_DAYS else sum(ordinary_by_trade(d, scale=scale)) for d in dates}
    _ensure_population(engine, sealer=sealer, scale=scale)
    found: list[tuple[date, Played]] = []
    with Committer(engine=engine, rulebooks=rulebooks, batch_limit=ROUND_ITEMS) as committer:
        player = Player(engine=engine, committer=committer, sealer=sealer)
        done, total = 0, sum(counts.values())
        for day in dates:
            if not _is_settled(engine, day):
                events = with_signs(generate_day(day, scale=scale, since=since), day=day, scale=scale)
                report = partial(_report, progress, day.isoformat(), done, counts[day], total)
                found.append((day, player.play(events, report=report)))
            finish_day(engine, rulebooks=rulebooks, day=day)
            done += counts[day]
            progress(day.isoformat(), done, total)
        if until is not None:
            today = business_date_of(until)
            events = with_signs(generate_day(today, scale=scale, since=since), day=today, scale=scale)
            found.append((today, player.play(takewhile(lambda event: event.at < until, events))))
    label_world(engine, now=until or day_bounds(through)[1])
    return Loaded(days=tuple(found))


def _report(progress: Progress, what: str, done: int, most: int, total: int, played: int) -> None:
    """Say how far a day is: what was done before it, and what of it is."""
    progress(what, done + min(played, most), total)


def past_days(*, through: date, days: int) -> Iterator[date]:
    """Yield the last `days` business dates up to `through`, none before the showcase days are over."""
    first = max(days_after(through, 1 - days), days_after(SHOWCASE_DAYS[-1], 1))
    for ago in range((through - first).days, -1, -1):
        yield days_after(through, -ago)


def finish_day(engine: Engine, *, rulebooks: Any, day: date) -> None:
    """Run the business day as the product does in the night after it; in the morning the bank pays."""
    _, ended = day_bounds(day)
    run_day(engine, rulebooks, business_date=day, now=ended + CLOSES_AFTER)
    confirm_payouts(engine, now=ended + _PAID_OUT_AT)


def _ensure_population(engine: Engine, *, sealer: Sealer, scale: str) -> None:
    with transaction(engine) as connection:
        if connection.execute(text("SELECT 1 FROM org_node LIMIT 1")).first() is None:
            write_population(connection, world=world_of(scale), sealer=sealer)
    with transaction(engine) as connection:
        connection.execute(text("ANALYZE"))


def _is_settled(engine: Engine, day: date) -> bool:
    sql = text("SELECT 1 FROM business_day WHERE business_date = :day AND state <> 'OPEN'")
    with transaction(engine) as connection:
        return connection.execute(sql, {"day": day}).first() is not None
