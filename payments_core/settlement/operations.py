"""Settle a business date: one row a merchant, and its hold reserved in the ledger."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Protocol

from sqlalchemy import Connection, RowMapping, insert, text

from payments_core.calendar import day_bounds
from payments_core.ledger import Account, Code, DailyJob, Leg, Phase, daily_posting_id, post
from payments_core.rulebooks import RuleRefKey, intern_refs
from payments_core.settlement.model import Due, PolicyRule, Settled, due_on, settle
from payments_core.settlement.tables import settlement

KIND = "settlement_policy"


class Policies(Protocol):
    """What this module asks of an `engine.rulebook.Rulebook`."""

    @property
    def vocabulary(self) -> Any: ...
    def in_force(self, *, kind: str, at: datetime, scope: Mapping[str, str]) -> Any: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class DaySettled:
    """What one run of `settle_day` added; zeros where everything was settled before."""

    merchants: int
    plan_fen: int
    hold_fen: int
    real_fen: int
    carried_out_fen: int


@dataclass(frozen=True, slots=True, kw_only=True)
class _Case:
    """A merchant with its rule, its outcome, and the hold that is still reserved from an earlier day."""

    rule: PolicyRule
    settled: Settled
    held_posting_id: int | None
    held_fen: int


def settle_day(
    connection: Connection, *, business_date: date, rulebook: Policies, release_no: int, now: datetime
) -> DaySettled:
    """Settle every merchant with something to settle that has no row for the date yet.

    A merchant without payments gets a row only where money is set free: a hold ended or a payout failed.
    Raises NoRuleInForce where no settlement policy covers a merchant.
    """
    found = connection.execute(text(_DUE), {"business_date": business_date}).mappings()
    policies = _PolicyOf(rulebook, business_date)
    cases = [case for row in found if (case := _decide(row, policies)) is not None]
    if cases:
        refs = _intern(connection, [case.rule for case in cases])
        rows = [_row(case, business_date, refs, release_no) for case in cases]
        connection.execute(insert(settlement), rows)
        post(connection, [leg for case in cases for leg in _hold_legs(case, business_date, release_no, now)])
    return DaySettled(
        merchants=len(cases),
        plan_fen=sum(case.settled.due.plan_fen for case in cases),
        hold_fen=sum(case.settled.hold_fen for case in cases),
        real_fen=sum(case.settled.real_fen for case in cases),
        carried_out_fen=sum(case.settled.carried_out_fen for case in cases),
    )


class _PolicyOf:
    """The rule in force for a city at the end of the day, looked up once a city; and every fact's default."""

    def __init__(self, rulebook: Policies, business_date: date) -> None:
        self._rulebook = rulebook
        self.business_date = business_date
        self._at = day_bounds(business_date)[1] - timedelta(microseconds=1)
        self._by_city: dict[str, PolicyRule] = {}
        self.defaults = {name: fact.default for name, fact in rulebook.vocabulary.facts.items()}

    def rule(self, city_id: str) -> PolicyRule:
        if city_id not in self._by_city:
            found: PolicyRule = self._rulebook.in_force(kind=KIND, at=self._at, scope={"city": city_id})
            self._by_city[city_id] = found
        return self._by_city[city_id]


def _decide(row: RowMapping, policies: _PolicyOf) -> _Case | None:
    due = Due(**{name: row[name] for name in Due.__dataclass_fields__})
    rule = policies.rule(row["city_id"])
    facts = {**policies.defaults, **_facts(row)}
    settled = settle(due=due, business_date=policies.business_date, rule=rule, facts=facts)
    unchanged = settled.real_fen == 0 and settled.hold_fen == row["held_fen"]
    if not due.moved and unchanged:
        return None
    return _Case(rule=rule, settled=settled, held_posting_id=row["held_posting_id"], held_fen=row["held_fen"])


def _facts(row: RowMapping) -> dict[str, Any]:
    facts = {f"merchant.{name}": value for name, value in (row["figures"] or {}).items()}
    for name in ("type", "mcc", "status", "risk_grade"):
        facts[f"merchant.{name}"] = row[name]
    return {
        **facts,
        "merchant.id": row["merchant_id"],
        "merchant.city": row["city_id"],
        "merchant.tags": tuple(row["tags"]),
    }


def _row(
    case: _Case, business_date: date, refs: Mapping[tuple[str, int], int], release_no: int
) -> dict[str, Any]:
    settled, due = case.settled, case.settled.due
    return {
        "merchant_id": due.merchant_id,
        "business_date": business_date,
        "gross_fen": due.gross_fen,
        "fee_fen": due.fee_fen,
        "refund_fen": due.refund_fen,
        "fee_back_fen": due.fee_back_fen,
        "fee_corrected_fen": due.fee_corrected_fen,
        "plan_fen": due.plan_fen,
        "carried_in_fen": due.carried_in_fen,
        "hold_fen": settled.hold_fen,
        "kept_fen": settled.kept.fen,
        "kept_until": settled.kept.until,
        "hold_ids": list(settled.kept.hold_ids),
        "real_fen": settled.real_fen,
        "carried_out_fen": settled.carried_out_fen,
        "due_on": due_on(business_date=business_date, rule=case.rule),
        "rule_ref_no": refs[(case.rule.id, case.rule.version)],
        "release_no": release_no,
    }


def _hold_legs(case: _Case, business_date: date, release_no: int, now: datetime) -> list[Leg]:
    """Return the new hold as leg 1, and the end of the earlier one as leg 2."""
    posting_id = daily_posting_id(business_date=business_date, job=DailyJob.HOLD)

    def leg(number: int, amount_fen: int, phase: Phase, resolves: int | None) -> Leg:
        return Leg(
            merchant_id=case.settled.due.merchant_id,
            posting_id=posting_id,
            leg=number,
            debit_account=Account.MERCHANT_PAYABLE,
            credit_account=Account.MERCHANT_HELD,
            amount_fen=amount_fen,
            code=Code.HOLD,
            phase=phase,
            pending_posting_id=resolves,
            pending_leg=None if resolves is None else 1,
            business_date=business_date,
            posted_at=now,
            release_no=release_no,
        )

    legs = []
    if case.settled.hold_fen:
        legs.append(leg(1, case.settled.hold_fen, Phase.PENDING, None))
    if case.held_posting_id is not None:
        legs.append(leg(2, case.held_fen, Phase.VOID, case.held_posting_id))
    return legs


def _intern(connection: Connection, rules: Sequence[PolicyRule]) -> dict[tuple[str, int], int]:
    """Return the number of each rule, by its id and version."""
    keys = {
        (rule.id, rule.version): RuleRefKey(
            kind=KIND, rule_id=rule.id, version=rule.version, row_no=-1, line=rule.line_of(("spec",))
        )
        for rule in rules
    }
    numbers = intern_refs(connection, keys.values())
    return {rule: numbers[key] for rule, key in keys.items()}


_DUE = """
WITH paid AS (
  SELECT merchant_id, sum(settle_amount_fen) AS gross_fen, sum(fee_fen) AS fee_fen FROM payment
  WHERE business_date = :business_date AND state = 'SUCCESS' GROUP BY merchant_id),
back AS (
  SELECT merchant_id, sum(amount_fen) AS refund_fen, sum(fee_back_fen) AS fee_back_fen FROM refund
  WHERE business_date = :business_date AND state = 'SUCCESS' GROUP BY merchant_id),
corrected AS (
  SELECT merchant_id, sum(fee_delta_fen) AS fen FROM correction
  WHERE business_date = :business_date GROUP BY merchant_id),
planned AS (
  SELECT merchant_id, sum(plan_fen) AS fen FROM settlement
  WHERE business_date < :business_date GROUP BY merchant_id),
paid_out AS (
  SELECT merchant_id, sum(amount_fen) AS fen FROM payout
  WHERE business_date < :business_date AND state IN ('PROCESSING', 'SUCCESS', 'FROZEN') GROUP BY merchant_id),
cases AS (
  SELECT merchant_id, sum(hold_fen) AS fen FROM risk_case
  WHERE state IN ('OPEN', 'FROZEN') AND (hold_until IS NULL OR hold_until > :business_date)
  GROUP BY merchant_id),
kept AS (
  SELECT merchant_id, sum(kept_fen) AS fen FROM settlement
  WHERE business_date < :business_date AND kept_until > :business_date GROUP BY merchant_id),
held AS (
  SELECT t.merchant_id, t.posting_id, t.amount_fen FROM transfer t WHERE t.code = 'HOLD'
    AND t.phase = 'PENDING'
    AND NOT EXISTS (SELECT 1 FROM transfer r WHERE r.merchant_id = t.merchant_id
      AND r.pending_posting_id = t.posting_id AND r.pending_leg = t.leg))
SELECT m.merchant_id, m.city_id, m.type, m.mcc, m.status, m.risk_grade, m.tags, s.figures,
  coalesce(p.gross_fen, 0)::bigint AS gross_fen, coalesce(p.fee_fen, 0)::bigint AS fee_fen,
  coalesce(b.refund_fen, 0)::bigint AS refund_fen, coalesce(b.fee_back_fen, 0)::bigint AS fee_back_fen,
  coalesce(x.fen, 0)::bigint AS fee_corrected_fen,
  (coalesce(e.fen, 0) - coalesce(o.fen, 0))::bigint AS carried_in_fen,
  coalesce(c.fen, 0)::bigint AS case_hold_fen, coalesce(k.fen, 0)::bigint AS kept_fen,
  coalesce(h.amount_fen, 0) AS held_fen,
  h.posting_id AS held_posting_id
FROM merchant m
LEFT JOIN paid p USING (merchant_id) LEFT JOIN back b USING (merchant_id)
LEFT JOIN corrected x USING (merchant_id)
LEFT JOIN planned e USING (merchant_id) LEFT JOIN paid_out o USING (merchant_id)
LEFT JOIN cases c USING (merchant_id) LEFT JOIN kept k USING (merchant_id)
LEFT JOIN held h USING (merchant_id)
LEFT JOIN merchant_stats s USING (merchant_id)
WHERE (p.merchant_id IS NOT NULL OR b.merchant_id IS NOT NULL OR coalesce(x.fen, 0) <> 0
    OR coalesce(e.fen, 0) <> coalesce(o.fen, 0))
  AND NOT EXISTS (SELECT 1 FROM settlement done
    WHERE done.merchant_id = m.merchant_id AND done.business_date = :business_date)
ORDER BY m.merchant_id
"""
