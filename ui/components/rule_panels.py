"""What stands around a rule's text: findings, differences, history."""

from __future__ import annotations

from collections.abc import Sequence
from difflib import SequenceMatcher

from engine.diagnostics import Diagnostic, Severity
from engine.releases import Commit, Release
from ui import desk
from ui.components import states, words
from ui.i18n import either, t
from ui.icons import icon
from ui.markup import Markup, div, join, link, span, tag

Past = Sequence[tuple[Commit, str | None]]
_MARK = {
    Severity.ERROR: ("alert", "bad"),
    Severity.WARNING: ("triangle", "warn"),
    Severity.INFO: ("info", "info"),
}
_CONTEXT_LINES = 3


def side(opened: desk.OpenRule, found: Sequence[Diagnostic], changed: Sequence[desk.Change] | None) -> Markup:
    """Return the findings, each leading to its line, and the values that change."""
    errors = sum(one.severity is Severity.ERROR for one in found)
    counts = span(
        icon("alert" if errors else "check", size=14),
        " ",
        t("bench.error_count", count=errors),
        " · ",
        t("bench.hint_count", count=len(found) - errors),
        cls="bad s" if errors else "good s",
    )
    rows = [_finding(one) for one in found] or [div(t("bench.nothing_found"), cls="good pad")]
    told = t("bench.nothing_changed") if changed is not None else t("bench.not_comparable")
    changes = _changes_narrow(changed) if changed else div(told, cls="f pad")
    facts = sorted({name for condition in opened.rule.conditions.values() for name in condition.reads})
    return join(
        div(tag("h2", t("bench.checks")), span(cls="grow"), counts, cls="ph"),
        *rows,
        div(
            tag("h2", t("bench.changes")),
            span(cls="grow"),
            span(str(len(changed or ())), cls="f s"),
            cls="ph",
        ),
        changes,
        div(tag("h2", t("bench.facts")), span(cls="grow"), span(str(len(facts)), cls="f s"), cls="ph"),
        div(*(_fact(opened.release, name) for name in facts), cls="pad"),
    )


def change_list(changed: Sequence[desk.Change]) -> Markup:
    """Return where, old, new, one row each."""
    rows = [
        tag(
            "tr",
            tag("td", f"{change.where}", cls="mono el"),
            tag("td", change.old or "—", cls="r m"),
            tag("td", change.new or "—", cls="r b"),
        )
        for change in changed
    ]
    heads = tag(
        "tr",
        tag("th", t("bench.where")),
        tag("th", t("bench.old"), cls="r"),
        tag("th", t("bench.new"), cls="r"),
    )
    return div(tag("table", tag("thead", heads), tag("tbody", *rows), cls="tb loose"), cls="grid-box")


def _changes_narrow(changed: Sequence[desk.Change]) -> Markup:
    rows = [
        div(
            div(change.where, cls="mono f s"),
            div(span(change.old or "—", cls="m"), " → ", span(change.new or "—", cls="b")),
            cls="change",
        )
        for change in changed
    ]
    return div(*rows)


def differences(opened: desk.OpenRule, text: str, changed: Sequence[desk.Change] | None) -> Markup:
    """Return the values that change and, below, the lines."""
    if text == opened.released_text:
        return states.empty(t("bench.no_difference"), t("bench.no_difference_hint"))
    return join(change_list(changed) if changed else None, lines_between(opened.released_text, text))


def history(past: Past, *, version: int) -> Markup:
    """Return every released commit of the file, newest first, each opening to what it changed."""
    if not past:
        return states.empty(t("bench.no_history"))
    olders = [text for _, text in past[1:]] + [None]
    return tag(
        "ol",
        *(_commit(commit, text, older, version) for (commit, text), older in zip(past, olders, strict=True)),
        cls="line",
    )


def lines_between(old: str, new: str) -> Markup:
    """Return the lines that differ with a few around them, old struck red, new green."""
    before, after = old.split("\n"), new.split("\n")
    rows: list[Markup] = []
    for group in SequenceMatcher(None, before, after, autojunk=False).get_grouped_opcodes(_CONTEXT_LINES):
        if rows:
            rows.append(div("⋯", cls="dl-gap"))
        for kind, a, b, c, d in group:
            if kind == "equal":
                rows += [_line(c + i + 1, " ", text, "") for i, text in enumerate(after[c:d])]
            else:
                rows += [_line(a + i + 1, "−", text, "gone") for i, text in enumerate(before[a:b])]
                rows += [_line(c + i + 1, "+", text, "come") for i, text in enumerate(after[c:d])]
    return div(*rows, cls="lines mono")


def _line(number: int, mark: str, text: str, cls: str) -> Markup:
    return div(span(str(number), cls="no"), span(mark, cls="sign"), span(text or " "), cls=f"ln {cls}")


def _commit(commit: Commit, text: str | None, older: str | None, version: int) -> Markup:
    said = _version(text)
    head = tag(
        "summary",
        span(words.time_of(commit.at), cls="mono"),
        span(f"v{said}" if said else "—", cls="b"),
        span(commit.message.split("\n")[0], cls="el grow"),
        span(commit.author.name, cls="m"),
        span(commit.sha[:10], cls="mono f"),
        cls="row",
    )
    return tag(
        "li",
        tag("details", head, lines_between(older or "", text or ""), open=said == version and bool(version)),
    )


def _version(text: str | None) -> int:
    for line in (text or "").split("\n"):
        if line.startswith("version:") and line.removeprefix("version:").strip().isdigit():
            return int(line.removeprefix("version:"))
    return 0


def _finding(one: Diagnostic) -> Markup:
    mark, tone = _MARK[one.severity]
    hint = either(one.hint, one.hint_en)
    return tag(
        "button",
        icon(mark, size=14, cls=tone),
        span(t("bench.line", line=one.location.line), cls="lk n"),
        span(
            either(one.message, one.message_en),
            " ",
            span(one.code, cls="mono f s"),
            div(hint, cls="f s") if hint else None,
        ),
        type="button",
        data_line=one.location.line,
        cls="finding",
    )


def _fact(release: Release, name: str) -> Markup:
    fact = release.rulebook.vocabulary.facts[name]
    named = link(name, f"/uses?of={name}", cls="lk mono s")
    return div(named, span(either(fact.title, fact.title_en), cls="f s"), cls="row")
