"""The payment list as a file: the same filter and the same scope, at most 50,000 rows, payers masked."""

from __future__ import annotations

from urllib.parse import quote

from fastapi import APIRouter, Request
from fastapi.responses import Response
from sqlalchemy import Connection
from starlette.responses import PlainTextResponse

from payments_core.access import Action
from payments_core.errors import Invalid
from payments_core.payments.model import payment_no
from payments_core.reporting.queries_payments import (
    PaymentFilter,
    PaymentRow,
    PaymentTotals,
    list_payments,
    sum_payments,
)
from ui.components import words
from ui.exports import Money, Row, to_csv
from ui.i18n import t
from ui.pages.payment_parts.choice import Choice
from ui.pages.payment_parts.words import masked, named, sees_margin, sees_payer
from ui.visit import Visit, visit_of

MOST_ROWS = 50_000


def routes() -> APIRouter:
    """Return the route /payments/export.csv."""
    router = APIRouter()

    @router.get("/payments/export.csv")
    async def export(
        request: Request,
        first: str = "",
        last: str = "",
        channel: str = "",
        state: str = "",
        decision: str = "",
        least: str = "",
        most: str = "",
        place: str = "",
        number: str = "",
    ) -> Response:
        visit = visit_of(request)
        if not visit.may(Action.READ_PAYMENTS):
            return PlainTextResponse(t("state.not_found"), 404)
        chosen = Choice(
            first=first,
            last=last,
            channel=channel,
            state=state,
            decision=decision,
            least=least,
            most=most,
            place=place,
            number=number,
        )
        try:
            wanted = chosen.read(today=visit.today)
            rows, totals = await visit.read(_read, wanted)
        except Invalid as refusal:
            return PlainTextResponse(words.refused(refusal), 400)
        name = f"{t('payments.title')}-{wanted.first}-{wanted.last}.csv"
        headers = {"Content-Disposition": f"attachment; filename*=UTF-8''{quote(name)}"}
        return Response(
            to_csv(table(visit, rows, totals)), media_type="text/csv; charset=utf-8", headers=headers
        )

    return router


def _read(connection: Connection, wanted: PaymentFilter) -> tuple[tuple[PaymentRow, ...], PaymentTotals]:
    return (
        list_payments(connection, wanted=wanted, limit=MOST_ROWS),
        sum_payments(connection, wanted=wanted),
    )


def table(visit: Visit, rows: tuple[PaymentRow, ...], totals: PaymentTotals) -> list[Row]:
    """Return head, payments, the sums of all that match, and where it was cut off."""
    has_margin, has_payer = sees_margin(visit), sees_payer(visit)
    head: list[str] = [
        t("payments.at"),
        t("payments.payment"),
        t("payments.order_no"),
        t("search.id"),
        t("payments.merchant"),
        t("payments.store"),
        t("payments.channel"),
        t("payments.mode"),
        t("payments.state"),
        t("payments.decision"),
        t("payments.amount"),
        t("payments.settle"),
        t("payments.fee"),
        t("payments.refunded"),
    ]
    head += [t("payments.cost"), t("payments.margin")] if has_margin else []
    head += [t("payments.payer")] if has_payer else []
    body = [_row(one, has_margin=has_margin, has_payer=has_payer) for one in rows]
    total: list[str | int | Money | None] = [
        t("payments.total", count=words.count(totals.count)),
        *[None] * 9,
        Money(amount_fen=totals.amount_fen),
        None,
        Money(amount_fen=totals.fee_fen),
        Money(amount_fen=totals.refunded_fen),
    ]
    if has_margin:
        total += [Money(amount_fen=totals.cost_fen), Money(amount_fen=totals.fee_fen - totals.cost_fen)]
    cut: list[Row] = []
    if totals.count > len(rows):
        cut = [(t("payments.cut", shown=words.count(len(rows)), count=words.count(totals.count)),)]
    return [head, *body, total, *cut]


def _row(one: PaymentRow, *, has_margin: bool, has_payer: bool) -> Row:
    cells: list[str | int | Money | None] = [
        words.time_of(one.created_at),
        payment_no(one.payment_id),
        one.merchant_order_no,
        one.merchant_id,
        one.merchant_name,
        one.store_name,
        named("payment.channel", one.channel),
        named("payment.mode", one.mode),
        named("payment.state", one.state),
        named("payment.risk", one.risk_decision),
        Money(amount_fen=one.amount_fen),
        Money(amount_fen=one.settle_amount_fen),
        _money(one.fee_fen),
        Money(amount_fen=one.refunded_fen),
    ]
    if has_margin:
        is_priced = one.fee_fen is not None and one.cost_fen is not None
        cells += [
            _money(one.cost_fen),
            _money((one.fee_fen or 0) - (one.cost_fen or 0) if is_priced else None),
        ]
    if has_payer:
        cells.append(masked(one.payer_hash))
    return cells


def _money(amount_fen: int | None) -> Money | None:
    return None if amount_fen is None else Money(amount_fen=amount_fen)
