"""What a broker can reach next, and the least it would take: one row a target."""

from __future__ import annotations

from payments_core.targets import Target
from ui.components.chips import chip
from ui.i18n import language, t
from ui.markup import Markup, div, span, tag
from ui.pages.phone_parts.breakdown import rule
from ui.visit import Visit


def block(visit: Visit, targets: tuple[Target, ...]) -> Markup | None:
    """Return the block; None where no rule sets a target."""
    if not targets:
        return None
    head = div(tag("h2", t("targets.title")), cls="bh")
    return tag("section", head, *(_row(visit, one) for one in targets), cls="blk", id="targets")


def _row(visit: Visit, one: Target) -> Markup:
    told = [div(step.words(language()), cls="m") for step in one.steps]
    if one.required:
        needed = t("list.comma").join(step.goal(language()) for step in one.required)
        told.append(div(t("targets.required", needed=needed), cls="f s"))
    if one.out_of_reach:
        told.append(div(t("targets.out_of_reach"), cls="f s"))
    state = chip(t("targets.reached"), "good") if one.is_reached else None
    return div(
        div(
            div(span(one.label, cls="b"), " ", state),
            *told,
            div(rule(visit, one.rule.id, one.rule.version, one.line), cls="s"),
            cls="grow",
        ),
        cls="li",
    )
