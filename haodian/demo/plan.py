"""The figures the demo world is made of: all of them at scale 1, and how they shrink.

Counts of merchants, payers, devices and payments shrink in proportion to the scale. The organisation does
not, or a small world would have no shape left: districts, stores a district and brokers a store shrink with
the square root and never below 5, 4 and 3. So 0.02 is 200 merchants and 8 000 payments a day in 5 districts
of 4 stores with 60 brokers, and 1 is the full 10 000, 400 000, 20 × 10 and 1 200. Every kind of fraud keeps
at least one merchant.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from fractions import Fraction
from math import isqrt
from typing import NamedTuple

from payments_core.money import split

SEED = 20250301
CITY = "BJ"

DISTRICTS = (
    "望京", "国贸", "双井", "劲松", "三里屯", "亚运村", "回龙观", "天通苑", "中关村", "五道口", "上地",
    "西二旗", "方庄", "亦庄", "通州北苑", "黄村", "良乡", "顺义", "古城", "科技园",
)  # fmt: skip
STORES_A_DISTRICT, BROKERS_A_STORE = 10, 6
MERCHANTS, PAYMENTS_A_DAY, PAYERS = 10_000, 400_000, 600_000
DEVICES = {"QR_PLATE": 9_000, "SPEAKER": 3_400, "POS": 500, "FACE": 100}


class Trade(NamedTuple):
    """One trade: how many merchants, payments a day each, mean ticket."""

    mcc: str
    name: str
    merchants: int
    payments: int
    ticket_fen: int


TRADES = (
    Trade("5812", "餐饮", 2600, 48, 5900),
    Trade("5814", "快餐", 1500, 62, 2800),
    Trade("5411", "便利超市", 2000, 46, 4500),
    Trade("5499", "生鲜", 1100, 38, 4800),
    Trade("5462", "烘焙茶饮", 700, 34, 3300),
    Trade("7230", "美发", 800, 9, 13800),
    Trade("5912", "药店", 400, 20, 7900),
    Trade("5251", "五金", 400, 10, 12000),
    Trade("7538", "汽修", 150, 8, 30050),
    Trade("8299", "教培", 100, 4, 90000),
    Trade("5331", "百货", 150, 16, 6200),
    Trade("7216", "洗衣", 100, 14, 9000),
)
FOOD = frozenset({"5812", "5814", "5462"})

# Of a day's payments by hour, in hundredths of a per cent; of the mean by weekday, Monday first (mean 1).
HOUR_WEIGHTS = (
    30, 15, 10, 10, 15, 50, 220, 500, 550, 420, 460, 920, 1100, 630, 400, 380, 440, 700, 1020, 840, 560, 400,
    230, 100,
)  # fmt: skip
WEEKDAY_PERCENT = (96, 95, 96, 97, 105, 109, 102)
SPRING_FESTIVAL = (date(2025, 1, 28), date(2025, 2, 5))
FOOD_HOLIDAYS = ((date(2025, 4, 4), date(2025, 4, 7)), (date(2025, 5, 1), date(2025, 5, 6)))

CHANNELS = (("WECHAT", 62), ("ALIPAY", 29), ("UNIONPAY_QR", 6), ("BANKCARD", 3))
MODES = (("STATIC_QR", 68), ("SCANNED", 22), ("MINI", 8), ("DYNAMIC", 2))
BANKS = (("ICBC", 24), ("CCB", 20), ("ABC", 16), ("BOC", 14), ("CMB", 14), ("BOB", 12))
DEBIT_PERCENT = 60
LEVELS = (("P1", 50), ("P2", 28), ("P3", 15), ("P4", 6), ("P5", 1))
TYPES = (("MICRO", 35), ("INDIVIDUAL", 55), ("COMPANY", 10))

REFUND_BP = 60
LATE_REFUND_PERCENT = 20
"""Of all refunds; the others happen on the day of the sale."""
VERY_LATE_REFUND_PERCENT = 1
"""Of all refunds: after 30 days."""
FULL_REFUND_PERCENT = 85
LATEST_REFUND_DAYS = 45
WHOLE_TENS_PERCENT = 3
STATIC_QR_LIMIT_FEN = 50_000
"""What one payer may pay by printed codes in a day (银发〔2017〕296 号)."""

FRAUD = {
    "CASH_OUT": 10,
    "SPLIT_ORDER": 8,
    "NIGHT_GAMBLING": 5,
    "REWARD_BRUSHING": 12,
    "MOVED_DEVICE": 6,
    "NEW_SHOP_BURST": 4,
}

OPENED = date(2024, 11, 1)
GROWTH_FROM, GROWTH_DAYS = date(2024, 11, 16), 150
"""2 000 active merchants (at scale 1) when growth begins, all 10 000 after 150 days: on 2025-04-15."""
ACTIVE_AT_FIRST_PERCENT = 20
ANCHOR = date(2025, 4, 15)
"""The demo world's today when it is loaded."""
HISTORY_DAYS = 14
"""Past days loaded by default: 2025-04-01 to 14."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Size:
    """The counts of a world of one scale."""

    scale: Fraction
    districts: int
    stores_a_district: int
    brokers_a_store: int
    merchants: int
    payments_a_day: int
    payers: int

    @property
    def stores(self) -> int:
        """Stores of the whole city."""
        return self.districts * self.stores_a_district

    def by_trade(self) -> tuple[int, ...]:
        """Merchants of each trade, adding up to `merchants`."""
        return split(self.merchants, [t.merchants for t in TRADES])

    def devices(self) -> dict[str, int]:
        """Devices of each type."""
        total = max(self.merchants, _shrunk(sum(DEVICES.values()), self.scale))
        return dict(zip(DEVICES, split(total, list(DEVICES.values())), strict=True))

    def fraud(self) -> dict[str, int]:
        """Merchants of each kind of fraud."""
        return {kind: max(1, _shrunk(count, self.scale)) for kind, count in FRAUD.items()}


def size_of(scale: str) -> Size:
    """Return the counts at `scale`, a decimal in (0, 1]. Raises ValueError."""
    exact = Fraction(Decimal(scale))
    if not 0 < exact <= 1:
        raise ValueError(f"the scale of the demo world must lie in (0, 1], not {scale}")
    return Size(
        scale=exact,
        districts=max(5, _by_root(len(DISTRICTS), exact)),
        stores_a_district=max(4, _by_root(STORES_A_DISTRICT, exact)),
        brokers_a_store=max(3, _by_root(BROKERS_A_STORE, exact)),
        merchants=max(20, _shrunk(MERCHANTS, exact)),
        payments_a_day=max(100, _shrunk(PAYMENTS_A_DAY, exact)),
        payers=max(1_000, _shrunk(PAYERS, exact)),
    )


def planned_payments(*, day: date, size: Size, active: int) -> int:
    """Return how many ordinary payments a day has while `active` merchants are open."""
    percent = WEEKDAY_PERCENT[day.weekday()]
    if SPRING_FESTIVAL[0] <= day < SPRING_FESTIVAL[1]:
        percent = percent * 35 // 100
    return size.payments_a_day * percent * active // (100 * size.merchants)


def planned_by_trade(*, day: date, payments: int) -> tuple[int, ...]:
    """Return the day's payments of each trade, adding up to `payments`; food sells more on holidays."""
    holiday = any(start <= day < end for start, end in FOOD_HOLIDAYS)
    weights = [t.merchants * t.payments * (110 if holiday and t.mcc in FOOD else 100) for t in TRADES]
    return split(payments, weights)


def _shrunk(count: int, scale: Fraction) -> int:
    return (2 * count * scale.numerator + scale.denominator) // (2 * scale.denominator)


def _by_root(count: int, scale: Fraction) -> int:
    return isqrt(count * count * scale.numerator // scale.denominator)
