"""Recompute a business date from the releases its rows name, and compare to the fen.

Every payment names the release and the rows that priced it, every share entry its release and rule version.
Here each figure is computed again from those texts and the sums of the day, in Python, by code that shares
nothing with the SQL that posted the shares. What a row does not keep is not guessed: which row of a table a
payment fell into, and whether the share rule excluded it, is taken from the payment; that it charges what the
row says, that the row was in force, and that the margin is the whole difference or nothing, is computed.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Protocol

from sqlalchemy import Connection, Row, text

from engine.releases import Release
from engine.rulebook import Rule
from payments_core.fees import Pricer, Pricing, remaining_margin_fen
from payments_core.money import RATE, Rounding, divide, parse_rate, split
from payments_core.settlement.verify_corrections import corrected_figures


class Releases(Protocol):
    """Releases by their number."""

    def get(self, release: int | str, /) -> Release: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """One figure that is not what its release says: which row, and both values."""

    figure: str
    subject: str
    booked: int
    computed: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Verified:
    """One figure of the day over all its rows."""

    figure: str
    rows: int
    booked_fen: int
    computed_fen: int
    differences: tuple[Difference, ...]


FIGURES = (
    *("fee", "cost", "margin", "fee_back", "cost_back", "margin_back"),
    *("fee_corrected", "cost_corrected", "margin_corrected", "rate", "share"),
)


def verify_day(connection: Connection, releases: Releases, *, business_date: date) -> tuple[Verified, ...]:
    """Return every figure of the day as booked and as its releases say, in the order of FIGURES."""
    book = Book(releases)
    found: dict[str, list[tuple[str, int, int]]] = {name: [] for name in FIGURES}
    day = {"day": business_date}
    for row in connection.execute(text(_PAYMENTS), day):
        for figure, booked, computed in _payment(book, row):
            found[figure].append((f"payment {row.merchant_id}/{row.payment_id}", booked, computed))
    for row in connection.execute(text(_REFUNDS), day):
        for figure, booked, computed in _refunds(book, row):
            found[figure].append((f"refunds of {row.merchant_id}/{row.payment_id}", booked, computed))
    for figure, subject, booked, computed in corrected_figures(connection, book, business_date=business_date):
        found[figure].append((subject, booked, computed))
    lines: dict[tuple[str, int], list[Row[Any]]] = defaultdict(list)
    for row in connection.execute(text(_SHARES), day):
        lines[row.merchant_id, row.stream_id].append(row)
    for stream, rows in lines.items():
        for figure, booked, computed in _stream(book, rows):
            found[figure].append((f"stream {stream[0]}/{stream[1]}", booked, computed))
    return tuple(_summed(figure, rows) for figure, rows in found.items())


class Book:
    """The rules and prices that rows name, each read once."""

    def __init__(self, releases: Releases) -> None:
        self._releases = releases
        self._pricers: dict[int, Pricer] = {}

    def pricing(self, release_no: int, rule_id: str, version: int, row_no: int, at: Any) -> Pricing:
        if release_no not in self._pricers:
            self._pricers[release_no] = Pricer(self._releases.get(release_no).rulebook)
        return self._pricers[release_no].pricing(rule_id=rule_id, version=version, row_no=row_no, at=at)

    def rule(self, release_no: int, rule_id: str, version: int) -> Rule:
        return self._releases.get(release_no).rulebook.find(rule_id=rule_id, version=version)


_Figure = tuple[str, int, int]


def _payment(book: Book, row: Row[Any]) -> Iterator[_Figure]:
    fee, cost = _charges(book, row, row.settle_amount_fen)
    yield "fee", row.fee_fen, fee
    yield "cost", row.cost_fen, cost
    margin = fee - cost
    # The payment says whether the share rule excluded it; a loss is shared only where it says so.
    yield "margin", row.eligible_margin_fen, margin if row.eligible_margin_fen else 0


def _refunds(book: Book, row: Row[Any]) -> Iterator[_Figure]:
    """Refunds of one sale give back what its price falls by, whatever parts they came in."""
    before, after = (
        row.settle_amount_fen - row.earlier_fen,
        row.settle_amount_fen - row.earlier_fen - row.amount_fen,
    )
    remaining = []
    for left in (before, after):
        fee, cost = _charges(book, row, left)
        margin = remaining_margin_fen(sold_fen=row.eligible_margin_fen, fee_fen=fee, cost_fen=cost)
        remaining.append((fee, cost, margin))
    yield "fee_back", row.fee_back_fen, remaining[0][0] - remaining[1][0]
    yield "cost_back", row.cost_back_fen, remaining[0][1] - remaining[1][1]
    # Later than the share rule takes shares back, the platform bears it, and the row says 0.
    delta = remaining[1][2] - remaining[0][2]
    yield "margin_back", row.margin_delta_fen, delta if row.margin_delta_fen else 0


def _charges(book: Book, row: Row[Any], amount_fen: int) -> tuple[int, int]:
    fee = book.pricing(row.release_no, row.fee_rule, row.fee_version, row.fee_row, row.paid_at)
    cost = book.pricing(row.release_no, row.cost_rule, row.cost_version, row.cost_row, row.paid_at)
    return fee.amount_fen(amount_fen), cost.amount_fen(amount_fen)


def _stream(book: Book, rows: list[Row[Any]]) -> Iterator[_Figure]:
    """Each pool on the stream's whole margin to this day, rounded once, split by the largest remainder."""
    rule = book.rule(rows[0].release_no, rows[0].rule_id, rows[0].rule_version)
    granted = _granted(rule)
    by_line: dict[int, int] = defaultdict(int)
    for row in rows:
        by_line[row.rule_line] += row.rate_ppm
    for line, rate_ppm in by_line.items():
        # Less than the rule grants is a role that nobody held; more is never right.
        yield "rate", rate_ppm, min(rate_ppm, granted.get(line, 0))
    rounding = Rounding(rule.spec.get("rounding", {}).get("mode", Rounding.HALF_UP))
    for pool in sorted({row.pool_no for row in rows}):
        lines = [row for row in rows if row.pool_no == pool]
        rates = [row.rate_ppm for row in lines]
        totals = (lines[0].margin_before_fen, lines[0].margin_to_fen)
        before, after = (split(divide(fen * sum(rates), RATE, rounding), rates) for fen in totals)
        for row, had, has in zip(lines, before, after, strict=True):
            yield "share", row.delta_fen, has - had


def _granted(rule: Rule) -> Mapping[int, int]:
    """Return the rate that each line of a share rule grants."""
    spec = rule.spec
    found = {
        rule.line_of(("spec", "shares", index)): parse_rate(share["rate"])
        for index, share in enumerate(spec["shares"])
    }
    for index, uplift in enumerate(spec.get("uplifts", ())):
        found[rule.line_of(("spec", "uplifts", index))] = parse_rate(uplift["add_rate"])
    if "store_override" in spec:
        found[rule.line_of(("spec", "store_override"))] = parse_rate(spec["store_override"]["rate"])
    return found


def _summed(figure: str, rows: list[tuple[str, int, int]]) -> Verified:
    return Verified(
        figure=figure,
        rows=len(rows),
        booked_fen=sum(booked for _, booked, _ in rows),
        computed_fen=sum(computed for _, _, computed in rows),
        differences=tuple(
            Difference(figure=figure, subject=subject, booked=booked, computed=computed)
            for subject, booked, computed in rows
            if booked != computed
        ),
    )


_PRICED = """
  JOIN rule_ref f ON f.ref_no = p.fee_ref_no JOIN rule_ref c ON c.ref_no = p.cost_ref_no
"""
_ROWS = """
  p.merchant_id, p.payment_id, p.release_no, p.paid_at, p.settle_amount_fen, p.eligible_margin_fen,
  f.rule_id AS fee_rule, f.version AS fee_version, f.row_no AS fee_row,
  c.rule_id AS cost_rule, c.version AS cost_version, c.row_no AS cost_row
"""
_PAYMENTS = f"""
SELECT {_ROWS}, p.fee_fen, p.cost_fen FROM payment p {_PRICED}
WHERE p.business_date = :day AND p.state = 'SUCCESS' ORDER BY p.merchant_id, p.payment_id
"""
_REFUNDS = f"""
SELECT {_ROWS}, r.amount_fen, r.fee_back_fen, r.cost_back_fen, r.margin_delta_fen,
  coalesce((SELECT sum(e.amount_fen) FROM refund e WHERE e.merchant_id = p.merchant_id
    AND e.payment_id = p.payment_id AND e.state = 'SUCCESS' AND e.business_date < :day), 0)::bigint
    AS earlier_fen
FROM (SELECT merchant_id, payment_id, sum(amount_fen)::bigint AS amount_fen,
    sum(fee_back_fen)::bigint AS fee_back_fen, sum(cost_back_fen)::bigint AS cost_back_fen,
    sum(coalesce(eligible_margin_delta_fen, 0))::bigint AS margin_delta_fen
  FROM refund WHERE business_date = :day AND state = 'SUCCESS' GROUP BY merchant_id, payment_id) r
JOIN payment p USING (merchant_id, payment_id) {_PRICED} ORDER BY p.merchant_id, p.payment_id
"""
# Written out, not read from the view that the shares were posted from.
_SHARES = """
WITH moved AS (
  SELECT merchant_id, stream_id, business_date, eligible_margin_fen AS fen FROM payment
  WHERE state = 'SUCCESS' AND stream_id IS NOT NULL AND business_date <= :day
  UNION ALL
  SELECT merchant_id, stream_id, business_date, eligible_margin_delta_fen FROM refund
  WHERE state = 'SUCCESS' AND stream_id IS NOT NULL AND business_date <= :day
  UNION ALL
  SELECT merchant_id, stream_id, business_date, margin_delta_fen FROM correction
  WHERE stream_id IS NOT NULL AND business_date <= :day
  UNION ALL
  SELECT merchant_id, from_stream_id, business_date, from_margin_fen FROM correction
  WHERE from_stream_id IS NOT NULL AND business_date <= :day),
totals AS (
  SELECT merchant_id, stream_id, sum(fen)::bigint AS to_fen,
    sum(fen) FILTER (WHERE business_date < :day)::bigint AS before_fen
  FROM moved JOIN (SELECT DISTINCT merchant_id, stream_id FROM share_entry WHERE business_date = :day) s
    USING (merchant_id, stream_id)
  GROUP BY merchant_id, stream_id)
SELECT e.merchant_id, e.stream_id, e.delta_fen, e.release_no, s.rule_id, s.rule_version,
  l.pool_no, l.rate_ppm, l.rule_line,
  coalesce(t.before_fen, 0) AS margin_before_fen, coalesce(t.to_fen, 0) AS margin_to_fen
FROM share_entry e JOIN share_line l USING (merchant_id, stream_id, line_no)
JOIN share_stream s USING (merchant_id, stream_id) LEFT JOIN totals t USING (merchant_id, stream_id)
WHERE e.business_date = :day ORDER BY e.merchant_id, e.stream_id, e.line_no
"""
