"""How much of one payment we keep: fee, channel cost, margin, each party's part to the part of a fen."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from engine.expressions import EvaluationError
from engine.releases import Release
from engine.rulebook import RulebookError, Table
from payments_core.fees import Pricing, parse_pricing
from payments_core.fees.model import rounding_of
from payments_core.money import MoneyError, format_fen, format_fraction, format_rate
from payments_core.reporting.queries_payment import PaymentDetail, RuleLine, SharePart
from ui.components import words
from ui.components.explain import rule_line
from ui.i18n import t
from ui.markup import Markup, div, fill, join, span, tag
from ui.pages.payment_parts.words import named

_MILLION = 1_000_000
_STEPS = 10_000
"""Bars are drawn in hundredths of a per cent of the fee."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One line of the waterfall; amounts in millionths of a fen, `end` is where its bar ends."""

    title: str
    rate: str
    formula: str
    amount: int
    start: int
    end: int
    colour: str
    rule: RuleLine | None = None
    is_sum: bool = False


def pricing_of(release: Release, line: RuleLine | None, *, at: datetime | None) -> Pricing | None:
    """Return what the rule row charged at `at`; None where the release does not know it."""
    if line is None or at is None:
        return None
    try:
        rule = release.rulebook.find(rule_id=line.rule_id, version=line.version).at(at)
        shape = rule.shape
        if not isinstance(shape, Table) or not 0 <= line.row_no < len(shape.rows):
            return None
        return parse_pricing(shape.rows[line.row_no].outputs, rounding=rounding_of(rule.spec))
    except (RulebookError, EvaluationError, MoneyError):
        return None


def steps(
    detail: PaymentDetail, *, fee: Pricing | None, cost: Pricing | None, knows_all: bool
) -> tuple[Step, ...]:
    """Return the waterfall of a payment that succeeded; empty before. The parts sum to the margin exactly.

    `knows_all` false: the reader sees only own lines, so the rest is not the platform's alone.
    """
    payment = detail.payment
    if payment.fee_fen is None or payment.cost_fen is None or payment.eligible_margin_fen is None:
        return ()
    settle_fen = payment.settle_amount_fen
    fee_m, cost_m = payment.fee_fen * _MILLION, payment.cost_fen * _MILLION
    margin_m = fee_m - cost_m
    found = [
        Step(
            title=t("payments.fee"),
            rate=_rate(fee),
            formula=_formula(settle_fen, fee, payment.fee_fen),
            amount=fee_m,
            start=0,
            end=fee_m,
            colour="c1",
            rule=detail.fee_rule,
        ),
        Step(
            title=t("payments.cost"),
            rate=_rate(cost),
            formula=_formula(settle_fen, cost, payment.cost_fen),
            amount=-cost_m,
            start=margin_m,
            end=fee_m,
            colour="c3",
            rule=detail.cost_rule,
        ),
        Step(
            title=t("payments.margin"),
            rate="100 %",
            formula=t("payment.margin_formula"),
            amount=margin_m,
            start=0,
            end=margin_m,
            colour="ink2",
            is_sum=True,
        ),
    ]
    left = margin_m
    for part in detail.shares:
        exact = payment.eligible_margin_fen * part.rate_ppm
        found.append(_share(part, payment.eligible_margin_fen, exact=exact, left=left))
        left -= exact
    rest_ppm = _MILLION - sum(part.rate_ppm for part in detail.shares)
    is_shared = payment.eligible_margin_fen == payment.fee_fen - payment.cost_fen
    found.append(
        Step(
            title=t("payment.platform" if knows_all else "payment.rest"),
            rate=format_rate(rest_ppm) if is_shared else "",
            formula=t("payment.remainder"),
            amount=left,
            start=0,
            end=left,
            colour="c3",
        )
    )
    return tuple(found)


def waterfall(detail: PaymentDetail, found: tuple[Step, ...], *, links_rules: bool) -> Markup:
    """Return the table of steps with their bars; what is not known yet is said, not drawn as 0."""
    amount = format_fen(detail.payment.settle_amount_fen)
    head = div(
        tag("h2", t("payment.keep_title", amount=amount)),
        span(cls="grow"),
        span(t("payment.keep_unit"), cls="f s"),
        cls="pane-head",
    )
    if not found:
        return join(head, div(t("payment.not_priced"), cls="pane-told m"))
    whole = max(max(abs(step.start), abs(step.end)) for step in found) or 1
    return join(
        head,
        div(
            tag(
                "table",
                tag("tbody", *(_row(step, whole, links_rules=links_rules) for step in found)),
                cls="wf",
            ),
            cls="wide",
        ),
        _cumulated(detail),
    )


def _row(step: Step, whole: int, *, links_rules: bool) -> Markup:
    low, high = sorted((max(step.start, 0), max(step.end, 0)))
    left, width = low * _STEPS // whole, (high - low) * _STEPS // whole
    bar = Markup(
        f'<i style="left:{left // 100}.{left % 100:02d}%;width:{width // 100}.{width % 100:02d}%;'
        f'background:var(--{step.colour})"></i>'
    )
    rule = _rule(step.rule, links_rules=links_rules) if step.rule else None
    return tag(
        "tr",
        tag("td", div(step.title, " ", span(step.rate, cls="m")), div(step.formula, cls="f s")),
        tag("td", bar, cls="bx"),
        tag("td", format_fraction(step.amount), cls="r b"),
        tag("td", rule, cls="s"),
        cls="mg" if step.is_sum else "",
    )


def _rule(line: RuleLine, *, links_rules: bool) -> Markup:
    """Return the rule line, as plain text for a reader whom the rule's page is closed to."""
    if links_rules:
        return rule_line(line.rule_id, line.version, line.line)
    return span(f"{line.rule_id} v{line.version}:{line.line}", cls="mono f")


def _share(part: SharePart, margin_fen: int, *, exact: int, left: int) -> Step:
    return Step(
        title=f"{named('payment.role', part.role)} {part.party_name}",
        rate=format_rate(part.rate_ppm),
        formula=f"{format_fen(margin_fen, symbol=False)} × {format_rate(part.rate_ppm)}",
        amount=exact,
        start=left - exact,
        end=left,
        colour="c1" if part.party_kind == "broker" else "c2",
        rule=part.rule,
    )


def _rate(pricing: Pricing | None) -> str:
    if pricing is None:
        return ""
    return t("payment.tiers") if pricing.tiers else format_rate(pricing.rate_ppm)


def _formula(settle_fen: int, pricing: Pricing | None, charged_fen: int) -> str:
    """Return the arithmetic up to the rounding to whole fen, which is what the ledger books."""
    if pricing is None:
        return t("payment.by_rule")
    basis = format_fen(settle_fen, symbol=False)
    if pricing.tiers:
        bands = t("payment.tiers_formula", basis=basis, count=len(pricing.tiers))
        return f"{bands} → {format_fen(charged_fen)}"
    exact = settle_fen * pricing.rate_ppm
    told = f"{basis} × {format_rate(pricing.rate_ppm)} = {format_fraction(exact)}"
    if pricing.cap_fen is not None and charged_fen == pricing.cap_fen:
        return f"{told} → {t('payment.capped', amount=format_fen(pricing.cap_fen))}"
    if pricing.min_fen and charged_fen == pricing.min_fen:
        return f"{told} → {t('payment.at_least', amount=format_fen(pricing.min_fen))}"
    return told if exact == charged_fen * _MILLION else f"{told} → {format_fen(charged_fen)}"


def _cumulated(detail: PaymentDetail) -> Markup:
    """Return the sentence about rounding: parts of a fen are not lost, they are carried through the month."""
    payment = detail.payment
    if (
        payment.fee_fen is not None
        and payment.eligible_margin_fen == 0
        and payment.fee_fen != payment.cost_fen
    ):
        return div(t("payment.excluded"), cls="note")
    if not detail.shares:
        return div(t("payment.no_shares"), cls="note")
    if not detail.pools:
        return div(t("payment.shares_later"), cls="note")
    first = detail.pools[0]
    margin = t(
        "payment.cum_margin",
        before=words.money(first.cum_margin_fen - first.margin_fen),
        after=words.money(first.cum_margin_fen),
    )
    pools = [
        fill(
            t("payment.cum_pool"),
            party=named("payment.party", pool.party_kind),
            before=words.money(pool.cum_fen - pool.delta_fen),
            after=words.money(pool.cum_fen),
            delta=tag("b", words.money(pool.delta_fen, signed=pool.delta_fen < 0)),
        )
        for pool in detail.pools
    ]
    return div(
        t("payment.cum_title"),
        margin,
        t("list.semicolon"),
        join(*pools, between=t("list.semicolon")),
        t("list.stop"),
        cls="note",
    )
