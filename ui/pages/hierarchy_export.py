"""The hierarchy report as a file: the same query, the same scope, the definitions on the last lines."""

from __future__ import annotations

from urllib.parse import quote

from fastapi import APIRouter, Request
from fastapi.responses import Response
from starlette.responses import PlainTextResponse

from payments_core import reporting
from payments_core.access import Action
from payments_core.errors import Invalid, NotFound
from payments_core.reporting import METRICS, Child, Figures, Report
from ui.components import words
from ui.exports import Money, Row, to_csv, to_xlsx
from ui.i18n import either, t
from ui.pages.report_parts import choice
from ui.pages.report_parts.choice import Choice, label
from ui.pages.report_parts.tables import ranked
from ui.visit import visit_of

_XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


def routes() -> APIRouter:
    """Return the route /hierarchy/{node_id}/export.{kind}."""
    router = APIRouter()

    @router.get("/hierarchy/{node_id}/export.{kind}")
    async def export(
        request: Request,
        node_id: str,
        kind: str,
        first: str = "",
        last: str = "",
        vs: str = "",
        basis: str = "",
        by: str = "",
    ) -> Response:
        visit = visit_of(request)
        if kind not in ("csv", "xlsx") or not visit.may(Action.READ_REPORT):
            return PlainTextResponse(t("state.not_found"), 404)
        try:
            chosen = choice.read(first=first, last=last, vs=vs, basis=basis, by=by, today=visit.today)
            report = await visit.read(
                reporting.hierarchy_report,
                node_id=node_id,
                scope=visit.person.scope,
                period=chosen.period,
                compared=chosen.compared,
                basis=chosen.basis,
                now=visit.now,
            )
        except NotFound:
            return PlainTextResponse(t("state.not_found"), 404)
        except Invalid as refusal:
            return PlainTextResponse(words.refused(refusal), 400)
        rows = table(report, chosen)
        content = to_csv(rows) if kind == "csv" else to_xlsx(rows, sheet=report.place.node.name)
        name = f"{report.place.node.name}-{chosen.period.first}-{chosen.period.last}.{kind}"
        headers = {"Content-Disposition": f"attachment; filename*=UTF-8''{quote(name)}"}
        return Response(
            content, media_type="text/csv; charset=utf-8" if kind == "csv" else _XLSX, headers=headers
        )

    return router


def table(report: Report, chosen: Choice) -> list[Row]:
    """Return head, children, totals, and what the figures mean."""
    before = label(report.compared)
    head: Row = (
        t("report.rank_head"),
        t("search.id"),
        t("search.name"),
        t("report.active_only"),
        t("report.opened"),
        t("report.count"),
        t("report.amount"),
        t("report.change", before=before),
        t("report.refund"),
        t("report.margin"),
        t("report.share"),
        t("report.target"),
    )
    rows = [_row(one.rank, one.child) for one in ranked(report, chosen.by)]
    total = Child(
        node=report.place.node,
        figures=report.totals,
        before=report.before,
        brokers=0,
        target_fen=report.target_fen,
        trend=(),
    )
    notes: list[Row] = [
        (either(metric.title, metric.title_en), "", either(metric.definition, metric.definition_en))
        for metric in METRICS.values()
    ]
    basis = t(f"report.{report.basis.value}")
    return [head, *rows, _row(None, total), (), (label(report.period), basis), *notes]


def _row(rank: int | None, child: Child) -> Row:
    figures: Figures = child.figures
    return (
        rank,
        child.node.id,
        child.node.name or t("report.shared_pool"),
        figures.active_merchants,
        figures.opened,
        figures.payment_count,
        Money(amount_fen=figures.payment_fen),
        Money(amount_fen=figures.payment_fen - child.before.payment_fen),
        Money(amount_fen=figures.refund_fen),
        Money(amount_fen=figures.margin_fen),
        Money(amount_fen=figures.broker_share_fen),
        None if child.target_fen is None else Money(amount_fen=child.target_fen),
    )
