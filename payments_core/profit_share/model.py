"""Who shares the margin of a payment: a rule, the parties that serve the merchant, and their rates.

    stream  one merchant × rule version × month × parties with their rates
    line    one party of a stream: a broker in a role, or the store
    pool    lines that are rounded together and then split by the largest remainder: all broker lines
            are pool 1, all store lines pool 2

The platform keeps what no line takes. What a stream owes is computed in the database on its cumulative
margin (operations.py); nothing here rounds money.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from hashlib import blake2b
from typing import Any, Protocol

from payments_core.calendar import month_of
from payments_core.errors import ensure
from payments_core.money import RATE, parse_rate, split

BROKER_POOL = 1
STORE_POOL = 2

Weighted = Sequence[tuple[str, int]]
"""(broker id, weight ppm) of everyone in a role: one with 10⁶, or several summing to it in a handover."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One party's part of the margin; `rate_ppm` has the weight of a handover already in it."""

    pool_no: int
    party_kind: str
    party_id: str
    role: str
    rate_ppm: int
    rule_line: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Stream:
    """The payments of one merchant and month that share alike; `lines` in listed order."""

    merchant_id: str
    stream_id: int
    rule_id: str
    rule_version: int
    rounding: str
    period: date
    lines: tuple[Line, ...]


class ShareRule(Protocol):
    """What this module reads of an `engine.rulebook.Rule` of kind `profit_share`.

    `shape.conditions` holds every compiled condition by its path in the spec, e.g. ("uplifts", 0, "when");
    `line_of` takes a path in the whole file, e.g. ("spec", "uplifts", 0).
    """

    @property
    def id(self) -> str: ...
    @property
    def version(self) -> int: ...
    @property
    def spec(self) -> Mapping[str, Any]: ...
    @property
    def shape(self) -> Any: ...
    def line_of(self, pointer: tuple[str | int, ...], /) -> int: ...


def eligible_margin(*, rule: ShareRule, margin_fen: int, facts: Mapping[str, Any]) -> int:
    """Return the part of a payment's margin that is shared: 0 where the rule excludes the payment.

    A negative margin counts only where the rule says `share_loss`; by default the platform bears it.
    """
    if not _holds(rule, ("eligible",), facts):
        return 0
    if margin_fen < 0 and rule.spec.get("negative_margin", "zero_for_broker") == "zero_for_broker":
        return 0
    return margin_fen


def stream_for(
    *,
    rule: ShareRule,
    merchant_id: str,
    store_id: str,
    opener: Weighted,
    maintainer: Weighted,
    paid_on: date,
    facts: Mapping[str, Any],
) -> Stream | None:
    """Return the stream a payment of `paid_on` joins; None where the platform keeps the whole margin.

    `facts` must hold what the rule's uplifts and store override read. A role nobody holds, or held by
    the broker id '' (shared pool), is kept by the platform; without any maintainer the opener takes that
    role's rate too if the rule says `opener_takes_all`.
    """
    lines = (*_broker_lines(rule, opener, maintainer, facts), *_store_lines(rule, store_id, facts))
    if not lines:
        return None
    ensure(
        sum(line.rate_ppm for line in lines) <= RATE, f"shares of {rule.id} v{rule.version} exceed the margin"
    )
    rounding = str(rule.spec.get("rounding", {}).get("mode", "HALF_UP"))
    return _stream(merchant_id, rule.id, rule.version, rounding, month_of(paid_on), lines)


@lru_cache(maxsize=65_536)
def _stream(
    merchant_id: str, rule_id: str, version: int, rounding: str, period: date, lines: tuple[Line, ...]
) -> Stream:
    identity = [merchant_id, rule_id, version, rounding, period.isoformat()]
    parts = [[line.pool_no, line.party_kind, line.party_id, line.role, line.rate_ppm] for line in lines]
    text = json.dumps([*identity, parts], ensure_ascii=False, separators=(",", ":"))
    number = int.from_bytes(blake2b(text.encode(), digest_size=8).digest(), "big") >> 1
    return Stream(
        merchant_id=merchant_id,
        stream_id=number,
        rule_id=rule_id,
        rule_version=version,
        rounding=rounding,
        period=period,
        lines=lines,
    )


def _broker_lines(
    rule: ShareRule, opener: Weighted, maintainer: Weighted, facts: Mapping[str, Any]
) -> tuple[Line, ...]:
    holders = {"opener": opener, "maintainer": maintainer}
    if not maintainer and rule.spec.get("when_no_maintainer") == "opener_takes_all":
        holders["maintainer"] = opener
    lines = []
    for index, share in enumerate(rule.spec["shares"]):
        if share["party"] != "broker":
            continue
        at = rule.line_of(("spec", "shares", index))
        # Where the opener takes all it is still the maintainer's line: the statement shows why.
        lines += _weighted(holders[share["role"]], share["role"], parse_rate(share["rate"]), at)
    servicing = next((broker_id for broker_id, _ in (*maintainer, *opener)), "")
    if servicing:
        lines += _uplifts(rule, servicing, "maintainer" if maintainer else "opener", facts)
    return tuple(lines)


def _weighted(holders: Weighted, role: str, rate_ppm: int, rule_line: int) -> list[Line]:
    if not holders:
        return []
    rates = split(rate_ppm, [weight for _, weight in holders])
    return [
        Line(
            pool_no=BROKER_POOL,
            party_kind="broker",
            party_id=broker_id,
            role=role,
            rate_ppm=part,
            rule_line=rule_line,
        )
        for (broker_id, _), part in zip(holders, rates, strict=True)
        if broker_id and part
    ]


def _uplifts(rule: ShareRule, broker_id: str, role: str, facts: Mapping[str, Any]) -> list[Line]:
    """Return what the servicing broker gets on top: the maintainer's if there is one, else the opener's."""
    return [
        Line(
            pool_no=BROKER_POOL,
            party_kind="broker",
            party_id=broker_id,
            role=role,
            rate_ppm=parse_rate(uplift["add_rate"]),
            rule_line=rule.line_of(("spec", "uplifts", index)),
        )
        for index, uplift in enumerate(rule.spec.get("uplifts", ()))
        if _holds(rule, ("uplifts", index, "when"), facts)
    ]


def _store_lines(rule: ShareRule, store_id: str, facts: Mapping[str, Any]) -> tuple[Line, ...]:
    found: list[tuple[int, tuple[str | int, ...]]] = [
        (parse_rate(share["rate"]), ("shares", index))
        for index, share in enumerate(rule.spec["shares"])
        if share["party"] == "store"
    ]
    override = rule.spec.get("store_override")
    if override and _holds(rule, ("store_override", "when"), facts):
        found = [(parse_rate(override["rate"]), ("store_override",))]
    return tuple(
        Line(
            pool_no=STORE_POOL,
            party_kind="store",
            party_id=store_id,
            role="store",
            rate_ppm=rate_ppm,
            rule_line=rule.line_of(("spec", *pointer)),
        )
        for rate_ppm, pointer in found
        if store_id and rate_ppm
    )


def _holds(rule: ShareRule, pointer: tuple[str | int, ...], facts: Mapping[str, Any]) -> bool:
    """Return whether the condition at `pointer` is met; one that is not written always is."""
    condition = rule.shape.conditions.get(pointer)
    return condition is None or bool(condition.evaluate(facts))
