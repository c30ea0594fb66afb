"""Yesterday's business day step by step, and the closed days before it."""

from __future__ import annotations

from datetime import date

from payments_core.calendar import SHANGHAI
from payments_core.reporting import Overview, Step
from ui.components import states, words
from ui.components.data_table import Column, table
from ui.i18n import t
from ui.icons import icon
from ui.markup import Markup, div, span, tag

_SHOWN_DAYS = 7
_SHOWN_FIGURES = (
    "closed_batch_no",
    "broker_fen",
    "store_fen",
    "plan_fen",
    "hold_fen",
    "processing_fen",
    "frozen_fen",
    "rows",
)


def business_day(found: Overview, *, on: date) -> Markup:
    """Return the steps with their time and figures; a step that has not finished says it waits."""
    head = div(tag("h2", t("today.day_title", month=on.month, day=on.day, iso=on.isoformat())), cls="ph")
    if found.business_day is None:
        nothing = states.empty(t("today.day_none", on=on.isoformat()), t("today.day_none_hint"))
        return tag("section", head, nothing, cls="pan")
    return tag(
        "section", head, div(*(_step(step) for step in found.business_day.steps), cls="flow"), cls="pan clip"
    )


def _step(step: Step) -> Markup:
    done = step.finished_at is not None
    name = t(f"step.{step.key}")
    at = f"{step.finished_at.astimezone(SHANGHAI):%H:%M:%S}" if step.finished_at else t("today.step_waiting")
    mark = icon("check" if done else "hourglass", cls="good" if done else "f")
    figures = [div(told, cls="s m el") for told in _figures(step)]
    return div(
        div(mark, span(name, cls="b el"), cls="row"),
        div(at, cls="f s"),
        *figures,
        cls="step done" if done else "step",
    )


def _figures(step: Step) -> list[str]:
    """Return at most two lines of figures of a finished step."""
    if step.key == "proof" and step.figures:
        return [t("figure.proof", count=len(step.figures))]
    shown = [key for key in _SHOWN_FIGURES if key in step.figures]
    return [t(f"figure.{key}", value=_text(key, step.figures[key])) for key in shown[:2]]


def _text(key: str, value: int) -> str:
    return words.money(value) if key.endswith("_fen") else words.count(value)


def closed(found: Overview) -> Markup:
    """Return the last closed days, newest first."""
    head = div(tag("h2", t("today.days_title")), span(t("today.days_hint"), cls="f s"), cls="ph")
    rows = tuple(reversed(found.closed))[:_SHOWN_DAYS]
    if not rows:
        return tag("section", head, states.empty(t("state.none"), t("today.day_none_hint")), cls="pan")
    columns = (
        Column(
            key="on", head=t("report.day"), cell=lambda day: f"{words.day(day.on)} {words.weekday(day.on)}"
        ),
        Column(
            key="count", head=t("report.count"), align="r", cell=lambda day: words.count(day.payment_count)
        ),
        Column(
            key="amount",
            head=t("report.amount"),
            align="r",
            cls="b",
            cell=lambda day: words.money(day.payment_fen),
        ),
        Column(
            key="margin", head=t("report.margin"), align="r", cell=lambda day: words.money(day.margin_fen)
        ),
    )
    return tag("section", head, table(columns, rows), cls="pan")
