"""Payouts: instructions to the licensed channel, reserved in the ledger until the bank has answered.

    FROZEN ──release──► PROCESSING ──► SUCCESS ──late return──► RETURNED ─┐
                            ├────────► RETURNED (退票) ────────────────────┴► a linked payout, PROCESSING
                            └────────► FAILED    the money is carried into the next settlement

A payout's id is its posting: leg 1 reserves, leg 2 posts or voids, leg 3 takes a late return back.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Literal

from sqlalchemy import Connection, RowMapping, insert, text

from payments_core.calendar import business_date_of
from payments_core.database.lane import closed_through
from payments_core.ledger import Account, Code, DailyJob, Leg, Phase, daily_posting_id, post
from payments_core.settlement.errors import AccountUnverified, PayoutNotFound, PayoutState
from payments_core.settlement.model import UNVERIFIED_TAG
from payments_core.settlement.tables import payout


@dataclass(frozen=True, slots=True, kw_only=True)
class Payout:
    """One instruction; `replaces_payout_id` names the returned one it stands in for."""

    merchant_id: str
    payout_id: int
    business_date: date
    amount_fen: int
    state: str
    reason: str
    replaces_payout_id: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """What the bank says of a payout."""

    state: Literal["SUCCESS", "FAILED", "RETURNED"]
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class PayoutsInstructed:
    """What one run of `instruct` added."""

    processing: int
    processing_fen: int
    frozen: int
    frozen_fen: int


def instruct(
    connection: Connection, *, business_date: date, release_no: int, now: datetime
) -> PayoutsInstructed:
    """Instruct a payout for every settlement of the date with money to pay and none yet.

    A merchant that is frozen or whose account is unverified gets a FROZEN one: nothing moves until release.
    """
    row = connection.execute(
        text(_INSTRUCT),
        {
            "business_date": business_date,
            "payout_id": daily_posting_id(business_date=business_date, job=DailyJob.SETTLEMENT),
            "release_no": release_no,
            "now": now,
            "unverified": UNVERIFIED_TAG,
        },
    ).one()
    return PayoutsInstructed(
        processing=row.processing,
        processing_fen=row.processing_fen,
        frozen=row.frozen,
        frozen_fen=row.frozen_fen,
    )


def confirm(
    connection: Connection,
    *,
    business_date: date,
    reply: Callable[[Payout], Reply | None],
    release_no: int,
    now: datetime,
) -> tuple[Payout, ...]:
    """Book the bank's replies to the date's PROCESSING payouts and return those that are finished now.

    `reply` may say None: still unknown, ask again. A RETURNED payout is replaced by a linked one.
    """
    open_ones = connection.execute(_PROCESSING, {"business_date": business_date}).mappings()
    answers = [(p, r) for p in map(_payout, open_ones) if (r := reply(p)) is not None]
    if not answers:
        return ()
    booked_on = _open_date(connection, now)
    post(connection, [_resolution(p, r, booked_on, release_no, now) for p, r in answers])
    connection.execute(
        _FINISH,
        [
            {
                "merchant_id": p.merchant_id,
                "payout_id": p.payout_id,
                "state": r.state,
                "reason": r.reason,
                "now": now,
            }
            for p, r in answers
        ],
    )
    returned = [p for p, r in answers if r.state == "RETURNED"]
    _replace(connection, returned, booked_on, release_no, now)
    return tuple(p for p, _ in answers)


def take_back(
    connection: Connection, *, merchant_id: str, payout_id: int, reason: str, release_no: int, now: datetime
) -> Payout:
    """Book the late return of a payout that had succeeded; return the linked payout that replaces it.

    Raises PayoutNotFound, PayoutState.
    """
    found = _lock(connection, merchant_id, payout_id)
    if found.state != "SUCCESS":
        raise PayoutState(payout_id=payout_id, state=found.state)
    booked_on = _open_date(connection, now)
    back = _leg(
        found,
        3,
        booked_on,
        release_no,
        now,
        debit=Account.PAYOUT_CLEARING,
        credit=Account.MERCHANT_PAYABLE,
        code=Code.PAYOUT_RETURN,
    )
    post(connection, (back,))
    values = {
        "merchant_id": merchant_id,
        "payout_id": payout_id,
        "state": "RETURNED",
        "reason": reason,
        "now": now,
    }
    connection.execute(_FINISH, values)
    return _replace(connection, (found,), booked_on, release_no, now)[0]


def release(
    connection: Connection, *, merchant_id: str, payout_id: int, release_no: int, now: datetime
) -> None:
    """Instruct a FROZEN payout after all. Raises PayoutNotFound, PayoutState, AccountUnverified."""
    found = _lock(connection, merchant_id, payout_id)
    if found.state != "FROZEN":
        raise PayoutState(payout_id=payout_id, state=found.state)
    sql = "SELECT :tag = ANY(tags) FROM merchant WHERE merchant_id = :merchant_id"
    if connection.execute(text(sql), {"tag": UNVERIFIED_TAG, "merchant_id": merchant_id}).scalar_one():
        raise AccountUnverified(merchant_id=merchant_id)
    post(connection, (_reservation(found, _open_date(connection, now), release_no, now),))
    connection.execute(
        text(
            "UPDATE payout SET state = 'PROCESSING', reason = '', instructed_at = :now"
            " WHERE merchant_id = :merchant_id AND payout_id = :payout_id"
        ),
        {"merchant_id": merchant_id, "payout_id": payout_id, "now": now},
    )


def _replace(
    connection: Connection, returned: Sequence[Payout], booked_on: date, release_no: int, now: datetime
) -> tuple[Payout, ...]:
    linked = tuple(
        Payout(
            merchant_id=p.merchant_id,
            payout_id=p.payout_id + 1,
            business_date=p.business_date,
            amount_fen=p.amount_fen,
            state="PROCESSING",
            reason="",
            replaces_payout_id=p.payout_id,
        )
        for p in returned
    )
    if linked:
        rows = [
            {
                "merchant_id": p.merchant_id,
                "payout_id": p.payout_id,
                "business_date": p.business_date,
                "amount_fen": p.amount_fen,
                "state": p.state,
                "replaces_payout_id": p.replaces_payout_id,
                "instructed_at": now,
            }
            for p in linked
        ]
        connection.execute(insert(payout), rows)
        post(connection, [_reservation(p, booked_on, release_no, now) for p in linked])
    return linked


def _reservation(p: Payout, booked_on: date, release_no: int, now: datetime) -> Leg:
    return _leg(p, 1, booked_on, release_no, now, phase=Phase.PENDING)


def _resolution(p: Payout, answer: Reply, booked_on: date, release_no: int, now: datetime) -> Leg:
    phase = Phase.POST if answer.state == "SUCCESS" else Phase.VOID
    return _leg(p, 2, booked_on, release_no, now, phase=phase, resolves=p.payout_id)


def _leg(
    p: Payout,
    number: int,
    booked_on: date,
    release_no: int,
    now: datetime,
    *,
    phase: Phase = Phase.POSTED,
    resolves: int | None = None,
    debit: Account = Account.MERCHANT_PAYABLE,
    credit: Account = Account.PAYOUT_CLEARING,
    code: Code = Code.PAYOUT,
) -> Leg:
    return Leg(
        merchant_id=p.merchant_id,
        posting_id=p.payout_id,
        leg=number,
        debit_account=debit,
        credit_account=credit,
        amount_fen=p.amount_fen,
        code=code,
        phase=phase,
        pending_posting_id=resolves,
        pending_leg=None if resolves is None else 1,
        business_date=booked_on,
        posted_at=now,
        release_no=release_no,
    )


def _open_date(connection: Connection, now: datetime) -> date:
    """Return the business date `now` books into: its own, or the first that is still open."""
    closed = closed_through(connection)
    today = business_date_of(now)
    return today if closed is None else max(today, closed + timedelta(days=1))


def _lock(connection: Connection, merchant_id: str, payout_id: int) -> Payout:
    where = "merchant_id = :merchant_id AND payout_id = :payout_id"
    sql = f"SELECT {_COLUMNS} FROM payout WHERE {where} FOR UPDATE"
    key = {"merchant_id": merchant_id, "payout_id": payout_id}
    found = connection.execute(text(sql), key).mappings().one_or_none()
    if found is None:
        raise PayoutNotFound(merchant_id=merchant_id, payout_id=payout_id)
    return _payout(found)


def _payout(row: RowMapping) -> Payout:
    return Payout(**{name: row[name] for name in Payout.__dataclass_fields__})


_COLUMNS = "merchant_id, payout_id, business_date, amount_fen, state, reason, replaces_payout_id"
_PROCESSING = text(
    f"SELECT {_COLUMNS} FROM payout WHERE business_date = :business_date AND state = 'PROCESSING'"
    " ORDER BY merchant_id, payout_id FOR UPDATE"
)
_FINISH = text(
    "UPDATE payout SET state = :state, reason = :reason, finished_at = :now"
    " WHERE merchant_id = :merchant_id AND payout_id = :payout_id"
)
_INSTRUCT = """
WITH instructed AS (
  INSERT INTO payout (merchant_id, payout_id, business_date, amount_fen, state, reason, instructed_at)
  SELECT s.merchant_id, :payout_id, s.business_date, s.real_fen,
    CASE WHEN m.status = 'FROZEN' OR :unverified = ANY(m.tags) THEN 'FROZEN' ELSE 'PROCESSING' END,
    CASE WHEN :unverified = ANY(m.tags) THEN 'ACCOUNT_UNVERIFIED'
      WHEN m.status = 'FROZEN' THEN 'MERCHANT_FROZEN' ELSE '' END, :now
  FROM settlement s JOIN merchant m USING (merchant_id)
  WHERE s.business_date = :business_date AND s.real_fen > 0 AND NOT EXISTS (
    SELECT 1 FROM payout p WHERE p.merchant_id = s.merchant_id AND p.business_date = s.business_date)
  RETURNING merchant_id, payout_id, amount_fen, state),
reserved AS (
  INSERT INTO transfer (merchant_id, posting_id, leg, debit_account, credit_account, amount_fen, code, phase,
    business_date, posted_at, release_no)
  SELECT merchant_id, payout_id, 1, 'MERCHANT_PAYABLE', 'PAYOUT_CLEARING', amount_fen, 'PAYOUT', 'PENDING',
    :business_date, :now, :release_no
  FROM instructed WHERE state = 'PROCESSING')
SELECT count(*) FILTER (WHERE state = 'PROCESSING') AS processing,
  coalesce(sum(amount_fen) FILTER (WHERE state = 'PROCESSING'), 0)::bigint AS processing_fen,
  count(*) FILTER (WHERE state = 'FROZEN') AS frozen,
  coalesce(sum(amount_fen) FILTER (WHERE state = 'FROZEN'), 0)::bigint AS frozen_fen
FROM instructed
"""
