"""Record what the channels said: price and book successes, end payments that brought no money.

The usual capture is of a payment this process accepted a moment ago: it is priced from memory and written by
an UPDATE whose condition `state = 'PAYING'` is the guard. `begin` prices and sends, a few hundred at a time,
and does not wait; `finish` reads what came of it. Whatever the updates did not touch is looked at
row by row: a word that came twice gets the first answer, a success after the payment was closed is booked
and sent back at once.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from payments_core.errors import PaymentsCoreError
from payments_core.payments.batch import Batch
from payments_core.payments.errors import MerchantNotFound, PaymentNotFound
from payments_core.payments.legs import payment_lines
from payments_core.payments.model import AcceptRequest, Capture, Failure, Settled, State, ensure_transition
from payments_core.payments.policy import Priced
from payments_core.payments.rows import REQUEST_COLUMNS, REQUEST_WIDTH, literal, quoted, request_of
from payments_core.payments.wire import Reply
from payments_core.risk import REVIEW

CHUNK = 250
SUCCEEDED = "payment.succeeded"
REFUND_REQUESTED = "refund.requested"
LATE_REASON = "支付关闭后到账，自动退款 · paid after closing, returned automatically"

_LOAD = (
    f"SELECT {REQUEST_COLUMNS}, p.payment_id, p.state, p.risk_decision, p.fee_fen, p.cost_fen,"
    " p.business_date,"
    " p.store_id, p.broker_id, p.opener_id, p.stream_id FROM unnest(%s::text[], %s::bigint[]) AS k"
    " (merchant_id, payment_id)"
    " JOIN payment p ON p.merchant_id = k.merchant_id AND p.payment_id = k.payment_id"
)
_CAPTURE = (
    "UPDATE payment p SET state = 'SUCCESS', refused_code = NULL, paid_at = u.paid_at,"
    " business_date = u.booked_on,"
    " channel_order_no = u.channel_order_no, fee_fen = u.fee, cost_fen = u.cost,"
    " eligible_margin_fen = u.margin,"
    " fee_ref_no = u.fee_ref, cost_ref_no = u.cost_ref, stream_id = u.stream, captured_batch_no ="
    " $1, release_no = $2"
    " FROM unnest($3::text[], $4::bigint[], $5::timestamptz[], $6::date[], $7::text[],"
    " $8::bigint[], $9::bigint[],"
    " $10::bigint[], $11::int[], $12::int[], $13::bigint[])"
    " AS u (merchant_id, payment_id, paid_at, booked_on, channel_order_no, fee, cost, margin, fee_ref,"
    " cost_ref, stream)"
    " WHERE p.merchant_id = u.merchant_id AND p.payment_id = u.payment_id AND p.state = ANY ($14::text[])"
)
_DONE = (
    "SELECT p.payment_id FROM unnest(%s::text[], %s::bigint[]) AS k (merchant_id, payment_id)"
    " JOIN payment p ON p.merchant_id = k.merchant_id AND p.payment_id = k.payment_id"
    " WHERE p.state = 'SUCCESS' AND p.captured_batch_no = %s"
)
_FAIL = (
    "UPDATE payment p SET state = u.state, refused_code = nullif(u.code, '')"
    " FROM unnest(%s::text[], %s::bigint[], %s::text[], %s::text[])"
    " AS u (merchant_id, payment_id, state, code)"
    " WHERE p.merchant_id = u.merchant_id AND p.payment_id = u.payment_id AND p.state = 'PAYING'"
    " RETURNING p.payment_id, p.created_at"
)
_AUTO_REFUND = (
    "INSERT INTO refund (merchant_id, refund_id, payment_id, merchant_refund_no, request_hash,"
    " state, amount_fen, reason,"
    " requested_at, stream_id, store_id, broker_id, opener_id, release_no)"
    " VALUES (%s, %s, %s, %s, '', 'PROCESSING', %s, %s, %s, %s, %s, %s, %s, %s)"
)
_RESERVE_ALL = (
    "UPDATE payment SET refunded_fen = settle_amount_fen, refund_count = refund_count + 1"
    " WHERE merchant_id = %s AND payment_id = %s"
)

SettledAnswer = Settled | PaymentsCoreError


@dataclass(slots=True, kw_only=True)
class _Booking:
    """A capture on its way into the books."""

    capture: Capture
    request: AcceptRequest
    risk_decision: str
    priced: Priced
    booked_on: date


@dataclass(slots=True, kw_only=True)
class Captures:
    """Captures on their way: those refused, those sent, and how many rows each update found."""

    asked: Sequence[Capture]
    answers: dict[int, SettledAnswer]
    bookings: list[_Booking]
    sent: list[tuple[Reply, int]]
    booked: bool = False

    @property
    def all_done(self) -> bool:
        """Whether every update that was sent has been answered and found all its rows."""
        return all(reply.rows == expected for reply, expected in self.sent)


def begin(batch: Batch, captures: Sequence[Capture], *, book: bool) -> Captures:
    """Price the captures and send them; with `book`, the ledger and the outbox follow on the wire.

    Only one statement of a batch moves balances, so `book` is for batches where nothing else does.
    """
    answers: dict[int, SettledAnswer] = {}
    under_way = Captures(asked=captures, answers=answers, bookings=[], sent=[])
    unsent: list[_Booking] = []
    known, missing = _orders(batch, captures)
    for one in {c.payment_id: c for c in captures}.values():
        if one.payment_id in missing:
            answers[one.payment_id] = PaymentNotFound(None, payment_id=one.payment_id)
            continue
        try:
            unsent.append(_price(batch, one, *known[one.payment_id]))
        except PaymentsCoreError as refusal:
            answers[one.payment_id] = refusal
        if len(unsent) >= CHUNK:
            _send(batch, under_way, unsent)
    _send(batch, under_way, unsent)
    if book:
        batch.queue_books(lambda: _book_all(batch, under_way))
    return under_way


def finish(batch: Batch, under_way: Captures) -> list[SettledAnswer]:
    """Return how each payment stands after its channel reported success, in order."""
    answers = under_way.answers
    if not under_way.booked:
        batch.wire.finish()
    if not under_way.booked:
        _book_all(batch, under_way)
    if not under_way.booked:
        done = _done(batch, under_way.bookings)
        for booking in under_way.bookings:
            book = _book if booking.capture.payment_id in done else _out_of_turn
            answers[booking.capture.payment_id] = book(batch, booking)
    batch.done_ids.extend(answers)
    return _in_order(answers, under_way.asked)


def _book_all(batch: Batch, under_way: Captures) -> None:
    """Book the captures if all their updates have found all their rows, as they usually do."""
    if under_way.all_done:
        for booking in under_way.bookings:
            under_way.answers[booking.capture.payment_id] = _book(batch, booking)
        under_way.booked = True


def _send(batch: Batch, under_way: Captures, unsent: list[_Booking]) -> None:
    if unsent:
        under_way.sent.append((_write(batch, unsent, (State.PAYING,)), len(unsent)))
        under_way.bookings.extend(unsent)
        unsent.clear()


def _done(batch: Batch, bookings: Sequence[_Booking]) -> set[int]:
    keys = ([b.capture.merchant_id for b in bookings], [b.capture.payment_id for b in bookings])
    return {row[0] for row in batch.cursor.execute(_DONE, (*keys, batch.batch_no))}


def fail(batch: Batch, failures: Sequence[Failure]) -> list[SettledAnswer]:
    """Return how each payment stands after it ended without money, in order."""
    answers: dict[int, SettledAnswer] = {}
    distinct = tuple({f.payment_id: f for f in failures}.values())
    values = (
        [f.merchant_id for f in distinct],
        [f.payment_id for f in distinct],
        [str(f.state) for f in distinct],
        [f.code for f in distinct],
    )
    done = dict(batch.cursor.execute(_FAIL, values).fetchall())
    for one in distinct:
        if one.payment_id in done:
            # Nobody says when it failed: it is told as of its order.
            batch.tell(one.merchant_id, one.payment_id, f"payment.{one.state.lower()}", done[one.payment_id])
            answers[one.payment_id] = Settled(
                merchant_id=one.merchant_id, payment_id=one.payment_id, state=one.state
            )
        else:
            answers[one.payment_id] = _not_failed(batch, one)
    batch.done_ids.extend(answers)
    return _in_order(answers, failures)


def _in_order(answers: dict[int, SettledAnswer], asked: Sequence[Capture | Failure]) -> list[SettledAnswer]:
    """One answer for each question; the second of two equal questions is a replay."""
    given: set[int] = set()
    ordered: list[SettledAnswer] = []
    for one in asked:
        answer = answers[one.payment_id]
        if one.payment_id in given and isinstance(answer, Settled):
            answer = _as_replay(answer)
        given.add(one.payment_id)
        ordered.append(answer)
    return ordered


def _orders(
    batch: Batch, captures: Sequence[Capture]
) -> tuple[dict[int, tuple[AcceptRequest, str]], set[int]]:
    known: dict[int, tuple[AcceptRequest, str]] = {}
    unknown: list[Capture] = []
    for one in captures:
        found = batch.known.get(one.payment_id) or batch.new_known.get(one.payment_id)
        if found is None or found[0].merchant_id != one.merchant_id:
            unknown.append(one)
        else:
            known[one.payment_id] = found
    for row in _load(batch, unknown):
        known[row[REQUEST_WIDTH]] = (request_of(row), row[REQUEST_WIDTH + 2])
    return known, {one.payment_id for one in unknown} - known.keys()


def _load(batch: Batch, items: Sequence[Capture | Failure]) -> list[tuple[Any, ...]]:
    if not items:
        return []
    keys = ([i.merchant_id for i in items], [i.payment_id for i in items])
    return batch.cursor.execute(_LOAD, keys).fetchall()


def _price(batch: Batch, one: Capture, request: AcceptRequest, risk_decision: str) -> _Booking:
    view = batch.directory.merchant(one.merchant_id)
    if view is None:
        raise MerchantNotFound(None, merchant_id=one.merchant_id)
    booked_on = batch.booked_on(one.paid_at)
    served = batch.directory.binding(one.merchant_id, one.paid_at)
    priced = batch.policy.priced(request, view, served, paid_at=one.paid_at, paid_on=booked_on)
    return _Booking(
        capture=one, request=request, risk_decision=risk_decision, priced=priced, booked_on=booked_on
    )


def _write(batch: Batch, bookings: Sequence[_Booking], before: Iterable[State]) -> Reply:
    prices = [b.priced.price for b in bookings]
    columns = (
        literal(b.capture.merchant_id for b in bookings),
        literal(b.capture.payment_id for b in bookings),
        literal(b.capture.paid_at for b in bookings),
        literal(b.booked_on for b in bookings),
        quoted(b.capture.channel_order_no for b in bookings),
        literal(p.fee_fen for p in prices),
        literal(p.cost_fen for p in prices),
        literal(b.priced.eligible_margin_fen for b in bookings),
        literal(batch.ref_no(p.fee_rule, p.fee_row) for p in prices),
        literal(batch.ref_no(p.cost_rule, p.cost_row) for p in prices),
        literal(batch.stream_id(b.priced.stream) for b in bookings),
    )
    head = (str(batch.batch_no), str(batch.policy.release_no))
    return batch.wire.execute(_CAPTURE, (*head, *columns, literal(before)))


def _book(batch: Batch, booking: _Booking) -> Settled:
    one, price = booking.capture, booking.priced.price
    batch.transfers.append(
        payment_lines(
            merchant_id=one.merchant_id,
            payment_id=one.payment_id,
            settle_amount_fen=booking.request.settle_amount_fen,
            fee_fen=price.fee_fen,
            cost_fen=price.cost_fen,
            ending=batch.ending(booking.booked_on),
        )
    )
    batch.tell(one.merchant_id, one.payment_id, SUCCEEDED, one.paid_at)
    if booking.risk_decision == REVIEW:
        held_fen = booking.request.settle_amount_fen - price.fee_fen
        batch.holds.append((held_fen, one.merchant_id, one.payment_id))
    return Settled(
        merchant_id=one.merchant_id,
        payment_id=one.payment_id,
        state=State.SUCCESS,
        fee_fen=price.fee_fen,
        cost_fen=price.cost_fen,
        business_date=booking.booked_on,
    )


def _out_of_turn(batch: Batch, booking: _Booking) -> SettledAnswer:
    """Answer a success for a payment that was not PAYING: a replay, or money that came late."""
    one = booking.capture
    row = _load(batch, [one])[0]
    if row[REQUEST_WIDTH + 1] == State.SUCCESS:
        return _as_replay(_standing(row))
    try:
        ensure_transition(before=State(row[REQUEST_WIDTH + 1]), after=State.SUCCESS)
    except PaymentsCoreError as refusal:
        return refusal
    batch.wire.wait_for(_write(batch, [booking], (State.CLOSED, State.REVOKED)))
    settled = _book(batch, booking)
    refund_id = batch.new_id()
    stream = booking.priced.stream
    batch.cursor.execute(_RESERVE_ALL, (one.merchant_id, one.payment_id))
    values = (one.merchant_id, refund_id, one.payment_id, f"AUTO-{one.payment_id}")
    amounts = (booking.request.settle_amount_fen, LATE_REASON, batch.now)
    origin = (None if stream is None else stream.stream_id, *row[REQUEST_WIDTH + 6 : REQUEST_WIDTH + 9])
    batch.cursor.execute(_AUTO_REFUND, (*values, *amounts, *origin, batch.policy.release_no))
    batch.tell(one.merchant_id, refund_id, REFUND_REQUESTED, batch.now)
    return settled._replace(auto_refund_id=refund_id)


def _not_failed(batch: Batch, one: Failure) -> SettledAnswer:
    rows = _load(batch, [one])
    if not rows:
        return PaymentNotFound(None, payment_id=one.payment_id)
    standing = _standing(rows[0])
    if standing.state is one.state:
        return _as_replay(standing)
    try:
        ensure_transition(before=standing.state, after=one.state)
    except PaymentsCoreError as refusal:
        return refusal
    return PaymentNotFound(None, payment_id=one.payment_id)


def _standing(row: Sequence[Any]) -> Settled:
    payment_id, state, _, fee_fen, cost_fen, booked_on = row[REQUEST_WIDTH : REQUEST_WIDTH + 6]
    return Settled(
        merchant_id=row[0],
        payment_id=payment_id,
        state=State(state),
        fee_fen=fee_fen,
        cost_fen=cost_fen,
        business_date=booked_on,
    )


def _as_replay(answer: Settled) -> Settled:
    return answer._replace(replayed=True)
