"""A day's profit share: 400,000 payments of 10,000 merchants, computed and posted to the ledger.

The peer is the same job outside the database: fetch the rows, compute in Python, write entries and
transfers by COPY. It does not even update the running totals of the streams. Both must come to the same fen.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from time import perf_counter

from sqlalchemy import Connection, Engine, text

from bench._databases import fresh_cluster, migrated_database, open_streams, vacuum
from bench.figure import Figure, Row
from payments_core.database import driver_of, transaction
from payments_core.ledger import Account, Code, DailyJob, Leg, daily_posting_id, post, prove
from payments_core.money import portion, split
from payments_core.profit_share import SharesPosted, post_shares

DAY = date(2025, 4, 14)
NOW = datetime(2025, 4, 15, tzinfo=UTC)
GOAL_S = 15


def run(*, quick: bool) -> Figure:
    """Measure one day; `quick` is a tenth of it."""
    payments, merchants = (40_000, 1_000) if quick else (400_000, 10_000)
    with fresh_cluster() as cluster, migrated_database(cluster) as engine:
        fill(engine, payments=payments, merchants=merchants)
        peer_s, peer_fen = timed_peer(engine)
        ours_s, posted = timed_ours(engine)
        if posted.broker_fen + posted.store_fen != peer_fen:
            raise RuntimeError(f"SQL shared {posted.broker_fen + posted.store_fen} fen, Python {peer_fen}")
        with transaction(engine) as connection:
            started = perf_counter()
            passed = all(c.passed for c in prove(connection).checks if c.name in PROVED)
            prove_s = perf_counter() - started
    return Figure(
        name="profit_share",
        value=ours_s,
        unit="s",
        peer="the same job in Python: rows fetched, shares computed, written by COPY",
        peer_value=peer_s,
        goal=f"{payments:,} payments computed and posted within {GOAL_S} s",
        met=ours_s <= GOAL_S and passed,
        rows=(
            Row(label="payments", shown=f"{payments:,}"),
            Row(label="streams", shown=f"{posted.streams:,}"),
            Row(label="share entries", shown=f"{posted.entries:,}"),
            Row(label="transfers", shown=f"{posted.transfers:,}"),
            Row(label="margin, fen", shown=f"{posted.margin_fen:,}"),
            Row(label="shared, fen", shown=f"{posted.broker_fen + posted.store_fen:,}"),
            Row(label="proof of the books, s", shown=f"{prove_s:.2f}"),
        ),
    )


PROVED = ("debits_equal_credits", "balances_are_sums_of_transfers", "shares_are_posted")


def timed_ours(engine: Engine) -> tuple[float, SharesPosted]:
    """Return the seconds of computing and posting, the commit included, and what was posted."""
    started = perf_counter()
    with transaction(engine) as connection:
        posted = post_shares(connection, business_date=DAY, release_no=1, now=NOW)
    return perf_counter() - started, posted


def timed_peer(engine: Engine) -> tuple[float, int]:
    """Return the seconds of the same job in Python, rolled back at the end, and the fen it comes to."""
    started = perf_counter()
    with engine.connect() as connection:
        entries = _shared_in_python(connection)
        _write(connection, entries)
        seconds = perf_counter() - started
        connection.rollback()
    return seconds, sum(entry.delta_fen for entry in entries)


@dataclass(frozen=True, slots=True)
class Entry:
    """One line's share of the day."""

    merchant_id: str
    stream_id: int
    line_no: int
    kind: str
    party_id: str
    margin_fen: int
    delta_fen: int


def _shared_in_python(connection: Connection) -> list[Entry]:
    margins: dict[tuple[str, int], int] = defaultdict(int)
    paid = "SELECT merchant_id, stream_id, eligible_margin_fen FROM payment WHERE business_date = :day"
    for merchant_id, stream_id, margin_fen in connection.execute(text(paid), {"day": DAY}):
        margins[merchant_id, stream_id] += margin_fen
    pools = defaultdict(list)
    lines = "SELECT merchant_id, stream_id, pool_no, line_no, party_kind, party_id, rate_ppm FROM share_line"
    for row in connection.execute(text(f"{lines} ORDER BY stream_id, line_no")):
        pools[row.merchant_id, row.stream_id, row.pool_no].append(row)
    entries = []
    for (merchant_id, stream_id, _), rows in pools.items():
        margin_fen = margins[merchant_id, stream_id]
        rates = [row.rate_ppm for row in rows]
        for row, part in zip(rows, split(portion(margin_fen, sum(rates)), rates), strict=True):
            entries.append(
                Entry(merchant_id, stream_id, row.line_no, row.party_kind, row.party_id, margin_fen, part)
            )
    return entries


def _write(connection: Connection, entries: Sequence[Entry]) -> None:
    columns = "merchant_id, stream_id, line_no, business_date, party_kind, party_id, margin_fen, delta_fen"
    statement = f"COPY share_entry ({columns}, cum_margin_fen, cum_fen, release_no) FROM STDIN"
    with driver_of(connection).cursor() as cursor, cursor.copy(statement) as copy:
        for e in entries:
            key = (e.merchant_id, e.stream_id, e.line_no, DAY, e.kind, e.party_id)
            copy.write_row((*key, e.margin_fen, e.delta_fen, e.margin_fen, e.delta_fen, 1))
    posting_id = daily_posting_id(business_date=DAY, job=DailyJob.SHARE)
    post(
        connection,
        [
            Leg(
                merchant_id=e.merchant_id,
                posting_id=posting_id,
                leg=e.line_no,
                debit_account=Account.SHARE_EXPENSE,
                credit_account=Account.PARTY_PAYABLE,
                credit_party=e.party_id,
                amount_fen=e.delta_fen,
                code=Code.SHARE,
                business_date=DAY,
                posted_at=NOW,
                release_no=1,
            )
            for e in entries
            if e.delta_fen
        ],
    )


def fill(engine: Engine, *, payments: int, merchants: int) -> None:
    """Write the streams of every merchant and one day's payments."""
    values = {"merchants": merchants, "payments": payments, "day": DAY}
    with transaction(engine) as connection:
        open_streams(connection, merchants=merchants)
        connection.execute(text(_PAYMENTS), values)
    vacuum(engine)


_PAYMENTS = """
INSERT INTO payment (merchant_id, payment_id, merchant_order_no, request_hash, state, channel, mode,
  amount_fen, settle_amount_fen, buyer_paid_fen, created_at, expires_at, accepted_batch_no, store_id,
  broker_id,
  risk_decision, risk_score, fact_set_no, fact_values,
  risk_release_no, release_no, paid_at, business_date, fee_fen, cost_fen,
  eligible_margin_fen, stream_id, captured_batch_no)
SELECT 'M' || lpad((1 + i % :merchants)::text, 5, '0'), i, i::text, '', 'SUCCESS', 'WECHAT', 'STATIC_QR', fen,
  fen, fen, paid_at, paid_at, 1, 'S001', 'B0001', 'PASS', 0, 0, '[]', 1, 1, paid_at, :day, fee, cost,
  fee - cost, 1 + i % :merchants, 1
FROM (SELECT i, fen, (fen * 3800 + 500000) / 1000000 AS fee, (fen * 2200 + 500000) / 1000000 AS cost,
    CAST(:day AS date) + i % 86400 * interval '1 second' AS paid_at
  FROM (SELECT i, 500 + i * 7919 % 9000 AS fen FROM generate_series(1, CAST(:payments AS bigint)) i) a) b
"""
