"""Accept orders: refusals, facts, the risk decision, and the intent before any channel hears of it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from engine.expressions import EvaluationError
from payments_core.calendar import business_date_of
from payments_core.errors import PaymentsCoreError
from payments_core.merchants.model import MerchantView
from payments_core.payments.batch import Batch
from payments_core.payments.errors import (
    DeviceBindingMismatch,
    IdempotencyConflict,
    MerchantNotActive,
    MerchantNotFound,
)
from payments_core.payments.model import RISK_REJECTED, Accepted, AcceptRequest, State
from payments_core.payments.rows import PAYMENT_COLUMNS, payment_line, quoted
from payments_core.payments.wire import Reply, Stream
from payments_core.risk import PASS, REJECT, RULE_ERROR, Decision, microseconds

ADVANCE = 10
CHUNK = 50
Key = tuple[str, str]
Answers = list[Accepted | PaymentsCoreError]

_EXISTING = (
    "SELECT p.merchant_id, p.merchant_order_no, p.request_hash, p.payment_id, p.state,"
    " p.risk_decision, p.risk_score,"
    " p.risk_hits, coalesce(p.refused_code, '') FROM unnest(%s::text[], %s::text[]) AS k"
    " (merchant_id, order_no)"
    " JOIN payment p ON p.merchant_id = k.merchant_id AND p.merchant_order_no = k.order_no"
)
_COUNT = (
    "SELECT FROM unnest($1::text[], $2::text[]) AS k (merchant_id, order_no)"
    " JOIN payment p ON p.merchant_id = k.merchant_id AND p.merchant_order_no = k.order_no"
)
_COPY = f"COPY payment ({PAYMENT_COLUMNS}) FROM STDIN"
_UNEVALUATED = Decision(decision=REJECT, score=0, hits=(RULE_ERROR,))


def look_up(batch: Batch, requests: Sequence[AcceptRequest]) -> Reply:
    """Ask the database how many of the requests it knows; `accept` wants the answer."""
    merchants, orders = quoted(r.merchant_id for r in requests), quoted(r.merchant_order_no for r in requests)
    return batch.wire.execute(_COUNT, (merchants, orders))


def accept(batch: Batch, requests: Sequence[AcceptRequest], looked_up: Reply) -> Answers:
    """Return the answer to each valid request, in order: Accepted, or the refusal, which is never written.

    The same key with the same body gets the answer that was given before, also twice within one batch.
    """
    known = _existing(batch, requests) if batch.wire.wait_for(looked_up) else {}
    rows = batch.wire.stream(_COPY)
    answers = _decide(batch, requests, known, rows)
    rows.end()
    batch.wire.advance()
    return answers


def _decide(
    batch: Batch,
    requests: Sequence[AcceptRequest],
    known: dict[Key, tuple[bytes, Accepted]],
    rows: Stream,
) -> Answers:
    """Decide one by one and send rows on the way: the database works on while we decide the next."""
    lines: list[str] = []
    answers: Answers = []
    for number, request in enumerate(requests):
        if number % ADVANCE == 0:
            batch.wire.advance()
        before = known.get(request.key)
        try:
            if before is not None:
                answers.append(_replayed(request, *before))
                continue
            body_hash = request.body_hash
            answer = _accepted(batch, request, body_hash, lines)
        except PaymentsCoreError as refusal:
            answers.append(refusal)
            continue
        answers.append(answer)
        known[request.key] = (body_hash, answer)
        if len(lines) >= CHUNK:
            rows.write(lines)
            lines.clear()
    rows.write(lines)
    return answers


def _existing(batch: Batch, requests: Sequence[AcceptRequest]) -> dict[Key, tuple[bytes, Accepted]]:
    keys = ([r.merchant_id for r in requests], [r.merchant_order_no for r in requests])
    return {
        (row[0], row[1]): (
            bytes(row[2]),
            Accepted(
                merchant_id=row[0],
                payment_id=row[3],
                state=State(row[4]),
                risk_decision=row[5],
                risk_score=row[6],
                risk_hits=tuple(row[7]),
                refused_code=row[8],
            ),
        )
        for row in batch.cursor.execute(_EXISTING, keys)
    }


def _replayed(request: AcceptRequest, body_hash: bytes, answer: Accepted) -> Accepted:
    if body_hash != request.body_hash:
        raise IdempotencyConflict(None, merchant_order_no=request.merchant_order_no)
    return answer._replace(replayed=True)


def _accepted(batch: Batch, request: AcceptRequest, body_hash: bytes, lines: list[str]) -> Accepted:
    view = _merchant(batch, request)
    created_at, policy = request.created_at, batch.policy
    served = batch.directory.binding(view.merchant_id, created_at)
    facts = policy.decision_facts.read(request, view, served, created_at)
    # Past this point the request is counted and written.
    try:
        policy.windows.count_in(facts, microseconds(created_at))
        decision = policy.risk.decide_by(policy.in_force(view, served, created_at).risk, facts)
    except EvaluationError:  # an aggregate's own condition: nothing was decided, so nothing passes
        decision = _UNEVALUATED
    payment_id = batch.new_id()
    rejected = decision.decision == REJECT
    state, code = (State.FAILED, RISK_REJECTED) if rejected else (State.PAYING, "")
    lines.append(
        payment_line(
            request,
            body_hash=body_hash,
            payment_id=payment_id,
            state=state,
            refused_code=code,
            served=served,
            decision=decision,
            facts=facts,
            fact_set_no=policy.fact_set_no,
            batch_no=batch.batch_no,
            release_no=policy.release_no,
        )
    )
    if decision.decision != PASS:
        _open_case(batch, request, payment_id, decision)
    if not rejected:
        batch.new_known[payment_id] = (request, decision.decision)
    return Accepted(
        merchant_id=request.merchant_id,
        payment_id=payment_id,
        state=state,
        risk_decision=decision.decision,
        risk_score=decision.score,
        risk_hits=decision.hits,
        refused_code=code,
    )


def _merchant(batch: Batch, request: AcceptRequest) -> MerchantView:
    view = batch.directory.merchant(request.merchant_id)
    if view is None:
        raise MerchantNotFound(None, merchant_id=request.merchant_id)
    if not view.is_active:
        raise MerchantNotActive(None, merchant_id=request.merchant_id, status=view.status)
    if request.device_id:
        device = batch.directory.device(request.device_id)
        if device is None or device.merchant_id != request.merchant_id:
            raise DeviceBindingMismatch(None, device_id=request.device_id)
    return view


def _open_case(batch: Batch, request: AcceptRequest, payment_id: int, decision: Decision) -> None:
    held = decision.hold_days > 0
    hold_until = business_date_of(request.created_at) + timedelta(days=decision.hold_days) if held else None
    # The hold itself is set with the capture: before it there is no money to hold.
    row = (
        request.merchant_id,
        payment_id,
        f"RC-{payment_id}",
        decision.decision,
        list(decision.hits),
        hold_until,
        request.created_at,
    )
    batch.cases.append(row)
