"""Book a day's corrections: what rules that begin in the past make of payments that are booked already.

Two reasons bring a payment here: a correcting version came into force after it was paid, or a refund went
back at the price of before. Either way the books are trued up to what is known by the day; a payment that
agrees gets nothing, so running it again adds nothing. Payments, refunds and closed days stay as they are.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection, insert, text

from engine.rulebook import Row, Rule, Rulebook
from payments_core.corrections.evidence import Unknown
from payments_core.corrections.model import Booked, SalePrice, TrueUp, added, known, true_up
from payments_core.corrections.repricing import Releases, Repriced, Repricer
from payments_core.corrections.sales import Candidate, list_candidates
from payments_core.corrections.tables import correction
from payments_core.corrections.versions import correcting, known_since, note_versions, window_of
from payments_core.ledger import Account, Code, Leg, post
from payments_core.merchants.directory import Directory
from payments_core.payments.model import first_id_at
from payments_core.profit_share import Stream, open_streams
from payments_core.rulebooks import RuleRefKey, intern_refs

RULE, REFUND = "RULE", "REFUND"


@dataclass(frozen=True, slots=True, kw_only=True)
class Corrected:
    """What one run of `book_corrections` added; `unread` payments stay as booked, for want of a fact."""

    versions: int = 0
    payments: int = 0
    rows: int = 0
    fee_fen: int = 0
    cost_fen: int = 0
    unread: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class _Entry:
    """A row on its way: the lines of the price now are those of `repriced`, or the ones that stand."""

    sale: Candidate
    cause: str
    number: int
    price: SalePrice
    entry: TrueUp
    repriced: Repriced | None


def book_corrections(
    connection: Connection, releases: Releases, *, business_date: date, release_no: int, now: datetime
) -> Corrected:
    """Book what is missing on a closed business date under the release it was closed with."""
    rulebook: Rulebook = releases.get(release_no).rulebook
    versions = tuple(correcting(rulebook).values())
    if not versions and not connection.execute(text(_ANY)).scalar_one():
        return Corrected()
    new = note_versions(connection, releases, versions, business_date, release_no, now)
    directory = Directory()
    directory.catch_up(connection, _directory_no(connection))
    known_at = known_since(connection)
    repricer = Repricer(rulebook=rulebook, releases=releases, directory=directory, known_at=known_at)
    window = window_of(versions, new, known_at, business_date)
    found: list[_Entry] = []
    unread = 0
    for candidate in list_candidates(connection, window=window, until=business_date):
        try:
            found += _entries(repricer, candidate)
        except Unknown:
            unread += 1
    _book(connection, found, business_date, release_no, now)
    return Corrected(
        versions=len(new),
        payments=len({(one.sale.merchant_id, one.sale.payment_id) for one in found}),
        rows=len(found),
        fee_fen=sum(one.entry.fee_delta_fen for one in found),
        cost_fen=sum(one.entry.cost_delta_fen for one in found),
        unread=unread,
    )


def _entries(repricer: Repricer, candidate: Candidate) -> Iterator[_Entry]:
    """Yield the true-up of refunds at the price that stands, then that of another price."""
    settle_fen, paid_at = candidate.sale.request.settle_amount_fen, candidate.sale.paid_at
    price, booked, number = (
        repricer.standing_price(candidate.sale, candidate.standing),
        candidate.booked,
        candidate.number,
    )

    def missing(wanted: SalePrice, books: Booked) -> TrueUp:
        net = known(price=wanted, settle_fen=settle_fen, paid_at=paid_at, backs=candidate.backs)
        return true_up(net=net, stream_id=wanted.stream_id, booked=books)

    if number:  # until there is a first correction, refunds have given back what the books say
        entry = missing(price, booked)
        if not entry.is_nothing:
            number += 1
            booked = added(booked, entry, stream_id=price.stream_id)
            yield _Entry(sale=candidate, cause=REFUND, number=number, price=price, entry=entry, repriced=None)
    repriced = repricer.reprice(candidate.sale, candidate.standing)
    if repriced is not None and repriced.price != price:
        entry = missing(repriced.price, booked)
        yield _Entry(
            sale=candidate,
            cause=RULE,
            number=number + 1,
            price=repriced.price,
            entry=entry,
            repriced=repriced,
        )


def _directory_no(connection: Connection) -> int:
    return int(connection.execute(text("SELECT directory_no FROM lane WHERE lane_no = 0")).scalar_one())


def _book(
    connection: Connection, found: Sequence[_Entry], business_date: date, release_no: int, now: datetime
) -> None:
    if not found:
        return
    streams = [one.repriced.stream for one in found if one.repriced and one.repriced.stream]
    open_streams(connection, streams=_distinct(streams))
    refs = _refs(connection, found)
    first = _ids(connection, len(found), now)
    rows = [_row(one, refs, first + index, business_date, release_no, now) for index, one in enumerate(found)]
    connection.execute(insert(correction), rows)
    post(connection, [leg for row in rows for leg in _legs(row)])


def _distinct(streams: Sequence[Stream]) -> tuple[Stream, ...]:
    return tuple({(stream.merchant_id, stream.stream_id): stream for stream in streams}.values())


def _refs(connection: Connection, found: Sequence[_Entry]) -> Mapping[RuleRefKey, int]:
    keys = {_ref(line) for one in found if one.repriced for line in (one.repriced.fee, one.repriced.cost)}
    return intern_refs(connection, keys)


def _ref(line: tuple[Rule, Row]) -> RuleRefKey:
    rule, row = line
    return RuleRefKey(rule.kind, rule.id, rule.version, row.row_no, row.line)


def _ids(connection: Connection, count: int, now: datetime) -> int:
    """Return the first of `count` fresh ids, taken for good: no payment waits until these are booked."""
    floor = first_id_at(now) - 1
    with connection.engine.begin() as own:
        last = own.execute(text(_TAKE_IDS), {"floor": floor, "count": count}).scalar_one()
    return int(last) - count + 1


def _row(
    one: _Entry,
    refs: Mapping[RuleRefKey, int],
    correction_id: int,
    business_date: date,
    release_no: int,
    now: datetime,
) -> dict[str, Any]:
    sale, price, entry = one.sale, one.price, one.entry
    lines = (sale.fee_ref_no, sale.cost_ref_no)
    if one.repriced is not None:
        lines = (refs[_ref(one.repriced.fee)], refs[_ref(one.repriced.cost)])
    return {
        "merchant_id": sale.merchant_id,
        "payment_id": sale.payment_id,
        "number": one.number,
        "correction_id": correction_id,
        "business_date": business_date,
        "cause": one.cause,
        "remaining_fen": sale.sale.request.settle_amount_fen - sum(back.amount_fen for back in sale.backs),
        "fee_fen": price.fee_fen,
        "cost_fen": price.cost_fen,
        "eligible_margin_fen": price.margin_fen,
        "fee_ref_no": lines[0],
        "cost_ref_no": lines[1],
        "fee_delta_fen": entry.fee_delta_fen,
        "cost_delta_fen": entry.cost_delta_fen,
        "stream_id": price.stream_id,
        "margin_delta_fen": entry.margin_delta_fen,
        "from_stream_id": entry.from_stream_id,
        "from_margin_fen": entry.from_margin_fen,
        **sale.origin,
        "release_no": release_no,
        "booked_at": now,
    }


def _legs(row: Mapping[str, Any]) -> Iterator[Leg]:
    """Yield leg 1 for the fee and leg 2 for the cost, from whom it is due to whom; none for nothing."""
    sides = (
        (1, row["fee_delta_fen"], Account.MERCHANT_PAYABLE, Account.FEE_INCOME, Code.FEE_CORRECTION),
        (2, row["cost_delta_fen"], Account.CHANNEL_COST, Account.CHANNEL_CLEARING, Code.COST_CORRECTION),
    )
    for number, fen, debit, credit, code in sides:
        if fen:
            yield Leg(
                merchant_id=row["merchant_id"],
                posting_id=row["correction_id"],
                leg=number,
                debit_account=debit if fen > 0 else credit,
                credit_account=credit if fen > 0 else debit,
                amount_fen=abs(fen),
                code=code,
                business_date=row["business_date"],
                posted_at=row["booked_at"],
                release_no=row["release_no"],
            )


_ANY = "SELECT EXISTS (SELECT 1 FROM correction)"
_TAKE_IDS = """
UPDATE lane SET last_id = greatest(last_id, :floor) + :count WHERE lane_no = 0 RETURNING last_id
"""
