"""Read balances and the legs of a posting."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection, RowMapping, text

from payments_core.ledger.model import Account, Code, Leg, Phase


@dataclass(frozen=True, slots=True, kw_only=True)
class Balance:
    """The totals of one account of a merchant, or of all merchants together; fen."""

    account: Account
    party: str
    debits_posted_fen: int
    credits_posted_fen: int
    debits_pending_fen: int
    credits_pending_fen: int

    @property
    def credit_fen(self) -> int:
        """What the account holds as credits less debits, posted only."""
        return self.credits_posted_fen - self.debits_posted_fen

    @property
    def available_fen(self) -> int:
        """`credit_fen` less what is reserved to leave."""
        return self.credit_fen - self.debits_pending_fen


def list_balances(connection: Connection, *, merchant_id: str) -> tuple[Balance, ...]:
    """Return every account of a merchant, by account and party."""
    found = connection.execute(
        text(
            "SELECT account, party, debits_posted, credits_posted, debits_pending, credits_pending"
            " FROM account WHERE merchant_id = :merchant_id ORDER BY account, party"
        ),
        {"merchant_id": merchant_id},
    ).mappings()
    return tuple(_balance(row) for row in found)


def get_balance(connection: Connection, *, merchant_id: str, account: Account, party: str = "") -> Balance:
    """Return one account of a merchant; zeros where it was never touched."""
    found = {(b.account, b.party): b for b in list_balances(connection, merchant_id=merchant_id)}
    return found.get((account, party)) or _zero(account, party)


def list_totals(connection: Connection) -> tuple[Balance, ...]:
    """Return the platform's accounts: each the sum over all merchants and parties, by account."""
    found = connection.execute(
        text(
            "SELECT account, '' AS party, sum(debits_posted)::bigint AS debits_posted,"
            " sum(credits_posted)::bigint AS credits_posted, sum(debits_pending)::bigint AS debits_pending,"
            " sum(credits_pending)::bigint AS credits_pending FROM account GROUP BY account ORDER BY account"
        )
    ).mappings()
    return tuple(_balance(row) for row in found)


def list_legs(connection: Connection, *, merchant_id: str, posting_id: int) -> tuple[Leg, ...]:
    """Return the legs of one posting by number; empty where there is no such posting."""
    found = connection.execute(
        text(
            "SELECT * FROM transfer WHERE merchant_id = :merchant_id AND posting_id = :posting_id"
            " ORDER BY leg"
        ),
        {"merchant_id": merchant_id, "posting_id": posting_id},
    ).mappings()
    return tuple(leg_of(row) for row in found)


def leg_of(row: RowMapping) -> Leg:
    """Return the leg a whole row of `transfer` holds."""
    return Leg(
        merchant_id=row["merchant_id"],
        posting_id=row["posting_id"],
        leg=row["leg"],
        debit_account=Account(row["debit_account"]),
        debit_party=row["debit_party"],
        credit_account=Account(row["credit_account"]),
        credit_party=row["credit_party"],
        amount_fen=row["amount_fen"],
        code=Code(row["code"]),
        phase=Phase(row["phase"]),
        pending_posting_id=row["pending_posting_id"],
        pending_leg=row["pending_leg"],
        business_date=row["business_date"],
        posted_at=row["posted_at"],
        release_no=row["release_no"],
    )


def _balance(row: RowMapping) -> Balance:
    return Balance(
        account=Account(row["account"]),
        party=row["party"],
        debits_posted_fen=row["debits_posted"],
        credits_posted_fen=row["credits_posted"],
        debits_pending_fen=row["debits_pending"],
        credits_pending_fen=row["credits_pending"],
    )


def _zero(account: Account, party: str) -> Balance:
    return Balance(
        account=account,
        party=party,
        debits_posted_fen=0,
        credits_posted_fen=0,
        debits_pending_fen=0,
        credits_pending_fen=0,
    )
