"""Division, portions and splits of whole fen.

`amount_fen × rate_ppm` is exact in millionths of a fen; it is rounded once, where a person is charged or
paid. Three sales of 50.00 at 0.16 % margin and 40 % share: per sale 3.2 fen each rounds to 3 (9 in all), on
the cumulative margin 24 × 0.4 = 9.6 → 10. That is why shares round on the running total, never per payment.
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum

from payments_core.errors import InvariantBroken, ensure

RATE = 1_000_000
"""The ppm of a whole: a rate of 1_000_000 is 100 %."""


class Rounding(StrEnum):
    """How the last fen is decided; the rule file names it."""

    HALF_UP = "HALF_UP"  # half goes away from zero
    HALF_EVEN = "HALF_EVEN"
    DOWN = "DOWN"  # towards zero


def divide(numerator: int, denominator: int, rounding: Rounding = Rounding.HALF_UP) -> int:
    """Return numerator / denominator as a whole number. `denominator` > 0; the sign is mirrored."""
    if denominator <= 0:
        raise InvariantBroken("division by a positive whole number only")
    quotient, rest = divmod(abs(numerator), denominator)
    if rounding is Rounding.HALF_UP:
        up = rest * 2 >= denominator
    elif rounding is Rounding.HALF_EVEN:
        up = rest * 2 > denominator or (rest * 2 == denominator and quotient % 2 == 1)
    else:
        up = False
    magnitude = quotient + up
    return -magnitude if numerator < 0 else magnitude


def portion(amount_fen: int, rate_ppm: int, rounding: Rounding = Rounding.HALF_UP) -> int:
    """Return the part `rate_ppm` of `amount_fen`, in fen, rounded once."""
    return divide(amount_fen * rate_ppm, RATE, rounding)


def split(total_fen: int, weights: Sequence[int]) -> tuple[int, ...]:
    """Return parts of `total_fen` in proportion to `weights`, summing to it exactly.

    Largest remainder, ties to the earlier in the list; a negative total is the mirror of the positive one.
    `weights` are not negative and not all zero, unless the total is zero.
    """
    whole = sum(weights)
    ensure(all(w >= 0 for w in weights), "weights of a split are not negative")
    if total_fen == 0:
        return (0,) * len(weights)
    ensure(whole > 0, "a split of something needs a weight")
    size = abs(total_fen)
    parts = [size * w // whole for w in weights]
    order = sorted(range(len(weights)), key=lambda i: (-(size * weights[i] % whole), i))
    for i in order[: size - sum(parts)]:
        parts[i] += 1
    ensure(sum(parts) == size, "the parts of a split make the whole")
    return tuple(-p for p in parts) if total_fen < 0 else tuple(parts)
