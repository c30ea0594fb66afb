"""Of tiers: that their rates do not fall, and that more never comes to less."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from decimal import Decimal
from itertools import pairwise
from typing import Any

from engine.expressions import format_value
from engine.rulebook.checks import rate_of
from engine.rulebook.documents import Pointer
from engine.rulebook.prove.model import Proof
from engine.rulebook.prove.questions import Questions
from engine.rulebook.rules import matches

_WHOLE_PPM = 1_000_000


def prove_tiers(questions: Questions) -> tuple[Proof, ...]:
    """Return two proofs for every mapping of tiers that the kind's `tiers` check names.

    Neither needs the solver: a rate, or an amount, can only fall from one tier to the next.
    """
    return tuple(
        proof
        for pointer, tiers in _written(questions)
        for proof in (
            _rising(questions, "TIER_RATES_RISE", pointer, tiers, _rates),
            _rising(questions, "TIER_AMOUNTS_RISE", pointer, tiers, _amounts),
        )
    )


Step = tuple[Mapping[str, str], bool]
"""The words of one boundary between two tiers, and whether it falls there."""


def _written(questions: Questions) -> Iterator[tuple[Pointer, Mapping[str, Any]]]:
    for check in questions.kind.checks:
        for pattern in check.at if check.check == "tiers" else ():
            for pointer, tiers in matches(questions.rule.spec, pattern):
                yield ("spec", *pointer), tiers


def _rising(
    questions: Questions,
    code: str,
    pointer: Pointer,
    tiers: Mapping[str, Any],
    step: Callable[[Mapping[str, Any], Mapping[str, Any], str], Step],
) -> Proof:
    for number, (lower, upper) in enumerate(pairwise(tiers["rows"]), start=1):
        words, falls = step(lower, upper, tiers["mode"])
        if falls:
            at = questions.rule.document.location((*pointer, "rows", number, "rate"))
            witness = {tiers["by"]: lower["upto_fen"] + 1}
            return questions.known(code, at=at, witness=witness, proved=False, words=words)
    at = questions.rule.document.location((*pointer, "rows"))
    return questions.known(code, at=at, witness=None, proved=True)


def _rates(lower: Mapping[str, Any], upper: Mapping[str, Any], mode: str) -> Step:
    former, rate = _rate(lower), _rate(upper)
    return {"former": _percent(former), "rate": _percent(rate)}, rate < former


def _amounts(lower: Mapping[str, Any], upper: Mapping[str, Any], mode: str) -> Step:
    """At the boundary, before rounding; marginal tiers only ever add, as no rate is negative."""
    upto_fen = lower["upto_fen"]
    former, amount = upto_fen * _rate(lower), (upto_fen + 1) * _rate(upper)
    return {"former": _yuan(former), "amount": _yuan(amount)}, mode == "whole" and amount < former


def _rate(tier: Mapping[str, Any]) -> Decimal:
    return rate_of(tier["rate"]) or Decimal(0)


def _percent(rate: Decimal) -> str:
    return format_value(value=int(rate * _WHOLE_PPM), unit="ppm", language="zh")


def _yuan(amount_fen: Decimal) -> str:
    return f"¥{(amount_fen / 100).normalize():f}"
