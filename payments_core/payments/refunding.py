"""Refunds in two steps: reserve the money and write the intent; book it once the channel has paid.

The reservation is on the payment's row and held to the amount by the database, so two refunds at once never
exceed it. What goes back of fee, cost and margin is the difference of the cumulative figures of the row that
priced the sale: any partition of a refund returns the same totals, and a full refund leaves nothing. Of the
margin that is so within the days in which the sale's share rule takes shares back; later ones leave them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from payments_core.errors import PaymentsCoreError
from payments_core.fees import Pricing, remaining_margin_fen
from payments_core.payments.batch import Batch
from payments_core.payments.errors import IdempotencyConflict, PaymentNotFound, RefundNotFound
from payments_core.payments.legs import refund_lines
from payments_core.payments.model import (
    RefundAccepted,
    Refunded,
    RefundRequest,
    RefundResult,
    State,
    ensure_refundable,
)

PROCESSING, SUCCESS, FAILED = "PROCESSING", "SUCCESS", "FAILED"

_EXISTING = (
    "SELECT r.merchant_id, r.merchant_refund_no, r.request_hash, r.refund_id, r.payment_id,"
    " r.amount_fen, r.state"
    " FROM unnest(%s::text[], %s::text[]) AS k (merchant_id, refund_no)"
    " JOIN refund r ON r.merchant_id = k.merchant_id AND r.merchant_refund_no = k.refund_no"
)
_PAYMENTS = (
    "SELECT p.merchant_id, p.payment_id, p.state, p.paid_at, p.settle_amount_fen, p.refunded_fen,"
    " p.refund_count,"
    " p.stream_id, p.store_id, p.broker_id, p.opener_id"
    " FROM unnest(%s::text[], %s::bigint[]) AS k (merchant_id, payment_id)"
    " JOIN payment p ON p.merchant_id = k.merchant_id AND p.payment_id = k.payment_id"
)
_RESERVE = (
    "UPDATE payment SET refunded_fen = refunded_fen + %s, refund_count = refund_count + 1"
    " WHERE merchant_id = %s AND payment_id = %s"
)
_INSERT = (
    "INSERT INTO refund (merchant_id, refund_id, payment_id, merchant_refund_no, request_hash,"
    " state, amount_fen, reason,"
    " requested_at, stream_id, store_id, broker_id, opener_id, release_no)"
    " VALUES (%s, %s, %s, %s, %s, 'PROCESSING', %s, %s, %s, %s, %s, %s, %s, %s)"
)
# What had gone back before is the sum of the refunds that succeeded; those still running are only reserved.
_OPEN = (
    "SELECT r.merchant_id, r.refund_id, r.state, r.amount_fen, r.payment_id, p.settle_amount_fen,"
    " p.fee_fen, p.cost_fen,"
    " p.eligible_margin_fen, f.rule_id, f.version, f.row_no, c.rule_id, c.version, c.row_no,"
    " coalesce((SELECT sum(d.amount_fen) FROM refund d WHERE d.merchant_id = p.merchant_id"
    "   AND d.payment_id = p.payment_id AND d.state = 'SUCCESS'), 0)::bigint,"
    " r.fee_back_fen, r.cost_back_fen, r.business_date, p.payer_hash, p.paid_at, r.requested_at,"
    " s.rule_id, s.rule_version"
    " FROM refund r JOIN payment p ON p.merchant_id = r.merchant_id AND p.payment_id = r.payment_id"
    " JOIN rule_ref f ON f.ref_no = p.fee_ref_no JOIN rule_ref c ON c.ref_no = p.cost_ref_no"
    " LEFT JOIN share_stream s ON s.merchant_id = p.merchant_id AND s.stream_id = p.stream_id"
    " WHERE r.merchant_id = %s AND r.refund_id = %s"
)
_BOOK = (
    "UPDATE refund SET state = 'SUCCESS', refunded_at = %s, business_date = %s, fee_back_fen = %s,"
    " cost_back_fen = %s,"
    " eligible_margin_delta_fen = %s, batch_no = %s, release_no = %s WHERE merchant_id = %s AND"
    " refund_id = %s"
)
_RELEASE_HOLD = (
    "UPDATE risk_case SET hold_fen = greatest(hold_fen - %s, 0) WHERE merchant_id = %s AND"
    " payment_id = %s AND hold_fen > 0"
)
_FAIL = "UPDATE refund SET state = 'FAILED', batch_no = %s WHERE merchant_id = %s AND refund_id = %s"
_RELEASE = (
    "UPDATE payment SET refunded_fen = refunded_fen - %s, refund_count = refund_count - 1"
    " WHERE merchant_id = %s AND payment_id = %s"
)

RequestAnswer = RefundAccepted | PaymentsCoreError
ResultAnswer = Refunded | PaymentsCoreError


@dataclass(slots=True, kw_only=True)
class _Paid:
    """A payment that refunds are asked of; the figures move as this batch reserves."""

    state: State
    paid_at: datetime | None
    settle_amount_fen: int
    refunded_fen: int
    refund_count: int
    origin: tuple[
        Any, ...
    ]  # stream_id, store_id, broker_id, opener_id: a refund stays where its sale was made


def request_refunds(batch: Batch, requests: Sequence[RefundRequest]) -> list[RequestAnswer]:
    """Reserve and write each refund, in order; the same key with the same body gets the same answer."""
    known = _existing(batch, requests)
    paid = _payments(batch, requests)
    answers: list[RequestAnswer] = []
    for request in requests:
        before = known.get(request.key)
        try:
            if before is not None:
                answers.append(_replayed(request, *before))
                continue
            answer = _reserved(batch, request, paid)
        except PaymentsCoreError as refusal:
            answers.append(refusal)
            continue
        answers.append(answer)
        known[request.key] = (request.body_hash, answer)
    return answers


def book_refunds(batch: Batch, results: Sequence[RefundResult]) -> list[ResultAnswer]:
    """Book each refund that its channel paid, free the reservation of each that it refused; in order."""
    return [_booked(batch, result) for result in results]


def _existing(
    batch: Batch, requests: Sequence[RefundRequest]
) -> dict[tuple[str, str], tuple[bytes, RefundAccepted]]:
    keys = ([r.merchant_id for r in requests], [r.merchant_refund_no for r in requests])
    return {
        (row[0], row[1]): (
            bytes(row[2]),
            RefundAccepted(
                merchant_id=row[0], refund_id=row[3], payment_id=row[4], amount_fen=row[5], state=row[6]
            ),
        )
        for row in batch.cursor.execute(_EXISTING, keys)
    }


def _payments(batch: Batch, requests: Sequence[RefundRequest]) -> dict[tuple[str, int], _Paid]:
    keys = ([r.merchant_id for r in requests], [r.payment_id for r in requests])
    return {
        (row[0], row[1]): _Paid(
            state=State(row[2]),
            paid_at=row[3],
            settle_amount_fen=row[4],
            refunded_fen=row[5],
            refund_count=row[6],
            origin=tuple(row[7:]),
        )
        for row in batch.cursor.execute(_PAYMENTS, keys)
    }


def _replayed(request: RefundRequest, body_hash: bytes, answer: RefundAccepted) -> RefundAccepted:
    if body_hash != request.body_hash:
        raise IdempotencyConflict(None, merchant_refund_no=request.merchant_refund_no)
    return RefundAccepted(
        merchant_id=answer.merchant_id,
        refund_id=answer.refund_id,
        payment_id=answer.payment_id,
        amount_fen=answer.amount_fen,
        state=answer.state,
        replayed=True,
    )


def _reserved(batch: Batch, request: RefundRequest, payments: dict[tuple[str, int], _Paid]) -> RefundAccepted:
    paid = payments.get((request.merchant_id, request.payment_id))
    if paid is None:
        raise PaymentNotFound(None, payment_id=request.payment_id)
    ensure_refundable(
        state=paid.state,
        paid_at=paid.paid_at,
        settle_amount_fen=paid.settle_amount_fen,
        refunded_fen=paid.refunded_fen,
        refund_count=paid.refund_count,
        amount_fen=request.amount_fen,
        requested_at=request.requested_at,
    )
    # Past this point the refund is reserved and written.
    paid.refunded_fen += request.amount_fen
    paid.refund_count += 1
    refund_id = batch.new_id()
    batch.cursor.execute(_RESERVE, (request.amount_fen, request.merchant_id, request.payment_id))
    values = (
        request.merchant_id,
        refund_id,
        request.payment_id,
        request.merchant_refund_no,
        request.body_hash,
    )
    content = (request.amount_fen, request.reason, request.requested_at)
    batch.cursor.execute(_INSERT, (*values, *content, *paid.origin, batch.policy.release_no))
    return RefundAccepted(
        merchant_id=request.merchant_id,
        refund_id=refund_id,
        payment_id=request.payment_id,
        amount_fen=request.amount_fen,
        state=PROCESSING,
    )


def _booked(batch: Batch, result: RefundResult) -> ResultAnswer:
    row = batch.cursor.execute(_OPEN, (result.merchant_id, result.refund_id)).fetchone()
    if row is None:
        return RefundNotFound(None, refund_id=result.refund_id)
    state, amount_fen, payment_id = row[2], row[3], row[4]
    if state != PROCESSING:
        return Refunded(
            merchant_id=result.merchant_id,
            refund_id=result.refund_id,
            state=state,
            fee_back_fen=row[16],
            cost_back_fen=row[17],
            business_date=row[18],
            replayed=True,
        )
    key = (result.merchant_id, result.refund_id)
    if not result.succeeded:
        batch.cursor.execute(_FAIL, (batch.batch_no, *key))
        batch.cursor.execute(_RELEASE, (amount_fen, result.merchant_id, payment_id))
        batch.tell(*key, "refund.failed", result.at)
        return Refunded(merchant_id=result.merchant_id, refund_id=result.refund_id, state=FAILED)
    return _gone_back(batch, result, row)


def _gone_back(batch: Batch, result: RefundResult, row: Sequence[Any]) -> Refunded:
    amount_fen, payment_id, settle_fen, fee_fen, cost_fen, sold_fen = row[3:9]
    pricing, paid_at = batch.policy.pricer.pricing, row[20]
    fee = pricing(rule_id=row[9], version=row[10], row_no=row[11], at=paid_at)
    cost = pricing(rule_id=row[12], version=row[13], row_no=row[14], at=paid_at)
    sale = _Sale(
        fee=fee, cost=cost, settle_fen=settle_fen, fee_fen=fee_fen, cost_fen=cost_fen, sold_fen=sold_fen
    )
    before, after = sale.remaining(settle_fen - row[15]), sale.remaining(settle_fen - row[15] - amount_fen)
    fee_back_fen, cost_back_fen = before[0] - after[0], before[1] - after[1]
    booked_on = batch.booked_on(result.at)
    key = (result.merchant_id, result.refund_id)
    margin_delta_fen = after[2] - before[2]
    if row[22] is not None and not _is_reversed(batch, row):
        margin_delta_fen = 0  # what was shared stays shared: the platform bears the margin that goes back
    figures = (result.at, booked_on, fee_back_fen, cost_back_fen, margin_delta_fen)
    batch.cursor.execute(_BOOK, (*figures, batch.batch_no, batch.policy.release_no, *key))
    batch.cursor.execute(_RELEASE_HOLD, (amount_fen - fee_back_fen, result.merchant_id, payment_id))
    batch.transfers.append(
        refund_lines(
            merchant_id=result.merchant_id,
            refund_id=result.refund_id,
            amount_fen=amount_fen,
            fee_back_fen=fee_back_fen,
            cost_back_fen=cost_back_fen,
            ending=batch.ending(booked_on),
        )
    )
    batch.tell(*key, "refund.succeeded", result.at)
    batch.policy.count_refund(
        merchant_id=result.merchant_id, payer_id=row[19], amount_fen=amount_fen, at=result.at
    )
    return Refunded(
        merchant_id=result.merchant_id,
        refund_id=result.refund_id,
        state=SUCCESS,
        fee_back_fen=fee_back_fen,
        cost_back_fen=cost_back_fen,
        business_date=booked_on,
    )


def _is_reversed(batch: Batch, row: Sequence[Any]) -> bool:
    """Tell whether the refund was asked for while the share rule of its sale still takes shares back."""
    paid_at, requested_at, rule_id, version = row[20:24]
    days = batch.policy.reversal_days(rule_id=rule_id, version=version)
    return days is None or requested_at <= paid_at + timedelta(days=days)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Sale:
    """A sale as it was priced, and what its figures are while a part of it remains."""

    fee: Pricing
    cost: Pricing
    settle_fen: int
    fee_fen: int
    cost_fen: int
    sold_fen: int

    def remaining(self, remaining_fen: int) -> tuple[int, int, int]:
        """Return fee, cost and eligible margin of the part that remains."""
        if remaining_fen == self.settle_fen:  # what was booked stands, whatever the rule would say today
            return self.fee_fen, self.cost_fen, self.sold_fen
        fee_fen, cost_fen = self.fee.amount_fen(remaining_fen), self.cost.amount_fen(remaining_fen)
        margin_fen = remaining_margin_fen(sold_fen=self.sold_fen, fee_fen=fee_fen, cost_fen=cost_fen)
        return fee_fen, cost_fen, margin_fen
