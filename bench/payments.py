"""Group-committed, risk-checked, double-entry payments in one process, beside TPC-B on the same server.

Every payment is accepted (idempotency, refusals, facts, velocity windows, the product's 32 risk rules, the
intent written), charged at the simulated channel, and captured (fee, cost, share stream, three ledger legs,
balances, outbox message). A batch carries new orders and the captures of the batch before it, as the
committer's queue does under load. fsync is on. pgbench is taken at its best of several client counts. The two
run in turn, several times, and the medians are compared: a machine that slows down slows both.
"""

from __future__ import annotations

import re
import subprocess
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from statistics import median
from time import perf_counter

from sqlalchemy import Engine, text

from bench._databases import fresh_cluster, migrated_database
from bench._payments_world import build
from bench.figure import Figure, Row
from haodian import postgres
from haodian.taking import settle_memory
from payments_core.channels import ChannelOrder, Outcome, Simulator
from payments_core.database import transaction
from payments_core.payments import Accepted, AcceptRequest, Capture, Committer, Failure, State

MERCHANTS = 2_000
PAYERS = 60_000
BATCH = 1_000
WARM_UP = 4 * BATCH
LOG_FILES = 48
CLIENTS = (2, 8, 16, 32)
START = datetime(2025, 4, 15, 0, 0, tzinfo=UTC)
GOAL_PER_S = 5_000
GOAL_RATIO = 1.5
_CHANNELS = ("WECHAT",) * 62 + ("ALIPAY",) * 29 + ("UNIONPAY_QR",) * 6 + ("BANKCARD",) * 3


def run(*, quick: bool) -> Figure:
    """Return payments a second, accepted and captured, beside TPC-B transactions a second."""
    with fresh_cluster() as cluster, migrated_database(cluster) as engine:
        world = build(engine, merchants=MERCHANTS)
        _age_log(engine)
        rounds = 3 if quick else 5
        orders = requests((10_000 if quick else 30_000) * rounds + WARM_UP)
        postgres.ensure_database(cluster, "tpcb")
        _pgbench(cluster, "-i", "-q", "-s", "10")
        ours: list[float] = []
        log_bytes = 0
        theirs: dict[int, list[float]] = {clients: [] for clients in CLIENTS}
        captured = 0
        settle_memory()
        with world.committer(batch_limit=2 * BATCH) as committer:
            captured += _flow(committer, orders[:WARM_UP])
            for part in _parts(orders[WARM_UP:], rounds):
                started, before = perf_counter(), _logged_bytes(engine)
                captured += _flow(committer, part)
                ours.append(len(part) / (perf_counter() - started))
                log_bytes += _logged_bytes(engine) - before
                for clients in CLIENTS:
                    theirs[clients].append(_tpcb(cluster, clients=clients, seconds=2 if quick else 4))
        _ensure_proved(engine, captured)
    payments_s = median(ours)
    peers = {clients: median(rates) for clients, rates in theirs.items()}
    best = max(peers.values())
    return Figure(
        name="payments",
        value=payments_s,
        unit="payments/s",
        peer="pgbench TPC-B, best client count",
        peer_value=best,
        lower_is_better=False,
        goal=f"≥ {GOAL_PER_S:,} payments/s and ≥ {GOAL_RATIO} × TPC-B",
        met=payments_s >= GOAL_PER_S and payments_s >= GOAL_RATIO * best,
        rows=(
            Row(label="captured payments, ledger proved", shown=f"{captured:,}"),
            Row(label="write-ahead log a payment", shown=f"{log_bytes // (len(orders) - WARM_UP):,} bytes"),
            Row(label="slowest and fastest round", shown=f"{min(ours):,.0f}/s, {max(ours):,.0f}/s"),
            *(
                Row(label=f"TPC-B, {clients} clients", shown=f"{tps:,.0f}/s")
                for clients, tps in peers.items()
            ),
        ),
    )


def requests(count: int, *, merchants: int = MERCHANTS) -> list[AcceptRequest]:
    """Return `count` orders, 50 to a second of business time, the same at every run."""
    made = []
    for n in range(count):
        shop = (n * 7919) % merchants + 1
        scanned = n % 3 != 0
        made.append(
            AcceptRequest(
                merchant_id=f"M{shop:05d}",
                merchant_order_no=f"ORDER{n:012d}",
                amount_fen=100 + (n * 104_729) % 9_900,
                channel=_CHANNELS[n % 100],
                mode="SCANNED" if scanned else "STATIC_QR",
                card_type="DEBIT" if n % 100 >= 97 else "NONE",
                payer_id=f"payer{(n * 15_485_863) % PAYERS:08d}",
                device_id=f"SPK-{shop:06d}" if scanned else "",
                created_at=START + timedelta(milliseconds=20 * n),
            )
        )
    return made


def _age_log(engine: Engine) -> None:
    """Give the server the log files that one which has run for a while writes over again.

    A new one makes and zeroes each file while payments wait, which says nothing of the days after the first.
    """
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        for _ in range(LOG_FILES):
            connection.execute(text("SELECT pg_logical_emit_message(false, '', ''), pg_switch_wal()"))
        connection.execute(text("CHECKPOINT"))


def _logged_bytes(engine: Engine) -> int:
    with engine.connect() as connection:
        return int(
            connection.execute(text("SELECT pg_current_wal_insert_lsn() - '0/0'::pg_lsn")).scalar_one()
        )


def _parts(orders: Sequence[AcceptRequest], number: int) -> list[Sequence[AcceptRequest]]:
    size = len(orders) // number
    return [orders[start : start + size] for start in range(0, len(orders), size)]


def _flow(committer: Committer, orders: Sequence[AcceptRequest]) -> int:
    channel = Simulator()
    replies: list[Capture | Failure] = []
    captured = 0
    for start in range(0, len(orders) + BATCH, BATCH):
        batch = orders[start : start + BATCH]
        now = (batch or orders)[-1].created_at
        answers = committer.commit([*batch, *replies], now=now)
        for answer in answers[len(batch) :]:
            captured += getattr(answer, "state", None) is State.SUCCESS
        accepted = zip(batch, answers, strict=False)
        replies = [reply for order, answer in accepted if (reply := _charged(channel, order, answer))]
    return captured


def _charged(channel: Simulator, order: AcceptRequest, answer: object) -> Capture | Failure | None:
    if not isinstance(answer, Accepted) or answer.state is not State.PAYING:
        return None
    asked = ChannelOrder(
        order_no=answer.payment_id,
        merchant_id=order.merchant_id,
        channel=order.channel,
        amount_fen=order.buyer_paid_fen,
        created_at=order.created_at,
    )
    reply = channel.charged(asked)
    if reply.outcome is Outcome.SUCCESS and reply.at is not None:
        return Capture(
            merchant_id=order.merchant_id,
            payment_id=answer.payment_id,
            paid_at=reply.at,
            channel_order_no=reply.channel_order_no,
        )
    if reply.outcome is Outcome.FAILED:
        return Failure(
            merchant_id=order.merchant_id, payment_id=answer.payment_id, state=State.FAILED, code=reply.code
        )
    return None


_PROOF = """
SELECT (SELECT sum(debits_posted) - sum(credits_posted) FROM account),
       (SELECT sum(debits_posted) FROM account) - (SELECT sum(amount_fen) FROM transfer),
       (SELECT count(*) FROM payment WHERE state = 'SUCCESS')
         - (SELECT count(*) FROM transfer WHERE code = 'PAYMENT')
"""


def _ensure_proved(engine: Engine, captured: int) -> None:
    """A figure is worth nothing if the books do not balance."""
    with transaction(engine) as connection:
        row = connection.execute(text(_PROOF)).one()
    if tuple(row) != (0, 0, 0) or captured == 0:
        raise AssertionError(f"the ledger does not prove: {tuple(row)}, {captured} captured")


def _tpcb(cluster: postgres.Cluster, *, clients: int, seconds: int) -> float:
    load = ("-c", str(clients), "-j", "2", "-T", str(seconds), "-b", "tpcb-like", "-M", "prepared")
    printed = _pgbench(cluster, *load)
    match = re.search(r"tps = ([0-9.]+)", printed)
    if match is None:
        raise RuntimeError(f"pgbench printed no rate:\n{printed}")
    return float(match.group(1))


def _pgbench(cluster: postgres.Cluster, *arguments: str) -> str:
    program = str(postgres.binaries() / "pgbench")
    address = ("-h", str(cluster.socket), "-U", "postgres")
    command = [program, *address, *arguments, "tpcb"]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout
