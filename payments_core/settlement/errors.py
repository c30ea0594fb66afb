"""Refusals of settlement.

NotFound
└── PayoutNotFound       PAYOUT_NOT_FOUND
Conflict
├── EarlierDayOpen       EARLIER_DAY_OPEN
├── PayoutState          PAYOUT_STATE
└── AccountUnverified    ACCOUNT_UNVERIFIED
Invalid
└── DayNotOver           DAY_NOT_OVER
"""

from __future__ import annotations

from payments_core.errors import Conflict, Invalid, NotFound


class PayoutNotFound(NotFound):
    """There is no such payout."""

    code = "PAYOUT_NOT_FOUND"
    chinese = "没有这笔打款"


class EarlierDayOpen(Conflict):
    """An earlier business day with payments is still open: close it first."""

    code = "EARLIER_DAY_OPEN"
    chinese = "更早的营业日还有交易未结，请先结清"


class PayoutState(Conflict):
    """The payout's state forbids this."""

    code = "PAYOUT_STATE"
    chinese = "打款当前状态不允许此操作"


class AccountUnverified(Conflict):
    """The merchant's settlement account is not verified, so nothing is paid to it."""

    code = "ACCOUNT_UNVERIFIED"
    chinese = "结算账户未验证，不予打款"


class DayNotOver(Invalid):
    """A business day is closed only after it has ended."""

    code = "DAY_NOT_OVER"
    chinese = "营业日尚未结束，不能关账"
