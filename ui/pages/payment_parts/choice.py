"""What the reader of the payment list has chosen, as it stands in the address; and the form to change it."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import date
from urllib.parse import urlencode

from payments_core.errors import Invalid
from payments_core.money import MoneyError, format_fen, parse_yuan
from payments_core.reporting.queries_payments import PaymentFilter
from ui.i18n import t
from ui.icons import icon
from ui.markup import Markup, div, link, span, tag
from ui.pages.payment_parts.words import CHANNELS, DECISIONS, STATES, named

_LONGEST = 60


class FilterUnclear(Invalid):
    """The filter is unclear: write days as 2025-04-16 and amounts as 12.50."""

    code = "FILTER_UNCLEAR"


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """The texts of the address; empty means no choice."""

    first: str = ""
    last: str = ""
    channel: str = ""
    state: str = ""
    decision: str = ""
    least: str = ""
    most: str = ""
    place: str = ""
    number: str = ""

    @property
    def query(self) -> str:
        """The choice as a query string with its `?`, without the empty parts; nothing chosen is empty."""
        chosen = {name: value for name, value in asdict(self).items() if value}
        return f"?{urlencode(chosen)}" if chosen else ""

    def read(self, *, today: date) -> PaymentFilter:
        """Return the filter; without dates it is today. Raises FilterUnclear."""
        try:
            last = date.fromisoformat(self.last) if self.last else None
            first = date.fromisoformat(self.first) if self.first else None
            least_fen = parse_yuan(self.least) if self.least else None
            most_fen = parse_yuan(self.most) if self.most else None
        except (ValueError, MoneyError) as error:
            raise FilterUnclear from error
        return PaymentFilter(
            first=first or last or today,
            last=last or max(first or today, today),
            channel=_one_of(self.channel, CHANNELS),
            state=_one_of(self.state, STATES),
            decision=_one_of(self.decision, DECISIONS),
            least_fen=least_fen,
            most_fen=most_fen,
            place=self.place.strip()[:_LONGEST],
            number=self.number.strip()[:_LONGEST],
        )


def form(chosen: Choice, wanted: PaymentFilter) -> Markup:
    """Return the filter as a form that puts the choice into the address."""
    fields = tag(
        "form",
        _field("first", t("payments.first"), wanted.first.isoformat(), kind="date"),
        _field("last", t("payments.last"), wanted.last.isoformat(), kind="date"),
        _select("channel", t("payments.channel"), "payment.channel", CHANNELS, wanted.channel),
        _select("state", t("payments.state"), "payment.state", STATES, wanted.state),
        _select("decision", t("payments.decision"), "payment.risk", DECISIONS, wanted.decision),
        _field("least", t("payments.least"), _yuan(wanted.least_fen), mode="decimal", size=8),
        _field("most", t("payments.most"), _yuan(wanted.most_fen), mode="decimal", size=8),
        _field("place", t("payments.place"), wanted.place, size=16),
        _field("number", t("payments.number"), wanted.number, size=20),
        div(
            tag("button", t("payments.apply"), type="submit", cls="btn pri"),
            link(t("payments.clear"), "/payments", cls="btn") if chosen.query else None,
            cls="row last",
        ),
        method="get",
        cls="filters",
        aria_label=t("payments.filters"),
    )
    # On phones the fields stay folded until they are asked for; a checkbox needs no script.
    return div(
        tag("input", type="checkbox", id="filters-open", cls="hidden-text"),
        tag("label", icon("search"), t("payments.filters"), for_="filters-open", cls="btn filters-fold"),
        fields,
        cls="pan",
    )


def _one_of(value: str, known: tuple[str, ...]) -> str:
    if value and value not in known:
        raise FilterUnclear
    return value


def _yuan(amount_fen: int | None) -> str:
    return "" if amount_fen is None else format_fen(amount_fen, symbol=False).replace(",", "")


def _field(name: str, label: str, value: str, *, kind: str = "text", mode: str = "", size: int = 0) -> Markup:
    return tag(
        "label",
        span(label),
        tag(
            "input",
            name=name,
            value=value,
            type=kind,
            inputmode=mode or None,
            size=size or None,
            maxlength=None if kind == "date" else _LONGEST,
            autocomplete="off",
            cls="input",
        ),
        cls=f"field f-{name}",
    )


def _select(name: str, label: str, area: str, codes: tuple[str, ...], chosen: str) -> Markup:
    options = [tag("option", t("payments.all"), value="")]
    options += [
        tag("option", named(area, code), value=code, selected=True if code == chosen else None)
        for code in codes
    ]
    return tag("label", span(label), tag("select", *options, name=name, cls="input"), cls=f"field f-{name}")
