"""Settlement: which business days are done, what each merchant was due, and whether the ledger proves it."""

from __future__ import annotations

from datetime import date
from typing import Any

from nicegui import ui
from sqlalchemy import Connection

from payments_core import reporting
from payments_core.access import Action
from payments_core.calendar import SHANGHAI
from payments_core.errors import Invalid
from payments_core.reporting.queries_settlement import (
    PAYOUT_STATES,
    STEPS,
    SettledDay,
    SettlementRow,
    SettlementTotals,
    list_settled_days,
    list_settlement_rows,
    sum_settlements,
)
from ui import shell
from ui.components import states, words
from ui.components.chips import Meaning, chip
from ui.components.data_table import Column, DataTable, Slice, View, table
from ui.i18n import catalogue, t
from ui.icons import icon
from ui.markup import Markup, div, fill, join, link, show, span, tag
from ui.visit import Visit, page

_STATES: dict[str, Meaning] = {"OPEN": "info", "CLOSED": "warn", "SETTLED": "good"}
_PAYOUTS: dict[str, Meaning] = {
    "PROCESSING": "info",
    "SUCCESS": "good",
    "FAILED": "bad",
    "RETURNED": "bad",
    "FROZEN": "warn",
}
_FIGURES = {
    "close": "closed_batch_no",
    "corrections": "fee_fen",
    "shares": "broker_fen",
    "settlement": "plan_fen",
    "payouts": "processing_fen",
}


class DayUnclear(Invalid):
    """A business day is written as 2025-04-16."""

    code = "DAY_UNCLEAR"


def register() -> None:
    """Register the page."""

    @page("/settlement", action=Action.READ_SETTLEMENT)
    async def settlement(visit: Visit, day: str = "", place: str = "", payout: str = "") -> None:
        wanted = _read_day(day)
        filters = {"place": place.strip()[:60], "payout": payout if payout in PAYOUT_STATES else ""}
        until = max(wanted or visit.today, visit.today)

        def read(
            connection: Connection,
        ) -> tuple[reporting.Surroundings, tuple[SettledDay, ...], SettledDay | None, SettlementTotals]:
            around = reporting.surroundings(connection, scope=visit.person.scope, now=visit.now)
            days = list_settled_days(connection, until=until)
            chosen = _chosen(days, wanted)
            if chosen is None and wanted is not None:
                chosen = next(iter(list_settled_days(connection, until=wanted, days=1)), None)
            on = chosen.on if chosen else until
            return around, days, chosen, sum_settlements(connection, on=on, **filters)

        around, days, chosen, totals = await visit.read(read)
        headline = _headline(chosen, totals) if chosen else span(t("settlement.none"))
        with shell.frame(
            visit, section="settlement", title=t("settlement.title"), around=around, headline=headline
        ):
            if chosen is None:
                nothing = states.empty(t("settlement.none"), t("settlement.none_hint"))
                show(div(div(nothing, cls="pan"), cls="wrap"))
                return
            with ui.element("div").classes("settle"):
                show(_days(days, chosen))
                with ui.element("div").classes("stack"):
                    is_whole = visit.person.scope.kind == "all"
                    show(_steps(chosen, is_whole=is_whole))
                    with ui.element("section").classes("pan clip"):
                        show(_merchants_head(chosen, **filters))
                        await _merchants(visit, chosen.on, totals, filters).show()
                    if is_whole:
                        show(_proof(chosen))


def _read_day(day: str) -> date | None:
    try:
        return date.fromisoformat(day) if day else None
    except ValueError as error:
        raise DayUnclear from error


def _chosen(days: tuple[SettledDay, ...], wanted: date | None) -> SettledDay | None:
    """Return the day asked for; without one, the last that has settlements, else the last."""
    if wanted is not None:
        return next((day for day in days if day.on == wanted), None)
    return next((day for day in days if day.merchants), next(iter(days), None))


def _headline(chosen: SettledDay, totals: SettlementTotals) -> Markup:
    on = chosen.on.isoformat()
    if not totals.merchants:
        return span(t("settlement.headline_unsettled", on=on))
    parts = [
        fill(
            t("settlement.headline"),
            on=on,
            merchants=tag("b", words.count(totals.merchants)),
            plan=tag("b", words.money(totals.plan_fen)),
            real=tag("b", words.money(totals.real_fen)),
        ),
        fill(t("settlement.headline_paid"), paid=tag("b", words.money(totals.paid_fen))),
    ]
    if totals.hold_fen:
        parts.append(fill(t("settlement.headline_hold"), hold=tag("b", words.money(totals.hold_fen))))
    if totals.carried_out_fen:
        carried = tag("b", words.money(totals.carried_out_fen))
        parts.append(fill(t("settlement.headline_carried"), carried=carried))
    return join(*parts, t("payment.stop"))


def _days(days: tuple[SettledDay, ...], chosen: SettledDay) -> Markup:
    def name(day: SettledDay) -> Markup:
        mark = icon("right", size=14) if day.on == chosen.on else None
        told = f"{words.day(day.on)} {words.weekday(day.on)}"
        return join(link(told, f"/settlement?day={day.on}", aria_current="true" if mark else None), mark)

    columns = (
        Column(key="on", head=t("settlement.on"), cell=name),
        Column(key="state", head=t("settlement.state"), cell=_state),
        Column(
            key="real", head=t("settlement.real"), align="r", cell=lambda day: _settled(day, day.real_fen)
        ),
        Column(
            key="paid", head=t("settlement.paid"), align="r", cell=lambda day: _settled(day, day.paid_fen)
        ),
    )
    head = div(tag("h2", t("settlement.days")), span(t("settlement.days_hint"), cls="f s"), cls="ph")
    return tag("section", head, div(table(columns, days), cls="wide"), cls="pan clip")


def _settled(day: SettledDay, amount_fen: int) -> str:
    return words.money(amount_fen if "settlement" in day.finished else None)


def _state(day: SettledDay) -> Markup:
    return chip(t(f"settlement.state.{day.state}"), _STATES.get(day.state, "plain"))


def _steps(chosen: SettledDay, *, is_whole: bool) -> Markup:
    head = div(
        tag("h2", t("settlement.steps", on=chosen.on.isoformat())), span(cls="grow"), _state(chosen), cls="ph"
    )
    steps = [_step(chosen, key, is_whole=is_whole) for key in STEPS]
    return tag("section", head, div(*steps, cls="flow"), cls="pan clip")


def _step(chosen: SettledDay, key: str, *, is_whole: bool) -> Markup:
    at = chosen.finished.get(key)
    told = f"{at.astimezone(SHANGHAI):%m-%d %H:%M}" if at else t("settlement.waiting")
    mark = icon("check" if at else "hourglass", cls="good" if at else "f")
    figure = _figure(chosen, key) if at and is_whole else ""
    return div(
        div(mark, span(t(f"settlement.step.{key}"), cls="b"), cls="row"),
        div(told, cls="s f"),
        div(figure, cls="s m el") if figure else None,
        cls="step done" if at else "step",
    )


def _figure(chosen: SettledDay, key: str) -> str:
    figures = chosen.figures.get(key, {})
    if key == "proof":
        return t("settlement.figure.proof", value=len(figures))
    name = _FIGURES[key]
    if name not in figures:
        return ""
    value = figures[name]
    return t(
        f"settlement.figure.{key}", value=words.money(value) if name.endswith("_fen") else words.count(value)
    )


def _merchants_head(chosen: SettledDay, *, place: str, payout: str) -> Markup:
    head = div(tag("h2", t("settlement.merchants")), span(t("settlement.formula"), cls="f s el"), cls="ph")
    options = [tag("option", t("settlement.all"), value="")]
    options += [
        tag("option", t(f"settlement.payout.{one}"), value=one, selected=True if one == payout else None)
        for one in PAYOUT_STATES
    ]
    fields = tag(
        "form",
        tag("input", type="hidden", name="day", value=chosen.on.isoformat()),
        tag(
            "input",
            name="place",
            value=place,
            cls="input",
            maxlength=60,
            size=24,
            autocomplete="off",
            placeholder=t("settlement.place"),
            aria_label=t("settlement.place"),
        ),
        tag("select", *options, name="payout", cls="input", aria_label=t("settlement.payout")),
        tag("button", t("settlement.apply"), type="submit", cls="btn"),
        method="get",
        cls="quick",
    )
    return join(head, fields)


def _merchants(visit: Visit, on: date, totals: SettlementTotals, filters: dict[str, str]) -> DataTable[Any]:
    async def load(view: View) -> Slice[Any]:
        rows = await visit.read(
            list_settlement_rows,
            on=on,
            sort=view.sort,
            descending=view.descending,
            offset=view.offset,
            limit=view.size,
            **filters,
        )
        return Slice(rows=rows, total=totals.merchants, totals=totals)

    return DataTable(
        columns=_columns(on),
        load=load,
        view=View(sort="real", size=20),
        empty_title=t("settlement.nobody"),
        empty_hint=t("settlement.nobody_hint"),
    )


def _columns(on: date) -> tuple[Column[Any], ...]:
    def amount(key: str, *, cls: str = "", takes: bool = False, sorts: bool = True) -> Column[Any]:
        name = f"{'carried_in' if key == 'carried' else key}_fen"

        def cell(row: Any) -> str:
            value = getattr(row, name)
            return words.money(-value if takes else value, symbol=False)

        return Column(
            key=key, head=t(f"settlement.{key}"), align="r", cell=cell, total=cell, sortable=sorts, cls=cls
        )

    def merchant(row: SettlementRow) -> Markup:
        address = f"/payments?first={on}&last={on}&place={row.merchant_id}"
        return join(link(row.merchant_name, address), " ", span(row.merchant_id, cls="mono f extra"))

    def rule(row: SettlementRow) -> Markup | None:
        address = f"/rules/{row.rule_id}?v={row.rule_version}#L{row.rule_line}"
        told = f"v{row.rule_version}:{row.rule_line}"
        return link(told, address, cls="lk mono", title=row.rule_id) if row.rule_id else None

    name: Column[Any] = Column(
        key="merchant",
        head=t("settlement.merchant"),
        cell=merchant,
        sortable=True,
        total=lambda totals: t("settlement.total", count=words.count(totals.merchants)),
    )
    return (
        name,
        amount("gross", cls="extra"),
        amount("fee", cls="extra", takes=True),
        amount("refund", cls="extra", takes=True),
        amount("fee_back", cls="extra", sorts=False),
        amount("fee_corrected", cls="extra", sorts=False),
        amount("plan"),
        amount("carried", cls="extra"),
        amount("hold", cls="extra", takes=True),
        amount("carried_out", cls="extra", takes=True, sorts=False),
        amount("real", cls="b"),
        Column(key="payout", head=t("settlement.payout"), cell=_payout, sortable=True),
        Column(key="rule", head=t("settlement.rule"), cell=rule, cls="s extra"),
    )


def _payout(row: SettlementRow) -> Markup:
    if row.payout_state is None:
        return span(t("settlement.no_payout"), cls="f s")
    word = t(f"settlement.payout.{row.payout_state}")
    meaning = _PAYOUTS.get(row.payout_state, "plain")
    reason = span(f" {row.payout_reason}", cls="f s extra") if row.payout_reason else None
    return join(chip(word, meaning), reason)


def _proof(chosen: SettledDay) -> Markup:
    head = div(tag("h2", t("settlement.proof")), span(t("settlement.proof_hint"), cls="f s"), cls="ph")
    if "proof" not in chosen.finished:
        return tag("section", head, states.empty(t("settlement.proof_none")), cls="pan")
    checks = [
        div(
            icon("check", size=14, cls="good"),
            span(_check_name(name), cls="grow el"),
            span(t("settlement.examined", count=words.count(examined)), cls="f s"),
        )
        for name, examined in chosen.figures.get("proof", {}).items()
    ]
    return tag("section", head, div(*checks, cls="proofs"), cls="pan")


def _check_name(name: str) -> str:
    key = f"settlement.check.{name.replace(' ', '_')}"
    return t(key) if key in catalogue() else name
