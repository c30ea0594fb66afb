"""Refusals of the money package.

MoneyError            an Invalid request
├── RateNotString     a rate that is not a quoted decimal with at most six places
├── TierOrder         tiers that do not rise, or do not end open
└── AmountRelation    discounts that exceed what they are taken from
"""

from __future__ import annotations

from payments_core.errors import Invalid


class MoneyError(Invalid):
    """The figures do not make sense as money."""

    code = "MONEY_INVALID"
    chinese = "金额关系不成立"


class RateNotString(MoneyError):
    """A rate is a quoted decimal fraction with at most six places, such as "0.0038"."""

    code = "RATE_NOT_STRING"
    chinese = '费率须写成带引号的小数，最多六位，如 "0.0038"'


class TierOrder(MoneyError):
    """The upper ends of tiers must rise, and the last tier has none."""

    code = "TIER_ORDER"
    chinese = "阶梯上限须逐级升高，最后一级不设上限"


class AmountRelation(MoneyError):
    """A discount cannot exceed the amount that it is taken from."""

    code = "AMOUNT_INVALID"
    chinese = "优惠不能超过被优惠的金额"
