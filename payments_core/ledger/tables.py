"""Accounts and transfers: double entry, append-only, balances kept by the database itself.

Every account belongs to one merchant, so no row is shared by two merchants' payments and everything a
payment writes lies on one shard; the platform's totals are sums. A transfer moves one amount from its
debit account to its credit account. `posting_id` groups the legs of one event (a payment, a refund, a
day's share); (merchant, posting, leg) being the key, no event can be posted twice.
"""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    Date,
    DateTime,
    ForeignKeyConstraint,
    Index,
    Integer,
    SmallInteger,
    Table,
    Text,
    text,
)

from payments_core.database.catalogue import metadata, program
from payments_core.database.scopes import readable_through_merchant

account = Table(
    "account",
    metadata,
    Column("merchant_id", Text, primary_key=True),
    Column("account", Text, primary_key=True, comment="a name from ledger.model.Account"),
    Column(
        "party",
        Text,
        primary_key=True,
        server_default="",
        comment="broker or store id for accounts kept per party, else ''",
    ),
    Column("debits_posted", BigInteger, nullable=False, server_default=text("0")),
    Column("credits_posted", BigInteger, nullable=False, server_default=text("0")),
    Column("debits_pending", BigInteger, nullable=False, server_default=text("0")),
    Column("credits_pending", BigInteger, nullable=False, server_default=text("0")),
    CheckConstraint(
        "debits_posted >= 0 AND credits_posted >= 0 AND debits_pending >= 0 AND credits_pending >= 0",
        name="totals_not_negative",
    ),
    postgresql_with={"fillfactor": 50},
)

transfer = Table(
    "transfer",
    metadata,
    Column("merchant_id", Text, primary_key=True),
    Column("posting_id", BigInteger, primary_key=True),
    Column("leg", SmallInteger, primary_key=True),
    Column("debit_account", Text, nullable=False),
    Column("debit_party", Text, nullable=False, server_default=""),
    Column("credit_account", Text, nullable=False),
    Column("credit_party", Text, nullable=False, server_default=""),
    Column("amount_fen", BigInteger, nullable=False),
    Column("code", Text, nullable=False, comment="a name from ledger.model.Code"),
    Column("phase", Text, nullable=False, server_default="POSTED"),
    Column("pending_posting_id", BigInteger, comment="the pending transfer that a POST or VOID resolves"),
    Column("pending_leg", SmallInteger),
    Column("business_date", Date, nullable=False),
    Column("posted_at", DateTime(timezone=True), nullable=False),
    Column("release_no", Integer, nullable=False),
    CheckConstraint("amount_fen > 0", name="amount_positive"),
    CheckConstraint("(debit_account, debit_party) <> (credit_account, credit_party)", name="two_accounts"),
    CheckConstraint("phase IN ('POSTED', 'PENDING', 'POST', 'VOID')", name="phase_known"),
    CheckConstraint(
        "(phase IN ('POST', 'VOID')) = (pending_posting_id IS NOT NULL)", name="resolution_names_pending"
    ),
    ForeignKeyConstraint(
        ["merchant_id", "pending_posting_id", "pending_leg"],
        ["transfer.merchant_id", "transfer.posting_id", "transfer.leg"],
        name="fk_transfer_pending",
    ),
    # A pending transfer is resolved at most once.
    Index(
        "uq_transfer_resolution",
        "merchant_id",
        "pending_posting_id",
        "pending_leg",
        unique=True,
        postgresql_where=text("pending_posting_id IS NOT NULL"),
    ),
    # The holds that a settlement may have to end, without reading every payment.
    Index(
        "ix_transfer_hold",
        "merchant_id",
        postgresql_where=text("code = 'HOLD' AND phase = 'PENDING'"),
    ),
)

program("""
CREATE TRIGGER transfer_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON transfer
FOR EACH STATEMENT EXECUTE FUNCTION haodian_refuse_change()
""")

# The balances move with the transfers, in the database, once a statement whatever the number of rows:
# no code path can insert the one without the other. One upsert over sorted sums locks the accounts in key
# order, so two batches wait for each other and never deadlock. Releasing what was reserved is a second
# statement over accounts that the first has locked: a row proposed with a negative total would be refused
# by the check constraint before its conflict is seen.
program("""
CREATE FUNCTION haodian_move_balances() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE resolves boolean := EXISTS (SELECT 1 FROM new_transfers WHERE pending_posting_id IS NOT NULL);
BEGIN
  IF resolves AND EXISTS (
      SELECT 1 FROM new_transfers n JOIN transfer p ON p.merchant_id = n.merchant_id
        AND p.posting_id = n.pending_posting_id AND p.leg = n.pending_leg
      WHERE p.phase <> 'PENDING' OR n.amount_fen > p.amount_fen
        OR (n.phase = 'VOID' AND n.amount_fen <> p.amount_fen)
        OR (n.debit_account, n.debit_party, n.credit_account, n.credit_party)
           IS DISTINCT FROM (p.debit_account, p.debit_party, p.credit_account, p.credit_party)) THEN
    RAISE EXCEPTION 'a resolution must match its pending transfer'
      USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'transfer_resolution_matches';
  END IF;
  INSERT INTO account AS a (merchant_id, account, party, debits_posted, credits_posted, debits_pending, credits_pending)
  SELECT merchant_id, account, party, sum(dp), sum(cp), sum(dq), sum(cq) FROM (
    SELECT merchant_id, debit_account AS account, debit_party AS party,
      CASE WHEN phase IN ('POSTED', 'POST') THEN amount_fen ELSE 0 END AS dp, 0 AS cp,
      CASE phase WHEN 'PENDING' THEN amount_fen ELSE 0 END AS dq, 0 AS cq FROM new_transfers
    UNION ALL
    SELECT merchant_id, credit_account, credit_party, 0,
      CASE WHEN phase IN ('POSTED', 'POST') THEN amount_fen ELSE 0 END, 0,
      CASE phase WHEN 'PENDING' THEN amount_fen ELSE 0 END FROM new_transfers
  ) m GROUP BY merchant_id, account, party ORDER BY merchant_id, account, party
  ON CONFLICT (merchant_id, account, party) DO UPDATE SET
    debits_posted = a.debits_posted + excluded.debits_posted,
    credits_posted = a.credits_posted + excluded.credits_posted,
    debits_pending = a.debits_pending + excluded.debits_pending,
    credits_pending = a.credits_pending + excluded.credits_pending;
  IF resolves THEN  -- a resolution releases the whole pending amount, whatever part of it is posted
    UPDATE account a SET debits_pending = a.debits_pending - m.dq, credits_pending = a.credits_pending - m.cq
    FROM (SELECT merchant_id, account, party, sum(dq) AS dq, sum(cq) AS cq FROM (
        SELECT p.merchant_id, p.debit_account AS account, p.debit_party AS party, p.amount_fen AS dq, 0 AS cq
        FROM new_transfers n JOIN transfer p ON p.merchant_id = n.merchant_id
          AND p.posting_id = n.pending_posting_id AND p.leg = n.pending_leg
        UNION ALL
        SELECT p.merchant_id, p.credit_account, p.credit_party, 0, p.amount_fen
        FROM new_transfers n JOIN transfer p ON p.merchant_id = n.merchant_id
          AND p.posting_id = n.pending_posting_id AND p.leg = n.pending_leg
      ) r GROUP BY merchant_id, account, party) m
    WHERE a.merchant_id = m.merchant_id AND a.account = m.account AND a.party = m.party;
  END IF;
  RETURN NULL;
END $$
""")
program("""
CREATE TRIGGER transfer_moves_balances AFTER INSERT ON transfer REFERENCING NEW TABLE AS new_transfers
FOR EACH STATEMENT EXECUTE FUNCTION haodian_move_balances()
""")

for _table in ("account", "transfer"):
    readable_through_merchant(_table)
