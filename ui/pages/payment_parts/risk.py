"""Why risk decided as it did: every rule in force, computed anew from the facts stored with the payment."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from engine.expressions import EvaluationError, FactType
from engine.releases import Release
from engine.rulebook import Entry, Explanation, Rule, ShownClause
from payments_core.reporting.queries_payment import PaymentDetail
from payments_core.risk import ROLLOUT, SHADOW, RiskFile, RiskPolicy
from ui.components import words
from ui.components.chips import chip
from ui.components.explain import rule_line
from ui.i18n import language, t
from ui.icons import icon
from ui.markup import Markup, div, fill, join, span, tag
from ui.pages.payment_parts.words import decision_chip, named

_TRIALS = {SHADOW: "payment.shadow", ROLLOUT: "payment.rollout"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Grounds:
    """One rule file that was met; `explanation` None: the stored facts do not suffice to compute it again."""

    rule: Rule
    prefix: str
    explanation: Explanation | None


def grounds(release: Release, detail: PaymentDetail) -> tuple[Grounds, ...]:
    """Return what every risk rule in force said of the payment; files that look at whole days are no part."""
    payment = detail.payment
    facts = stored_facts(release, payment.risk_facts)
    files = RiskPolicy(release.rulebook).files(at=payment.created_at, scope=detail.scope)
    return tuple(_ground(file, facts) for file in files.met_by(facts, []))


def stored_facts(release: Release, stored: Mapping[str, Any]) -> dict[str, Any]:
    """Return stored facts as conditions read them: lists as tuples, times as times."""
    known = release.rulebook.vocabulary.facts
    found: dict[str, Any] = {}
    for name, value in stored.items():
        if isinstance(value, list):
            found[name] = tuple(value)
        elif name in known and known[name].type == FactType.TIMESTAMP and isinstance(value, str):
            found[name] = datetime.fromisoformat(value)
        else:
            found[name] = value
    return found


def fired(found: tuple[Grounds, ...]) -> frozenset[str]:
    """Return the ids that fire on computing again, written as they are recorded."""
    return frozenset(
        one.prefix + entry.id
        for one in found
        if one.explanation is not None
        for entry in one.explanation.entries
        if entry.fired
    )


def pane(detail: PaymentDetail, found: tuple[Grounds, ...]) -> Markup:
    """Return the rules with their clauses, those that fired first, and the case."""
    payment = detail.payment
    head = div(
        tag("h2", t(f"payment.why_{payment.risk_decision.lower()}")),
        span(cls="grow"),
        decision_chip(payment.risk_decision),
        cls="pane-head",
    )
    # A rule that fired comes first; the order of the files is kept otherwise.
    entries = [
        (entry.fired, one, entry)
        for one in found
        if one.explanation is not None
        for entry in one.explanation.entries
    ]
    entries.sort(key=lambda each: not each[0])
    unknown = [one for one in found if one.explanation is None]
    return join(
        head,
        div(_told(detail, found), cls="pane-told m"),
        *(_entry(one, entry) for _, one, entry in entries),
        *(_unknown(one) for one in unknown),
        div(
            span(
                t("payment.facts", count=len(payment.risk_facts), at=words.time_of(payment.created_at)),
                cls="m s",
            ),
            cls="rr",
        ),
        _all_facts(detail),
        _case(detail),
    )


def _told(detail: PaymentDetail, found: tuple[Grounds, ...]) -> Markup:
    payment = detail.payment
    recorded = frozenset(payment.risk_hits)
    score = tag("b", t("payment.score", score=payment.risk_score))
    said = fill(
        t("payment.risk_told" if recorded else "payment.risk_quiet"),
        score=score,
        hits=" ".join(sorted(recorded)),
    )
    agrees = fired(found) == recorded
    mark = icon("check" if agrees else "triangle", size=14, cls="good" if agrees else "warn")
    return join(said, " ", span(mark, " ", t("payment.agrees" if agrees else "payment.differs"), cls="s n"))


def _entry(one: Grounds, entry: Entry) -> Markup:
    missing = sum(1 for clause in entry.clauses if not clause.met)
    if entry.fired:
        verdict = span(icon("triangle", size=14), " ", t("payment.fired"), cls="warn s")
    else:
        verdict = span(t("payment.unmet", count=missing), cls="f s")
    trial = chip(t(_TRIALS[one.prefix]), "plain") if one.prefix else None
    head = div(
        tag("b", entry.id, cls="mono"), tag("b", entry.label), trial, span(cls="grow"), verdict, cls="row"
    )
    clauses = [_clause(clause, is_hit=entry.fired) for clause in entry.clauses]
    foot = div(rule_line(one.rule.id, one.rule.version, entry.line), cls="rr-foot s")
    return div(head, *clauses, foot, cls="rr hit" if entry.fired else "rr")


def _clause(clause: ShownClause, *, is_hit: bool) -> Markup:
    name, tone = (
        ("tick", "good") if clause.met else ("close", "f") if clause.met is False else ("alert", "bad")
    )
    mark = _TICK if name == "tick" else icon(name, size=14, cls=tone)
    told = t("payment.met" if clause.met else "payment.not_met")
    return div(
        mark,
        span(told, cls="hidden-text"),
        span(clause.words, cls="grow"),
        span(_seen(clause), cls="r b n" if is_hit else "r m n"),
        cls="cd",
    )


def _seen(clause: ShownClause) -> str:
    """Return the value alone where the words beside it already name the fact."""
    pairs = zip(clause.words, clause.value, strict=False)
    same = next((at for at, (one, other) in enumerate(pairs) if one != other), 0)
    return clause.value[clause.value.rfind(" ", 0, same) + 1 :]


def _unknown(one: Grounds) -> Markup:
    head = div(
        tag("b", one.rule.title), span(cls="grow"), span(t("payment.not_computed"), cls="warn s"), cls="row"
    )
    return div(head, div(rule_line(one.rule.id, one.rule.version, 1), cls="rr-foot s"), cls="rr")


def _all_facts(detail: PaymentDetail) -> Markup | None:
    facts = sorted(detail.payment.risk_facts.items())
    if not facts:
        return None
    parts = [
        part
        for name, value in facts
        for part in (tag("dt", name, cls="mono"), tag("dd", _plain(name, value), cls="mono"))
    ]
    return tag(
        "details",
        tag("summary", icon("right", size=14, cls="turn"), t("payment.all_facts"), cls="lk s"),
        tag("dl", *parts, cls="fact-list"),
        cls="fold rr",
    )


def _plain(name: str, value: object) -> str:
    if name == "txn.payer_id":
        return t("payment.hidden")
    if isinstance(value, list):
        return t("list.and").join(str(item) for item in value) or t("state.nothing")
    return t("state.nothing") if value in (None, "") else str(value)


def _case(detail: PaymentDetail) -> Markup | None:
    case = detail.case
    if case is None:
        return None
    rows = [
        (t("payment.case_state"), named("payment.case", case.state)),
        (t("payment.case_opened"), words.time_of(case.opened_at)),
        (t("payment.case_hold"), _hold(detail)),
    ]
    parts = [part for key, value in rows for part in (tag("dt", key), tag("dd", value))]
    head = div(
        tag("h2", t("payment.case_title")),
        span(cls="grow"),
        chip(case.case_no, "warn", icon_name="clock"),
        cls="pane-head line",
    )
    return join(head, tag("dl", *parts, cls="kv"))


def _hold(detail: PaymentDetail) -> str:
    case = detail.case
    if case is None or case.hold_until is None or not case.hold_fen:
        return t("payment.no_hold")
    return t("payment.hold", amount=words.money(case.hold_fen), until=case.hold_until.isoformat())


def _ground(file: RiskFile, facts: Mapping[str, Any]) -> Grounds:
    try:
        explanation = file.scored.explain(facts, language=language())
    except EvaluationError:
        explanation = None
    return Grounds(rule=file.rule, prefix=file.prefix, explanation=explanation)


_TICK = Markup(
    '<svg class="ic good" width="14" height="14" viewBox="0 0 24 24" aria-hidden="true">'
    '<path d="M5 12.500l4.500 4.500L19 7.500"/></svg>'
)
