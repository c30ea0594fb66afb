"""Who would share under another share rule: the draft's streams, made by the product's own `stream_for`.

Which of a rule's conditions hold is told by what was booked, where the booked rule asks the same: an uplift
that was granted has its line in the booked stream. What that does not tell is told by SQL, and where that
cannot either, the payment stays in the stream it was booked to, and is counted.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, NamedTuple

from sqlalchemy import Connection, text

from engine.rulebook import Rule
from engine.rulebook.errors import RuleNotFound
from payments_core.backtest.plan import Plan, line_conditions
from payments_core.backtest.stretches import Stretch
from payments_core.backtest.tables import backtest_line, backtest_stream
from payments_core.database import insert_many
from payments_core.payments.in_force import SHARE_KIND
from payments_core.profit_share.model import Stream, stream_for

Pointer = tuple[str | int, ...]
NONE = 0
"""The stream of payments that nobody shares."""


class Group(NamedTuple):
    """Payments that share alike: of one stretch, booked to one stream, with the same readings of lines."""

    stretch_no: int
    stream_id: int
    month: date
    lines: str


class Moved(NamedTuple):
    """The stream a group would join; `unread` where that cannot be told and it stays."""

    group: Group
    new_stream_id: int
    unread: bool


class _Booked(NamedTuple):
    rule_id: str
    version: int
    rule_lines: frozenset[int]


def moved(connection: Connection, plan: Plan, groups: Sequence[Group]) -> tuple[Moved, ...]:
    """Return where each group would share, and write the streams that are new."""
    booked = _booked(connection, plan, groups)
    found, streams = [], []
    for group in groups:
        stretch = plan.stretches[group.stretch_no - 1]
        told = _told(plan, stretch, group, booked)
        if told is None:
            found.append(Moved(group, group.stream_id, unread=True))
            continue
        stream = _stream(stretch, told, group.month)
        streams += [] if stream is None else [stream]
        found.append(Moved(group, NONE if stream is None else stream.stream_id, unread=False))
    _write(connection, streams)
    return tuple(found)


def _told(
    plan: Plan, stretch: Stretch, group: Group, booked: Mapping[tuple[str, int], _Booked]
) -> Mapping[Pointer, bool] | None:
    """Return which conditions of the stretch's rule hold; None where one cannot be told."""
    rule = stretch.pairs[SHARE_KIND][1]
    if rule is None:
        return {}
    evidence = _evidence(plan, stretch, booked.get((stretch.merchant_id, group.stream_id)))
    told: dict[Pointer, bool] = {}
    for (at, condition), read in zip(line_conditions(rule), group.lines, strict=True):
        known = evidence.get(condition.tree, {"t": True, "f": False}.get(read))
        if known is None and not _matters(at, stretch):
            known = False
        if known is None:
            return None
        told[at] = known
    return told


def _matters(at: Pointer, stretch: Stretch) -> bool:
    """Whether a line hangs on the condition: uplifts go to a serving broker, overrides to a store."""
    return bool(stretch.served.broker_id if at[0] == "uplifts" else stretch.served.store_id)


def _evidence(plan: Plan, stretch: Stretch, booked: _Booked | None) -> Mapping[object, bool]:
    """Return which conditions the lines of a booked stream prove met or not met."""
    if booked is None:
        return {}
    try:
        rule = plan.question.released.find(rule_id=booked.rule_id, version=booked.version)
    except RuleNotFound:
        return {}
    return {
        condition.tree: rule.line_of(("spec", *at[:-1])) in booked.rule_lines
        for at, condition in line_conditions(rule)
        if _matters(at, stretch)
    }


@dataclass(frozen=True, slots=True)
class _Known:
    holds: bool

    def evaluate(self, _facts: Mapping[str, Any]) -> bool:
        return self.holds


@dataclass(frozen=True, slots=True)
class _Told:
    """A share rule whose conditions have been answered."""

    rule: Rule
    conditions: Mapping[Pointer, _Known]

    @property
    def id(self) -> str:
        return self.rule.id

    @property
    def version(self) -> int:
        return self.rule.version

    @property
    def spec(self) -> Mapping[str, Any]:
        return self.rule.spec

    @property
    def shape(self) -> _Told:
        return self

    def line_of(self, pointer: Pointer, /) -> int:
        return self.rule.line_of(pointer)


def _stream(stretch: Stretch, told: Mapping[Pointer, bool], month: date) -> Stream | None:
    rule, served = stretch.pairs[SHARE_KIND][1], stretch.served
    if rule is None:
        return None
    return stream_for(
        rule=_Told(rule, {at: _Known(holds) for at, holds in told.items()}),
        merchant_id=stretch.merchant_id,
        store_id=served.store_id,
        opener=served.opener,
        maintainer=served.maintainer,
        paid_on=month,
        facts={},
    )


def _booked(connection: Connection, plan: Plan, groups: Sequence[Group]) -> Mapping[tuple[str, int], _Booked]:
    keys = {(plan.stretches[g.stretch_no - 1].merchant_id, g.stream_id) for g in groups}
    values = {"merchants": [m for m, _ in keys], "streams": [s for _, s in keys]}
    return {
        (row.merchant_id, row.stream_id): _Booked(row.rule_id, row.rule_version, frozenset(row.rule_lines))
        for row in connection.execute(_BOOKED, values)
    }


_BOOKED = text("""
SELECT s.merchant_id, s.stream_id, s.rule_id, s.rule_version, array_agg(l.rule_line) AS rule_lines
FROM unnest(CAST(:merchants AS text[]), CAST(:streams AS bigint[])) AS k (merchant_id, stream_id)
JOIN share_stream s USING (merchant_id, stream_id) JOIN share_line l USING (merchant_id, stream_id)
GROUP BY s.merchant_id, s.stream_id, s.rule_id, s.rule_version
""")


def _write(connection: Connection, streams: Sequence[Stream]) -> None:
    # In one order, so that two days at once cannot wait for each other.
    distinct = tuple(one for _, one in sorted({(s.merchant_id, s.stream_id): s for s in streams}.items()))
    if not distinct:
        return
    heads = [
        {"merchant_id": s.merchant_id, "stream_id": s.stream_id, "rounding": s.rounding} for s in distinct
    ]
    lines = [
        {
            "merchant_id": s.merchant_id,
            "stream_id": s.stream_id,
            "line_no": number,
            "pool_no": line.pool_no,
            "party_kind": line.party_kind,
            "party_id": line.party_id,
            "role": line.role,
            "rate_ppm": line.rate_ppm,
            "pool_ppm": sum(other.rate_ppm for other in s.lines if other.pool_no == line.pool_no),
        }
        for s in distinct
        for number, line in enumerate(s.lines, start=1)
    ]
    insert_many(connection, backtest_stream, heads, skip_known=True)
    insert_many(connection, backtest_line, lines, skip_known=True)
