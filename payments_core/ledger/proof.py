"""Prove the books: every claim the ledger makes, checked against the tables it is made of.

Each check is one query of pairs (what, expected, found); it passes when every pair agrees. That all debits
equal all credits is not enough: a posting that was written twice keeps that sum, so every payment, refund,
share and payout is held to exactly its own legs as well.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from sqlalchemy import Connection, text

OFFENDERS_MAX = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One claim: how many pairs were compared, their sums in fen, and the first that disagree."""

    name: str
    examined: int
    expected_fen: int
    found_fen: int
    wrong: int
    offenders: tuple[str, ...]

    @property
    def passed(self) -> bool:
        """Whether every pair agrees."""
        return self.wrong == 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Proof:
    """All checks, in the order of `CHECKS`."""

    checks: tuple[Check, ...]

    @property
    def passed(self) -> bool:
        """Whether every check passed."""
        return all(check.passed for check in self.checks)


def prove(connection: Connection, *, business_date: date | None = None) -> Proof:
    """Check the whole ledger; with `business_date`, the postings of that day and all balances."""
    return Proof(checks=tuple(_check(connection, name, pairs, business_date) for name, pairs in CHECKS))


def _check(connection: Connection, name: str, pairs: str, business_date: date | None) -> Check:
    row = connection.execute(
        text(
            f"SELECT count(*), coalesce(sum(expected), 0)::bigint, coalesce(sum(found), 0)::bigint,"
            f" count(*) FILTER (WHERE expected IS DISTINCT FROM found),"
            f" coalesce((array_agg(what || ': ' || coalesce(expected::text, 'none') || ' ≠ '"
            f" || coalesce(found::text, 'none') ORDER BY what)"
            f" FILTER (WHERE expected IS DISTINCT FROM found))[1:{OFFENDERS_MAX}], '{{}}')"
            f" FROM ({pairs}) AS pairs (what, expected, found)"
        ),
        {"business_date": business_date},
    ).one()
    return Check(
        name=name,
        examined=row[0],
        expected_fen=row[1],
        found_fen=row[2],
        wrong=row[3],
        offenders=tuple(row[4]),
    )


_DAY = "(CAST(:business_date AS date) IS NULL OR {column} = :business_date)"
_TRANSFER_DAY = _DAY.format(column="business_date")

_DEBITS_EQUAL_CREDITS = """
SELECT 'posted', sum(debits_posted), sum(credits_posted) FROM account
UNION ALL SELECT 'pending', sum(debits_pending), sum(credits_pending) FROM account
"""


def _side(side: str) -> str:
    """One side of all transfers, summed by account: what is posted, and what was ever reserved."""
    posted = "coalesce(sum(amount_fen) FILTER (WHERE phase IN ('POSTED', 'POST')), 0)"
    pending = "coalesce(sum(amount_fen) FILTER (WHERE phase = 'PENDING'), 0)"
    totals = f"{posted}, 0, {pending}, 0" if side == "debit" else f"0, {posted}, 0, {pending}"
    return f"""
  SELECT merchant_id, {side}_account, {side}_party, {totals} FROM transfer
  GROUP BY merchant_id, {side}_account, {side}_party"""


def _released(side: str) -> str:
    """What resolutions have released of one side: the whole reservation, whatever part was posted."""
    totals = "0, 0, -sum(p.amount_fen), 0" if side == "debit" else "0, 0, 0, -sum(p.amount_fen)"
    return f"""
  SELECT p.merchant_id, p.{side}_account, p.{side}_party, {totals}
  FROM transfer r JOIN transfer p ON p.merchant_id = r.merchant_id AND p.posting_id = r.pending_posting_id
    AND p.leg = r.pending_leg
  GROUP BY p.merchant_id, p.{side}_account, p.{side}_party"""


_BALANCES_ARE_SUMS = f"""
WITH moves (merchant_id, account, party, dp, cp, dq, cq) AS (
  {_side("debit")} UNION ALL {_side("credit")}
  UNION ALL {_released("debit")} UNION ALL {_released("credit")}),
sums AS (
  SELECT merchant_id, account, party, sum(dp) AS dp, sum(cp) AS cp, sum(dq) AS dq, sum(cq) AS cq
  FROM moves GROUP BY merchant_id, account, party)
SELECT concat_ws(' ', coalesce(a.merchant_id, s.merchant_id), coalesce(a.account, s.account), side.total),
  side.expected, side.found
FROM account a FULL JOIN sums s USING (merchant_id, account, party)
CROSS JOIN LATERAL (VALUES
  ('debits posted', coalesce(s.dp, 0), a.debits_posted), ('credits posted', coalesce(s.cp, 0),
    a.credits_posted),
  ('debits pending', coalesce(s.dq, 0), a.debits_pending), ('credits pending', coalesce(s.cq, 0),
    a.credits_pending)
) AS side (total, expected, found)
"""


def _legs_match(*, rows: str, legs: str, codes: str) -> str:
    """Pairs of what each row of `rows` must have posted, leg by leg, and what it did post."""
    return f"""
WITH expected AS (
  SELECT r.merchant_id, r.posting_id, leg.leg, leg.code, leg.amount_fen
  FROM ({rows}) r CROSS JOIN LATERAL (VALUES {legs}) AS leg (leg, code, amount_fen)
  WHERE leg.amount_fen <> 0),
found AS (
  SELECT merchant_id, posting_id, leg, code, amount_fen FROM transfer
  WHERE code IN ({codes}) AND {_TRANSFER_DAY})
SELECT concat_ws(' ', coalesce(e.merchant_id, f.merchant_id), coalesce(e.posting_id, f.posting_id),
    coalesce(e.code, f.code)), e.amount_fen, f.amount_fen
FROM expected e FULL JOIN found f USING (merchant_id, posting_id, leg, code)
"""


_PAYMENTS = _legs_match(
    rows="SELECT merchant_id, payment_id AS posting_id, settle_amount_fen, fee_fen, cost_fen FROM payment"
    f" WHERE state = 'SUCCESS' AND {_TRANSFER_DAY}",
    legs="(1, 'PAYMENT', settle_amount_fen), (2, 'FEE', fee_fen), (3, 'COST', cost_fen)",
    codes="'PAYMENT', 'FEE', 'COST'",
)
_REFUNDS = _legs_match(
    rows="SELECT merchant_id, refund_id AS posting_id, amount_fen, fee_back_fen, cost_back_fen FROM refund"
    f" WHERE state = 'SUCCESS' AND {_TRANSFER_DAY}",
    legs="(1, 'REFUND', amount_fen), (2, 'FEE_BACK', fee_back_fen), (3, 'COST_BACK', cost_back_fen)",
    codes="'REFUND', 'FEE_BACK', 'COST_BACK'",
)

_CORRECTIONS = f"""
WITH expected AS (
  SELECT c.merchant_id, c.correction_id AS posting_id, leg.leg, leg.code, leg.amount_fen
  FROM (SELECT * FROM correction WHERE {_TRANSFER_DAY}) c CROSS JOIN LATERAL (VALUES
    (1, 'FEE_CORRECTION', fee_delta_fen), (2, 'COST_CORRECTION', cost_delta_fen))
    AS leg (leg, code, amount_fen)
  WHERE leg.amount_fen <> 0),
found AS (
  SELECT merchant_id, posting_id, leg, code,
    CASE WHEN credit_account = 'FEE_INCOME' OR debit_account = 'CHANNEL_COST' THEN amount_fen
      ELSE -amount_fen END AS amount_fen
  FROM transfer WHERE code IN ('FEE_CORRECTION', 'COST_CORRECTION') AND {_TRANSFER_DAY})
SELECT concat_ws(' ', merchant_id, posting_id, code), e.amount_fen, f.amount_fen
FROM expected e FULL JOIN found f USING (merchant_id, posting_id, leg, code)
"""

_SHARES = f"""
WITH expected AS (
  SELECT merchant_id, business_date, party_id, sum(delta_fen) AS amount_fen FROM share_entry
  WHERE {_TRANSFER_DAY} GROUP BY merchant_id, business_date, party_id),
found AS (
  SELECT merchant_id, business_date, coalesce(nullif(credit_party, ''), debit_party) AS party_id,
    sum(CASE WHEN credit_account = 'PARTY_PAYABLE' THEN amount_fen ELSE -amount_fen END) AS amount_fen
  FROM transfer WHERE code = 'SHARE' AND {_TRANSFER_DAY} GROUP BY 1, 2, 3)
SELECT concat_ws(' ', merchant_id, business_date, party_id),
  coalesce(e.amount_fen, 0), coalesce(f.amount_fen, 0)
FROM expected e FULL JOIN found f USING (merchant_id, business_date, party_id)
"""

# Only days whose shares were posted: an open day's margins are still to be shared.
_MARGINS_SHARED = f"""
WITH margins AS (
  SELECT merchant_id, stream_id, business_date, sum(margin_fen) AS margin_fen FROM margin_moved
  JOIN business_day d USING (business_date) WHERE d.steps ? 'shares' AND {_TRANSFER_DAY}
  GROUP BY merchant_id, stream_id, business_date),
entered AS (
  SELECT merchant_id, stream_id, business_date, max(margin_fen) AS margin_fen FROM share_entry
  JOIN business_day d USING (business_date) WHERE d.steps ? 'shares' AND {_TRANSFER_DAY}
  GROUP BY merchant_id, stream_id, business_date)
SELECT concat_ws(' ', merchant_id, stream_id, business_date),
  coalesce(m.margin_fen, 0), coalesce(e.margin_fen, 0)
FROM margins m FULL JOIN entered e USING (merchant_id, stream_id, business_date)
"""

# What the bank took is posted, what it has not answered is reserved, and nothing else is.
_PAYOUTS = f"""
WITH found AS (
  SELECT merchant_id, posting_id AS payout_id,
    sum(CASE WHEN phase = 'POST' THEN amount_fen WHEN code = 'PAYOUT_RETURN' THEN -amount_fen
      ELSE 0 END) AS posted,
    sum(CASE WHEN phase = 'PENDING' THEN amount_fen ELSE 0 END) AS reserved,
    count(*) FILTER (WHERE phase IN ('POST', 'VOID')) AS resolutions
  FROM transfer WHERE code IN ('PAYOUT', 'PAYOUT_RETURN') GROUP BY merchant_id, posting_id)
SELECT concat_ws(' ', merchant_id, payout_id, side.what), side.expected, side.found
FROM (SELECT * FROM payout WHERE {_TRANSFER_DAY}) p LEFT JOIN found f USING (merchant_id, payout_id)
CROSS JOIN LATERAL (VALUES
  ('posted', CASE p.state WHEN 'SUCCESS' THEN p.amount_fen ELSE 0 END, coalesce(f.posted, 0)),
  ('reserved', CASE WHEN p.state = 'FROZEN' THEN 0 ELSE p.amount_fen END, coalesce(f.reserved, 0)),
  ('open', (p.state NOT IN ('PROCESSING', 'FROZEN'))::int, coalesce(f.resolutions, 0))
) AS side (what, expected, found)
"""

_HOLDS = """
WITH expected AS (
  SELECT DISTINCT ON (merchant_id) merchant_id, hold_fen FROM settlement
  ORDER BY merchant_id, business_date DESC),
found AS (
  SELECT t.merchant_id, sum(t.amount_fen) AS hold_fen FROM transfer t
  WHERE t.code = 'HOLD' AND t.phase = 'PENDING'
    AND NOT EXISTS (SELECT 1 FROM transfer r WHERE r.merchant_id = t.merchant_id
      AND r.pending_posting_id = t.posting_id AND r.pending_leg = t.leg)
  GROUP BY t.merchant_id)
SELECT merchant_id, coalesce(e.hold_fen, 0), coalesce(f.hold_fen, 0)
FROM expected e FULL JOIN found f USING (merchant_id)
"""

CHECKS: tuple[tuple[str, str], ...] = (
    ("debits_equal_credits", _DEBITS_EQUAL_CREDITS),
    ("balances_are_sums_of_transfers", _BALANCES_ARE_SUMS),
    ("payments_have_their_legs", _PAYMENTS),
    ("refunds_have_their_legs", _REFUNDS),
    ("corrections_have_their_legs", _CORRECTIONS),
    ("shares_are_posted", _SHARES),
    ("margins_are_shared", _MARGINS_SHARED),
    ("payouts_are_posted", _PAYOUTS),
    ("holds_are_reserved", _HOLDS),
)
