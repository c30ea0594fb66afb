"""Whether the channels work: success rate of the last 15 minutes, judged by fixed marks."""

from __future__ import annotations

from collections.abc import Callable

from payments_core.reporting import ChannelHealth, Overview
from ui.components import states, words
from ui.components.chips import Meaning, chip
from ui.components.data_table import Column, table
from ui.i18n import t
from ui.markup import Markup, div, span, tag
from ui.pages.payment_parts.words import named

# Below these parts of decided requests a channel is called low, and failing.
_LOW_PERMILLE = 970
_FAILING_PERMILLE = 900
_ENOUGH_REQUESTS = 10


def success(one: ChannelHealth) -> str:
    """Return the success rate of the decided requests."""
    return words.percent(one.succeeded, one.decided)


def judge(one: ChannelHealth) -> Meaning:
    """Return good, warn or bad; too few requests say nothing (info)."""
    if one.decided < _ENOUGH_REQUESTS:
        return "info"
    permille = one.succeeded * 1000 // one.decided
    return "good" if permille >= _LOW_PERMILLE else "warn" if permille >= _FAILING_PERMILLE else "bad"


def panel(found: Overview) -> Markup:
    """Return the table of channels with their totals."""
    head = div(tag("h2", t("today.channels_title")), span(t("today.channels_hint"), cls="f s"), cls="ph")
    if not found.channels:
        return tag(
            "section", head, states.empty(t("today.channels_none"), t("today.channels_none_hint")), cls="pan"
        )
    totals = ChannelHealth(
        channel="",
        requests=sum(one.requests for one in found.channels),
        decided=sum(one.decided for one in found.channels),
        succeeded=sum(one.succeeded for one in found.channels),
        waiting=sum(one.waiting for one in found.channels),
    )
    return tag("section", head, table(_columns(), found.channels, totals=totals), cls="pan")


def _columns() -> tuple[Column[ChannelHealth], ...]:
    def number(key: str, head: str, shown: Callable[[ChannelHealth], object]) -> Column[ChannelHealth]:
        return Column(key=key, head=head, align="r", cell=shown, total=shown)

    return (
        Column(
            key="channel",
            head=t("today.channel"),
            cell=lambda one: named("payment.channel", one.channel),
            total=lambda _: t("table.total"),
        ),
        number("requests", t("today.requests"), lambda one: words.count(one.requests)),
        number("waiting", t("today.waiting"), lambda one: words.count(one.waiting)),
        number("success", t("today.success_rate"), success),
        Column(key="state", head=t("today.state"), align="r", cell=_state),
    )


def _state(one: ChannelHealth) -> Markup:
    meaning = judge(one)
    key = {"good": "good", "warn": "low", "bad": "bad"}.get(meaning, "quiet")
    return (
        chip(t(f"today.channel_{key}"), meaning) if meaning != "info" else span(t("state.nothing"), cls="f")
    )
