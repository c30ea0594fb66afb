"""What a row charges, as SQL over bigints: equal to `fees.Pricing.amount_fen` to the fen.

Amounts are at most 10¹¹ fen and rates at most 10⁶ ppm, so products stay within 64 bits; they are never
negative, so PostgreSQL's division towards zero is the floor.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence

from payments_core.fees import Pricing
from payments_core.money import RATE, Rounding, Tier, TierMode

_ROUNDED = {
    Rounding.HALF_UP: "({{0}} + {half}) / {whole}",
    Rounding.DOWN: "{{0}} / {whole}",
    # Half goes to the even neighbour: up, unless the quotient is even and the rest exactly half.
    Rounding.HALF_EVEN: "({{0}} + {half}) / {whole}"
    " - (({{0}}) % {whole} = {half} AND (({{0}}) / {whole}) % 2 = 0)::int",
}
UNCAPPED = 2**62
"""The cap of rows without one: beyond any charge."""

Charge = Callable[[str], str]


def charge(pricings: Sequence[Pricing], *, code: str) -> Charge:
    """Return a function that writes the charge for an amount by the pricing with the number `code`.

    It is NULL for codes below 0. Rows without tiers share an expression that looks up what they say.
    """
    tiered = {number: one for number, one in enumerate(pricings) if one.tiers}
    flat: dict[Rounding, dict[int, Pricing]] = defaultdict(dict)
    for number, one in enumerate(pricings):
        if number not in tiered:
            flat[one.rounding][number] = one

    def written(amount: str) -> str:
        arms = [f"WHEN {code} = {number} THEN {_by_tiers(one, amount)}" for number, one in tiered.items()]
        for rounding, rows in flat.items():
            meant = f"{code} IN ({', '.join(map(str, rows))})" if len(flat) > 1 else f"{code} >= 0"
            arms.append(f"WHEN {meant} THEN {_flat(rows, rounding, code, amount)}")
        return f"CASE {' '.join(arms)} END" if arms else "CAST(NULL AS bigint)"

    return written


def _flat(rows: Mapping[int, Pricing], rounding: Rounding, code: str, amount: str) -> str:
    rate = _looked_up({number: one.rate_ppm for number, one in rows.items()}, code)
    least = most = ""
    if any(one.min_fen for one in rows.values()):
        least = _looked_up({number: one.min_fen for number, one in rows.items()}, code)
    if any(one.cap_fen is not None for one in rows.values()):
        caps = {n: UNCAPPED if one.cap_fen is None else one.cap_fen for n, one in rows.items()}
        most = _looked_up(caps, code)
    return _held(_rounded(f"{amount} * {rate}", rounding), least, most, amount)


def _by_tiers(pricing: Pricing, amount: str) -> str:
    tiered = _marginal if pricing.mode is TierMode.MARGINAL else _whole
    least = str(pricing.min_fen) if pricing.min_fen else ""
    most = "" if pricing.cap_fen is None else str(pricing.cap_fen)
    return _held(_rounded(tiered(pricing.tiers, amount), pricing.rounding), least, most, amount)


def _held(fen: str, least: str, most: str, amount: str) -> str:
    """Hold a charge between its minimum and its cap; nothing is charged for nothing."""
    if least:
        fen = f"CASE WHEN {amount} = 0 THEN 0 ELSE greatest({fen}, {least}) END"
    return f"least({fen}, {most})" if most else fen


def _looked_up(values: Mapping[int, int], code: str) -> str:
    """Return the value of a code, by a look into an array: at once, as long as it holds no NULL."""
    if len(set(values.values())) == 1:
        return str(next(iter(values.values())))
    listed = ",".join(str(values.get(number, 0)) for number in range(max(values) + 1))
    return f"(CAST('{{{listed}}}' AS bigint[]))[{code} + 1]"


def _marginal(tiers: Sequence[Tier], amount: str) -> str:
    parts, lower = [], 0
    for tier in tiers:
        upper = amount if tier.upto_fen is None else f"least({amount}, {tier.upto_fen})"
        parts.append(f"greatest({upper} - {lower}, 0) * {tier.rate_ppm}")
        lower = tier.upto_fen or lower
    return f"({' + '.join(parts)})"


def _whole(tiers: Sequence[Tier], amount: str) -> str:
    arms = [f"WHEN {amount} <= {t.upto_fen} THEN {t.rate_ppm}" for t in tiers if t.upto_fen is not None]
    last = tiers[-1].rate_ppm
    rate = f"CASE {' '.join(arms)} ELSE {last} END" if arms else str(last)
    return f"({amount} * {rate})"


def _rounded(millionths: str, rounding: Rounding) -> str:
    return f"({_ROUNDED[rounding].format(half=RATE // 2, whole=RATE).format(f'({millionths})')})"
