"""What happened to one payment, in order, each with the row that proves it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from payments_core.calendar import SHANGHAI
from payments_core.money import format_fen
from payments_core.payments.model import refund_no
from payments_core.reporting.queries_payment import PaymentDetail, PoolDay
from ui.components import words
from ui.i18n import t
from ui.icons import icon
from ui.markup import Markup, div, join, link, span, tag
from ui.pages.payment_parts.words import named

_DAY_STEPS = ("close", "shares", "settlement", "payouts")


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """One thing that happened; `at` None: it did, but its instant is not recorded."""

    at: datetime | None
    title: str
    detail: str
    proof: str = ""
    href: str = ""
    is_exception: bool = False


def events(detail: PaymentDetail, *, sees_shares: bool) -> tuple[Event, ...]:
    """Return the events in order; those of one instant in the order they must have happened in."""
    made = [*_taking(detail), *_refunds(detail), *_day(detail, sees_shares=sees_shares)]
    known = detail.payment.created_at
    placed = []
    for event in made:
        known = event.at or known  # an event without an instant stays behind the one it follows
        placed.append((known, event))
    return tuple(event for _, event in sorted(placed, key=lambda pair: pair[0]))


def pane(detail: PaymentDetail, *, sees_shares: bool) -> Markup:
    """Return the timeline, a heading for each day."""
    found = events(detail, sees_shares=sees_shares)
    parts: list[Markup] = []
    day: date | None = None
    for event in found:
        on = event.at.astimezone(SHANGHAI).date() if event.at else day
        if on != day and on is not None:
            parts.append(div(on.isoformat(), cls="dy"))
            day = on
        parts.append(_event(event))
    head = div(
        tag("h2", t("payment.evidence")),
        span(t("payment.evidence_count", count=len(found)), cls="m s"),
        cls="pane-head",
    )
    return join(head, *parts)


def _taking(detail: PaymentDetail) -> Iterator[Event]:
    payment = detail.payment
    yield Event(
        at=payment.created_at,
        title=t("event.accepted"),
        proof=t("event.batch", no=detail.accepted_batch_no),
        detail=t(
            "event.accepted_detail", mode=named("payment.mode", payment.mode), order=payment.merchant_order_no
        ),
    )
    is_passed = payment.risk_decision == "PASS"
    yield Event(
        at=payment.created_at,
        title=t(f"event.risk_{payment.risk_decision.lower()}"),
        is_exception=not is_passed,
        detail=t("event.risk_detail", facts=len(payment.risk_facts), score=payment.risk_score),
        proof=detail.case.case_no if detail.case else "",
    )
    channel = named("payment.channel", payment.channel)
    if payment.refused_code != "RISK_REJECTED" and payment.state != "INIT":
        yield Event(at=None, title=t("event.sent", channel=channel), detail=t("event.sent_detail"))
    if payment.paid_at is not None:
        yield Event(
            at=payment.paid_at,
            title=t("event.captured"),
            proof=payment.channel_order_no or "",
            detail=t("event.captured_detail", amount=format_fen(payment.buyer_paid_fen)),
        )
    elif payment.state in ("FAILED", "CLOSED", "REVOKED"):
        code = named("payment.refused", payment.refused_code) if payment.refused_code else ""
        yield Event(at=None, title=t(f"event.{payment.state.lower()}"), detail=code, is_exception=True)
    own = [one for one in detail.transfers if not one.is_daily and one.posting_id == payment.payment_id]
    if own:
        yield Event(
            at=own[0].posted_at,
            title=t("event.posted"),
            detail=t("event.posted_detail", count=len(own)),
            proof=t("event.batch", no=detail.captured_batch_no),
        )


def _refunds(detail: PaymentDetail) -> Iterator[Event]:
    for refund in detail.refunds:
        amount = format_fen(refund.amount_fen)
        yield Event(
            at=refund.requested_at,
            title=t("event.refund_asked", amount=amount),
            proof=refund_no(refund.refund_id),
            detail=refund.reason or t("event.refund_order", order=refund.merchant_refund_no),
        )
        if refund.refunded_at is not None and refund.fee_back_fen is not None:
            back = format_fen(refund.fee_back_fen)
            yield Event(
                at=refund.refunded_at,
                title=t("event.refunded", amount=amount),
                detail=t("event.fee_back", fee=back),
            )
        elif refund.state == "FAILED":
            yield Event(at=None, title=t("event.refund_failed"), detail=amount, is_exception=True)


def _day(detail: PaymentDetail, *, sees_shares: bool) -> Iterator[Event]:
    day = detail.business_day
    if day is None:
        return
    address = f"/settlement?day={day.business_date}"
    for step in _DAY_STEPS:
        note = day.steps.get(step)
        told = _told(detail, step, sees_shares=sees_shares) if note else ""
        if note and told:
            yield Event(
                at=datetime.fromisoformat(note["finished_at"]),
                title=t(f"event.day_{step}"),
                detail=told,
                proof=words.day(day.business_date),
                href=address,
            )
    for payout in detail.payouts:
        if payout.finished_at is not None:
            yield Event(
                at=payout.finished_at,
                title=t(f"event.payout_{payout.state.lower()}"),
                proof=str(payout.payout_id),
                detail=format_fen(payout.amount_fen),
                is_exception=payout.state != "SUCCESS",
            )


def _told(detail: PaymentDetail, step: str, *, sees_shares: bool) -> str:
    if step == "close":
        return t("event.day_close_detail")
    if step == "shares":
        return t("list.comma").join(_pool(pool) for pool in detail.pools) if sees_shares else ""
    if step == "settlement":
        settled = detail.settlement
        if settled is None:
            return ""
        return t("event.settled", plan=format_fen(settled.plan_fen), real=format_fen(settled.real_fen))
    amounts = [format_fen(payout.amount_fen) for payout in detail.payouts]
    return t("list.and").join(amounts)


def _pool(pool: PoolDay) -> str:
    return f"{named('payment.party', pool.party_kind)} {format_fen(pool.delta_fen)}"


def _event(event: Event) -> Markup:
    at = t("state.nothing") if event.at is None else _clock(event.at)
    if event.href:
        proof: Markup | None = link(event.proof, event.href, cls="lk s n")
    else:
        proof = span(event.proof, cls="f s mono n") if event.proof else None
    mark = icon("triangle", size=14) if event.is_exception else None
    return div(
        span(at, cls="tm mono"),
        span(mark, cls="pt"),
        div(
            div(tag("b", event.title, cls="grow"), proof, cls="row"),
            div(event.detail, cls="m s"),
            cls="grow",
        ),
        cls="ev warn" if event.is_exception else "ev",
    )


def _clock(at: datetime) -> str:
    local = at.astimezone(SHANGHAI)
    milliseconds = (at - at.replace(microsecond=0)) // timedelta(milliseconds=1)
    return f"{local:%H:%M:%S}.{milliseconds:03d}"
