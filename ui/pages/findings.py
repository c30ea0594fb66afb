"""What the sequence rules found: the list, and one finding with its rule line and the events that made it."""

from __future__ import annotations

from nicegui import ui
from sqlalchemy import Connection
from starlette.concurrency import run_in_threadpool

from engine.releases import ReleaseError
from engine.rulebook import RulebookError
from payments_core import reporting
from payments_core.access import Action
from payments_core.errors import PaymentsCoreError
from payments_core.sequences import MatchNotFound
from payments_core.sequences.queries import (
    SEVERITIES,
    EventRow,
    MatchCounts,
    MatchDetail,
    MatchRow,
    count_matches,
    get_match,
    list_matches,
)
from ui import shell
from ui.components import words
from ui.components.chips import Meaning, chip
from ui.components.data_table import Column, table
from ui.components.explain import Line, lines, rule_line
from ui.components.searched_list import search, searched
from ui.i18n import either, t
from ui.markup import Markup, div, fill, join, link, show, span, tag
from ui.pages.payment_parts.words import masked, named, number_link
from ui.visit import Visit, page

_CHIPS: dict[str, Meaning] = {"HIGH": "bad", "MID": "warn", "LOW": "info"}


def register() -> None:
    """Register both pages."""

    @page("/findings", action=Action.READ_RISK_CASES)
    async def findings(visit: Visit, q: str = "", severity: str = "") -> None:
        place, wanted = q.strip()[:60], severity if severity in SEVERITIES else ""

        def read(connection: Connection) -> tuple[reporting.Surroundings, MatchCounts]:
            around = reporting.surroundings(connection, scope=visit.person.scope, now=visit.now)
            return around, count_matches(connection, place=place, severity=wanted)

        around, counts = await visit.read(read)
        with (
            shell.frame(
                visit,
                section="findings",
                title=t("findings.title"),
                around=around,
                headline=_headline(counts),
            ),
            ui.element("div").classes("wrap"),
            ui.element("section").classes("pan clip fill"),
        ):
            show(_search(place, wanted))
            await searched(
                visit,
                list_matches,
                columns=_columns(),
                total=counts.total,
                sort="at",
                empty=(t("findings.none"), t("findings.none_hint")),
                place=place,
                severity=wanted,
            ).show()

    @page("/findings/{number}", action=Action.READ_RISK_CASES)
    async def finding(visit: Visit, number: str) -> None:
        def read(connection: Connection) -> tuple[reporting.Surroundings, MatchDetail]:
            around = reporting.surroundings(connection, scope=visit.person.scope, now=visit.now)
            return around, get_match(connection, match_no=_read_number(number))

        around, detail = await visit.read(read)
        line = await run_in_threadpool(_line_of, visit, detail.match)
        with shell.frame(
            visit,
            section="findings",
            title=_label(detail.match),
            around=around,
            crumbs=((t("findings.title"), "/findings"),),
            after_title=_severity(detail.match),
            headline=_merchant(detail.match),
        ):
            show(div(_about(detail.match, line), _events(detail), cls="wrap"))


def _read_number(number: str) -> int:
    if not (number.isascii() and number.isdigit()) or int(number[:20]) >= 2**63:
        raise MatchNotFound(match_no=number[:40])
    return int(number)


def _line_of(visit: Visit, match: MatchRow) -> int:
    """Return the line of the rule's pattern; the release may be gone from the repository."""
    try:
        release = visit.services.rulebooks.get(match.release_no)
        rule = release.rulebook.find(rule_id=match.rule_id, version=match.version)
        return rule.line_of(("spec", "pattern"))
    except (PaymentsCoreError, ReleaseError, RulebookError):
        return 1


def _headline(counts: MatchCounts) -> Markup:
    if not counts.total:
        return span(t("findings.headline_none"))
    names = ("total", "high", "mid", "low")
    return fill(t("findings.headline"), **{n: tag("b", words.count(getattr(counts, n))) for n in names})


def _search(place: str, severity: str) -> Markup:
    return search(page="findings", text=place, name="severity", chosen=severity, values=SEVERITIES)


def _columns() -> tuple[Column[MatchRow], ...]:
    return (
        Column(
            key="at",
            head=t("findings.at"),
            sortable=True,
            cls="f",
            cell=lambda row: link(words.time_of(row.at), f"/findings/{row.match_no}", cls="when n"),
        ),
        Column(key="severity", head=t("findings.severity"), cell=_severity, sortable=True),
        Column(key="label", head=t("findings.label"), cell=lambda row: tag("b", _label(row)), sortable=True),
        Column(key="merchant", head=t("findings.merchant"), cell=_merchant, sortable=True),
        Column(
            key="rule",
            head=t("findings.rule"),
            cls="extra",
            cell=lambda row: link(f"{row.rule_id} v{row.version}", f"/rules/{row.rule_id}", cls="lk mono"),
        ),
        Column(
            key="events",
            head=t("findings.events"),
            align="r",
            cls="extra",
            cell=lambda row: words.count(row.events),
        ),
        Column(
            key="task",
            head=t("findings.task"),
            cls="extra",
            cell=lambda row: span(row.task_id or t("state.nothing"), cls="mono" if row.task_id else "f"),
        ),
    )


def _label(row: MatchRow) -> str:
    return either(row.label, row.label_en or row.label)


def _severity(row: MatchRow) -> Markup:
    return chip(named("findings.severity", row.severity), _CHIPS.get(row.severity, "plain"))


def _merchant(row: MatchRow) -> Markup:
    return join(row.merchant_name, " ", span(row.merchant_id, cls="mono f"))


def _about(row: MatchRow, line: int) -> Markup:
    entries = [
        Line(label=t("findings.complete_at"), text=words.time_of(row.at)),
        Line(label=t("findings.found_at"), text=words.time_of(row.found_at)),
        Line(label=t("findings.key"), text=" · ".join(_part(value) for value in row.key)),
        Line(label=t("findings.score"), text=str(row.score)),
        Line(label=t("findings.release"), text=f"R-{row.release_no}"),
        Line(label=t("findings.task"), text=row.task_id or t("state.nothing")),
    ]
    rule = div(t("findings.rule"), " ", rule_line(row.rule_id, row.version, line), cls="s")
    head = div(tag("h2", t("findings.about")), cls="ph")
    return tag("section", head, div(lines(entries), rule, cls="pad"), cls="pan", style="max-width:560px")


def _part(value: str) -> str:
    """Payers are hashes: only their ends are shown, as everywhere."""
    return masked(value) if len(value) > 20 else value


def _events(detail: MatchDetail) -> Markup:
    columns: tuple[Column[EventRow], ...] = (
        Column(key="at", head=t("findings.at"), cell=lambda row: words.time_of(row.at), cls="f"),
        Column(key="event", head=t("findings.event"), cell=lambda row: named("findings.topic", row.topic)),
        Column(key="subject", head=t("findings.subject"), cell=_subject),
        Column(
            key="amount",
            head=t("findings.amount"),
            align="r",
            cell=lambda row: None if row.amount_fen is None else words.money(row.amount_fen),
        ),
    )
    head = div(tag("h2", t("findings.made_of")), cls="ph")
    inside = table(columns, detail.events, caption=t("findings.made_of"))
    return tag("section", head, div(inside, cls="grid-box"), cls="pan clip")


def _subject(row: EventRow) -> Markup:
    if row.payment_id is not None:
        return number_link(row.payment_id)
    if row.device_id is None:
        return span(t("state.nothing"), cls="f")
    far = row.distance_m is not None and row.distance_m >= 0
    told = span(t("findings.distance", distance=f"{row.distance_m:,}"), cls="f s") if far else None
    return join(span(row.device_id, cls="mono"), " ", told)
