"""What a row of a table charges, as a term over the amount: exact integers, rounded once, as fees are.

Debit card "0.0050" capped at 20.00: (amount × 5000 + 500 000) div 1 000 000, then at most 2000.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from engine.expressions.smt import Untranslatable
from engine.expressions.smt_logic import Formula, Number, both, chosen, either
from engine.rulebook.checks import rate_of
from engine.rulebook.differences import Words

_WHOLE_PPM = 1_000_000
_MODES = ("HALF_UP", "HALF_EVEN", "DOWN")


@dataclass(frozen=True, slots=True, kw_only=True)
class Charge:
    """Tiers (one without an upper end is a plain rate), least and most, and the rounding of the rule."""

    tiers: tuple[tuple[int | None, int], ...]
    is_marginal: bool
    min_fen: int
    cap_fen: int | None
    rounding: str

    @property
    def is_plain(self) -> bool:
        """Return whether it is a rate and nothing else."""
        return len(self.tiers) == 1 and not self.min_fen and self.cap_fen is None

    def amount(self, basis: Number) -> Number:
        """Return the charge on `basis` ≥ 0: a term, or the number itself for a number; nothing on nothing."""
        return chosen(basis == 0, 0, _rounded(self.exactly(basis), self.rounding))

    def exactly(self, basis: Number) -> Number:
        """Return the charge in millionths of a fen, before its one rounding; least and most are whole fen."""
        millionths = self._millionths(basis)
        if self.min_fen:
            least = self.min_fen * _WHOLE_PPM
            millionths = chosen(millionths < least, least, millionths)
        if self.cap_fen is not None:
            most = self.cap_fen * _WHOLE_PPM
            millionths = chosen(millionths > most, most, millionths)
        return millionths

    def exceeds(self, other: Charge, basis: Number) -> Formula:
        """Return that this charge is greater than another on a basis.

        Rounding keeps the order, so one that is greater was so before it was rounded, or less than a fen
        short of it where it rounds up more. The solver need not divide to see that it never can be.
        """
        one, two = self.exactly(basis), other.exactly(basis)
        slack = _WHOLE_PPM if _MODES.index(self.rounding) < _MODES.index(other.rounding) else 0
        rounded = _rounded(one, self.rounding) > _rounded(two, other.rounding)
        return both(basis > 0, one + slack > two, rounded)

    def _millionths(self, basis: Number) -> Number:
        millionths: Number = basis * self.tiers[-1][1]
        if not self.is_marginal:
            for upto_fen, rate_ppm in reversed(self.tiers[:-1]):
                millionths = chosen(basis <= upto_fen, basis * rate_ppm, millionths)
            return millionths
        # Each step adds what its rate differs from the one below, on what lies above the bound.
        millionths = basis * self.tiers[0][1]
        for (bound_fen, below_ppm), (_, rate_ppm) in pairwise(self.tiers):
            over = chosen(basis > bound_fen, basis - bound_fen, 0)
            millionths = millionths + over * (rate_ppm - below_ppm)
        return millionths


def read_charge(outputs: Mapping[str, Any], spec: Mapping[str, Any], *, basis: str) -> Charge:
    """Return what the outputs of a row charge. Raises Untranslatable for what only its evaluator knows."""
    rounding = spec.get("rounding", {}).get("mode", _MODES[0])
    tiers, mode = [{"rate": outputs.get("rate")}], "marginal"
    if "tiers" in outputs:
        tiers, mode = outputs["tiers"]["rows"], outputs["tiers"].get("mode", mode)
        if outputs["tiers"].get("by", basis) != basis:
            raise Untranslatable(f"tiers by {outputs['tiers']['by']}")
    rates = [rate_of(one["rate"]) for one in tiers]
    if rounding not in _MODES or None in rates:
        raise Untranslatable(f"rounding {rounding}")
    return Charge(
        tiers=tuple(
            (one.get("upto_fen"), int((rate or 0) * _WHOLE_PPM))
            for one, rate in zip(tiers, rates, strict=True)
        ),
        is_marginal=mode == "marginal",
        min_fen=outputs.get("min_fen", 0),
        cap_fen=outputs.get("cap_fen"),
        rounding=rounding,
    )


def fen_words(amount_fen: int) -> str:
    """Return an amount as people read it."""
    return f"¥{amount_fen // 100:,}.{amount_fen % 100:02}"


def row_words(outputs: Mapping[str, Any], line: int) -> Words:
    """Return which row it is: its label and its line."""
    label = outputs.get("label")
    zh, en = f"第 {line} 行", f"line {line}"
    return Words(zh=f"{zh}「{label}」" if label else zh, en=f"{en} “{label}”" if label else en)


def _rounded(millionths: Number, rounding: str) -> Number:
    """Round an amount that is not negative; Python's and the solver's division agree there."""
    if rounding == "DOWN":
        return _quotient(millionths, _WHOLE_PPM)
    if rounding == "HALF_UP":
        return _quotient(2 * millionths + _WHOLE_PPM, 2 * _WHOLE_PPM)
    below = _quotient(millionths, _WHOLE_PPM)
    rest, is_odd = millionths - below * _WHOLE_PPM, below % 2 == 1
    up = either(2 * rest > _WHOLE_PPM, both(2 * rest == _WHOLE_PPM, is_odd))
    return below + chosen(up, 1, 0)


def _quotient(number: Number, divisor: int) -> Number:
    return number // divisor if isinstance(number, int) else number / divisor
