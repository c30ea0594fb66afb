"""The price of a payment as it was sold and as corrected since: a line for each, with its rule and reason."""

from __future__ import annotations

from collections.abc import Callable

from payments_core.corrections import PriceEntry
from payments_core.reporting.queries_payment import PaymentDetail
from ui.components import words
from ui.components.data_table import Column, table
from ui.i18n import t
from ui.markup import Markup, div, join, span, tag
from ui.pages.payment_parts.words import named


def pane(detail: PaymentDetail, *, sees_margin: bool) -> Markup | None:
    """Return the table; None where nothing was corrected, or nothing that this reader may know."""
    entries = [one for one in detail.known_price.entries if sees_margin or one.fee_delta_fen]
    if not any(one.number for one in entries):
        return None
    head = div(tag("h2", t("payment.known")), span(t("payment.known_hint"), cls="f s"), cls="pane-head")
    margin = (
        _amount("cost", lambda one: one.cost_delta_fen),
        _amount("margin", lambda one: one.margin_delta_fen),
    )
    columns = (
        Column[PriceEntry](key="on", head=t("payment.known_on"), cell=lambda one: one.known_on.isoformat()),
        Column[PriceEntry](
            key="what", head=t("payment.known_what"), cell=lambda one: named("payment.known", one.cause)
        ),
        _amount("fee", lambda one: one.fee_delta_fen),
        *(margin if sees_margin else ()),
        Column[PriceEntry](
            key="rule", head=t("payment.known_rule"), cell=lambda one: _rules(one, sees_margin), cls="s"
        ),
        Column[PriceEntry](key="why", head=t("payment.known_why"), cell=_why, cls="s"),
    )
    return join(head, div(table(columns, entries), cls="wide ledger"))


def _amount(key: str, of: Callable[[PriceEntry], int]) -> Column[PriceEntry]:
    return Column[PriceEntry](
        key=key,
        head=t(f"payment.known_{key}"),
        align="r",
        cell=lambda one: words.money(of(one), signed=one.number > 0),
    )


def _rules(one: PriceEntry, sees_margin: bool) -> Markup:
    lines = [f"{line.rule_id} v{line.version}:{line.line}" for line in (one.fee, one.cost)]
    if one.share is not None:
        lines.append(f"{one.share[0]} v{one.share[1]}")
    return join(*(div(line, cls="mono f") for line in (lines if sees_margin else lines[:1])))


def _why(one: PriceEntry) -> Markup:
    return join(*(div(span(why.reason), " · ", span(why.reference, cls="f")) for why in one.reasons))
