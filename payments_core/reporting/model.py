"""What reports are about: periods, nodes, sums, and the definition of every figure. Pure.

All figures of the hierarchy report are sums over rows of `fact_day`, so a node is always the sum of its
children. The count of active merchants is a count of distinct merchants; children are disjoint in it as
long as each merchant is counted where it was served last in the period, which is what the query does.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from datetime import date, timedelta
from enum import StrEnum

from payments_core.calendar import month_of, previous_month_of
from payments_core.reporting.errors import RangeInvalid

MAX_DAYS = 400


class Basis(StrEnum):
    """Whose figures are whose: as organised on each day, or as organised now."""

    THEN = "then"
    NOW = "now"


class Level(StrEnum):
    """A level of the organisation, top first."""

    HQ = "HQ"
    CITY = "CITY"
    DISTRICT = "DISTRICT"
    STORE = "STORE"
    BROKER = "BROKER"
    MERCHANT = "MERCHANT"


CHILD = {
    Level.HQ: Level.CITY,
    Level.CITY: Level.DISTRICT,
    Level.DISTRICT: Level.STORE,
    Level.STORE: Level.BROKER,
    Level.BROKER: Level.MERCHANT,
}


class Measure(StrEnum):
    """What a ranking is by."""

    AMOUNT = "amount"
    COUNT = "count"
    OPENED = "opened"


@dataclass(frozen=True, slots=True, kw_only=True)
class Period:
    """Business dates from `first` to `last`, both included; at most 400 of them."""

    first: date
    last: date

    def __post_init__(self) -> None:
        if self.last < self.first or (self.last - self.first).days >= MAX_DAYS:
            raise RangeInvalid(first=self.first.isoformat(), last=self.last.isoformat())

    @property
    def days(self) -> int:
        """How many business dates the period has."""
        return (self.last - self.first).days + 1

    @property
    def is_month(self) -> bool:
        """Whether it is exactly one whole month."""
        return (
            self.first.day == 1
            and month_of(self.last + timedelta(days=1)) == self.last + timedelta(days=1)
            and (self.first.year, self.first.month) == (self.last.year, self.last.month)
        )

    def before(self) -> Period:
        """Return the period to compare with: the month before a whole month, else as many days just
        before.
        """
        if self.is_month:
            return Period(first=previous_month_of(self.first), last=self.first - timedelta(days=1))
        return Period(first=self.first - timedelta(days=self.days), last=self.first - timedelta(days=1))

    def shifted(self, *, days: int) -> Period:
        """Return the same number of days, `days` earlier."""
        return Period(first=self.first - timedelta(days=days), last=self.last - timedelta(days=days))


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """Sums over a period. Amounts in fen; `margin_fen` is fees less channel costs, refunds taken back."""

    payment_count: int = 0
    payment_fen: int = 0
    refund_count: int = 0
    refund_fen: int = 0
    fee_fen: int = 0
    cost_fen: int = 0
    broker_share_fen: int = 0
    store_share_fen: int = 0
    opened: int = 0
    active_merchants: int = 0
    merchants: int = 0

    @property
    def margin_fen(self) -> int:
        """Fees less channel costs."""
        return self.fee_fen - self.cost_fen

    @property
    def is_empty(self) -> bool:
        """Whether nothing at all is known of the period."""
        return not any(getattr(self, field.name) for field in fields(self) if field.name != "merchants")

    def __add__(self, other: Figures) -> Figures:
        return Figures(**{f.name: getattr(self, f.name) + getattr(other, f.name) for f in fields(self)})


@dataclass(frozen=True, slots=True, kw_only=True)
class Node:
    """A place in the organisation, a broker or a merchant."""

    id: str
    level: Level
    name: str
    manager_name: str = ""
    target_month_fen: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Child:
    """One row of the report: a child with this period's and the comparison period's figures.

    `ranks_before` is its rank of the comparison period by each measure; `trend` are eight weeks' amounts.
    """

    node: Node
    figures: Figures
    before: Figures
    brokers: int
    target_fen: int | None
    trend: tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Metric:
    """The definition (口径) of a figure, in both languages, as tiles and exports show it."""

    key: str
    title: str
    title_en: str
    definition: str
    definition_en: str


METRICS: dict[str, Metric] = {
    metric.key: metric
    for metric in (
        Metric(
            key="amount",
            title="交易额",
            title_en="Volume",
            definition="成功支付的结算金额之和，退款另列，不扣减；按支付成功的营业日（北京时间）",
            definition_en="Settle amounts of successful payments; refunds listed apart; by business date",
        ),
        Metric(
            key="count",
            title="有效笔数",
            title_en="Payments",
            definition="成功支付的笔数；全额退款的支付仍计一笔",
            definition_en="Number of successful payments; one that was refunded in full still counts",
        ),
        Metric(
            key="active",
            title="活跃商户",
            title_en="Active merchants",
            definition="期间内至少有一笔成功支付的商户数；每户只计一次，归最后一笔所在的门店和经纪人",
            definition_en="Merchants with a successful payment in the period, each counted once",
        ),
        Metric(
            key="opened",
            title="新开商户",
            title_en="Opened merchants",
            definition="期间内激活的商户数",
            definition_en="Merchants activated in the period",
        ),
        Metric(
            key="margin",
            title="毛利",
            title_en="Margin",
            definition="手续费减通道成本，退款时退回的手续费和成本已扣除",
            definition_en="Fees less channel costs, net of what refunds gave back",
        ),
        Metric(
            key="share",
            title="经纪人分润",
            title_en="Broker share",
            definition="按分润规则计给经纪人的毛利份额，按营业日入账",
            definition_en="Part of the margin that the share rules give to brokers, by business date posted",
        ),
        Metric(
            key="refund",
            title="退款",
            title_en="Refunds",
            definition="退款成功的金额，按退款成功的营业日",
            definition_en="Refunds that succeeded, by their own business date",
        ),
    )
}
