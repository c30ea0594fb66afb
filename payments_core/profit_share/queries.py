"""What a party earned, its statement, and the way from one entry back to payments and rule line."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import Connection, RowMapping, text

from payments_core.errors import NotFound
from payments_core.money import Rounding, portion


@dataclass(frozen=True, slots=True, kw_only=True)
class Income:
    """What a party earned on one day or from one merchant (`key`), and on what margin; fen."""

    key: str
    merchants: int
    margin_fen: int
    share_fen: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One line of one stream on one day, with the figures of its formula.

    The pool's exact share is cum_margin × pool_ppm (millionths of a fen). It is rounded to whole fen and then
    split by rate, the largest remainder first: this line has had cum_fen. The day's delta is what cum_fen has
    grown since the entry before.
    """

    merchant_id: str
    merchant_name: str
    stream_id: int
    line_no: int
    business_date: date
    party_kind: str
    party_id: str
    role: str
    rate_ppm: int
    pool_ppm: int
    rounding: str
    rule_id: str
    rule_version: int
    rule_line: int
    release_no: int
    margin_fen: int
    cum_margin_fen: int
    cum_fen: int
    delta_fen: int

    @property
    def exact_millionths(self) -> int:
        """This line's unrounded cumulative share in millionths of a fen."""
        return self.cum_margin_fen * self.rate_ppm

    @property
    def pool_exact_millionths(self) -> int:
        """The unrounded cumulative share of the line's pool in millionths of a fen."""
        return self.cum_margin_fen * self.pool_ppm

    @property
    def pool_fen(self) -> int:
        """The rounded cumulative share of the line's pool."""
        mode = Rounding(self.rounding) if self.rounding else Rounding.HALF_UP
        return portion(self.cum_margin_fen, self.pool_ppm, mode)

    @property
    def before_fen(self) -> int:
        """What was posted before this day."""
        return self.cum_fen - self.delta_fen


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """A payment (positive), refund (negative) or correction that moved a stream on a day; fen."""

    kind: str
    id: int
    payment_id: int
    at: datetime
    amount_fen: int
    fee_fen: int
    cost_fen: int
    margin_fen: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Trace:
    """An entry and everything it is made of; the sources' margins sum to the entry's."""

    entry: Entry
    sources: tuple[Source, ...]


def list_income_by_day(
    connection: Connection, *, party_id: str, since: date, until: date
) -> tuple[Income, ...]:
    """Return the party's income of every day in [since, until) with any, by day; `key` is the ISO date."""
    return _income(connection, "e.business_date::text", party_id, since, until)


def list_income_by_merchant(
    connection: Connection, *, party_id: str, since: date, until: date
) -> tuple[Income, ...]:
    """Return the party's income in [since, until) of every merchant, by merchant id."""
    return _income(connection, "e.merchant_id", party_id, since, until)


def list_statement(connection: Connection, *, party_id: str, since: date, until: date) -> tuple[Entry, ...]:
    """Return the party's entries of the business dates in [since, until), by day, merchant and line."""
    found = connection.execute(
        text(
            f"{_ENTRY} WHERE e.party_id = :party_id AND e.business_date >= :since"
            " AND e.business_date < :until ORDER BY e.business_date, e.merchant_id, e.stream_id, e.line_no"
        ),
        {"party_id": party_id, "since": since, "until": until},
    ).mappings()
    return tuple(_entry(row) for row in found)


def list_day_entries(connection: Connection, *, merchant_id: str, business_date: date) -> tuple[Entry, ...]:
    """Return every party's entries of one merchant and day, in listed order."""
    found = connection.execute(
        text(
            f"{_ENTRY} WHERE e.merchant_id = :merchant_id AND e.business_date = :business_date"
            " ORDER BY e.stream_id, e.line_no"
        ),
        {"merchant_id": merchant_id, "business_date": business_date},
    ).mappings()
    return tuple(_entry(row) for row in found)


def get_trace(
    connection: Connection, *, merchant_id: str, stream_id: int, line_no: int, business_date: date
) -> Trace:
    """Return one entry with the payments and refunds behind it, by time. Raises NotFound."""
    key = {
        "merchant_id": merchant_id,
        "stream_id": stream_id,
        "line_no": line_no,
        "business_date": business_date,
    }
    row = connection.execute(text(f"{_ENTRY} WHERE {_KEY}"), key).mappings().one_or_none()
    if row is None:
        raise NotFound
    sources = connection.execute(text(_SOURCES), key).mappings()
    return Trace(entry=_entry(row), sources=tuple(Source(**dict(source)) for source in sources))


def _income(connection: Connection, key: str, party_id: str, since: date, until: date) -> tuple[Income, ...]:
    # A stream's margin stands on each of its lines: count it once where a party has several.
    found = connection.execute(
        text(
            "SELECT key, count(DISTINCT merchant_id) AS merchants, sum(margin_fen)::bigint AS margin_fen,"
            " sum(share_fen)::bigint AS share_fen FROM ("
            f"SELECT {key} AS key, e.merchant_id, max(e.margin_fen) AS margin_fen,"
            " sum(e.delta_fen) AS share_fen"
            " FROM share_entry e WHERE e.party_id = :party_id AND e.business_date >= :since"
            " AND e.business_date < :until GROUP BY 1, e.merchant_id, e.stream_id, e.business_date) d"
            " GROUP BY key ORDER BY key"
        ),
        {"party_id": party_id, "since": since, "until": until},
    ).mappings()
    return tuple(
        Income(
            key=row["key"],
            merchants=row["merchants"],
            margin_fen=row["margin_fen"],
            share_fen=row["share_fen"],
        )
        for row in found
    )


# Outer joins: a merchant that has left the reader's scope must not take its past income with it.
_ENTRY = """
SELECT e.merchant_id, coalesce(m.name, e.merchant_id) AS merchant_name, e.stream_id, e.line_no,
  e.business_date, e.party_kind, e.party_id, l.role, l.rate_ppm, l.pool_ppm, coalesce(s.rounding,
    '') AS rounding,
  coalesce(s.rule_id, '') AS rule_id, coalesce(s.rule_version, 0) AS rule_version, l.rule_line,
  e.release_no, e.margin_fen, e.cum_margin_fen, e.cum_fen, e.delta_fen
FROM share_entry e JOIN share_line l USING (merchant_id, stream_id, line_no)
LEFT JOIN share_stream s USING (merchant_id, stream_id) LEFT JOIN merchant m USING (merchant_id)
"""
_KEY = (
    "e.merchant_id = :merchant_id AND e.stream_id = :stream_id AND e.line_no = :line_no"
    " AND e.business_date = :business_date"
)
_SOURCES = """
SELECT source AS kind, id, payment_id, at, amount_fen, fee_fen, cost_fen, margin_fen
FROM margin_moved WHERE merchant_id = :merchant_id AND stream_id = :stream_id
  AND business_date = :business_date ORDER BY at, id
"""


def _entry(row: RowMapping) -> Entry:
    return Entry(**{name: row[name] for name in Entry.__dataclass_fields__})
