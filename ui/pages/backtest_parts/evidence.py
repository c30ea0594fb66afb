"""What a backtest says of decisions, tasks and rows, drawn."""

from __future__ import annotations

from collections.abc import Sequence

from payments_core.backtest import Covered, Decided, Quality, Tasked, Total
from ui.components import chips, words
from ui.components.data_table import Column, table
from ui.i18n import t
from ui.markup import Markup, div, join, link, span, tag

_SIDES = ("released", "draft")


def section(title: str, content: object, *more: object) -> Markup:
    """Return one part with its heading."""
    return tag("section", div(tag("h2", title), *more, cls="ph"), div(content, cls="grid-box"))


def risk(decisions: Sequence[Decided], quality: tuple[Quality, Quality] | None) -> Markup:
    """Return how the draft would have decided beside how it was, and how well both do."""
    other = sum(one.payments for one in decisions if one.draft and one.draft != one.released)
    told = t("backtest.differs", count=words.count(other)) if other else t("backtest.agrees")
    columns = (
        Column[Decided](
            key="released", head=t("backtest.released"), cell=lambda one: t(f"payment.risk.{one.released}")
        ),
        Column[Decided](key="draft", head=t("backtest.draft"), cell=_decision),
        Column[Decided](
            key="label", head=t("backtest.label"), cell=lambda one: t(f"backtest.label.{one.label}")
        ),
        Column[Decided](
            key="count", head=t("backtest.count"), cell=lambda one: words.count(one.payments), align="r"
        ),
        Column[Decided](
            key="amount", head=t("backtest.amount"), cell=lambda one: words.money(one.amount_fen), align="r"
        ),
        Column[Decided](key="examples", head=t("backtest.examples"), cell=_examples),
    )
    judged = div(_quality(quality), cls="grid-box") if quality is not None else None
    body = table(columns, tuple(decisions))
    return join(section(t("backtest.risk"), body, span(told, cls="b s" if other else "f s")), judged)


def _decision(one: Decided) -> Markup:
    if not one.draft:
        return span(t("backtest.not_told"), cls="f")
    said = t(f"payment.risk.{one.draft}")
    return span(said, cls="b") if one.draft != one.released else span(said)


def _examples(one: Decided) -> Markup:
    some = [link(f"P{number}", f"/payments/P{number}", cls="lk mono s") for number in one.examples[:2]]
    return join(*some, between=" ")


def _quality(quality: tuple[Quality, Quality]) -> Markup:
    sides = dict(zip(_SIDES, quality, strict=True))
    columns = (
        Column[str](key="side", head="", cell=lambda side: t(f"backtest.{side}")),
        *(
            Column[str](
                key=name,
                head=t(f"backtest.{name}"),
                cell=lambda side, name=name: words.count(getattr(sides[side], name)),
                align="r",
            )
            for name in ("caught", "missed", "disturbed")
        ),
        *(
            Column[str](
                key=name,
                head=t(f"backtest.{name}"),
                cell=lambda side, name=name: words.rate(getattr(sides[side], f"{name}_ppm")),
                align="r",
            )
            for name in ("precision", "recall")
        ),
    )
    return table(columns, _SIDES)


def tasks_made(tasks: Sequence[Tasked]) -> Markup:
    """Return how many tasks each changed rule would have made."""
    columns = (
        Column[Tasked](key="rule", head=t("backtest.rule"), cell=lambda one: span(one.rule_id, cls="mono")),
        Column[Tasked](key="side", head="", cell=lambda one: t(f"backtest.{one.side}")),
        Column[Tasked](
            key="made", head=t("backtest.made"), cell=lambda one: words.count(one.made), align="r"
        ),
        Column[Tasked](
            key="unread", head=t("backtest.not_told"), cell=lambda one: words.count(one.unread), align="r"
        ),
        Column[Tasked](
            key="days",
            head=t("backtest.merchant_days"),
            cell=lambda one: words.count(one.merchants),
            align="r",
        ),
    )
    return table(columns, tuple(tasks))


def coverage(covered: Sequence[Covered], whole: Total) -> Markup:
    """Return the rows of both sides beside each other; the line is the draft's where it has one."""
    pairs: dict[tuple[str, str], dict[str, Covered]] = {}
    for one in covered:
        pairs.setdefault((one.rule_id, one.item), {})[one.side] = one
    columns = (
        Column[dict[str, Covered]](key="row", head=t("backtest.row"), cell=_row),
        *(
            Column[dict[str, Covered]](
                key=side,
                head=t(f"backtest.{side}"),
                cell=lambda pair, side=side: _hits(pair, side),
                align="r",
            )
            for side in _SIDES
        ),
        Column[dict[str, Covered]](
            key="amount",
            head=t("backtest.amount"),
            cell=lambda pair: words.money(_newest(pair).amount_fen),
            align="r",
        ),
        Column[dict[str, Covered]](
            key="share",
            head=t("backtest.share"),
            cell=lambda pair: words.percent(_newest(pair).amount_fen, whole.payment_fen),
            align="r",
        ),
    )
    return table(columns, tuple(pairs.values()))


def _newest(pair: dict[str, Covered]) -> Covered:
    return pair.get("draft") or pair["released"]


def _row(pair: dict[str, Covered]) -> Markup:
    one = _newest(pair)
    place = f"{one.rule_id} v{one.version}:{one.line}"
    act = f"line:{one.rule_id}:{one.line}" if one.side == "draft" else None
    line = tag("button", place, type="button", cls="lk mono s plain", data_act=act)
    shown = line if act else span(place, cls="mono f s")
    return join(span(one.name or one.item, cls="b"), " ", shown)


def _hits(pair: dict[str, Covered], side: str) -> object:
    one = pair.get(side)
    if one is None:
        return span(t("state.nothing"), cls="f")
    return words.count(one.hits) if one.hits else chips.chip(t("backtest.never"), "warn")
