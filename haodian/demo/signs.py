"""What happens in the demo world beside payments: merchants open, devices go silent and come back.

Most come back where they were; what was moved on purpose comes back kilometres away (fraud.py). One shop
opens and nobody ever pays there (world.py). Sequence rules find all three.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Iterator
from datetime import date, datetime, timedelta

from sqlalchemy import Connection, text

from haodian.demo.events import Event, OpenEvent, ReportEvent, Sign
from haodian.demo.fraud import MOVED_ON, away_m
from haodian.demo.showcase import SHOWCASE_DAYS
from haodian.demo.world import Merchant, World, draws, world_of
from payments_core.calendar import SHANGHAI
from payments_core.database.lane import tell
from payments_core.merchants.operations import ACTIVATED, report_device

SILENT_A_DAY, MOVED_EVERY_DAYS = 2, 5


def with_signs(events: Iterable[Event], *, day: date, scale: str) -> Iterator[Event | Sign]:
    """Yield a day's payments and refunds together with its signs, in time order."""
    return heapq.merge(events, signs_of(day, scale=scale), key=lambda event: event.at)


def signs_of(day: date, *, scale: str) -> list[Sign]:
    """Return the signs of a day in time order; the showcase days, which stand alone, have none."""
    if day in SHOWCASE_DAYS:
        return []
    world = world_of(scale)
    opened = (OpenEvent(m.activated_at, m.merchant_id) for m in world.merchants if _opens_on(m, day))
    return sorted([*opened, *_silent(world, day), *_moved(world, day)], key=lambda sign: sign.at)


def write_sign(connection: Connection, sign: Sign) -> None:
    """Write what happened, as the product would; writing it again changes nothing."""
    if isinstance(sign, ReportEvent):
        report_device(
            connection,
            device_id=sign.device_id,
            state=sign.state,
            at=sign.at,
            distance_m=sign.distance_m,
        )
        return
    # The merchants of the demo world are written all at once; that one opens is told on its day.
    number = text("SELECT merchant_no FROM merchant WHERE merchant_id = :id")
    merchant_no = connection.execute(number, {"id": sign.merchant_id}).scalar_one()
    tell(connection, merchant_id=sign.merchant_id, subject_id=merchant_no, topic=ACTIVATED, at=sign.at)


def _opens_on(merchant: Merchant, day: date) -> bool:
    return merchant.activated_at.astimezone(SHANGHAI).date() == day


def _silent(world: World, day: date) -> Iterator[Sign]:
    rng = draws("silent", day)
    honest = [m for m in world.merchants if m.devices and not m.fraud]
    for merchant in rng.sample(honest, min(SILENT_A_DAY, len(honest))):
        since = _at(day, hours=rng.randint(1, 12), minutes=rng.randint(0, 59))
        back = since + timedelta(minutes=rng.randint(20, 300))
        yield from _gone(merchant, since=since, back=back, distance_m=rng.randint(0, 60))


def _moved(world: World, day: date) -> Iterator[Sign]:
    if day < MOVED_ON or (day - MOVED_ON).days % MOVED_EVERY_DAYS:
        return
    for merchant in world.merchants:
        if merchant.fraud == "MOVED_DEVICE" and merchant.devices:
            since, back = _at(day, hours=7, minutes=40), _at(day, hours=9, minutes=5)
            yield from _gone(merchant, since=since, back=back, distance_m=away_m(merchant))


def _gone(merchant: Merchant, *, since: datetime, back: datetime, distance_m: int) -> Iterator[Sign]:
    device_id = merchant.devices[-1].device_id
    yield ReportEvent(since, device_id, "OFFLINE", -1)
    yield ReportEvent(back, device_id, "ONLINE", distance_m)


def _at(day: date, *, hours: int, minutes: int) -> datetime:
    return datetime(day.year, day.month, day.day, hours, minutes, tzinfo=SHANGHAI)
