"""One entry of a share: its formula, and the payments and refunds it is made of."""

from __future__ import annotations

from payments_core.money import format_fraction
from payments_core.profit_share import Entry, Source, Trace
from ui.components import words
from ui.i18n import t
from ui.icons import icon
from ui.markup import Markup, div, join, span, tag
from ui.pages.phone_parts.breakdown import line, role_name, rule
from ui.visit import Visit


def entry_row(entry: Entry) -> Markup:
    """Return one merchant's entry of a day as a row that opens its page."""
    told = t(
        "income.formula",
        margin=words.money(entry.cum_margin_fen),
        rate=words.rate(entry.rate_ppm),
        exact=format_fraction(entry.exact_millionths),
        total=words.money(entry.cum_fen),
        before=words.money(entry.before_fen),
    )
    href = (
        f"/m/income/{entry.business_date.isoformat()}/{entry.merchant_id}/{entry.stream_id}/{entry.line_no}"
    )
    return tag(
        "a",
        div(
            div(entry.merchant_name, span(f" {role_name(entry.role)}", cls="f s")),
            div(told, cls="f s"),
            cls="grow",
        ),
        span(words.money(entry.delta_fen, signed=True), cls="n"),
        icon("right", size=20, cls="f"),
        href=href,
        cls="li inner",
    )


def page_of(visit: Visit, found: Trace) -> Markup:
    """Return the whole page of one entry."""
    entry = found.entry
    hero = div(
        div(
            f"{entry.merchant_name} · {entry.business_date.isoformat()} {words.weekday(entry.business_date)}",
            cls="m",
        ),
        div(words.money(entry.delta_fen, signed=True), cls="amt"),
        div(t("income.release", release=entry.release_no), " · ", role_name(entry.role), cls="f s"),
        cls="hero",
    )
    lines = (
        line(t("income.day"), words.money(entry.margin_fen)),
        line(t("income.eligible"), words.money(entry.cum_margin_fen)),
        line(f"{t('income.exact')} × {words.rate(entry.rate_ppm)}", format_fraction(entry.exact_millionths)),
        line(t("income.total"), words.money(entry.cum_fen)),
        line(t("income.before"), words.money(-entry.before_fen)),
        line(t("income.delta"), words.money(entry.delta_fen, signed=True), total=True),
        div(rule(visit, entry.rule_id, entry.rule_version, entry.rule_line), cls="s"),
    )
    how = tag("section", div(tag("h2", t("income.how")), cls="bh"), div(*lines, cls="in"), cls="blk")
    rows = [_source(source) for source in found.sources]
    sources = tag("section", div(tag("h2", t("income.sources")), cls="bh"), *rows, cls="blk")
    return join(hero, how, sources)


def _source(source: Source) -> Markup:
    kinds = {"payment": "income.source_pay", "refund": "income.source_refund"}
    kind = kinds.get(source.kind, "income.source_correction")
    told = t("income.source_line", fee=words.money(source.fee_fen), cost=words.money(source.cost_fen))
    return div(
        div(
            div(t(kind, amount=words.money(source.amount_fen))),
            div(words.time_of(source.at), " · ", told, cls="f s"),
            cls="grow",
        ),
        span(words.money(source.margin_fen, signed=True), cls="n"),
        cls="li",
    )
