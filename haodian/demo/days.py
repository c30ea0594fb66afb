"""The events of one day of the demo world, in time order: a pure stream, an hour in memory at a time.

Ordinary payments of a day are planned exactly (`plan.planned_payments`, largest remainder over the trades);
hours follow their weights by systematic sampling. What the dishonest merchants do comes on top. Payments that
will be refunded on a later day are drawn by themselves, so that a day finds the refunds due on it without
making the earlier days again.
"""

from __future__ import annotations

import heapq
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from datetime import date, datetime, timedelta
from functools import lru_cache
from itertools import accumulate
from math import ceil, log
from operator import itemgetter
from random import Random
from typing import NamedTuple

from haodian.demo import plan
from haodian.demo.events import Event, PayEvent, RefundEvent, Sale
from haodian.demo.fraud import Sketch, fraudulent
from haodian.demo.showcase import SHOWCASE_DAYS, showcase_refunds, showcase_sales
from haodian.demo.world import Merchant, World, draws, world_of
from payments_core.calendar import SHANGHAI, day_bounds
from payments_core.money import split

_SIGMA = 0.7
_PAYER_ZIPF, _PAYER_SHIFT = 1.05, 10  # the shift keeps the most loyal customer to 2 % of a shop's payments
_HOUR_MS = 3_600_000


class Market(NamedTuple):
    """The merchants of one trade by the day they opened, and the running sums of their sizes."""

    merchants: tuple[Merchant, ...]
    opened_on: tuple[date, ...]
    sums: tuple[float, ...]

    def open_on(self, day: date) -> int:
        """Return how many merchants had opened before the day; they are the first ones."""
        return bisect_right(self.opened_on, day - timedelta(days=1))


def generate_day(day: date, *, scale: str, since: date = plan.OPENED) -> Iterator[Event]:
    """Yield a day's payments and refunds in time order; `since` is the first day that was generated at all.

    Refunds of sales before `since` do not happen: those sales were not made.
    """
    world = world_of(scale)
    if day in SHOWCASE_DAYS:
        yield from _with_refunds(showcase_sales(day), showcase_refunds(day))
        return
    yield from _with_refunds(sales_of(day, scale=scale), iter(_refunds_due(world, day, since)))


def sales_of(day: date, *, scale: str) -> Iterator[Sale]:
    """Yield a day's sales in time order, each with the refund of the same day where there is one."""
    world = world_of(scale)
    by_trade = ordinary_by_trade(day, scale=scale)
    late = _late_sales(scale, day)
    yield from heapq.merge(
        _ordinary(world, day, by_trade),
        (Sale(sale.pay, None) for sale in late),
        _fraud(world, day),
        key=_when,
    )


def ordinary_by_trade(day: date, *, scale: str) -> tuple[int, ...]:
    """Return how many ordinary payments each trade has on the day, late-refunded ones included."""
    markets, world = _markets(scale), world_of(scale)
    active = sum(m.open_on(day) for m in markets)
    planned = plan.planned_payments(day=day, size=world.size, active=active)
    return plan.planned_by_trade(day=day, payments=planned)


def _with_refunds(sales: Iterator[Sale], due: Iterator[RefundEvent]) -> Iterator[Event]:
    waiting = list(due)
    heapq.heapify(waiting)
    for sale in sales:
        while waiting and waiting[0].at <= sale.pay.at:
            yield heapq.heappop(waiting)
        yield sale.pay
        if sale.refund is not None:
            heapq.heappush(waiting, sale.refund)
    while waiting:
        yield heapq.heappop(waiting)


def _ordinary(world: World, day: date, by_trade: Sequence[int]) -> Iterator[Sale]:
    late = _late_by_trade(by_trade)
    counts = [
        _by_hour(draws("hours", day, trade.mcc), total - later)
        for trade, total, later in zip(plan.TRADES, by_trade, late, strict=True)
    ]
    markets = _markets(world.scale)
    start, end = day_bounds(day)
    for hour in range(24):
        rng = draws("payments", day, hour)
        begins = start + timedelta(hours=hour)
        drawn = [
            (rng.randrange(_HOUR_MS), number, trade, merchant)
            for number, (trade, market) in enumerate(zip(plan.TRADES, markets, strict=True))
            for merchant in _customers_choose(rng, market, day, counts[number][hour])
        ]
        drawn.sort(key=itemgetter(0))
        for index, (ms, _, trade, merchant) in enumerate(drawn):
            pay = _payment(
                rng, world, merchant, trade.ticket_fen, begins + timedelta(milliseconds=ms),
                f"D{day:%y%m%d}{hour:02d}{index:06d}",
            )  # fmt: skip
            yield Sale(pay, _same_day_refund(rng, pay, end))


def _payment(
    rng: Random, world: World, merchant: Merchant, ticket_fen: int, at: datetime, order_no: str
) -> PayEvent:
    channel, mode, amount_fen = rng.choice(_CHANNELS), rng.choice(_MODES), _amount(rng, ticket_fen)
    if amount_fen > plan.STATIC_QR_LIMIT_FEN and mode == "STATIC_QR":
        mode = "SCANNED"  # a printed code takes ¥500 a payer and day, so the cashier scans instead
    carded = channel in ("UNIONPAY_QR", "BANKCARD")
    return PayEvent(
        at, merchant.merchant_id, order_no, amount_fen, channel, mode,
        ("DEBIT" if rng.random() * 100 < plan.DEBIT_PERCENT else "CREDIT") if carded else "NONE",
        rng.choice(_BANKS) if carded else "", _device(merchant, mode), -1, _payer(rng, world, merchant), "",
    )  # fmt: skip


def _amount(rng: Random, ticket_fen: int) -> int:
    """Draw around the mean ticket, log-normally; some people ask for a round sum."""
    amount = round(rng.lognormvariate(log(ticket_fen) - _SIGMA * _SIGMA / 2, _SIGMA))
    if rng.random() * 100 < plan.WHOLE_TENS_PERCENT:
        amount = round(amount / 1000) * 1000
    return max(100, amount)


def _payer(rng: Random, world: World, merchant: Merchant) -> str:
    """Draw one of the neighbourhood's people: a few regulars, many who come once (Zipf)."""
    pool = world.size.payers // world.size.stores
    power = 1 - _PAYER_ZIPF
    high, low = _PAYER_SHIFT**power, (pool + _PAYER_SHIFT) ** power
    rank = int((high - rng.random() * (high - low)) ** (1 / power) - _PAYER_SHIFT)
    return f"payer-{merchant.store_no * pool + (rank * 7919 + merchant.number * 104_729) % pool:06d}"


def _device(merchant: Merchant, mode: str) -> str:
    if mode not in ("STATIC_QR", "SCANNED"):
        return ""
    wanted = ("QR_PLATE",) if mode == "STATIC_QR" else ("POS", "FACE", "SPEAKER")
    fitting = sorted(merchant.devices, key=lambda d: d.type not in wanted)
    return fitting[0].device_id if fitting else ""


def _same_day_refund(rng: Random, pay: PayEvent, end: datetime) -> RefundEvent | None:
    share = plan.REFUND_BP * (100 - plan.LATE_REFUND_PERCENT) / 1_000_000
    if rng.random() >= share:
        return None
    at = min(pay.at + timedelta(seconds=rng.randint(60, 14_400)), end - timedelta(seconds=1))
    return _refund(rng, pay, max(at, pay.at))


def _refund(rng: Random, pay: PayEvent, at: datetime) -> RefundEvent:
    full = rng.random() * 100 < plan.FULL_REFUND_PERCENT
    amount = pay.amount_fen if full else max(1, pay.amount_fen * rng.randint(10, 90) // 100)
    return RefundEvent(at, pay.merchant_id, pay.order_no, f"R{pay.order_no[1:]}", amount)


@lru_cache(maxsize=64)
def _late_sales(scale: str, day: date) -> tuple[Sale, ...]:
    """Return the day's sales that are refunded on a later day, in time order, with those refunds."""
    world, rng, markets = world_of(scale), draws("late", day), _markets(scale)
    late = _late_by_trade(ordinary_by_trade(day, scale=scale))
    start, _ = day_bounds(day)
    drawn = [
        (_moment(rng, start), trade, merchant)
        for trade, market, count in zip(plan.TRADES, markets, late, strict=True)
        for merchant in _customers_choose(rng, market, day, count)
    ]
    drawn.sort(key=itemgetter(0))
    found = []
    for index, (at, trade, merchant) in enumerate(drawn):
        pay = _payment(rng, world, merchant, trade.ticket_fen, at, f"D{day:%y%m%d}L{index:05d}")
        very_late = rng.random() * plan.LATE_REFUND_PERCENT < plan.VERY_LATE_REFUND_PERCENT
        days = rng.randint(31, plan.LATEST_REFUND_DAYS) if very_late else rng.randint(1, 29)
        refunded_at = start + timedelta(days=days, hours=9, seconds=rng.randrange(39_600))
        found.append(Sale(pay, _refund(rng, pay, refunded_at)))
    return tuple(found)


def _moment(rng: Random, start: datetime) -> datetime:
    hour = rng.choices(range(24), plan.HOUR_WEIGHTS)[0]
    return start + timedelta(hours=hour, milliseconds=rng.randrange(_HOUR_MS))


def _refunds_due(world: World, day: date, since: date) -> list[RefundEvent]:
    start, end = day_bounds(day)
    found = []
    for ago in range(1, plan.LATEST_REFUND_DAYS + 1):
        sold_on = day - timedelta(days=ago)
        if sold_on < since or sold_on in SHOWCASE_DAYS:
            continue
        refunds = (sale.refund for sale in _late_sales(world.scale, sold_on))
        found += [r for r in refunds if r is not None and start <= r.at < end]
    return found


def _late_by_trade(by_trade: Sequence[int]) -> tuple[int, ...]:
    late = sum(by_trade) * plan.REFUND_BP * plan.LATE_REFUND_PERCENT // 1_000_000
    return split(late, by_trade) if late else (0,) * len(by_trade)


def _fraud(world: World, day: date) -> Iterator[Sale]:
    sketches = [
        (sketch, merchant)
        for merchant in world.merchants
        if merchant.fraud and merchant.activated_at.astimezone(SHANGHAI).date() < day
        for sketch in fraudulent(draws("fraud", day, merchant.number), merchant=merchant, day=day)
    ]
    sketches.sort(key=lambda pair: pair[0].at)
    for index, (sketch, merchant) in enumerate(sketches):
        yield Sale(
            PayEvent(
                sketch.at, merchant.merchant_id, f"D{day:%y%m%d}F{index:06d}", sketch.amount_fen,
                sketch.channel, sketch.mode, sketch.card_type, "ICBC" if sketch.card_type != "NONE" else "",
                _device(merchant, sketch.mode), sketch.device_distance_m, sketch.payer_id, merchant.fraud,
            ),
            _taken_back(sketch, merchant, day, index),
        )  # fmt: skip


def _taken_back(sketch: Sketch, merchant: Merchant, day: date, index: int) -> RefundEvent | None:
    """Every third day the first split order of a merchant is refunded, payment by payment."""
    if merchant.fraud != "SPLIT_ORDER" or day.day % 3 or not sketch.payer_id.endswith("-0"):
        return None
    order_no, at = f"D{day:%y%m%d}F{index:06d}", sketch.at + timedelta(hours=2)
    return RefundEvent(at, merchant.merchant_id, order_no, f"{order_no}R", sketch.amount_fen)


def _customers_choose(rng: Random, market: Market, day: date, count: int) -> list[Merchant]:
    open_ = market.open_on(day)
    if not open_ or not count:
        return []
    return rng.choices(market.merchants[:open_], cum_weights=market.sums[:open_], k=count)


def _by_hour(rng: Random, total: int) -> list[int]:
    """Split a total over the hours by systematic sampling: each hour within 1 of its share, never biased."""
    offset, counts, below = rng.random(), [], 0
    for edge in accumulate(plan.HOUR_WEIGHTS):
        up_to = min(total, max(0, ceil(total * edge / 10_000 - offset)))
        counts.append(up_to - below)
        below = up_to
    counts[-1] += total - below
    return counts


@lru_cache(maxsize=2)
def _markets(scale: str) -> tuple[Market, ...]:
    found = []
    for trade in plan.TRADES:
        members = sorted(
            (m for m in world_of(scale).merchants if m.mcc == trade.mcc),
            key=lambda m: (m.activated_at, m.number),
        )
        found.append(
            Market(
                tuple(members),
                tuple(m.activated_at.astimezone(SHANGHAI).date() for m in members),
                tuple(accumulate(m.weight for m in members)),
            )
        )
    return tuple(found)


def _when(sale: Sale) -> datetime:
    return sale.pay.at


_CHANNELS = tuple(name for name, percent in plan.CHANNELS for _ in range(percent))
_MODES = tuple(name for name, percent in plan.MODES for _ in range(percent))
_BANKS = tuple(name for name, percent in plan.BANKS for _ in range(percent))
