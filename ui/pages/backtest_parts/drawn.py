"""What a backtest found, drawn: money by party, who gains and loses, and where."""

from __future__ import annotations

from collections.abc import Callable

from payments_core.backtest import Money, Run, Total
from ui.backtest_desk import PLACES, Extremes, Places, Results
from ui.components import chips, states, words
from ui.components.data_table import Column, table
from ui.i18n import t
from ui.markup import Markup, div, join, link, span, tag
from ui.pages.backtest_parts import evidence
from ui.pages.backtest_parts.evidence import section

_LINES = (
    ("fee", "fee_fen"),
    ("cost", "cost_fen"),
    ("margin", "margin_fen"),
    ("opener", "opener_fen"),
    ("maintainer", "maintainer_fen"),
    ("store_share", "store_fen"),
    ("platform", "platform_fen"),
)
_CHANGES = (
    ("fee_change", "fee_fen"),
    ("margin_change", "margin_fen"),
    ("shared_change", "shared_fen"),
    ("platform_change", "platform_fen"),
)


def head(run: Run, whole: Total, *, is_current: bool, is_unsaved: bool) -> Markup:
    """Return what was measured, whether it is about the present text, and the monthly figure."""
    chip = (
        chips.chip(t("backtest.current"), "good") if is_current else chips.chip(t("backtest.stale"), "warn")
    )
    told = [
        chip,
        chips.chip(t("backtest.unsaved"), "warn") if is_current and is_unsaved else None,
        _impact(run),
        span(_period(run), cls="m"),
        span(t("backtest.payments", count=words.count(whole.payments)), cls="m"),
        span(t("backtest.reused", count=run.days_reused), cls="f s") if run.days_reused else None,
        span(cls="grow"),
        span(t("backtest.by", name=run.asked_by, time=words.time_of(run.asked_at, seconds=False)), cls="f s"),
    ]
    return div(*told, cls="proof-head row")


def all_of(found: Results, run: Run, places: Places) -> Markup:
    """Return every part in the order in which people ask."""
    whole = found.whole
    is_same = whole.released == whole.draft and not found.merchants.winners and not found.parties.winners
    unread = t("backtest.unread", count=words.count(whole.unread), money=words.money(whole.unread_fen))
    return join(
        div(chips.chip(unread, "warn"), cls="pad") if whole.unread else None,
        div(t("backtest.same"), cls="pad m") if is_same else None,
        section(t("backtest.money"), _money(whole)),
        None if is_same else _extremes(found),
        None if is_same else _places(places, run),
        evidence.risk(found.decisions, found.quality) if found.decisions else None,
        section(t("backtest.tasks"), evidence.tasks_made(found.tasks)) if found.tasks else None,
        section(t("backtest.coverage"), evidence.coverage(found.coverage, whole)) if found.coverage else None,
    )


def under_way(run: Run) -> Markup:
    """Return how far a run is, with what stops it."""
    told = t("backtest.queued")
    if run.cancel_asked:
        told = t("backtest.cancelling")
    elif run.days_done >= run.days_total:
        told = t("backtest.summing")
    elif run.state == "RUNNING":
        told = t("backtest.running", first=run.first_date.isoformat(), last=run.last_date.isoformat())
    stop = tag("button", t("backtest.cancel"), type="button", cls="btn small", data_act="cancel")
    return div(
        states.progress(told, done=run.days_done, total=run.days_total),
        div(
            span(t("backtest.payments_done", count=words.count(run.payments_done)), cls="f s"),
            None if run.cancel_asked else stop,
            cls="row",
        ),
        cls="pad backtest-progress",
        role="status",
    )


def ended_otherwise(run: Run) -> Markup:
    """Return that a run was stopped, or why it failed."""
    if run.state == "CANCELLED":
        return states.empty(t("backtest.cancelled"), t("backtest.cancelled_hint", days=run.days_done))
    return states.failed(t("backtest.failed"), t("backtest.fails", why=run.trouble[:300]))


def _period(run: Run) -> str:
    return t("backtest.period", first=run.first_date.isoformat(), last=run.last_date.isoformat())


def _impact(run: Run) -> Markup:
    if run.impact_fen is None:
        return tag("span", chips.chip(t("backtest.no_impact"), "info"), title=t("backtest.no_impact_hint"))
    return chips.chip(t("backtest.impact", money=words.money(run.impact_fen)), "blue", icon_name="info")


def _difference(released: int, draft: int) -> Markup:
    return span(words.money(draft - released, signed=True), cls="b" if draft != released else "f")


def _money(whole: Total) -> Markup:
    def side(name: str, money: Money) -> str:
        return words.money(getattr(money, name))

    columns = (
        Column[tuple[str, str]](
            key="party", head=t("backtest.party"), cell=lambda line: t(f"backtest.{line[0]}")
        ),
        Column[tuple[str, str]](
            key="released",
            head=t("backtest.released"),
            cell=lambda line: side(line[1], whole.released),
            align="r",
        ),
        Column[tuple[str, str]](
            key="draft", head=t("backtest.draft"), cell=lambda line: side(line[1], whole.draft), align="r"
        ),
        Column[tuple[str, str]](
            key="change",
            head=t("backtest.change"),
            cell=lambda line: _difference(getattr(whole.released, line[1]), getattr(whole.draft, line[1])),
            align="r",
        ),
    )
    return table(columns, _LINES, loose=True)


def _extremes(found: Results) -> Markup:
    both = (
        ("merchants", found.merchants, lambda one: one.released.fee_fen - one.draft.fee_fen),
        ("parties", found.parties, lambda one: one.draft.shared_fen - one.released.shared_fen),
    )
    sides = [
        div(div(t(f"backtest.{name}"), cls="pad m"), _gains(some, gain, found), cls="backtest-side")
        for name, some, gain in both
    ]
    return tag("section", div(tag("h2", t("backtest.extremes")), cls="ph"), div(*sides, cls="backtest-pair"))


def _gains(some: Extremes, gain: Callable[[Total], int], found: Results) -> Markup:
    rows = (*some.winners, *some.losers)
    if not rows:
        return div(t("backtest.nobody"), cls="f pad")

    def who(one: Total) -> Markup:
        kind, _, member = one.member.rpartition(":")
        return _named(kind or "merchant", member, found.names.get(member, ""))

    def changed(one: Total) -> Markup:
        amount = gain(one)
        return span(words.money(amount, signed=True), cls="good" if amount > 0 else "bad")

    columns = (
        Column[Total](key="who", head="", cell=who),
        Column[Total](key="gain", head=t("backtest.gain"), cell=changed, align="r"),
    )
    return div(table(columns, rows), cls="grid-box")


def _named(kind: str, member: str, name: str, query: str = "") -> Markup:
    """Return a member with its name, leading to its payments or its report."""
    address = f"/payments?place={member}" if kind == "merchant" else f"/hierarchy/{member}?"
    number = span(f" {member}", cls="mono f s") if name else None
    return join(link(name or member, f"{address}{query}"), number)


def _places(places: Places, run: Run) -> Markup:
    buttons = [
        tag(
            "button",
            t(f"backtest.{one}"),
            type="button",
            data_act=f"places:{one}",
            cls="on" if one == places.dimension else "",
            aria_pressed="true" if one == places.dimension else "false",
        )
        for one in PLACES
    ]
    query = f"&first={run.first_date.isoformat()}&last={run.last_date.isoformat()}"

    def who(one: Total) -> object:
        if places.dimension == "day" or not one.member:
            return one.member or t("state.nothing")
        return _named(places.dimension, one.member, places.names.get(one.member, ""), query)

    columns = [
        Column[Total](key="who", head=t(f"backtest.{places.dimension}"), cell=who),
        Column[Total](
            key="count", head=t("backtest.count"), cell=lambda one: words.count(one.payments), align="r"
        ),
        *(_change_column(key, name) for key, name in _CHANGES),
    ]
    most = t("backtest.most", shown=len(places.rows), count=places.count)
    told = span(most, cls="f s") if len(places.rows) < places.count else None
    switch = div(*buttons, cls="seg small", role="group", aria_label=t("backtest.by_place"))
    return section(t("backtest.by_place"), table(columns, places.rows), switch, span(cls="grow"), told)


def _change_column(key: str, name: str) -> Column[Total]:
    def cell(one: Total) -> Markup:
        return _difference(getattr(one.released, name), getattr(one.draft, name))

    return Column(key=key, head=t(f"backtest.{key}"), cell=cell, align="r")
