"""The tree of rules beside the workbench: by kind, found by id, title or fact; exceptions carry a mark."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from itertools import groupby
from typing import Literal

from engine.releases import Release
from ui import desk, uses
from ui.i18n import t
from ui.icons import icon
from ui.markup import Markup, div, span, tag

State = Literal["released", "draft", "review", "waiting", "wrong"]
_MARKS: dict[State, tuple[str, str]] = {
    "draft": ("pencil", "info"),
    "review": ("hourglass", "info"),
    "waiting": ("clock", "info"),
    "wrong": ("alert", "bad"),
}


def state_of(
    line: desk.RuleLine, *, reviewed: Collection[str], wrong: Collection[str], now: datetime
) -> State:
    """Return the state of a rule, the one that asks most for attention.

    `reviewed` are the names of drafts that wait for approval, `wrong` the paths whose draft has errors.
    """
    if line.rule.path in wrong:
        return "wrong"
    if any(draft.name in reviewed for draft in line.drafts):
        return "review"
    if line.drafts:
        return "draft"
    return "waiting" if line.rule.effective_from > now else "released"


def drawn(
    release: Release,
    listed: Sequence[desk.RuleLine],
    *,
    chosen: str,
    reviewed: Collection[str],
    wrong: Collection[str],
    now: datetime,
) -> Markup:
    """Return the tree with its search above and its legend below."""
    parts: list[Markup] = []
    for kind, lines in groupby(listed, key=lambda line: line.rule.kind):
        group = list(lines)
        rules = [
            _rule(
                line, state_of(line, reviewed=reviewed, wrong=wrong, now=now), is_here=line.rule.id == chosen
            )
            for line in group
        ]
        title = desk.kind_title(release, kind)
        head = div(title, span(cls="grow"), str(len(group)), cls="tree-kind")
        parts.append(div(head, *rules, data_group=True))
    search = tag(
        "input",
        placeholder=t("tree.search"),
        aria_label=t("tree.search"),
        cls="input tree-search",
        data_filters="rule-tree",
        autocomplete="off",
    )
    legend = [
        span(icon(mark, size=14, cls=tone), t(f"tree.{state}")) for state, (mark, tone) in _MARKS.items()
    ]
    nav = tag("nav", *parts, aria_label=t("rules.title"), id="rule-tree", cls="tree-list")
    return div(div(search, cls="tree-top"), nav, div(*legend, cls="tree-legend"), cls="tree-box")


def _rule(line: desk.RuleLine, state: State, *, is_here: bool) -> Markup:
    rule = line.rule
    mark = None
    if state != "released":
        name, tone = _MARKS[state]
        mark = span(
            icon(name, size=14, cls=tone),
            span(t(f"tree.{state}"), cls="hidden-text"),
            title=t(f"tree.{state}"),
        )
    return tag(
        "a",
        span(rule.title, cls="el grow"),
        span(f"v{rule.version}", cls="m s"),
        mark,
        href=f"/rules/{rule.id}",
        cls="tree-rule on" if is_here else "tree-rule",
        aria_current="page" if is_here else None,
        data_find=" ".join((rule.id, rule.title, rule.kind, *sorted(uses.reads(rule)))).lower(),
    )
