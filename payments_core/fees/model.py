"""How one rule row charges one amount: rate or tiers, minimum, cap, one rounding.

Debit card "0.0050" capped at 20.00: 10,000.00 × 0.50 % = 50.00 → 20.00. A refund gives back
fee(remaining before) − fee(remaining after), so any partition of a refund returns the same total and a
full refund returns the whole fee.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from payments_core.errors import ensure
from payments_core.fees.errors import FeeRowUnclear
from payments_core.money import RATE, Rounding, Tier, TierMode, divide, parse_rate, parse_tiers, tiered

BASIS = "txn.settle_amount_fen"
ZERO_FOR_BROKER = "zero_for_broker"
SHARE_LOSS = "share_loss"


@dataclass(frozen=True, slots=True, kw_only=True)
class Pricing:
    """The charge of one rule row: by `tiers` where there are any, else by `rate_ppm`."""

    rate_ppm: int = 0
    tiers: tuple[Tier, ...] = ()
    mode: TierMode = TierMode.MARGINAL
    min_fen: int = 0
    cap_fen: int | None = None
    rounding: Rounding = Rounding.HALF_UP

    def amount_fen(self, settle_amount_fen: int) -> int:
        """Return the charge for `settle_amount_fen` ≥ 0, in fen, rounded once; nothing for nothing."""
        if settle_amount_fen == 0:
            return 0
        if self.tiers:
            charge = tiered(settle_amount_fen, self.tiers, self.mode, self.rounding)
        else:
            charge = divide(settle_amount_fen * self.rate_ppm, RATE, self.rounding)
        charge = max(charge, self.min_fen)
        return charge if self.cap_fen is None else min(charge, self.cap_fen)

    def back_fen(self, *, before_fen: int, amount_fen: int) -> int:
        """Return what a refund of `amount_fen` gives back while `before_fen` of the sale remained."""
        ensure(0 < amount_fen <= before_fen, "a refund lies within what remains of the sale")
        return self.amount_fen(before_fen) - self.amount_fen(before_fen - amount_fen)


def parse_pricing(outputs: Mapping[str, Any], *, rounding: Rounding) -> Pricing:
    """Return the pricing of a rule row's outputs: rate, cap_fen, min_fen, tiers {mode, by, rows}.

    Raises FeeRowUnclear where a row has neither or both of rate and tiers, RateNotString, TierOrder.
    """
    if ("rate" in outputs) == ("tiers" in outputs):
        raise FeeRowUnclear("a row has exactly one of `rate` and `tiers`", outputs=sorted(outputs))
    min_fen, cap_fen = outputs.get("min_fen", 0), outputs.get("cap_fen")
    if cap_fen is not None and cap_fen < min_fen:
        raise FeeRowUnclear("cap_fen is below min_fen", cap_fen=cap_fen, min_fen=min_fen)
    if "rate" in outputs:
        return Pricing(
            rate_ppm=parse_rate(outputs["rate"]), min_fen=min_fen, cap_fen=cap_fen, rounding=rounding
        )
    spec = outputs["tiers"]
    if spec.get("by", BASIS) != BASIS:
        raise FeeRowUnclear(f"tiers of a fee count by {BASIS}", by=spec["by"])
    return Pricing(
        tiers=parse_tiers(spec["rows"]),
        mode=TierMode(spec.get("mode", TierMode.MARGINAL)),
        min_fen=min_fen,
        cap_fen=cap_fen,
        rounding=rounding,
    )


def rounding_of(spec: Mapping[str, Any]) -> Rounding:
    """Return the rounding a rule's spec names, HALF_UP where it names none."""
    return Rounding(spec.get("rounding", {}).get("mode", Rounding.HALF_UP))


def eligible_margin_fen(*, fee_fen: int, cost_fen: int, policy: str = ZERO_FOR_BROKER) -> int:
    """Return the margin that shares are a part of: never below zero, or signed under `share_loss`."""
    ensure(policy in (ZERO_FOR_BROKER, SHARE_LOSS), f"unknown negative margin policy {policy}")
    margin_fen = fee_fen - cost_fen
    return margin_fen if policy == SHARE_LOSS else max(margin_fen, 0)


def remaining_margin_fen(*, sold_fen: int, fee_fen: int, cost_fen: int) -> int:
    """Return the eligible margin of what remains of a sale whose eligible margin was `sold_fen` when sold.

    A sale that was excluded (0) stays excluded, one that was sold at a shared loss (negative) stays signed.
    """
    if sold_fen == 0:
        return 0
    return eligible_margin_fen(
        fee_fen=fee_fen, cost_fen=cost_fen, policy=SHARE_LOSS if sold_fen < 0 else ZERO_FOR_BROKER
    )
