"""A broker's income on the phone: one figure, how it comes about, day by day down to single payments."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import date, timedelta
from functools import partial

from sqlalchemy import Connection
from starlette.concurrency import run_in_threadpool

from engine.expressions import Value
from engine.releases import Release
from payments_core import profit_share, reporting, targets
from payments_core.access import Action
from payments_core.calendar import month_of, previous_month_of
from payments_core.profit_share import Entry, Trace
from payments_core.reporting import Figures, Period, RangeInvalid
from payments_core.targets import Target
from ui import shell
from ui.components import states, words
from ui.i18n import t
from ui.icons import icon
from ui.markup import Markup, div, join, show, span, tag
from ui.pages.phone_parts import breakdown, next_steps, trace
from ui.visit import NotAllowed, Visit, page

_MONTHS = 6


@dataclass(frozen=True, slots=True, kw_only=True)
class Income:
    """A month's entries, the same days of the month before, and the sums behind them."""

    entries: tuple[Entry, ...]
    before: tuple[Entry, ...]
    figures: Figures

    @property
    def total_fen(self) -> int:
        """The share of the month so far."""
        return sum(entry.delta_fen for entry in self.entries)

    @property
    def before_fen(self) -> int:
        """The share of the same days of the month before."""
        return sum(entry.delta_fen for entry in self.before)

    @property
    def days_before(self) -> int:
        """On how many of those days there was any."""
        return len({entry.business_date for entry in self.before})

    @property
    def is_comparable(self) -> bool:
        """Whether the month before has at least half as many days with income: fewer say nothing."""
        return bool(self.before) and 2 * self.days_before >= len({e.business_date for e in self.entries})


def register() -> None:
    """Register /m/income and the page behind each of its entries."""

    @page("/m/income", action=Action.READ_SHARES)
    async def income(visit: Visit, month: str = "") -> None:
        broker_id, first = own_broker(visit), month_from(month, today=visit.today)
        found = await visit.read(_read, broker_id=broker_id, first=first, today=visit.today)
        ahead = await _ahead(visit, broker_id)
        with shell.frame(visit, section="income", title=t("income.title")) as made:
            with made.actions:
                show(month_menu("/m/income", first, today=visit.today))
            show(_page(visit, found, first, next_steps.block(visit, ahead)))

    @page("/m/income/{on}/{merchant_id}/{stream_id}/{line_no}", action=Action.READ_SHARES)
    async def income_trace(visit: Visit, on: str, merchant_id: str, stream_id: int, line_no: int) -> None:
        own_broker(visit)
        found: Trace = await visit.read(
            profit_share.get_trace,
            merchant_id=merchant_id,
            stream_id=stream_id,
            line_no=line_no,
            business_date=_date(on),
        )
        with shell.frame(visit, section="income", title=t("income.title")):
            show(trace.page_of(visit, found))


def own_broker(visit: Visit) -> str:
    """Return the broker the person is. Raises NotAllowed for everybody else."""
    if visit.person.scope.kind != "broker":
        raise NotAllowed
    return visit.person.scope.id


def month_from(text: str, *, today: date) -> date:
    """Return the first day of `2025-05`, or of the present month. Raises RangeInvalid."""
    return month_of(_date(f"{text}-01")) if text else month_of(today - timedelta(days=1))


def month_menu(here: str, first: date, *, today: date) -> Markup:
    """Return the menu of the last six months."""
    months = [month_of(today)]
    while len(months) < _MONTHS:
        months.append(previous_month_of(months[-1]))
    items = [tag("a", f"{m:%Y-%m}", href=f"{here}?month={m:%Y-%m}", cls="menu-item") for m in months]
    button = tag("summary", f"{first:%Y-%m}", icon("down", cls="f"), cls="btn box tall")
    return tag("details", button, div(*items, cls="pop"), cls="menu")


def _read(connection: Connection, *, broker_id: str, first: date, today: date) -> Income:
    end = month_of(first + timedelta(days=32))
    entries = profit_share.list_statement(connection, party_id=broker_id, since=first, until=end)
    last = max((entry.business_date for entry in entries), default=min(end, today) - timedelta(days=1))
    earlier = previous_month_of(first)
    until = min(earlier + (last - first) + timedelta(days=1), first)
    return Income(
        entries=entries,
        before=profit_share.list_statement(connection, party_id=broker_id, since=earlier, until=until),
        figures=reporting.broker_figures(
            connection, broker_id=broker_id, period=Period(first=first, last=max(first, last))
        ),
    )


async def _ahead(visit: Visit, broker_id: str) -> tuple[Target, ...]:
    def recorded(connection: Connection) -> tuple[dict[str, Value], Release]:
        rulebooks = visit.services.rulebooks
        known = targets.broker_facts(connection, broker_id=broker_id, at=visit.now)
        return known, rulebooks.release(connection)

    known, release = await visit.read(recorded)
    return await run_in_threadpool(
        partial(targets.next_targets, rulebook=release.rulebook, known=known, at=visit.now)
    )


def _page(visit: Visit, found: Income, first: date, ahead: Markup | None) -> Markup:
    month = f"{first:%Y-%m}"
    if not found.entries:
        return join(
            div(states.empty(t("income.none", month=month), t("income.none_hint")), cls="hero"), ahead
        )
    how = breakdown.how(visit, found.figures, found.entries)
    return join(_hero(found, month), how, ahead, _daily(visit, found.entries))


def _hero(found: Income, month: str) -> Markup:
    last = max(entry.business_date for entry in found.entries)
    by_role: dict[str, int] = defaultdict(int)
    for entry in found.entries:
        by_role[entry.role] += entry.delta_fen
    parts = [
        div(tag("b", words.money(amount)), span(t("income.from_role", role=breakdown.role_name(role))))
        for role, amount in sorted(by_role.items())
    ]
    parts += [
        div(tag("b", words.count(found.figures.active_merchants)), span(t("income.merchants"))),
        div(tag("b", words.count(found.figures.payment_count)), span(t("income.payments"))),
    ]
    return div(
        div(t("income.until", month=month, day=words.day(last)), cls="m"),
        tag("a", words.money(found.total_fen), href="#how", cls="amt"),
        div(_against(found), cls="s"),
        div(*parts, cls="parts"),
        cls="hero",
    )


def _against(found: Income) -> Markup:
    if found.before and not found.is_comparable:
        return span(t("income.too_few", days=words.count(found.days_before)), cls="dl flat")
    before_fen = found.before_fen if found.before else None
    return words.change(found.total_fen, before_fen, against=t("income.against"))


def _daily(visit: Visit, entries: tuple[Entry, ...]) -> Markup:
    days: dict[date, list[Entry]] = defaultdict(list)
    for entry in entries:
        days[entry.business_date].append(entry)
    rows = [_day(visit, on, days[on]) for on in sorted(days, reverse=True)]
    return tag("section", div(tag("h2", t("income.daily")), cls="bh"), *rows, cls="blk")


def _day(visit: Visit, on: date, entries: list[Entry]) -> Markup:
    margin = sum({(e.merchant_id, e.stream_id): e.margin_fen for e in entries}.values())
    merchants = len({entry.merchant_id for entry in entries})
    summary = tag(
        "summary",
        div(
            div(span(words.day(on), cls="b"), " ", span(words.weekday(on), cls="f")),
            div(t("income.daily_row", merchants=merchants, margin=words.money(margin)), cls="m s"),
            cls="grow",
        ),
        span(words.money(sum(entry.delta_fen for entry in entries), signed=True), cls="b"),
        icon("right", size=20, cls="f turn"),
        cls="li",
    )
    return tag("details", summary, *(trace.entry_row(entry) for entry in entries), cls="fold")


def _date(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError as wrong:
        raise RangeInvalid(first=text) from wrong
