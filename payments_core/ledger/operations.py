"""Write legs. Balances follow in the database, in the same statement (tables.py)."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime

from sqlalchemy import Connection, text

from payments_core.database import driver_of
from payments_core.errors import ensure
from payments_core.ledger.errors import PendingNotFound, PendingResolved, ResolutionExceeds
from payments_core.ledger.model import PAYMENT_TEMPLATE, REFUND_TEMPLATE, Leg, Phase
from payments_core.ledger.queries import leg_of

_TEMPLATES = {
    code: (leg, debit, credit) for leg, debit, credit, code in (*PAYMENT_TEMPLATE, *REFUND_TEMPLATE)
}

_COPY = """
COPY transfer (merchant_id, posting_id, leg, debit_account, debit_party, credit_account, credit_party,
  amount_fen, code, phase, pending_posting_id, pending_leg, business_date, posted_at, release_no) FROM STDIN
"""


def post(connection: Connection, legs: Iterable[Leg]) -> int:
    """Write legs in one COPY and return their number; nothing is written where any leg is wrong.

    Raises InvariantBroken for an amount ≤ 0, one account on both sides, a leg twice, or a leg that is not
    its template's; IntegrityError where a posting exists already.
    """
    rows = list(legs)
    if not rows:
        return 0
    for leg in rows:
        _check(leg)
    ensure(len({(r.merchant_id, r.posting_id, r.leg) for r in rows}) == len(rows), "a leg is posted twice")
    # Past this point the operation must succeed.
    with driver_of(connection).cursor() as cursor, cursor.copy(_COPY) as copy:
        for r in rows:
            copy.write_row(
                (
                    r.merchant_id,
                    r.posting_id,
                    r.leg,
                    r.debit_account,
                    r.debit_party,
                    r.credit_account,
                    r.credit_party,
                    r.amount_fen,
                    r.code,
                    r.phase,
                    r.pending_posting_id,
                    r.pending_leg,
                    r.business_date,
                    r.posted_at,
                    r.release_no,
                )
            )
    return len(rows)


def resolve(
    connection: Connection,
    *,
    merchant_id: str,
    pending_posting_id: int,
    pending_leg: int,
    phase: Phase,
    posting_id: int,
    leg: int,
    business_date: date,
    posted_at: datetime,
    release_no: int,
    amount_fen: int | None = None,
) -> Leg:
    """Post (all, or `amount_fen` of) a pending transfer, or void it; the rest is released. Return the leg.

    Raises PendingNotFound, PendingResolved, ResolutionExceeds.
    """
    ensure(phase in (Phase.POST, Phase.VOID), "a pending transfer is posted or voided")
    pending = _lock_pending(connection, merchant_id, pending_posting_id, pending_leg)
    amount = pending.amount_fen if amount_fen is None or phase is Phase.VOID else amount_fen
    if amount > pending.amount_fen:
        raise ResolutionExceeds(reserved_fen=pending.amount_fen, amount_fen=amount)
    resolution = Leg(
        merchant_id=merchant_id,
        posting_id=posting_id,
        leg=leg,
        debit_account=pending.debit_account,
        debit_party=pending.debit_party,
        credit_account=pending.credit_account,
        credit_party=pending.credit_party,
        amount_fen=amount,
        code=pending.code,
        phase=phase,
        pending_posting_id=pending_posting_id,
        pending_leg=pending_leg,
        business_date=business_date,
        posted_at=posted_at,
        release_no=release_no,
    )
    post(connection, (resolution,))
    return resolution


def _check(leg: Leg) -> None:
    ensure(leg.amount_fen > 0, f"leg {leg.leg} of {leg.posting_id} moves {leg.amount_fen} fen")
    same = leg.debit_account == leg.credit_account and leg.debit_party == leg.credit_party
    ensure(not same, f"leg {leg.leg} of {leg.posting_id} has one account on both sides")
    template = _TEMPLATES.get(leg.code)
    if template is not None:
        found = (leg.leg, leg.debit_account, leg.credit_account)
        ensure(found == template, f"leg {leg.leg} of {leg.posting_id} is not the {leg.code} of its template")
    resolves = leg.phase in (Phase.POST, Phase.VOID)
    ensure(
        resolves == (leg.pending_posting_id is not None),
        f"leg {leg.leg} of {leg.posting_id} resolves nothing",
    )


def _lock_pending(connection: Connection, merchant_id: str, posting_id: int, leg: int) -> Leg:
    """Return the pending leg, locked: of two resolutions at once the second waits and is refused."""
    key = {"merchant_id": merchant_id, "posting_id": posting_id, "leg": leg}
    row = connection.execute(_PENDING, key).mappings().one_or_none()
    if row is None:
        raise PendingNotFound(merchant_id=merchant_id, posting_id=posting_id, leg=leg)
    phase = connection.execute(_RESOLUTION, key).scalar_one_or_none()
    if phase is not None:
        raise PendingResolved(merchant_id=merchant_id, posting_id=posting_id, leg=leg, phase=phase)
    return leg_of(row)


_PENDING = text(
    "SELECT * FROM transfer WHERE merchant_id = :merchant_id AND posting_id = :posting_id AND leg = :leg"
    " AND phase = 'PENDING' FOR UPDATE"
)
_RESOLUTION = text(
    "SELECT phase FROM transfer WHERE merchant_id = :merchant_id AND pending_posting_id = :posting_id"
    " AND pending_leg = :leg"
)
