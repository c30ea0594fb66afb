"""Parts of a review on screen: what changes, what was found, who said what, and a clash of two editors."""

from __future__ import annotations

from nicegui import ui

from engine.releases import BaseChanged
from payments_core.rulebooks import Decision, Review
from ui.components import chips, rule_panels, words
from ui.components.chips import Meaning
from ui.i18n import t
from ui.markup import Markup, div, join, link, show, span, tag
from ui.review_desk import FileChange, Sight

MEASURE = "measure"
"""Where on the page of a review its backtest stands."""
_STATES: dict[str, Meaning] = {"OPEN": "info", "REFUSED": "bad", "WITHDRAWN": "plain", "PUBLISHED": "good"}


def state_chip(review: Review) -> Markup:
    """Return the state of a review."""
    return chips.chip(t(f"review.state.{review.state}"), _STATES[review.state])


def roles(names: tuple[str, ...]) -> str:
    """Return the roles as people call them."""
    return t("list.and").join(t(f"role.{name}") for name in names)


def headline(sight: Sight) -> Markup:
    """Return who asks, what is missing, what was planned."""
    review = sight.review
    parts = [span(t("review.by", name=review.author_name, time=words.time_of(review.requested_at)))]
    if review.is_open and sight.problem:
        parts.append(span(t("review.problem", code=sight.problem), cls="bad"))
    elif review.is_open and sight.is_void:
        parts.append(span(t("review.void"), cls="bad"))
    elif review.is_open and sight.missing:
        parts.append(span(t("review.missing", roles=roles(sight.missing)), cls="b"))
    elif review.is_open:
        parts.append(span(t("review.complete"), cls="good"))
    if review.due_at is not None:
        parts.append(span(t("review.planned", time=words.time_of(review.due_at)), cls="b"))
    if review.outcome:
        parts.append(span(t("review.plan_failed", code=review.outcome), cls="bad"))
    return join(*parts, between=" ")


def changed_values(one: FileChange) -> Markup:
    """Return what changes in one file, in the words of the business."""
    values = rule_panels.change_list(one.values) if one.values else None
    removed = div(t("review.removed"), cls="bad pad") if one.after is None else None
    return join(div(tag("h2", one.path, cls="mono"), cls="ph"), values, removed)


def changed_lines(one: FileChange) -> Markup | None:
    """Return the lines of one file that differ, folded away where the values have told it all."""
    if one.after is None:
        return None
    summary = tag("summary", t("review.lines", file=one.path), cls="ph")
    lines = rule_panels.lines_between(one.before or "", one.after)
    return tag("details", summary, lines, cls="pan clip", open=not one.values)


def evidence(review: Review) -> Markup:
    """Return what was checked, proved and tested when the review was requested, and the measured effect."""
    told: list[str] = []
    if summary := review.summary:
        told += [
            t("review.checked", **summary["checked"]),
            t("review.proofs", **summary["proofs"]),
            t("review.tests", count=summary["tests"]),
        ]
    heading = div(tag("h2", t("review.evidence" if told else "review.reason")), cls="ph")
    reason = div(t("review.reason_given", words=review.reason), cls="pad") if review.reason else None
    impact = _impact(review) if review.rolls_back_to is None else None
    return join(heading, *(div(line, cls="pad") for line in told), impact, reason)


def _impact(review: Review) -> Markup:
    """The measured effect, or that nobody has measured it and where that is done."""
    if review.impact_fen is not None:
        return div(t("review.impact", money=words.money(review.impact_fen)), cls="pad b")
    where = link(t("review.measure"), f"#{MEASURE}", cls="lk") if review.is_open else None
    return div(
        chips.chip(t("review.unmeasured"), "warn"),
        " ",
        where,
        div(t("review.unmeasured_words"), cls="f s") if review.is_open else None,
        cls="pad",
    )


def decisions(sight: Sight) -> Markup:
    """Return every yes and no in order; what was said of another content is marked void."""
    rows = [_decision(one, is_void=sight.is_void) for one in sight.review.decisions]
    return join(
        div(tag("h2", t("review.decisions")), cls="ph"),
        *(rows or [div(t("review.no_decision"), cls="f pad")]),
    )


def _decision(one: Decision, *, is_void: bool) -> Markup:
    return div(
        span(one.person_name, cls="b"),
        f" {t(f'role.{one.role}')} ",
        span(t(f"review.said.{one.decision}"), cls="good" if one.decision == "APPROVE" else "bad"),
        f" {words.time_of(one.at)} ",
        span(t("review.stale"), cls="bad") if is_void else None,
        div(one.words, cls="m") if one.words else None,
        cls="pad decision",
    )


async def ask_to_keep(clash: BaseChanged) -> bool:
    """Show both versions of every place in conflict; return whether the editor's text is to stand."""
    with ui.dialog().props("persistent") as dialog, ui.card().classes("confirm"):
        show(tag("h2", t("review.clash")))
        show(div(t("review.clash_words"), cls="m"))
        for conflict in clash.conflicts:
            show(div(conflict.file, cls="mono"))
            for one in conflict.clashes:
                row = div(
                    span(one.where, cls="mono f"),
                    " ",
                    span(one.theirs or "—"),
                    " ↔ ",
                    span(one.ours or "—", cls="b"),
                )
                if one.where:
                    show(row)
                else:
                    show(rule_panels.lines_between(one.theirs or "", one.ours or ""))
        with ui.row().classes("justify-end w-full"):
            ui.button(t("bench.cancel"), on_click=lambda: dialog.submit(False)).props("outline")
            ui.button(t("review.clash_keep"), on_click=lambda: dialog.submit(True)).mark("keep")
    return bool(await dialog)
