"""How a broker's share of a month comes about: from the volume down to one line a rule line. It adds up."""

from __future__ import annotations

from collections import defaultdict

from payments_core.access import Action
from payments_core.profit_share import Entry
from payments_core.reporting import Figures
from ui.components import words
from ui.components.explain import rule_line
from ui.i18n import catalogue, t
from ui.markup import Markup, div, span, tag
from ui.visit import Visit


def how(visit: Visit, figures: Figures, entries: tuple[Entry, ...]) -> Markup:
    """Return the block of signed lines; margins are counted once for each stream and day."""
    eligible = sum({(e.merchant_id, e.stream_id, e.business_date): e.margin_fen for e in entries}.values())
    volume = t(
        "income.volume",
        merchants=words.count(figures.active_merchants),
        count=words.count(figures.payment_count),
    )
    lines = [
        line(volume, words.money(figures.payment_fen), cls="f"),
        line(t("income.fee"), words.money(figures.fee_fen)),
        line(t("income.cost"), words.money(-figures.cost_fen)),
        line(t("income.margin"), words.money(figures.margin_fen), total=True),
    ]
    if eligible != figures.margin_fen:
        lines.append(line(t("income.elsewhere"), words.money(eligible - figures.margin_fen, signed=True)))
        lines.append(line(t("income.eligible"), words.money(eligible), total=True))
    parts: dict[tuple[str, int, str, int, int], int] = defaultdict(int)
    for entry in entries:
        key = (entry.role, entry.rate_ppm, entry.rule_id, entry.rule_version, entry.rule_line)
        parts[key] += entry.delta_fen
    for (role, rate_ppm, rule_id, version, rule_row), amount in sorted(parts.items()):
        told = t("income.part", role=role_name(role), rate=words.rate(rate_ppm))
        lines.append(line(told, words.money(amount, signed=True)))
        lines.append(div(rule(visit, rule_id, version, rule_row), cls="s"))
    total = sum(entry.delta_fen for entry in entries)
    lines.append(line(t("income.share"), words.money(total), total=True))
    head = div(tag("h2", t("income.how")), cls="bh")
    return tag("section", head, div(*lines, cls="in"), cls="blk", id="how")


def line(label: str, amount: str, *, total: bool = False, cls: str = "") -> Markup:
    """Return one line: words left, amount right; a total has a rule above it."""
    return div(
        span(label, cls="" if total else "m"),
        span(amount, cls=f"n {cls}".strip()),
        cls="kr t" if total else "kr",
    )


def rule(visit: Visit, rule_id: str, version: int, line_no: int) -> Markup:
    """Return the rule line, as a link for those who may open it."""
    if visit.may(Action.READ_MONEY_RULES):
        return rule_line(rule_id, version, line_no)
    return span(f"{rule_id} v{version}:{line_no}", cls="mono f")


def role_name(role: str) -> str:
    """Return the name of a party's role; a role invented by a rule file stays as it is."""
    key = f"party.{role}"
    return t(key) if key in catalogue() else role
