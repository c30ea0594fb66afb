"""Refusals of backtests.

NotFound
├── RunNotFound         BACKTEST_NOT_FOUND
└── LabelledNotFound    LABEL_PAYMENT_NOT_FOUND
Conflict
├── RunOver             BACKTEST_OVER
└── DaysOpen            BACKTEST_DAYS_OPEN
Invalid
└── PeriodInvalid       BACKTEST_PERIOD
"""

from __future__ import annotations

from payments_core.errors import Conflict, Invalid, NotFound


class RunNotFound(NotFound):
    """There is no such backtest."""

    code = "BACKTEST_NOT_FOUND"
    chinese = "没有这次回测"


class LabelledNotFound(NotFound):
    """A label names a payment that does not exist; none of the labels was taken."""

    code = "LABEL_PAYMENT_NOT_FOUND"
    chinese = "标签指向不存在的支付，整批未导入"


class RunOver(Conflict):
    """The backtest has ended: there is nothing left to cancel."""

    code = "BACKTEST_OVER"
    chinese = "回测已结束，无可取消"


class DaysOpen(Conflict):
    """A backtest covers business days whose shares are posted; a later day of the period is not."""

    code = "BACKTEST_DAYS_OPEN"
    chinese = "回测只看已分润的营业日，所选时段中有尚未日结的日期"


class PeriodInvalid(Invalid):
    """A period ends on or after the day it begins, and is at most 400 days long."""

    code = "BACKTEST_PERIOD"
    chinese = "时段须从开始日到不早于它的结束日，最长 400 天"
