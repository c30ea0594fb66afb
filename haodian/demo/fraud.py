"""What the dishonest merchants of the demo world do, day by day; the label of each payment is the truth.

R101 to R104 of the risk rules should find most of it: recall at least 80 %, precision at least 60 %.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date, datetime, timedelta
from random import Random
from typing import NamedTuple

from haodian.demo.world import Merchant
from payments_core.calendar import SHANGHAI


class Sketch(NamedTuple):
    """A payment before it gets its number: when, how much, how, by whom, how far from its device's place."""

    at: datetime
    amount_fen: int
    channel: str
    mode: str
    card_type: str
    payer_id: str
    device_distance_m: int


MOVED_ON = date(2025, 4, 5)
_YUAN = 100


def fraudulent(rng: Random, *, merchant: Merchant, day: date) -> Iterator[Sketch]:
    """Yield what a dishonest merchant takes on a day, beside its ordinary payments."""
    yield from _KINDS[merchant.fraud](rng, merchant, day)


def _cash_out(rng: Random, merchant: Merchant, day: date) -> Iterator[Sketch]:
    """Round amounts between ¥5 000 and ¥20 000 at night, 85 % by credit card."""
    for _ in range(rng.randint(3, 6)):
        credit = rng.random() < 0.85
        yield Sketch(
            _at(rng, day, 0, 6), rng.randint(50, 200) * 100 * _YUAN, "BANKCARD", "SCANNED",
            "CREDIT" if credit else "DEBIT", f"card-{merchant.number}-{rng.randint(1, 9)}", -1,
        )  # fmt: skip


def _split_order(rng: Random, merchant: Merchant, day: date) -> Iterator[Sketch]:
    """One payer, five to eight payments within ten minutes, together above ¥2 000."""
    for burst in range(rng.randint(2, 4)):
        start = _at(rng, day, 10, 21)
        payer = f"split-{merchant.number}-{day:%m%d}-{burst}"
        for turn in range(rng.randint(6, 9)):
            amount = rng.randint(450, 950) * _YUAN + rng.randint(0, 99)
            at = start + timedelta(seconds=turn * rng.randint(40, 66))
            yield Sketch(at, amount, "WECHAT", "SCANNED", "NONE", payer, -1)


def _night_gambling(rng: Random, merchant: Merchant, day: date) -> Iterator[Sketch]:
    """Three hundred payers a night, ¥9.90 to ¥199."""
    for turn in range(300):
        amount = rng.choice((990, 1990, 2990, 4990, 9900, 19900))
        channel = "WECHAT" if rng.random() < 0.8 else "ALIPAY"
        payer = f"night-{merchant.number}-{day:%m%d}-{turn}"
        yield Sketch(_at(rng, day, 0, 5), amount, channel, "STATIC_QR", "NONE", payer, -1)


def _reward_brushing(rng: Random, merchant: Merchant, day: date) -> Iterator[Sketch]:
    """On its 29th day thirty small payments by no more than six payers."""
    if (day - merchant.activated_at.astimezone(SHANGHAI).date()).days != 29:
        return
    for _ in range(30):
        payer = f"brush-{merchant.number}-{rng.randint(1, 6)}"
        yield Sketch(_at(rng, day, 9, 22), rng.randint(100, 900), "WECHAT", "STATIC_QR", "NONE", payer, -1)


def _moved_device(rng: Random, merchant: Merchant, day: date) -> Iterator[Sketch]:
    """From a day on its plate takes payments kilometres away."""
    if day < MOVED_ON:
        return
    away = away_m(merchant)
    for turn in range(rng.randint(12, 24)):
        payer = f"moved-{merchant.number}-{day:%m%d}-{turn}"
        amount = rng.randint(1_000, 30_000)
        yield Sketch(
            _at(rng, day, 9, 22), amount, "WECHAT", "STATIC_QR", "NONE", payer, away + rng.randint(-90, 90)
        )


def away_m(merchant: Merchant) -> int:
    """Return how far from its place the merchant's moved plate is."""
    return 2_500 + merchant.number * 37 % 6_000


def _new_shop_burst(rng: Random, merchant: Merchant, day: date) -> Iterator[Sketch]:
    """In its first days fifty payments a day, together far above ¥50 000; some cards are tried with ¥1."""
    age = (day - merchant.activated_at.astimezone(SHANGHAI).date()).days
    if not 1 <= age <= 4:
        return
    for turn in range(50):
        amount = rng.randint(1_000, 2_400) * _YUAN
        large = Sketch(
            _at(rng, day, 9, 22), amount, "ALIPAY", "SCANNED", "NONE", f"burst-{merchant.number}-{turn}", -1
        )
        if turn % 10 == 0:
            yield large._replace(at=large.at - timedelta(minutes=3), amount_fen=_YUAN)
        yield large


_KINDS: dict[str, Callable[[Random, Merchant, date], Iterator[Sketch]]] = {
    "CASH_OUT": _cash_out,
    "SPLIT_ORDER": _split_order,
    "NIGHT_GAMBLING": _night_gambling,
    "REWARD_BRUSHING": _reward_brushing,
    "MOVED_DEVICE": _moved_device,
    "NEW_SHOP_BURST": _new_shop_burst,
}


def _at(rng: Random, day: date, from_hour: int, to_hour: int) -> datetime:
    start = datetime(day.year, day.month, day.day, from_hour, tzinfo=SHANGHAI)
    return start + timedelta(milliseconds=rng.randrange((to_hour - from_hour) * 3_600_000))
