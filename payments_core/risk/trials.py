"""What a risk rule on trial would have changed: the decisions that were made beside those it would have made.

Made from the hits stored with each payment. Hits are read by the rules of today's release: a payment with a
hit that no longer has a rule is counted as unread, never as unchanged.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, text

from engine.rulebook import Rule
from payments_core.risk.decision import PASS, ROLLOUT, RULE_ERROR, SHADOW, RiskFile, strictest_of
from payments_core.risk.samples import SAMPLE_SQL, sample_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """How many payments ended with one decision and these hits, and their amount."""

    decision: str
    hits: frozenset[str]
    count: int
    amount_fen: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Effect:
    """Payments that ended as `made`, and would have as `would_be` with the rule in force for all."""

    made: str
    would_be: str
    count: int
    amount_fen: int


@dataclass(frozen=True, slots=True, kw_only=True)
class TrialReport:
    """One rule on trial over [since, until): all payments, what changes, and what could not be said."""

    rule: Rule
    payment_count: int
    sample_count: int
    effects: tuple[Effect, ...]
    failed_count: int
    unread_count: int


def trial_report(
    connection: Connection,
    *,
    rule: Rule,
    enforced: Sequence[RiskFile],
    trial: RiskFile,
    since: datetime,
    until: datetime,
) -> TrialReport:
    """Return what `trial` would have changed among `enforced`; `rule` is its rule."""
    base = next((file for file in enforced if file.rule.id == rule.spec.get("in_place_of")), None)
    own, replaced = _ids(trial), _ids(base) if base is not None else frozenset()
    asked = [prefix + id_ for prefix in (SHADOW, ROLLOUT) for id_ in (*own, RULE_ERROR)]
    values = {"asked": [*asked, *replaced], "since": since, "until": until}
    seen = [
        Seen(decision=row[0], hits=frozenset(row[1]), count=row[2], amount_fen=row[3])
        for row in connection.execute(_SEEN, values)
    ]
    payments, sampled = _totals(connection, rule, values)
    met = (*(file for file in enforced if file is not base), trial)
    scores = {one.id: (one.score, one.decision or PASS) for file in met for one in file.scored.rules}
    effects: Counter[tuple[str, str]] = Counter()
    amounts: Counter[tuple[str, str]] = Counter()
    failed = unread = 0
    for one in seen:
        hits = {hit for hit in one.hits if ":" not in hit} - replaced
        hits |= {id_ for id_ in own if one.hits & {SHADOW + id_, ROLLOUT + id_}}
        if one.hits & {SHADOW + RULE_ERROR, ROLLOUT + RULE_ERROR}:
            failed += one.count
        elif not hits <= scores.keys():
            unread += one.count
        else:
            key = one.decision, _would_be(met, [scores[hit] for hit in hits])
            effects[key] += one.count
            amounts[key] += one.amount_fen
    return TrialReport(
        rule=rule,
        payment_count=payments,
        sample_count=sampled,
        effects=tuple(
            Effect(made=made, would_be=would_be, count=count, amount_fen=amounts[made, would_be])
            for (made, would_be), count in sorted(effects.items())
        ),
        failed_count=failed,
        unread_count=unread,
    )


def _ids(file: RiskFile) -> frozenset[str]:
    return frozenset(one.id for one in file.scored.rules)


def _totals(connection: Connection, rule: Rule, values: Mapping[str, object]) -> tuple[int, int]:
    """Return how many payments there were, and how many of them in the sample of a rollout."""
    sample = sample_of(rule)
    if sample is None:
        return int(connection.execute(_TOTAL, values).scalar_one()), 0
    place = SAMPLE_SQL.format(salt="CAST(:salt AS text)", by=_COLUMNS[sample.by])
    query = text(f"{_TOTAL.text.replace('count(*)', f'count(*), count(*) FILTER (WHERE {place} < :share)')}")
    row = connection.execute(query, {**values, "salt": sample.salt, "share": sample.share_ppm}).one()
    return int(row[0]), int(row[1])


def _would_be(met: Sequence[RiskFile], found: Sequence[tuple[int, str]]) -> str:
    score = sum(points for points, _ in found)
    return strictest_of((*(decision for _, decision in found), *(file.band(score) for file in met)))


_COLUMNS = {"merchant.id": "merchant_id", "txn.payer_id": "payer_hash"}
_TOTAL = text("SELECT count(*) FROM payment WHERE created_at >= :since AND created_at < :until")
_SEEN = text("""
SELECT risk_decision, risk_hits, count(*), sum(amount_fen)::bigint FROM payment
WHERE created_at >= :since AND created_at < :until AND risk_hits && CAST(:asked AS text[])
GROUP BY risk_decision, risk_hits
""")
