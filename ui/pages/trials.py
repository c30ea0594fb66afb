"""Rules on trial: what each would have changed in the last days, had it been in force for everyone."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import Connection

from payments_core import reporting
from payments_core.access import Action
from payments_core.risk import RiskFile, RiskPolicy
from payments_core.risk.samples import sample_of
from payments_core.risk.trials import Effect, TrialReport, trial_report
from ui import shell
from ui.components import chips, data_table, states, words
from ui.components.data_table import Column
from ui.components.explain import rule_line
from ui.i18n import t
from ui.markup import Markup, div, join, link, show, span, tag
from ui.pages.payment_parts.words import decision_chip
from ui.visit import Visit, page

_DAYS = 7


def register() -> None:
    """Register the page."""

    @page("/trials", action=Action.READ_MONEY_RULES)
    async def trials(visit: Visit) -> None:
        around = await visit.read(reporting.surroundings, scope=visit.person.scope, now=visit.now)
        found = await visit.read(_reports, visit=visit)
        with shell.frame(
            visit,
            section="rules",
            title=t("trials.title"),
            around=around,
            crumbs=((t("rules.title"), "/rules"),),
            headline=span(t("trials.headline", count=len(found), days=_DAYS)),
        ):
            none = states.empty(t("trials.none"), t("trials.none_hint"))
            show(div(*(_report(visit, one) for one in found), None if found else none, cls="wrap"))


def _reports(connection: Connection, *, visit: Visit) -> tuple[TrialReport, ...]:
    release = visit.services.rulebooks.release(connection)
    files = RiskPolicy(release.rulebook).files(at=visit.now, scope={})
    tried = [file for file in files.files if not file.enforced]
    tried += [rollout.outside for rollout in files.rollouts]
    enforced = [file for file in files.files if file.enforced]
    return tuple(_seen(connection, visit, enforced, file) for file in tried)


def _seen(connection: Connection, visit: Visit, enforced: list[RiskFile], trial: RiskFile) -> TrialReport:
    """A trial is read from its own beginning, at most the last days."""
    since = max(trial.rule.effective_from, visit.now - timedelta(days=_DAYS))
    return trial_report(
        connection, rule=trial.rule, enforced=enforced, trial=trial, since=since, until=visit.now
    )


def _report(visit: Visit, one: TrialReport) -> Markup:
    head = div(
        tag("h2", link(one.rule.title, f"/rules/{one.rule.id}")),
        _mode(one),
        span(cls="grow"),
        span(_ends(visit, one), cls="m s"),
        cls="ph",
    )
    changing = tuple(effect for effect in one.effects if effect.made != effect.would_be)
    body = _table(changing) if changing else div(t("trials.unchanged"), cls="m pbody")
    return div(head, div(_told(one), cls="m pbody"), body, _foot(one), cls="pan clip")


def _mode(one: TrialReport) -> Markup:
    sample = sample_of(one.rule)
    if sample is None:
        return chips.chip(t("payment.shadow"), "plain")
    told = t("trials.rollout", share=words.rate(sample.share_ppm), by=t(f"trials.by_{sample.by}"))
    return chips.chip(told, "info")


def _ends(visit: Visit, one: TrialReport) -> str:
    end = one.rule.effective_to
    if end is None:
        return ""
    days = (end - visit.now) // timedelta(days=1)
    return t("trials.ends", time=words.time_of(end, seconds=False), days=max(days, 0))


def _told(one: TrialReport) -> Markup:
    parts = [t("trials.payments", count=words.count(one.payment_count))]
    if sample_of(one.rule) is not None:
        parts.append(t("trials.sample", count=words.count(one.sample_count)))
    base = one.rule.spec.get("in_place_of")
    if base:
        parts.append(t("trials.instead", rule=base))
    if one.failed_count:
        parts.append(t("trials.failed", count=words.count(one.failed_count)))
    if one.unread_count:
        parts.append(t("trials.unread", count=words.count(one.unread_count)))
    return join(*parts, between=t("list.semicolon"))


def _table(changing: tuple[Effect, ...]) -> Markup:
    columns = (
        Column(key="made", head=t("trials.made"), cell=lambda one: decision_chip(one.made)),
        Column(key="would", head=t("trials.would"), cell=lambda one: decision_chip(one.would_be)),
        Column(key="count", head=t("trials.count"), cell=lambda one: words.count(one.count), align="r"),
        Column(
            key="amount", head=t("trials.amount"), cell=lambda one: words.money(one.amount_fen), align="r"
        ),
    )
    return div(data_table.table(columns, list(changing), loose=True), cls="grid-box")


def _foot(one: TrialReport) -> Markup:
    return div(rule_line(one.rule.id, one.rule.version, one.rule.line_of(("spec", "mode"))), cls="pbody s")
