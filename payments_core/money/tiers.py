"""Tiered rates: each tier's rate on its own slice (marginal), or one tier's rate on everything (whole).

1,200.00 at up to 1,000.00 0.38 %, above 0.60 %: marginal 3.80 + 1.20 = 5.00; whole 1,200.00 × 0.60 % = 7.20.
An amount equal to a tier's upper end belongs to that tier.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from payments_core.money.arithmetic import RATE, Rounding, divide
from payments_core.money.errors import TierOrder
from payments_core.money.text import parse_rate


class TierMode(StrEnum):
    """Whether a tier's rate applies to its slice or to the whole amount."""

    MARGINAL = "marginal"
    WHOLE = "whole"


@dataclass(frozen=True, slots=True, kw_only=True)
class Tier:
    """One step: the rate for amounts up to and including `upto_fen`; None = no upper end."""

    upto_fen: int | None
    rate_ppm: int


def parse_tiers(rows: Sequence[Mapping[str, Any]]) -> tuple[Tier, ...]:
    """Return the tiers of a rule file's `rows: [{upto_fen, rate}, …, {rate}]`. Raises TierOrder."""
    tiers = tuple(Tier(upto_fen=row.get("upto_fen"), rate_ppm=parse_rate(row["rate"])) for row in rows)
    uppers = [tier.upto_fen for tier in tiers[:-1]]
    if not tiers or tiers[-1].upto_fen is not None or None in uppers:
        raise TierOrder("exactly the last tier has no upto_fen")
    known = [upper for upper in uppers if upper is not None]
    if any(b <= a for a, b in zip([0, *known], known, strict=False)):
        raise TierOrder("each upto_fen must be above the one before it", uppers=known)
    return tiers


def tiered(
    amount_fen: int, tiers: Sequence[Tier], mode: TierMode, rounding: Rounding = Rounding.HALF_UP
) -> int:
    """Return the charge for `amount_fen` ≥ 0 under `tiers`, in fen, rounded once on the final figure."""
    millionths = 0
    lower = 0
    for tier in tiers:
        upper = amount_fen if tier.upto_fen is None else min(amount_fen, tier.upto_fen)
        if mode is TierMode.MARGINAL:
            millionths += max(upper - lower, 0) * tier.rate_ppm
        elif tier.upto_fen is None or amount_fen <= tier.upto_fen:
            millionths = amount_fen * tier.rate_ppm
            break
        lower = max(lower, upper)
    return divide(millionths, RATE, rounding)
