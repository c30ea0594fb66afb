"""Refusals of the fees package.

FeeRowUnclear     an Invalid rule row: neither or both of rate and tiers, a cap below the minimum
"""

from __future__ import annotations

from payments_core.errors import Invalid


class FeeRowUnclear(Invalid):
    """A row of a fee or cost rule does not say clearly what it charges."""

    code = "FEE_ROW_UNCLEAR"
    chinese = "费率行没有说清收多少"
